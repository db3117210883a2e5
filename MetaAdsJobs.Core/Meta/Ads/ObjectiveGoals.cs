using System.Collections.Frozen;

namespace MetaAdsJobs.Core.Meta.Ads;

/// <summary>What an ad set must name for Meta to optimise towards a goal.</summary>
public enum PromotedObject
{
    None,
    Page,
    Pixel,
}

/// <summary>How an ad set with one goal is built. <paramref name="PixelEvent"/> is the custom event counted by the pixel.</summary>
public sealed record GoalRule(string? DestinationType, PromotedObject Promotes, string? PixelEvent = null);

/// <summary>
/// Which optimisation goal fits which objective, for an ad that leads to a landing page. Goals that need what a request does not
/// carry (an app, a lead form, an event, a chat) are left out: Meta would refuse them after the campaign exists already.
/// </summary>
public static class ObjectiveGoals
{
    private static readonly GoalRule Anywhere = new(null, PromotedObject.None);
    private static readonly GoalRule Website = new("WEBSITE", PromotedObject.None);

    private static readonly FrozenDictionary<string, FrozenDictionary<string, GoalRule>> Table =
        new Dictionary<string, FrozenDictionary<string, GoalRule>>
        {
            ["OUTCOME_AWARENESS"] = Goals(("REACH", Anywhere), ("IMPRESSIONS", Anywhere), ("AD_RECALL_LIFT", Anywhere), ("THRUPLAY", Anywhere)),
            ["OUTCOME_TRAFFIC"] = Goals(("LINK_CLICKS", Website), ("LANDING_PAGE_VIEWS", Website), ("IMPRESSIONS", Website), ("REACH", Website)),
            ["OUTCOME_ENGAGEMENT"] = Goals(
                ("POST_ENGAGEMENT", new("ON_POST", PromotedObject.Page)), ("PAGE_LIKES", new("ON_PAGE", PromotedObject.Page)),
                ("THRUPLAY", new("ON_VIDEO", PromotedObject.None)), ("LINK_CLICKS", Website), ("LANDING_PAGE_VIEWS", Website),
                ("IMPRESSIONS", Website), ("REACH", Website), ("OFFSITE_CONVERSIONS", new("WEBSITE", PromotedObject.Pixel, "CONTENT_VIEW"))),
            ["OUTCOME_LEADS"] = Goals(("OFFSITE_CONVERSIONS", new("WEBSITE", PromotedObject.Pixel, "LEAD")), ("LINK_CLICKS", Website)),
            ["OUTCOME_SALES"] = Goals(
                ("OFFSITE_CONVERSIONS", new("WEBSITE", PromotedObject.Pixel, "PURCHASE")), ("VALUE", new("WEBSITE", PromotedObject.Pixel, "PURCHASE")),
                ("LINK_CLICKS", Website), ("IMPRESSIONS", Website), ("REACH", Website)),
            ["OUTCOME_APP_PROMOTION"] = Goals(),
        }.ToFrozenDictionary();

    public static IEnumerable<string> Objectives => Table.Keys.Order();

    public static bool IsObjective(string objective) => Table.ContainsKey(objective);

    /// <summary>The seed's word CONVERSIONS is Meta's OFFSITE_CONVERSIONS.</summary>
    public static string MetaGoal(string goal) => goal == "CONVERSIONS" ? "OFFSITE_CONVERSIONS" : goal;

    public static IEnumerable<string> GoalsOf(string objective) => Table[objective].Keys.Order();

    public static GoalRule? Find(string objective, string goal) => Table.GetValueOrDefault(objective)?.GetValueOrDefault(MetaGoal(goal));

    private static FrozenDictionary<string, GoalRule> Goals(params (string Goal, GoalRule Rule)[] goals) =>
        goals.ToFrozenDictionary(pair => pair.Goal, pair => pair.Rule);
}
