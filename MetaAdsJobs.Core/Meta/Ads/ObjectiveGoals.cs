using System.Collections.Frozen;

namespace MetaAdsJobs.Core.Meta.Ads;

/// <summary>What an ad set must name for Meta to optimise towards a goal.</summary>
public enum PromotedObject
{
    None,
    Page,
    Pixel,
    App,
}

/// <summary>How an ad set with one goal is built. <paramref name="PixelEvent"/> is the custom event counted by the pixel.</summary>
/// <param name="DestinationType">Null where there is none, and where a chat has to be chosen.</param>
public sealed record GoalRule(string? DestinationType, PromotedObject Promotes, string? PixelEvent = null)
{
    /// <summary>Whether ads may open a chat.</summary>
    public bool MayChat { get; init; }

    /// <summary>The destination when it is no chat.</summary>
    public string? OtherDestination { get; init; } = DestinationType;

    /// <summary>Whether ads open a form of Meta's.</summary>
    public bool OpensForm => DestinationType == "ON_AD";
}

/// <summary>
/// Which optimisation goal fits which objective. Goals that need what a request does not carry (an event, a phone, an app's events) are
/// left out: Meta would refuse them after the campaign exists already. Which goal may open a chat is what client code does; Meta's page on
/// destination types names the pairs, and not every goal of each.
/// </summary>
public static class ObjectiveGoals
{
    public const string Messenger = "MESSENGER";
    public const string InstagramDirect = "INSTAGRAM_DIRECT";
    public const string WhatsApp = "WHATSAPP";

    private static readonly GoalRule Anywhere = new(null, PromotedObject.None);
    private static readonly GoalRule Website = new("WEBSITE", PromotedObject.None);

    private static readonly GoalRule Form = new("ON_AD", PromotedObject.Page);
    private static readonly GoalRule Chat = new(null, PromotedObject.Page) { MayChat = true };

    private static readonly FrozenDictionary<string, FrozenDictionary<string, GoalRule>> Table =
        new Dictionary<string, FrozenDictionary<string, GoalRule>>
        {
            ["OUTCOME_AWARENESS"] = Goals(("REACH", Anywhere), ("IMPRESSIONS", Anywhere), ("AD_RECALL_LIFT", Anywhere), ("THRUPLAY", Anywhere)),
            ["OUTCOME_TRAFFIC"] = Goals(("LINK_CLICKS", Website), ("LANDING_PAGE_VIEWS", Website), ("IMPRESSIONS", Website), ("REACH", Website)),
            ["OUTCOME_ENGAGEMENT"] = Goals(
                ("POST_ENGAGEMENT", new("ON_POST", PromotedObject.Page)), ("PAGE_LIKES", new("ON_PAGE", PromotedObject.Page)),
                ("THRUPLAY", new("ON_VIDEO", PromotedObject.None)), ("LINK_CLICKS", Website with { MayChat = true }), ("CONVERSATIONS", Chat), ("LANDING_PAGE_VIEWS", Website),
                ("IMPRESSIONS", Website), ("REACH", Website), ("OFFSITE_CONVERSIONS", new("WEBSITE", PromotedObject.Pixel, "CONTENT_VIEW"))),
            ["OUTCOME_LEADS"] = Goals(("LEAD_GENERATION", Form), ("QUALITY_LEAD", Form), ("OFFSITE_CONVERSIONS", new("WEBSITE", PromotedObject.Pixel, "LEAD")), ("LINK_CLICKS", Website)),
            ["OUTCOME_SALES"] = Goals(
                ("OFFSITE_CONVERSIONS", new("WEBSITE", PromotedObject.Pixel, "PURCHASE")), ("VALUE", new("WEBSITE", PromotedObject.Pixel, "PURCHASE")),
                ("CONVERSATIONS", Chat), ("LINK_CLICKS", Website), ("IMPRESSIONS", Website), ("REACH", Website)),
            ["OUTCOME_APP_PROMOTION"] = Goals(("APP_INSTALLS", new(null, PromotedObject.App))),
        }.ToFrozenDictionary();

    /// <summary>The chats that ads may open.</summary>
    public static IReadOnlyList<string> Chats { get; } = [Messenger, InstagramDirect, WhatsApp];

    public static IEnumerable<string> Objectives => Table.Keys.Order();

    public static bool IsObjective(string objective) => Table.ContainsKey(objective);

    /// <summary>The seed's word CONVERSIONS is Meta's OFFSITE_CONVERSIONS.</summary>
    public static string MetaGoal(string goal) => goal == "CONVERSIONS" ? "OFFSITE_CONVERSIONS" : goal;

    public static IEnumerable<string> GoalsOf(string objective) => Table[objective].Keys.Order();

    /// <param name="destination">What is to be opened, where the request says so; what does not fit the goal changes nothing.</param>
    public static GoalRule? Find(string objective, string goal, string? destination = null) =>
        Table.GetValueOrDefault(objective)?.GetValueOrDefault(MetaGoal(goal)) is not { } rule ? null
        : rule.MayChat && destination is not null && Chats.Contains(destination) ? rule with { DestinationType = destination, Promotes = PromotedObject.Page } : rule;

    private static FrozenDictionary<string, GoalRule> Goals(params (string Goal, GoalRule Rule)[] goals) =>
        goals.ToFrozenDictionary(pair => pair.Goal, pair => pair.Rule);
}
