using System.Collections.Frozen;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Rules;

/// <summary>Whom an ad set may address: places are a must, ages and genders have limits, the audience switch must be set.</summary>
internal static class TargetingRules
{
    private const string Parameter = "targeting";
    private const int Youngest = 13;
    private const int Oldest = 65;

    public static StubRefusal? Refuse(StubCall call)
    {
        var targeting = call.Json(Parameter);
        return targeting.ValueKind != JsonValueKind.Object
            ? StubRefusal.Missing(Parameter)
            : LegalNestedNames.Refuse(Parameter, targeting, LegalNestedNames.Targeting)
                ?? Places(targeting)
                ?? Ages(targeting)
                ?? Genders(targeting)
                ?? AdvantageAudience(targeting)
                ?? Relaxation(targeting)
                ?? PlacementRules.Refuse(Parameter, targeting);
    }

    private static StubRefusal? Places(JsonElement targeting)
    {
        if (!targeting.TryGetProperty("geo_locations", out var places) || places.ValueKind != JsonValueKind.Object
            || !places.EnumerateObject().Any(place => place.Name != "location_types" && HasItems(place.Value)))
        {
            return StubRefusal.Parameter(
                Parameter, 1885364, "Location is missing", "Please choose at least one location in targeting.geo_locations");
        }

        if (LegalNestedNames.Refuse(Parameter, places, LegalNestedNames.GeoLocations) is { } unknown)
            return unknown;

        return places.TryGetProperty("countries", out var countries) && !countries.EnumerateArray().All(IsCountry)
            ? StubRefusal.Parameter(Parameter, "Countries must be two-letter codes such as US")
            : null;
    }

    private static StubRefusal? Ages(JsonElement targeting)
    {
        var least = Number(targeting, "age_min") ?? 18;
        var most = Number(targeting, "age_max") ?? Oldest;
        return least is < Youngest or > Oldest || most is < Youngest or > Oldest || least > most
            ? StubRefusal.Parameter(
                Parameter, 1487079, "Age range is invalid", $"Ages must lie in {Youngest} to {Oldest}, age_min not above age_max")
            : null;
    }

    private static StubRefusal? Genders(JsonElement targeting) =>
        targeting.TryGetProperty("genders", out var genders)
        && (genders.ValueKind != JsonValueKind.Array || !genders.EnumerateArray().All(gender => gender.ToString() is "1" or "2"))
            ? StubRefusal.Parameter(Parameter, "Genders must be a list of 1 (men) and 2 (women)")
            : null;

    private static StubRefusal? AdvantageAudience(JsonElement targeting)
    {
        var choice = targeting.TryGetProperty("targeting_automation", out var automation)
            && automation.ValueKind == JsonValueKind.Object ? Number(automation, "advantage_audience") : null;
        return choice switch
        {
            0 => null,
            1 when (Number(targeting, "age_max") ?? Oldest) == Oldest => null,
            1 => StubRefusal.Parameter(
                Parameter, 1870189, "Age range conflicts with Advantage+ audience", "With Advantage+ audience age_max must be 65"),
            _ => StubRefusal.Parameter(
                Parameter,
                1870227,
                "Advantage Audience Flag Required",
                "Set targeting_automation.advantage_audience to 0 or 1"),
        };
    }

    // Of what kind of audience may be widened; both are unless somebody says 0.
    private static StubRefusal? Relaxation(JsonElement targeting) =>
        targeting.TryGetProperty("targeting_relaxation_types", out var types)
        && (types.ValueKind != JsonValueKind.Object
            || !types.EnumerateObject().All(type => type.Name is "lookalike" or "custom_audience" && type.Value.ToString() is "0" or "1"))
            ? StubRefusal.Parameter(Parameter, "targeting_relaxation_types must map lookalike and custom_audience to 0 or 1")
            : null;

    private static int? Number(JsonElement map, string name) =>
        !map.TryGetProperty(name, out var value) ? null : int.TryParse(value.ToString(), out var number) ? number : int.MinValue;

    private static bool HasItems(JsonElement list) => list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0;

    private static bool IsCountry(JsonElement country) => country.ToString() is { Length: 2 } code && code.All(char.IsAsciiLetterUpper);
}

/// <summary>Where an ad may be shown: known platforms, one of which can stand alone, and positions of platforms that are chosen.</summary>
internal static class PlacementRules
{
    private static readonly (string Platform, FrozenSet<string> Positions)[] Platforms =
    [
        ("facebook", LegalNames.Set("""
            biz_disco_feed facebook_reels facebook_reels_overlay feed instream_video marketplace notification profile_feed
            right_hand_column search story video_feeds
            """)),
        ("instagram", LegalNames.Set("explore explore_home ig_search profile_feed profile_reels reels shop story stream")),
        ("audience_network", LegalNames.Set("classic instream_video rewarded_video")),
        ("messenger", LegalNames.Set("messenger_home sponsored_messages story")),
        ("threads", LegalNames.Set("threads_stream")),
    ];

    public static StubRefusal? Refuse(string parameter, JsonElement targeting)
    {
        var chosen = Words(targeting, "publisher_platforms");
        if (chosen.FirstOrDefault(word => Platforms.All(known => known.Platform != word)) is { } stranger)
            return StubRefusal.Parameter(parameter, $"{stranger} is no publisher platform");

        if (chosen.Count > 0 && chosen.All(word => word == "audience_network"))
            return StubRefusal.Parameter(parameter, "audience_network cannot be the only publisher platform");

        foreach (var (platform, positions) in Platforms)
        {
            var words = Words(targeting, $"{platform}_positions");
            if (words.FirstOrDefault(word => !positions.Contains(word)) is { } unknown)
                return StubRefusal.Parameter(parameter, $"{unknown} is no position on {platform}");

            if (words.Count > 0 && chosen.Count > 0 && !chosen.Contains(platform))
                return StubRefusal.Parameter(parameter, $"{platform}_positions need the publisher platform {platform}");
        }

        return null;
    }

    private static List<string> Words(JsonElement targeting, string name) =>
        targeting.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(word => word.ToString())]
            : [];
}
