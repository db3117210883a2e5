using System.Collections.Frozen;

namespace MetaAdsJobs.Core.Meta.Stub.Rules;

/// <summary>What Meta refuses in POST act_X/adsets, and what it refuses once it has looked at the campaign.</summary>
internal static class AdSetRules
{
    private static readonly FrozenSet<string> BillingEvents = LegalNames.Set("""
        APP_INSTALLS CLICKS IMPRESSIONS LINK_CLICKS LISTING_INTERACTION NONE OFFER_CLAIMS PAGE_LIKES POST_ENGAGEMENT
        PURCHASE THRUPLAY
        """);

    public static StubRefusal? Refuse(StubCall call) =>
        ParameterRules.Name(call)
        ?? (call.Text("campaign_id") is null ? StubRefusal.Missing("campaign_id") : null)
        ?? GoalRules.Refuse(call)
        ?? ParameterRules.OneOf(call, "billing_event", BillingEvents)
        ?? BudgetRules.Refuse(call)
        ?? BudgetRules.Bid(call)
        ?? LifetimeEnd(call)
        ?? TargetingRules.Refuse(call)
        ?? ParameterRules.Status(call, "ACTIVE", "PAUSED");

    public static StubRefusal? RefuseUnder(string? objective, bool campaignHasBudget, StubCall call)
    {
        if (objective is null)
            return StubRefusal.NoSuchObject(call.Text("campaign_id")!, "campaign_id");

        var goal = call.Text("optimization_goal")!;
        if (!GoalRules.Objectives(goal).Contains(objective))
            return GoalRules.DoesNotFit(goal, objective);

        return (campaignHasBudget, BudgetRules.HasBudget(call)) switch
        {
            (true, true) => StubRefusal.Parameter(
                "daily_budget", 1885621, "Budget is set twice", "The campaign has a budget, so its ad sets must have none"),
            (false, false) => StubRefusal.Parameter(
                "daily_budget", "The ad set needs a daily_budget or lifetime_budget: its campaign has no budget"),
            _ => null,
        };
    }

    private static StubRefusal? LifetimeEnd(StubCall call) =>
        call.Text("lifetime_budget") is not null && call.Text("end_time") is null ? StubRefusal.Missing("end_time") : null;
}
