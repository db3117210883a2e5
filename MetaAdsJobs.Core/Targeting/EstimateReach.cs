using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Requests.AdSets;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Targeting;

/// <summary>
/// Asks Meta how many people each ad set of a request could reach, before it is made. Of a body only that is looked at which Meta needs to know:
/// the account, the targeting, the goal and what it promotes.
/// </summary>
public sealed class EstimateReach
{
    private const string Account = "social_account_id";
    private const string Targeting = "targeting";
    private const string Objective = "campaign_objective";
    private const string Goal = "optimization_goal";
    private const int AtOnce = 5;
    private readonly AccountQuestions _questions;
    private readonly MetaReach _meta;

    internal EstimateReach(AccountQuestions questions, MetaReach meta) => (_questions, _meta) = (questions, meta);

    public async Task<TargetingFound> ExecuteAsync(JsonElement body, CancellationToken ct)
    {
        var (errors, asked) = (new FieldErrors(), new List<(RequestPart Part, Asked Asked)>());
        foreach (var part in RequestParts.Of(body, errors, onlyFirst: true))
        {
            var ofPart = new FieldErrors();
            asked.Add((part, Read(new JsonFields(part.Body, ofPart))));
            part.Tell(ofPart, errors);
        }

        return errors.Any ? new TargetingFound.Invalid(errors)
            : await _questions.AskAsync(asked[0].Asked.AccountId, (account, credential) => AskAsync(account, credential, RequestParts.IsTree(body), asked, ct), ct);
    }

    private async Task<TargetingFound> AskAsync(SocialAccount account, GraphCredential credential, bool isTree, List<(RequestPart Part, Asked Asked)> asked, CancellationToken ct)
    {
        var errors = new FieldErrors();
        var questions = new List<(RequestPart Part, ReachQuestion Question)>();
        foreach (var (part, one) in asked)
        {
            var (ofPart, question) = (new FieldErrors(), one.For(account));
            TargetingValidation.CheckAgainst(account, new JsonFields(part.Body, new()), ofPart);
            if (question.IsTooLong) ofPart.Add(Targeting, "is too long for an estimate, which Meta gives to short questions only; the ad set itself may be as long");
            part.Tell(ofPart, errors);
            questions.Add((part, question));
        }

        if (errors.Any) return new TargetingFound.Invalid(errors);
        var answers = new Dictionary<string, (MetaEstimate? Estimate, string? Refusal)>();
        // Ad sets often differ in nothing that Meta needs to know.
        foreach (var some in questions.DistinctBy(one => one.Question.Key).Chunk(AtOnce))
            foreach (var (key, answer) in await Task.WhenAll(some.Select(async one => (one.Question.Key, await EstimateAsync(credential, one.Question, ct))))) answers[key] = answer;
        foreach (var (part, question) in questions)
            if (answers[question.Key].Refusal is { } refusal) errors.Add(part.PathOf(Targeting), refusal);
        return errors.Any ? new TargetingFound.Invalid(errors)
            : new TargetingFound.Estimates([.. questions.Select(one => ToEstimate(isTree ? $"{RequestParts.AdSets}[{one.Part.Set}]" : Targeting, answers[one.Question.Key].Estimate!))]);
    }

    private async Task<(MetaEstimate? Estimate, string? Refusal)> EstimateAsync(GraphCredential credential, ReachQuestion question, CancellationToken ct)
    {
        try
        {
            return (await _meta.EstimateAsync(credential, question, ct), null);
        }
        catch (MetaException exception) when (exception.IsRequestRefused)
        {
            return (null, exception.ForUser);
        }
    }

    private static ReachEstimate ToEstimate(string path, MetaEstimate estimate) => new(path, estimate.Ready, estimate.PeopleMin, estimate.PeopleMax);

    private static Asked Read(JsonFields fields)
    {
        var accountId = fields.Id(Account, required: true);
        var (objective, goal) = (fields.Text(Objective, required: fields.Has(Goal)), fields.Text(Goal, required: fields.Has(Objective)));
        var rule = objective is null || goal is null ? null : ObjectiveGoals.Find(objective, goal, fields.Text("destination_type"));
        if (objective is not null && goal is not null && rule is null) fields.Refuse(Goal, $"does not fit {objective}");
        var store = rule is { Promotes: PromotedObject.App } ? GoalValidation.ReadStore(fields) : null;
        return new(
            accountId ?? default, rule, goal is null ? "REACH" : ObjectiveGoals.MetaGoal(goal), TargetingValidation.Read(fields.Object(Targeting)), fields.MetaId("pixel_id"),
            fields.Word("conversion_event", MetaWords.PixelEvents), fields.MetaId("application_id"), store);
    }

    private sealed record Asked(Guid AccountId, GoalRule? Rule, string Goal, JsonObject? Targeting, string? PixelId, string? PixelEvent, string? ApplicationId, string? StoreUrl)
    {
        public ReachQuestion For(SocialAccount account)
        {
            var promotion = new Promotion(account.PageId, PixelId ?? account.PixelId, PixelEvent, ApplicationId, StoreUrl);
            var targeting = AdSetTargeting.Of(Targeting, account.DefaultCountries, account.InstagramUserId is not null, StoreUrl);
            return new(targeting, Goal, Rule is null || !promotion.IsEnoughFor(Rule) ? null : promotion.Of(Rule, Goal));
        }
    }
}
