using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Validation;
using static MetaAdsJobs.Core.Orchestrations.Requests.AdSets.TargetingItems;

namespace MetaAdsJobs.Core.Orchestrations.Requests.AdSets;

/// <summary>
/// Where ads are shown: platforms, their positions, devices, and which of them Meta does not show without another. What is not named is all there is.
/// Source: Meta, Placement targeting (a copy of September 2026).
/// </summary>
internal static class PlacementValidation
{
    private const string Platforms = "publisher_platforms";
    private const string Devices = "device_platforms";
    private const int MaxItems = 50;

    // Who names the position on the left needs one of those behind it; the device where one is named.
    private static readonly (string Platform, string Position, (string Platform, string Position)[] Needs, string? Device)[] Needs =
    [
        ("facebook", "story", [("facebook", "feed"), ("instagram", "story")], "mobile"),
        ("messenger", "story", [("facebook", "feed"), ("instagram", "story")], "mobile"),
        ("facebook", "marketplace", [("facebook", "feed")], null),
        ("facebook", "search", [("facebook", "feed")], null),
        ("facebook", "profile_feed", [("facebook", "feed")], null),
        ("facebook", "notification", [("facebook", "feed")], null),
        ("threads", "threads_stream", [("instagram", "stream")], null),
    ];

    public static void Read(JsonFields fields, JsonObject targeting)
    {
        var wrongBefore = fields.Errors.Count;
        Set(targeting, Devices, Array(fields.List(Devices, 2, (item, path) => fields.OneOf(item, path, MetaWords.DevicePlatforms))));
        var platforms = fields.List(Platforms, MaxItems, (item, path) => fields.OneOf(item, path, MetaWords.Positions.Keys));
        Set(targeting, Platforms, Array(platforms));
        if (platforms is { Count: > 0 } && platforms.All(platform => platform == "audience_network"))
            fields.Refuse(Platforms, "must name another platform beside audience_network, such as facebook: Meta shows nothing there alone");
        foreach (var (platform, words) in MetaWords.Positions)
        {
            var name = MetaWords.PositionsField(platform);
            Set(targeting, name, Array(fields.List(name, MaxItems, (item, path) => fields.OneOf(item, path, words))));
            if (platforms is { Count: > 0 } && !platforms.Contains(platform) && targeting.ContainsKey(name))
                fields.Refuse(name, $"is only for {Platforms} that name {platform}");
        }

        if (fields.Errors.Count == wrongBefore) Together(fields, targeting);
    }

    /// <summary>What only the account can tell: Meta refuses an ad on Instagram for whom it has no Instagram account, once all the rest is made.</summary>
    public static void CheckAgainst(SocialAccount account, JsonFields fields, FieldErrors errors)
    {
        const string Why = "needs an Instagram account, and the account here has no instagram_user_id: give it one, or leave Instagram out";
        if (account.InstagramUserId is not null) return;
        var platforms = fields.List(Platforms, MaxItems, (item, path) => fields.TextOf(item, path, max: 100));
        foreach (var (index, platform) in (platforms ?? []).Index())
            if (platform is "instagram" or "threads") errors.Add($"{fields.PathOf(Platforms)}[{index}]", Why);
        foreach (var name in ((string[])["instagram", "threads"]).Select(MetaWords.PositionsField))
            if (platforms is null && fields.Has(name)) errors.Add(fields.PathOf(name), Why);
    }

    private static void Together(JsonFields fields, JsonObject targeting)
    {
        foreach (var (platform, position, needs, device) in Needs)
        {
            if (IndexOf(targeting, MetaWords.PositionsField(platform), position) is not { } index) continue;
            var path = $"{fields.PathOf(MetaWords.PositionsField(platform))}[{index}]";
            if (!needs.Any(one => IsIn(targeting, one.Platform, one.Position)))
                fields.Errors.Add(path, $"{position} is not shown without {string.Join(" or ", needs.Select(one => $"{MetaWords.PositionsField(one.Platform)} {one.Position}"))}");
            if (device is not null && !IsIn(targeting, Devices, device)) fields.Errors.Add(path, $"{position} needs the device {device}");
        }

        if (IndexOf(targeting, Platforms, "threads") is { } threads && !IsIn(targeting, Platforms, "instagram"))
            fields.Errors.Add($"{fields.PathOf(Platforms)}[{threads}]", "threads is not shown without the platform instagram");
        if (IndexOf(targeting, MetaWords.PositionsField("messenger"), "sponsored_messages") is not null && (!IsOnly(targeting, MetaWords.PositionsField("messenger")) || !IsOnly(targeting, Platforms)))
            fields.Refuse(MetaWords.PositionsField("messenger"), $"sponsored_messages must stand alone, with the only {Platforms} messenger");
        if (IsOnly(targeting, Platforms) && IsIn(targeting, Platforms, "instagram") && IsOnly(targeting, Devices) && IsIn(targeting, Devices, "desktop"))
            fields.Refuse(Devices, "must name mobile: Meta shows no ad on Instagram's desktop alone");
    }

    private static bool IsIn(JsonObject targeting, string platform, string position) =>
        platform is Devices or Platforms ? !targeting.ContainsKey(platform) || IndexOf(targeting, platform, position) is not null
        : IsIn(targeting, Platforms, platform) && (!targeting.ContainsKey(MetaWords.PositionsField(platform)) || IndexOf(targeting, MetaWords.PositionsField(platform), position) is not null);

    private static bool IsOnly(JsonObject targeting, string list) => targeting[list] is JsonArray { Count: 1 };

    private static int? IndexOf(JsonObject targeting, string list, string word) =>
        targeting[list] is JsonArray words && words.Index().FirstOrDefault(one => (string?)one.Item == word) is { Item: not null } found ? found.Index : null;
}
