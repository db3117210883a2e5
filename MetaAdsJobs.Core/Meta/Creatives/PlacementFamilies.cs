using System.Collections.Frozen;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Ads;

namespace MetaAdsJobs.Core.Meta.Creatives;

/// <summary>
/// Placements that want a picture of one shape, under one word. Source: Meta, Placement Asset Customization; of reels, which that page does not name,
/// client code that runs. Messenger, and what else stands in no family, takes the picture for all other placements.
/// </summary>
internal static class PlacementFamilies
{
    private static readonly OrderedDictionary<string, (string Platform, string[] Positions)[]> Families = new(StringComparer.Ordinal)
    {
        ["feed"] = [("facebook", ["feed"]), ("instagram", ["stream", "explore_home", "profile_feed"])],
        ["stories"] = [("facebook", ["story"]), ("instagram", ["story"])],
        ["reels"] = [("facebook", ["facebook_reels"]), ("instagram", ["reels"])],
        ["marketplace"] = [("facebook", ["marketplace"])],
        ["right_column"] = [("facebook", ["right_hand_column"])],
        ["search"] = [("facebook", ["search"]), ("instagram", ["ig_search"])],
        ["audience_network"] = [("audience_network", ["classic", "rewarded_video"])],
        ["threads"] = [("threads", ["threads_stream"])],
    };

    public static FrozenSet<string> Words { get; } = Families.Keys.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The families' placements, as Meta names them, as far as the ad set is shown on them; empty when it is on none.</summary>
    /// <param name="isOnInstagram">The ad has whom to be shown as there.</param>
    public static JsonObject Within(IEnumerable<string> families, JsonObject? targeting, bool isOnInstagram)
    {
        var places = families.SelectMany(family => Families[family])
            .Where(place => IsIn(targeting, "publisher_platforms", place.Platform) && (isOnInstagram || place.Platform != "instagram"))
            .SelectMany(place => place.Positions.Where(position => IsIn(targeting, MetaWords.PositionsField(place.Platform), position)).Select(position => (place.Platform, Position: position)))
            .GroupBy(place => place.Platform, place => (JsonNode)place.Position).ToList();
        var spec = new JsonObject();
        if (places.Count == 0) return spec;
        spec["publisher_platforms"] = new JsonArray([.. places.Select(platform => (JsonNode)platform.Key)]);
        foreach (var platform in places) spec[MetaWords.PositionsField(platform.Key)] = new JsonArray([.. platform]);
        return spec;
    }

    // Of what a targeting does not tell it leaves nothing out.
    private static bool IsIn(JsonObject? targeting, string field, string word) => targeting?[field] is not JsonArray list || list.Any(one => (string?)one == word);
}
