using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Ads;

namespace MetaAdsJobs.Core.Meta.AdSets;

/// <summary>The targeting of an ad set as it is sent: what was asked for, and everything that Meta would otherwise choose itself.</summary>
internal static class AdSetTargeting
{
    public const string Automation = "targeting_automation";
    public const string Advantage = "advantage_audience";
    public const string Systems = "user_os";
    private const string Audiences = "custom_audiences";

    /// <summary>What a group of a flexible_spec may hold by id.</summary>
    public static IReadOnlyList<string> Segments { get; } =
    [
        "interests", "behaviors", Audiences, "life_events", "family_statuses", "industries", "income", "work_positions", "work_employers",
        "education_schools", "education_majors", "user_adclusters",
    ];

    /// <param name="countries">The account's, where no place is named.</param>
    /// <param name="storeUrl">Of the app that is promoted: Meta wants its system named (user_os), and phones and tablets alone have it.</param>
    public static JsonObject Of(JsonObject? asked, IEnumerable<string> countries, bool isOnInstagram, string? storeUrl)
    {
        var targeting = asked?.DeepClone().AsObject() ?? [];
        if (!targeting.ContainsKey("geo_locations"))
            targeting["geo_locations"] = new JsonObject { ["countries"] = new JsonArray([.. countries.Select(code => (JsonNode)code)]) };
        if (!isOnInstagram) WithoutInstagram(targeting);
        if (storeUrl is not null)
        {
            targeting.TryAdd(Systems, new JsonArray(AppStores.SystemOf(storeUrl)));
            targeting.TryAdd("device_platforms", new JsonArray("mobile"));
        }

        if (!IsWidened(targeting)) WithoutWidening(targeting);
        return targeting;
    }

    private static bool IsWidened(JsonObject targeting) => targeting[Automation]?[Advantage]?.ToJsonString() == "1";

    /// <summary>
    /// Switches Meta's own widening of the audience off, explicitly: what was asked for is what is reached. Custom and lookalike audiences
    /// have a switch of their own.
    /// </summary>
    private static void WithoutWidening(JsonObject targeting)
    {
        targeting[Automation] = new JsonObject { [Advantage] = 0 };
        if (targeting.ContainsKey(Audiences) || (targeting["flexible_spec"] is JsonArray groups && groups.Any(group => group![Audiences] is not null)))
            targeting["targeting_relaxation_types"] = new JsonObject { ["lookalike"] = 0, ["custom_audience"] = 0 };
    }

    /// <summary>
    /// Where nothing says on which platforms to show an ad, Meta also takes Instagram, and refuses the ad of a page that has no Instagram
    /// account (100/1772103) once all the rest is made. So Facebook is named, and the platforms whose positions are.
    /// </summary>
    public static void WithoutInstagram(JsonObject targeting)
    {
        if (targeting.ContainsKey("publisher_platforms")) return;
        targeting["publisher_platforms"] = new JsonArray([.. MetaWords.Positions.Keys
            .Where(platform => platform == "facebook" || targeting.ContainsKey(MetaWords.PositionsField(platform))).Select(platform => (JsonNode)platform)]);
    }
}
