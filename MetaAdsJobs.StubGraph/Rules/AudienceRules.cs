using System.Collections.Frozen;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Rules;

/// <summary>Groups of interests and the like, points on the map, and what Meta no longer takes.</summary>
internal static class AudienceRules
{
    private static readonly FrozenSet<string> Segments = LegalNames.Set("""
        behaviors college_years connections custom_audiences education_majors education_schools education_statuses family_statuses
        friends_of_connections generation home_ownership home_type home_value household_composition income industries interested_in
        interests life_events moms net_worth office_type politics relationship_statuses user_adclusters work_employers work_positions
        """);

    public static StubRefusal? Refuse(string parameter, JsonElement targeting) =>
        Exclusions(parameter, targeting)
        ?? Groups(parameter, targeting)
        ?? Circles(parameter, targeting, "geo_locations")
        ?? Circles(parameter, targeting, "excluded_geo_locations");

    private static StubRefusal? Exclusions(string parameter, JsonElement targeting) => targeting.TryGetProperty("exclusions", out _)
        ? StubRefusal.Parameter(
            parameter, 3858492, "Detailed targeting exclusions are gone", "Detailed targeting exclusions can no longer be used")
        : null;

    private static StubRefusal? Groups(string parameter, JsonElement targeting)
    {
        if (!targeting.TryGetProperty("flexible_spec", out var groups))
            return null;

        if (groups.ValueKind != JsonValueKind.Array || groups.GetArrayLength() > 25)
            return StubRefusal.Parameter(parameter, "flexible_spec must be a list of at most 25 groups");

        if (targeting.TryGetProperty("interests", out _) || targeting.TryGetProperty("behaviors", out _))
            return StubRefusal.Parameter(parameter, "With a flexible_spec, interests and behaviors must stand in it");

        foreach (var group in groups.EnumerateArray())
        {
            if (group.ValueKind != JsonValueKind.Object || !group.EnumerateObject().Any())
                return StubRefusal.Parameter(parameter, "A group of flexible_spec must name something");

            if (group.EnumerateObject().FirstOrDefault(one => !Segments.Contains(one.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
                return StubRefusal.Parameter(parameter, $"{unknown.Name} cannot be used in flexible_spec");

            if (group.EnumerateObject().Any(one => one.Value.ValueKind != JsonValueKind.Array || one.Value.GetArrayLength() is 0 or > 1000))
                return StubRefusal.Parameter(parameter, "What a group of flexible_spec names must be lists of 1 to 1000");
        }

        return null;
    }

    private static StubRefusal? Circles(string parameter, JsonElement targeting, string within)
    {
        if (!targeting.TryGetProperty(within, out var places) || places.ValueKind != JsonValueKind.Object)
            return null;

        if (places.TryGetProperty("custom_locations", out var points)
            && (points.ValueKind != JsonValueKind.Array || points.GetArrayLength() > 200 || !points.EnumerateArray().All(IsCircle)))
        {
            return StubRefusal.Parameter(
                parameter, "custom_locations need latitude and longitude or an address_string, and a radius of 0.63 to 50 mile or 1 to 80 kilometer");
        }

        return places.TryGetProperty("cities", out var cities) && cities.ValueKind == JsonValueKind.Array
            && cities.EnumerateArray().Any(city => city.ValueKind == JsonValueKind.Object && city.TryGetProperty("radius", out _) && !HasRadius(city, 10, 17))
            ? StubRefusal.Parameter(parameter, "The radius around a city must be 10 to 50 mile or 17 to 80 kilometer")
            : null;
    }

    private static bool IsCircle(JsonElement point) =>
        point.ValueKind == JsonValueKind.Object
        && ((Number(point, "latitude") is >= -90 and <= 90 && Number(point, "longitude") is >= -180 and <= 180) || point.TryGetProperty("address_string", out _))
        && HasRadius(point, 0.63, 1);

    private static bool HasRadius(JsonElement place, double leastMiles, double leastKilometers) =>
        (place.TryGetProperty("distance_unit", out var unit) ? unit.ToString() : "mile") switch
        {
            "mile" => Number(place, "radius") is <= 50 and var miles && miles >= leastMiles,
            "kilometer" => Number(place, "radius") is <= 80 and var kilometers && kilometers >= leastKilometers,
            _ => false,
        };

    private static double? Number(JsonElement map, string name) =>
        map.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}
