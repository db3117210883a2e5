using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using MetaAdsJobs.Api.Accounts;
using MetaAdsJobs.Api.Alerts;
using MetaAdsJobs.Api.Batches;
using MetaAdsJobs.Api.Budgets;
using MetaAdsJobs.Api.Campaigns;
using MetaAdsJobs.Api.Events;
using MetaAdsJobs.Api.Experiments;
using MetaAdsJobs.Api.Health;
using MetaAdsJobs.Api.Insights;
using MetaAdsJobs.Api.Orchestrations;
using MetaAdsJobs.Api.People;
using MetaAdsJobs.Api.Publishers;
using MetaAdsJobs.Api.Targeting;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Alerts.Reading;
using MetaAdsJobs.Core.Alerts.Rules;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Batches;
using MetaAdsJobs.Core.Budgets.Deciding;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Budgets.Reading;
using MetaAdsJobs.Core.Budgets.Simulating;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Campaigns.Reading;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Events.Listing;
using MetaAdsJobs.Core.Experiments;
using MetaAdsJobs.Core.Experiments.Reading;
using MetaAdsJobs.Core.Experiments.Simulating;
using MetaAdsJobs.Core.Insights.Watching;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Insights;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Requests.Ads;
using MetaAdsJobs.Core.People;
using MetaAdsJobs.Core.Publishers.Receiving;
using MetaAdsJobs.Core.Statistics;
using Microsoft.OpenApi;

namespace MetaAdsJobs.Api.Description;

/// <summary>
/// Texts that are one of a few words, field by field: what is a closed set here is an enum in the description. Meta's own words that may become more (effective_status, result types) are left open.
/// </summary>
internal static class Vocabulary
{
    private static readonly IReadOnlyList<string> Runs = Names<OrchestrationStatus>();
    private static readonly IReadOnlyList<string> Edits = ["queued", "running", "waiting", "succeeded", "failed", "cancelled", "missed", "expired"];
    private static readonly IReadOnlyList<string> Levels = Names<EditLevel>();
    private static readonly IReadOnlyList<string> OfNumbers = ["account", "campaign", "adset", "ad"];
    private static readonly IReadOnlyList<string> Watched = [.. OfNumbers, "run"];
    private static readonly IReadOnlyList<string> Metrics = [.. AlertMetric.All.Select(metric => metric.Name)];
    private static readonly IReadOnlyList<string> Switched = ["ACTIVE", "PAUSED", "ARCHIVED", "DELETED"];
    private static readonly IReadOnlyList<string> Steps = ["pending", "started", "confirmed", "deleted", "left"];
    private static readonly IReadOnlyList<string> Given = [.. Steps, "given"];
    private static readonly IReadOnlyList<string> Approvals = ["none", "always", "above"];
    private static readonly IReadOnlyList<string> Formats = [Webhook.CloudEvents, Webhook.Slack, Webhook.Mail];
    private static readonly IReadOnlyList<string> Compares = [AlertRule.Value, AlertRule.Median];
    private static readonly IReadOnlyList<string> Sides = [AlertRule.Above, AlertRule.Below];
    private static readonly IReadOnlyList<string> Groups = [AlertRule.ByRule, AlertRule.ByAccount];
    private static readonly IReadOnlyList<string> Pools = [BudgetPool.Campaigns, BudgetPool.AdSets];
    private static readonly IReadOnlyList<string> Goals = [.. ObjectiveGoals.Objectives.SelectMany(ObjectiveGoals.GoalsOf).Append("CONVERSIONS").Distinct().Order()];
    private static readonly IReadOnlyList<string> Strategies = [.. Bid.Strategies.Keys.Order()];
    private static readonly IReadOnlyList<string> Buttons = [.. MetaWords.CallsToAction.Order()];

