using System.Collections.Frozen;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Rules;

/// <summary>Where an ad may be shown: known platforms and positions of those that are chosen, and none that needs another one.</summary>
internal static class PlacementRules
{
    private static readonly (string Platform, FrozenSet<string> Positions)[] Platforms =
    [
        ("facebook", LegalNames.Set("""
            biz_disco_feed facebook_reels facebook_reels_overlay feed instream_video marketplace notification profile_feed
            right_hand_column search story
            """)),
        ("instagram", LegalNames.Set("explore_home ig_search profile_feed profile_reels reels shop story stream")),
        ("audience_network", LegalNames.Set("classic instream_video rewarded_video")),
        ("messenger", LegalNames.Set("messenger_home sponsored_messages story")),
        ("threads", LegalNames.Set("threads_stream")),
    ];

    // Meta's page on placements; its subcodes are not known.
    private static readonly (string Position, string[] Needs)[] Needs =
    [
        ("facebook story", ["facebook feed", "instagram story"]),
        ("messenger story", ["facebook feed", "instagram story"]),
        ("facebook marketplace", ["facebook feed"]),
        ("facebook search", ["facebook feed"]),
        ("facebook profile_feed", ["facebook feed"]),
        ("facebook notification", ["facebook feed"]),
        ("threads threads_stream", ["instagram stream"]),
    ];

    /// <param name="isWhole">Of a rule for some placements: platforms go with their positions, and what one cannot be alone it can be here.</param>
    public static StubRefusal? Refuse(string parameter, JsonElement targeting, bool isWhole = false)
    {
        var chosen = Words(targeting, "publisher_platforms");
        if (chosen.FirstOrDefault(word => Platforms.All(known => known.Platform != word)) is { } stranger)
            return StubRefusal.Parameter(parameter, $"{stranger} is no publisher platform");

        if (!isWhole && chosen.Count > 0 && chosen.All(word => word == "audience_network"))
            return StubRefusal.Parameter(parameter, "audience_network cannot be the only publisher platform");

        foreach (var (platform, positions) in Platforms)
        {
            var words = Words(targeting, $"{platform}_positions");
            if (words.FirstOrDefault(word => !positions.Contains(word)) is { } unknown)
                return StubRefusal.Parameter(parameter, $"{unknown} is no position on {platform}");

            if (isWhole && chosen.Contains(platform) && words.Count == 0)
                return StubRefusal.Parameter(parameter, $"{platform} needs its {platform}_positions");

            if (words.Count > 0 && (isWhole || chosen.Count > 0) && !chosen.Contains(platform))
                return StubRefusal.Parameter(parameter, $"{platform}_positions need the publisher platform {platform}");
        }

        return isWhole ? null : Together(parameter, targeting, chosen);
    }

    private static StubRefusal? Together(string parameter, JsonElement targeting, List<string> chosen)
    {
        var named = Platforms.SelectMany(known => Words(targeting, $"{known.Platform}_positions").Select(word => $"{known.Platform} {word}")).ToHashSet();
        var shown = Platforms.Where(known => chosen.Count == 0 || chosen.Contains(known.Platform))
            .SelectMany(known => known.Positions.Select(word => (known.Platform, Word: $"{known.Platform} {word}")))
            .Where(one => !named.Any(word => word.StartsWith($"{one.Platform} ", StringComparison.Ordinal)) || named.Contains(one.Word))
            .Select(one => one.Word).ToHashSet();
        var devices = Words(targeting, "device_platforms");
        var isDesktop = devices is ["desktop"];
        if (Needs.FirstOrDefault(one => named.Contains(one.Position) && !one.Needs.Any(shown.Contains)) is { Position: not null } lonely)
            return StubRefusal.Parameter(parameter, $"The placement {lonely.Position} needs {string.Join(" or ", lonely.Needs)}");

        if (isDesktop && (named.Contains("facebook story") || named.Contains("messenger story")))
            return StubRefusal.Parameter(parameter, "Stories are shown on mobile devices");

        if (chosen.Contains("threads") && !chosen.Contains("instagram"))
            return StubRefusal.Parameter(parameter, "The publisher platform threads needs instagram");

        if (named.Contains("messenger sponsored_messages") && (named.Count > 1 || chosen is not ["messenger"]))
            return StubRefusal.Parameter(parameter, "sponsored_messages must be the only placement");

        return isDesktop && chosen is ["instagram"]
            ? StubRefusal.Parameter(parameter, "Instagram alone is not shown on desktop")
            : null;
    }

    private static List<string> Words(JsonElement targeting, string name) =>
        targeting.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(word => word.ToString())]
            : [];
}
