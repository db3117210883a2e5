using System.Collections.Frozen;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Rules;

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