    private static readonly Dictionary<(string Type, string Field), IReadOnlyList<string>> Words = new()
    {
        [(nameof(OrchestrationRequest), "campaign_objective")] = [.. ObjectiveGoals.Objectives],
        [(nameof(OrchestrationRequest), "optimization_goal")] = Goals,
        [(nameof(OrchestrationRequest), "bid_strategy")] = Strategies,
        [(nameof(OrchestrationRequest), "budget_at")] = ["campaign", "ad_sets"],
        [(nameof(OrchestrationRequest), "destination_type")] = ObjectiveGoals.Chats,
        [(nameof(ReachBody), "campaign_objective")] = [.. ObjectiveGoals.Objectives],
        [(nameof(ReachBody), "optimization_goal")] = Goals,
        [(nameof(ReachBody), "destination_type")] = ObjectiveGoals.Chats,
        [(nameof(AdSetRequest), "optimization_goal")] = Goals,
        [(nameof(AdSetRequest), "bid_strategy")] = Strategies,
        [(nameof(AdSetRequest), "destination_type")] = ObjectiveGoals.Chats,
        [(nameof(AcceptedResponse), "status")] = Runs,
        [(nameof(OrchestrationResult), "status")] = Runs,
        [(nameof(OrchestrationSummary), "status")] = Runs,
        [(nameof(ActivationResult), "status")] = Edits,
        [(nameof(IntoResult), "campaign_status")] = Switched,
        [(nameof(AdSetResult), "state")] = Given,
        [(nameof(AdResult), "state")] = Given,
        [(nameof(AdResult), "kind")] = ["single", "carousel", "post", "instagram_post", "texts", "placements"],
        [(nameof(StepResult), "state")] = Given,
        [(nameof(AcceptedBatchResponse), "status")] = ["running"],
        [(nameof(Batch), "state")] = Batch.States,
        [(nameof(BatchRow), "state")] = BatchRow.States,
        [(nameof(PlannedRow), "state")] = ["create", "anew", "existing"],
        [(nameof(SyncQueuedResponse), "status")] = ["queued"],
        [(nameof(InsightSync), "state")] = Names<InsightSyncState>(),
        [(nameof(UnfinishedSync), "state")] = Names<InsightSyncState>(),
        [(nameof(ReportBody), "level")] = OfNumbers,
        [(nameof(ReportResponse), "level")] = OfNumbers,
        [(nameof(HealthResponse), "status")] = ["live", "ready", "not ready"],
        [(nameof(EditAccepted), "status")] = ["queued"],
        [(nameof(CampaignEdit), "status")] = Edits,
        [(nameof(CampaignEdit), "kind")] = Names<EditKind>(),
        [(nameof(CampaignEdit), "level")] = Levels,
        [(nameof(CampaignSummary), "status")] = Switched,
        [(nameof(CampaignObject), "status")] = Switched,
        [(nameof(CampaignAddition), "status")] = Runs,
        [(nameof(OutsideChange), "level")] = Levels,
        [(nameof(OutsideChange), "field")] = ["status", "name", "daily_budget", "lifetime_budget", "end_time", "creative"],
        [(nameof(ApprovalRequest), "status")] = ["asked", "approved", "rejected", "voided", "expired", "withdrawn"],
        [(nameof(ApprovalRequest), "kind")] = ["publish", "resume", "update"],
        [(nameof(ApprovalRequest), "level")] = Levels,
        [(nameof(DueActivation), "status")] = [.. Edits, "building"],
        [(nameof(SocialAccount), "approval_required")] = Approvals,
        [(nameof(AccountBody), "approval_required")] = Approvals,
        [(nameof(AccountChanges), "approval_required")] = Approvals,
        [(nameof(WebhookBody), "format")] = Formats,
        [(nameof(WebhookResponse), "format")] = Formats,
        [(nameof(Delivery), "state")] = DeliveryReader.States,
        [(nameof(ReplayBody), "state")] = ["delivered", "failed", "held"],
        [(nameof(Alert), "state")] = ["open", "quiet", "resolved"],
        [(nameof(Alert), "metric")] = Metrics,
        [(nameof(Alert), "level")] = Watched,
        [(nameof(Alert), "severity")] = AlertRule.Severities,
        [(nameof(AlertMember), "state")] = ["firing", "no_data", "recovered"],
        [(nameof(WatchedObject), "state")] = ["firing", "waiting", "no_data"],
        [(nameof(BudgetProposal), "state")] = BudgetProposal.States,
        [(nameof(BudgetMove), "edit_status")] = Edits,
        [(nameof(PoolMemberNow), "status")] = Switched,
        [(nameof(Pacing), "state")] = ["on_plan", "ahead", "behind", "unknown", "not_begun", "paused", "over"],
        [(nameof(SimulationBody), "scenario")] = MarketScenario.All,
        [(nameof(SimulatedMarket), "scenario")] = MarketScenario.All,
        [(nameof(ExperimentBody), "level")] = ExperimentLevel.All,
        [(nameof(ExperimentSummary), "level")] = ExperimentLevel.All,
        [(nameof(ExperimentSimulationBody), "scenario")] = MarketScenario.All,
        [(nameof(SimulatedExperiments), "scenario")] = MarketScenario.All,
        [(nameof(ExperimentSimulationBody), "level")] = ExperimentLevel.All,
        [(nameof(ExperimentSimulationBody), "metric")] = ExperimentMetric.All,
        [(nameof(ExperimentBody), "thing")] = ExperimentThing.All,
        [(nameof(ExperimentBody), "metric")] = ExperimentMetric.All,
        [(nameof(BegunExperimentResponse), "status")] = ["running"],
        [(nameof(ExperimentSummary), "state")] = ExperimentReader.States,
        [(nameof(ExperimentSummary), "thing")] = ExperimentThing.All,
        [(nameof(ExperimentSummary), "metric")] = ExperimentMetric.All,
        [(nameof(ExperimentSummary), "run_status")] = Runs,
        [(nameof(ExperimentProposal), "state")] = ["open", "accepted", "withdrawn"],
        [(nameof(ProposalChange), "state")] = ["planned", "asked", "left", "refused"],
        [(nameof(ProposalChange), "edit_status")] = Edits,
        [(nameof(EventOutcomeResponse), "state")] = ClipOutcome.States,
        [(nameof(EventOutcomeResponse), "run_status")] = Runs,
        [(nameof(TakenOutcome), "state")] = ClipOutcome.States,
        [(nameof(ClipPreviewResponse), "state")] = ["accepted", "existing", "refused", "held", "over_limit"],
        [(nameof(TakeManyBody), "state")] = ["refused", "held", "over_limit"],
        [(nameof(ClipPublishedBody), "type")] = ["clip.published", "clip.updated"],
        [(nameof(EventResponse), "type")] = ["clip.published", "clip.updated"],
    };

