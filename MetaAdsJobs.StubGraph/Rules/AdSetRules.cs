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

    private static readonly string[] Declarations = ["dsa_beneficiary", "dsa_payor"];

    public static StubRefusal? Refuse(StubCall call) =>
        ParameterRules.Name(call)
        ?? (call.Text("campaign_id") is null ? StubRefusal.Missing("campaign_id") : null)
        ?? GoalRules.Refuse(call)
        ?? DestinationRules.Refuse(call)
        ?? ParameterRules.OneOf(call, "billing_event", BillingEvents)
        ?? BudgetRules.Refuse(call)
        ?? BudgetRules.Bid(call)
        ?? LifetimeEnd(call)
        ?? DeliveryRules.Refuse(call)
        ?? Declared(call, name => call.Text(name) is not null)
        ?? TargetingRules.Refuse(call)
        ?? ParameterRules.Status(call, "ACTIVE", "PAUSED");

    /// <param name="campaignIsByHours">Whether the campaign's lifetime budget is one for hours.</param>
    public static StubRefusal? RefuseUnder(string? objective, bool campaignHasBudget, bool campaignIsByHours, StubCall call)
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
            (true, false) when DeliveryRules.HasHours(call) && !campaignIsByHours => DeliveryRules.NoHours,
            _ => null,
        };
    }

    // Accounts may have defaults at Meta; here none has.
    public static StubRefusal? Declared(StubCall call, Func<string, bool> isDeclared) =>
        Declarations.FirstOrDefault(name => !isDeclared(name)) is { } missing && call.Json("targeting") is { ValueKind: JsonValueKind.Object } targeting
        && targeting.TryGetProperty("geo_locations", out var places) && places.ValueKind == JsonValueKind.Object
        && places.TryGetProperty("countries", out var countries) && countries.ValueKind == JsonValueKind.Array
        && countries.EnumerateArray().Any(country => Eu.Contains(country.ToString()))
            ? StubRefusal.Parameter(missing, $"Ads that are shown in the EU need a {missing}")
            : null;

    private static StubRefusal? LifetimeEnd(StubCall call) =>
        call.Text("lifetime_budget") is not null && call.Text("end_time") is null ? StubRefusal.Missing("end_time") : null;
}

/// <summary>Which goal goes with which objective, and what a goal needs to know: the pixel, the page, the app.</summary>
internal static class GoalRules
{
    private static readonly Dictionary<string, string[]> GoalsOf = new()
    {
        ["OUTCOME_AWARENESS"] = ["REACH", "IMPRESSIONS", "AD_RECALL_LIFT", "THRUPLAY"],
        ["OUTCOME_TRAFFIC"] = ["LINK_CLICKS", "LANDING_PAGE_VIEWS", "IMPRESSIONS", "REACH"],
        ["OUTCOME_ENGAGEMENT"] =
        [
            "POST_ENGAGEMENT", "IMPRESSIONS", "REACH", "THRUPLAY", "PAGE_LIKES", "EVENT_RESPONSES", "CONVERSATIONS",
            "LINK_CLICKS", "OFFSITE_CONVERSIONS", "LANDING_PAGE_VIEWS",
        ],
        ["OUTCOME_LEADS"] = ["LEAD_GENERATION", "QUALITY_LEAD", "QUALITY_CALL", "OFFSITE_CONVERSIONS", "LINK_CLICKS"],
        ["OUTCOME_SALES"] = ["OFFSITE_CONVERSIONS", "VALUE", "CONVERSATIONS", "LINK_CLICKS", "IMPRESSIONS", "REACH"],
        ["OUTCOME_APP_PROMOTION"] = ["APP_INSTALLS", "APP_INSTALLS_AND_OFFSITE_CONVERSIONS", "VALUE"],
    };

    private static readonly Dictionary<string, string[]> ObjectivesOf = GoalsOf
        .SelectMany(pair => pair.Value.Select(goal => (Goal: goal, Objective: pair.Key)))
        .GroupBy(pair => pair.Goal, pair => pair.Objective)
        .ToDictionary(group => group.Key, group => group.ToArray());

    // The app stands in for the pixel where VALUE serves app promotion.
    private static readonly string[] Pixel = ["pixel_id", "custom_event_type"];
    private static readonly string[] App = ["application_id", "object_store_url"];
    private static readonly string[] Page = ["page_id"];

    public static string[] Objectives(string goal) => ObjectivesOf[goal];

    public static StubRefusal? Refuse(StubCall call) => Unknown(call) ?? PromotedObject(call, call.Text("optimization_goal")!);

    public static StubRefusal? Unknown(StubCall call) => call.Text("optimization_goal") switch
    {
        null => StubRefusal.Missing("optimization_goal"),
        var goal when !ObjectivesOf.ContainsKey(goal) => StubRefusal.Parameter("optimization_goal", $"Param optimization_goal {goal} is not one of Meta's goals"),
        _ => null,
    };

    public static StubRefusal DoesNotFit(string goal, string objective) => StubRefusal.Parameter(
        "optimization_goal",
        2490408,
        "Performance goal isn't available",
        $"The goal {goal} cannot be used with the objective {objective}. Use one of {string.Join(", ", GoalsOf[objective])}");

    private static StubRefusal? PromotedObject(StubCall call, string goal)
    {
        string[][] ways = goal switch
        {
            "OFFSITE_CONVERSIONS" => [Pixel],
            "VALUE" => [Pixel, App],
            "APP_INSTALLS" or "APP_INSTALLS_AND_OFFSITE_CONVERSIONS" => [App],
            "LEAD_GENERATION" or "QUALITY_LEAD" or "QUALITY_CALL" or "PAGE_LIKES" or "CONVERSATIONS" => [Page],
            "POST_ENGAGEMENT" when call.Text("destination_type") == "ON_POST" => [Page],
            _ => [],
        };
        var promoted = call.Json("promoted_object");
        return ways.Length == 0 || ways.Any(needed => needed.All(name => Has(promoted, name)))
            ? null
            : StubRefusal.Parameter(
                "promoted_object",
                $"The goal {goal} needs a promoted_object with {string.Join(" or ", ways.Select(way => string.Join(" and ", way)))}");
    }

    private static bool Has(JsonElement map, string name) =>
        map.ValueKind == JsonValueKind.Object && map.TryGetProperty(name, out var value) && value.ToString().Length > 0;
}
