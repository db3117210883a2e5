using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Rules;

/// <summary>Whom an ad set may address: places are a must, ages and genders have limits, the audience switch must be set.</summary>
internal static class TargetingRules
{
    private const int Youngest = 13;
    private const int Oldest = 65;

    /// <param name="parameter">Who holds the targeting: an estimate has another name for it.</param>
    public static StubRefusal? Refuse(StubCall call, string parameter = "targeting")
    {
        var targeting = call.Json(parameter);
        return targeting.ValueKind != JsonValueKind.Object
            ? StubRefusal.Missing(parameter)
            : LegalNestedNames.Refuse(parameter, targeting, LegalNestedNames.Targeting)
                ?? Places(parameter, targeting)
                ?? Ages(parameter, targeting)
                ?? Genders(parameter, targeting)
                ?? AdvantageAudience(parameter, targeting)
                ?? Relaxation(parameter, targeting)
                ?? AudienceRules.Refuse(parameter, targeting)
                ?? PlacementRules.Refuse(parameter, targeting);
    }

    private static StubRefusal? Places(string parameter, JsonElement targeting)
    {
        if (!targeting.TryGetProperty("geo_locations", out var places) || places.ValueKind != JsonValueKind.Object
            || !places.EnumerateObject().Any(place => place.Name != "location_types" && HasItems(place.Value)))
        {
            return StubRefusal.Parameter(
                parameter, 1885364, "Location is missing", "Please choose at least one location in targeting.geo_locations");
        }

        if (LegalNestedNames.Refuse(parameter, places, LegalNestedNames.GeoLocations) is { } unknown)
            return unknown;

        return places.TryGetProperty("countries", out var countries) && !countries.EnumerateArray().All(IsCountry)
            ? StubRefusal.Parameter(parameter, "Countries must be two-letter codes such as US")
            : null;
    }

    private static StubRefusal? Ages(string parameter, JsonElement targeting)
    {
        var least = Number(targeting, "age_min") ?? 18;
        var most = Number(targeting, "age_max") ?? Oldest;
        return least is < Youngest or > Oldest || most is < Youngest or > Oldest || least > most
            ? StubRefusal.Parameter(
                parameter, 1487079, "Age range is invalid", $"Ages must lie in {Youngest} to {Oldest}, age_min not above age_max")
            : null;
    }

    private static StubRefusal? Genders(string parameter, JsonElement targeting) =>
        targeting.TryGetProperty("genders", out var genders)
        && (genders.ValueKind != JsonValueKind.Array || !genders.EnumerateArray().All(gender => gender.ToString() is "1" or "2"))
            ? StubRefusal.Parameter(parameter, "Genders must be a list of 1 (men) and 2 (women)")
            : null;

    private static StubRefusal? AdvantageAudience(string parameter, JsonElement targeting)
    {
        var choice = targeting.TryGetProperty("targeting_automation", out var automation)
            && automation.ValueKind == JsonValueKind.Object ? Number(automation, "advantage_audience") : null;
        return choice switch
        {
            0 when targeting.TryGetProperty("age_range", out _) => StubRefusal.Parameter(
                parameter, "age_range suggests ages to Advantage+ audience, which is off"),
            0 => null,
            1 when (Number(targeting, "age_max") ?? Oldest) == Oldest && (Number(targeting, "age_min") ?? 18) is >= 18 and <= 25 => null,
            1 => StubRefusal.Parameter(
                parameter, 1870189, "Age range conflicts with Advantage+ audience", "With Advantage+ audience age_max must be 65, age_min at most 25"),
            _ => StubRefusal.Parameter(
                parameter,
                1870227,
                "Advantage Audience Flag Required",
                "Set targeting_automation.advantage_audience to 0 or 1"),
        };
    }

    // Of what kind of audience may be widened; both are unless somebody says 0.
    private static StubRefusal? Relaxation(string parameter, JsonElement targeting) =>
        targeting.TryGetProperty("targeting_relaxation_types", out var types)
        && (types.ValueKind != JsonValueKind.Object
            || !types.EnumerateObject().All(type => type.Name is "lookalike" or "custom_audience" && type.Value.ToString() is "0" or "1"))
            ? StubRefusal.Parameter(parameter, "targeting_relaxation_types must map lookalike and custom_audience to 0 or 1")
            : null;

    private static int? Number(JsonElement map, string name) =>
        !map.TryGetProperty(name, out var value) ? null : int.TryParse(value.ToString(), out var number) ? number : int.MinValue;

    private static bool HasItems(JsonElement list) => list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0;

    private static bool IsCountry(JsonElement country) => country.ToString() is { Length: 2 } code && code.All(char.IsAsciiLetterUpper);
}
