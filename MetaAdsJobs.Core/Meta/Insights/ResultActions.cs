using System.Collections.Frozen;
using MetaAdsJobs.Core.Meta.Ads;

namespace MetaAdsJobs.Core.Meta.Insights;

/// <summary>Where a row tells how often something happened: a list of actions, and which of them.</summary>
internal sealed record ResultAction(string Field, string ActionType);

/// <summary>
/// Which action counts as a result of a goal. Meta lists the same event under several names (purchase, omni_purchase,
/// offsite_conversion.fb_pixel_purchase …), so exactly one is taken. Source: Meta, Ads Insights, action types, and the conversion
/// event an ad set is optimised for.
/// </summary>
internal static class ResultActions
{
    public const string Actions = "actions";
    public const string Thruplays = "video_thruplay_watched_actions";

    private static readonly FrozenDictionary<string, ResultAction> ByGoal = new Dictionary<string, ResultAction>
    {
        ["LINK_CLICKS"] = new(Actions, "link_click"),
        ["LANDING_PAGE_VIEWS"] = new(Actions, "landing_page_view"),
        ["POST_ENGAGEMENT"] = new(Actions, "post_engagement"),
        ["ENGAGED_USERS"] = new(Actions, "post_engagement"),
        ["PAGE_LIKES"] = new(Actions, "like"),
        ["EVENT_RESPONSES"] = new(Actions, "rsvp"),
        ["THRUPLAY"] = new(Thruplays, "video_view"),
        ["LEAD_GENERATION"] = new(Actions, "onsite_conversion.lead_grouped"),
        ["QUALITY_LEAD"] = new(Actions, "onsite_conversion.lead_grouped"),
        ["CONVERSATIONS"] = new(Actions, "onsite_conversion.messaging_conversation_started_7d"),
        ["APP_INSTALLS"] = new(Actions, "mobile_app_install"),
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, string> ByEvent = new Dictionary<string, string>
    {
        ["PURCHASE"] = "offsite_conversion.fb_pixel_purchase",
        ["LEAD"] = "offsite_conversion.fb_pixel_lead",
        ["COMPLETE_REGISTRATION"] = "offsite_conversion.fb_pixel_complete_registration",
        ["ADD_TO_CART"] = "offsite_conversion.fb_pixel_add_to_cart",
        ["ADD_TO_WISHLIST"] = "offsite_conversion.fb_pixel_add_to_wishlist",
        ["ADD_PAYMENT_INFO"] = "offsite_conversion.fb_pixel_add_payment_info",
        ["INITIATED_CHECKOUT"] = "offsite_conversion.fb_pixel_initiate_checkout",
        ["CONTENT_VIEW"] = "offsite_conversion.fb_pixel_view_content",
        ["SEARCH"] = "offsite_conversion.fb_pixel_search",
        ["OTHER"] = "offsite_conversion.fb_pixel_custom",
        ["CONTACT"] = "contact_website",
        ["CUSTOMIZE_PRODUCT"] = "customize_product_website",
        ["DONATE"] = "donate_website",
        ["FIND_LOCATION"] = "find_location_website",
        ["SCHEDULE"] = "schedule_website",
        ["START_TRIAL"] = "start_trial_website",
        ["SUBMIT_APPLICATION"] = "submit_application_website",
        ["SUBSCRIBE"] = "subscribe_website",
    }.ToFrozenDictionary();

    /// <summary>The row's list in which a type of action is counted, as an expression of SQL.</summary>
    public static string FieldSql(string actionType) => $"CASE WHEN {actionType} = 'video_view' THEN '{Thruplays}' ELSE '{Actions}' END";

    /// <param name="conversionEvent">The pixel's event the ad set names, where that is known; else the usual one of the objective.</param>
    /// <returns>Null when the goal counts no action (reach, impressions) or it is not known which.</returns>
    public static ResultAction? Find(string? goal, string? objective, string? conversionEvent)
    {
        if (goal is null) return null;
        if (goal is not ("OFFSITE_CONVERSIONS" or "VALUE")) return ByGoal.GetValueOrDefault(goal);
        var name = conversionEvent ?? (objective is null ? null : ObjectiveGoals.Find(objective, goal)?.PixelEvent);
        return name is not null && ByEvent.TryGetValue(name, out var action) ? new(Actions, action) : null;
    }
}