    static Vocabulary()
    {
        foreach (var type in (string[])[nameof(UserBody), nameof(UserChanges), nameof(KeyBody), nameof(User), nameof(ApiKey), nameof(MeResponse)]) Words[(type, "role")] = Roles.All;
        Words[(nameof(RecordedChange), "source")] = ChangeReader.Sources;
        foreach (var type in (string[])[nameof(OrchestrationRequest), nameof(AdRequest), nameof(CardRequest), nameof(AdContent)]) Words[(type, "call_to_action")] = Buttons;
        foreach (var type in (string[])[nameof(AlertRuleBody), nameof(AlertRuleChanges), nameof(AlertRuleTrialBody), nameof(AlertRuleTrialChanges), nameof(AlertRuleResponse)])
        {
            foreach (var (field, words) in ((string, IReadOnlyList<string>)[])
                [("metric", Metrics), ("when", Sides), ("level", Watched), ("compare", Compares), ("severity", AlertRule.Severities), ("group_by", Groups), ("floor_metric", AlertMetric.Floors)])
                Words[(type, field)] = words;
        }

        foreach (var type in (string[])[nameof(BudgetPoolBody), nameof(BudgetPoolChanges), nameof(BudgetPoolTrialBody), nameof(BudgetPoolResponse)])
        {
            Words[(type, "level")] = Pools;
            Words[(type, "mode")] = BudgetPool.Modes;
        }
    }

    /// <summary>All fields that are told of; for the test that looks for fields that are not.</summary>
    public static IEnumerable<(string Type, string Field)> Fields => Words.Keys;

    public static Task AddAsync(OpenApiSchema schema, JsonPropertyInfo? field)
    {
        if (field is null || !Words.TryGetValue((field.DeclaringType.Name, field.Name), out var words)) return Task.CompletedTask;
        schema.Enum = [.. words.Select(word => (JsonNode)JsonValue.Create(word)!)];
        if (schema.Type?.HasFlag(JsonSchemaType.Null) == true) schema.Enum.Add(JsonNullSentinel.JsonNull);
        return Task.CompletedTask;
    }

    private static IReadOnlyList<string> Names<T>() where T : struct, Enum => [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())];
}
