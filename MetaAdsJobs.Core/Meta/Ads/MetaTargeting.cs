using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Ads;

/// <summary>What people search for when they choose whom to reach.</summary>
public enum TargetingKind
{
    Place,
    Interest,
    Language,

    /// <summary>Interests, behaviours, life events and whatever else a group of a flexible_spec may hold.</summary>
    Detailed,
}

/// <summary>Something of Meta's that an ad set can be targeted by.</summary>
/// <param name="Type">country, region, city or zip; interest; locale; of what is detailed the field of a group that takes it.</param>
/// <param name="Key">Meta's id or key of it; of a country its two-letter code.</param>
/// <param name="Detail">What tells it from others of the same name: where a city is, which topic an interest belongs to.</param>
public sealed record TargetingOption(string Type, string Key, string Name, string? Detail);

/// <summary>Searches Meta's lists of places, interests, languages and the rest (Targeting Search; Detailed Targeting). Throws <see cref="MetaException"/>.</summary>
internal sealed class MetaTargeting(GraphClient graph)
{
    private const int Most = 20;

    public async Task<IReadOnlyList<TargetingOption>> SearchAsync(GraphCredential credential, TargetingKind kind, string text, CancellationToken ct)
    {
        var fields = new GraphFields().Add("q", text).Add("limit", Most);
        fields = kind switch
        {
            TargetingKind.Place => fields.Add("type", "adgeolocation").Add("location_types", new JsonArray("country", "region", "city", "zip")),
            TargetingKind.Interest => fields.Add("type", "adinterest"),
            TargetingKind.Detailed => fields,
            _ => fields.Add("type", "adlocale"),
        };
        var answer = await graph.SendAsync(HttpMethod.Get, kind == TargetingKind.Detailed ? $"{credential.AdAccountId}/targetingsearch" : "search", fields, credential, ct);
        if (answer.ValueKind != JsonValueKind.Object || !answer.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Array)
            throw new MetaException(Proof.OutcomeUnknown, "Meta's answer to a targeting search holds no list");
        return [.. data.EnumerateArray().Select(item => Option(kind, item)).OfType<TargetingOption>().Take(Most)];
    }

    private static TargetingOption? Option(TargetingKind kind, JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Object || GraphText.Of(item, "name") is not { } name) return null;
        var (type, key, detail) = kind switch
        {
            TargetingKind.Place => (GraphText.Of(item, "type"), GraphText.Of(item, "key"), string.Join(", ", new[] { GraphText.Of(item, "region"), GraphText.Of(item, "country_name") }.OfType<string>())),
            TargetingKind.Interest => ("interest", GraphText.Of(item, "id"), GraphText.Of(item, "topic")),
            TargetingKind.Detailed => (GraphText.Of(item, "type"), GraphText.Of(item, "id"), Path(item)),
            _ => ("locale", GraphText.Of(item, "key"), null),
        };
        // Other kinds (markets, groups of countries) are no part of what a request can name.
        var canBeNamed = kind switch
        {
            TargetingKind.Place => type is "country" or "region" or "city" or "zip",
            TargetingKind.Detailed => AdSetTargeting.Segments.Contains(type),
            _ => true,
        };
        return key is null || !canBeNamed ? null : new(type!, key, name, detail is "" ? null : detail);
    }

    // From the whole to the part, such as Behaviors, Digital activities.
    private static string? Path(JsonElement item) => item.TryGetProperty("path", out var path) && path.ValueKind == JsonValueKind.Array
        ? string.Join(", ", path.EnumerateArray().Select(GraphText.Of).OfType<string>()) : null;
}
