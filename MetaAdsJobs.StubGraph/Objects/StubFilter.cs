using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Objects;

/// <summary>What a list shows: by name, by effective status, by id. Deleted and archived objects only when asked for.</summary>
internal sealed record StubFilter(string? NameContains, string? NameEquals, string[]? Statuses, string[]? Ids)
{
    public static StubRefusal? Refuse(StubKind kind, StubCall call, out StubFilter filter)
    {
        filter = new StubFilter(null, null, Strings(call.Json("effective_status")), null);
        if (kind == StubKind.Video)
        {
            filter = filter with { NameContains = call.Text("title") };
        }

        // The creatives' edge has no such parameter and shows everything, whatever is asked.
        if (call.Text("filtering") is null || kind == StubKind.Creative)
            return null;

        var conditions = call.Json("filtering");
        if (conditions.ValueKind != JsonValueKind.Array)
            return StubRefusal.Parameter("filtering", "Param filtering must be an array");

        foreach (var condition in conditions.EnumerateArray())
        {
            if (filter.Add(kind, condition) is not { } narrower)
            {
                return StubRefusal.Parameter("filtering", $"Filtering condition {condition.GetRawText()} is invalid");
            }

            filter = narrower;
        }

        return null;
    }

    private StubFilter? Add(StubKind kind, JsonElement condition)
    {
        if (condition.ValueKind != JsonValueKind.Object || !condition.TryGetProperty("value", out var value))
            return null;

        // Meta takes both "name" and "campaign.name" on the campaigns' edge.
        var field = Property(condition, "field")?.Replace($"{kind.Name}.", "", StringComparison.Ordinal);
        return (field, Property(condition, "operator")) switch
        {
            ("name", "CONTAIN") => this with { NameContains = value.ToString() },
            ("name", "EQUAL") => this with { NameEquals = value.ToString() },
            ("effective_status", "IN") => this with { Statuses = Strings(value) ?? [] },
            ("id", "IN") => this with { Ids = Strings(value) ?? [] },
            _ => null,
        };
    }

    private static string? Property(JsonElement condition, string name) =>
        condition.TryGetProperty(name, out var value) ? value.ToString() : null;

    private static string[]? Strings(JsonElement list) => list.ValueKind == JsonValueKind.Array
        ? [.. list.EnumerateArray().Select(item => item.ToString())]
        : null;
}
