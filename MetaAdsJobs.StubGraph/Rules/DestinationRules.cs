using System.Collections.Frozen;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Rules;

/// <summary>Where ads lead, and which goal that fits; an app's ad set must name the app's system.</summary>
internal static class DestinationRules
{
    private static readonly FrozenSet<string> Types = LegalNames.Set("""
        APP APPLINKS_AUTOMATIC FACEBOOK FACEBOOK_LIVE FACEBOOK_PAGE IMAGINE INSTAGRAM_DIRECT INSTAGRAM_LIVE INSTAGRAM_PROFILE
        INSTAGRAM_PROFILE_AND_FACEBOOK_PAGE MESSAGING_INSTAGRAM_DIRECT_MESSENGER MESSAGING_INSTAGRAM_DIRECT_MESSENGER_WHATSAPP
        MESSAGING_INSTAGRAM_DIRECT_WHATSAPP MESSAGING_MESSENGER_WHATSAPP MESSENGER ON_AD ON_EVENT ON_PAGE ON_POST ON_VIDEO
        SHOP_AUTOMATIC WEBSITE WHATSAPP
        """);

    private static readonly FrozenSet<string> Chats = LegalNames.Set("INSTAGRAM_DIRECT MESSENGER WHATSAPP");
    private static readonly FrozenSet<string> LeadGoals = LegalNames.Set("LEAD_GENERATION QUALITY_LEAD");

    private static readonly FrozenSet<string> ChatGoals = LegalNames.Set("""
        CONVERSATIONS IMPRESSIONS LEAD_GENERATION LINK_CLICKS OFFSITE_CONVERSIONS POST_ENGAGEMENT QUALITY_LEAD REACH
        """);

    public static StubRefusal? Refuse(StubCall call)
    {
        var (destination, goal) = (call.Text("destination_type"), call.Text("optimization_goal")!);
        if (destination is not null && !Types.Contains(destination))
            return StubRefusal.Parameter("destination_type", $"Param destination_type {destination} is not one of Meta's");

        if (!Fits(destination, goal))
        {
            return StubRefusal.Parameter(
                "destination_type", 1815715, "Destination isn't available", $"The destination {destination ?? "nowhere"} does not fit the goal {goal}");
        }

        if (destination is not null && Chats.Contains(destination) && !HasPage(call))
            return StubRefusal.Parameter("promoted_object", $"The destination {destination} needs a promoted_object with page_id");

        return goal == "APP_INSTALLS" && !NamesSystem(call)
            ? StubRefusal.Parameter("targeting", "An app's ad set must name the app's system in user_os")
            : null;
    }

    private static bool Fits(string? destination, string goal) => destination switch
    {
        null => goal != "CONVERSATIONS",
        "ON_AD" => LeadGoals.Contains(goal),
        "ON_EVENT" or "ON_PAGE" or "ON_POST" or "ON_VIDEO" or "WEBSITE" => goal is not ("CONVERSATIONS" or "APP_INSTALLS") && !LeadGoals.Contains(goal),
        _ => !Chats.Contains(destination) || ChatGoals.Contains(goal),
    };

    private static bool HasPage(StubCall call) =>
        call.Json("promoted_object") is { ValueKind: JsonValueKind.Object } promoted && promoted.TryGetProperty("page_id", out var page) && page.ToString().Length > 0;

    private static bool NamesSystem(StubCall call) =>
        call.Json("targeting") is { ValueKind: JsonValueKind.Object } targeting && targeting.TryGetProperty("user_os", out var systems)
        && systems.ValueKind == JsonValueKind.Array && systems.GetArrayLength() > 0;
}
