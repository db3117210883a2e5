using System.Collections.Frozen;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Rules;

/// <summary>What Meta refuses in POST act_X/adsets, and what it refuses once it has looked at the campaign.</summary>
internal static class AdSetRules
{
    private static readonly FrozenSet<string> BillingEvents = LegalNames.Set("""
        APP_INSTALLS CLICKS IMPRESSIONS LINK_CLICKS LISTING_INTERACTION NONE OFFER_CLAIMS PAGE_LIKES POST_ENGAGEMENT
        PURCHASE THRUPLAY
        """);

    private static readonly FrozenSet<string> Eu =
        LegalNames.Set("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK");

    public static StubRefusal? Refuse(StubCall call) =>
        ParameterRules.Name(call)
        ?? (call.Text("campaign_id") is null ? StubRefusal.Missing("campaign_id") : null)
        ?? GoalRules.Refuse(call)
        ?? ParameterRules.OneOf(call, "billing_event", BillingEvents)
        ?? BudgetRules.Refuse(call)
        ?? BudgetRules.Bid(call)
        ?? LifetimeEnd(call)
        ?? Declared(call, "dsa_beneficiary")
        ?? Declared(call, "dsa_payor")
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

    // Accounts may have defaults at Meta; here none has.
    private static StubRefusal? Declared(StubCall call, string name) =>
        call.Text(name) is null && call.Json("targeting") is { ValueKind: JsonValueKind.Object } targeting
        && targeting.TryGetProperty("geo_locations", out var places) && places.ValueKind == JsonValueKind.Object
        && places.TryGetProperty("countries", out var countries) && countries.ValueKind == JsonValueKind.Array
        && countries.EnumerateArray().Any(country => Eu.Contains(country.ToString()))
            ? StubRefusal.Parameter(name, $"Ads that are shown in the EU need a {name}")
            : null;

    private static StubRefusal? LifetimeEnd(StubCall call) =>
        call.Text("lifetime_budget") is not null && call.Text("end_time") is null ? StubRefusal.Missing("end_time") : null;
}
