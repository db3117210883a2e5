using System.Globalization;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Ads;

namespace MetaAdsJobs.Core.Meta.AdSets;

/// <summary>
/// Whether Meta keeps a targeting already. Meta gives back more than it was given: defaults, names of places, and fields that no request knows. So each
/// value that is wanted must be there, lists in any order; and of what is not wanted nothing may be there that leaves people out. In doubt it is not
/// there: sending it once more harms nothing, while a change that is taken for done is never made.
/// </summary>
internal static class KeptTargeting
{
    // What Meta fills in where nothing was asked for.
    private static readonly Dictionary<string, string> Defaults = new() { ["age_min"] = "18", ["age_max"] = "65" };

    private static readonly HashSet<string> Narrowing =
    [
        "age_min", "age_max", "age_range", "genders", "geo_locations", "excluded_geo_locations", "custom_audiences", "excluded_custom_audiences", "locales", "flexible_spec", "exclusions", "publisher_platforms", "device_platforms",
        AdSetTargeting.Systems, AdSetTargeting.Automation, .. AdSetTargeting.Segments, .. MetaWords.Positions.Keys.Select(MetaWords.PositionsField),
    ];

    private static readonly HashSet<string> Places = ["countries", "regions", "cities", "zips", "custom_locations"];

    public static bool Holds(JsonObject? kept, JsonObject wanted) =>
        kept is not null && Holds(kept, wanted, (name, value) => !Narrowing.Contains(name) || Text(value) == Defaults.GetValueOrDefault(name));

    private static bool Holds(JsonNode? kept, JsonNode? wanted) => (kept, wanted) switch
    {
        (JsonObject has, JsonObject wants) => Holds(has, wants, (name, _) => !Places.Contains(name)),
        (JsonArray has, JsonArray wants) => has.Count == wants.Count && wants.All(one => has.Any(other => Holds(other, one))),
        (JsonValue, JsonValue) => Text(kept) == Text(wanted),
        _ => kept is null && wanted is null,
    };

    private static bool Holds(JsonObject kept, JsonObject wanted, Func<string, JsonNode?, bool> isOfNoMatter) =>
        wanted.All(field => kept.TryGetPropertyValue(field.Key, out var value) && Holds(value, field.Value))
        && kept.All(field => wanted.ContainsKey(field.Key) || field.Value is null or JsonArray { Count: 0 } or JsonObject { Count: 0 } || isOfNoMatter(field.Key, field.Value));

    // Numbers come as text, too, and with more or fewer digits behind the point.
    private static string? Text(JsonNode? value) => value?.ToString() is not { } text ? null
        : decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? (number / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture) : text;
}
