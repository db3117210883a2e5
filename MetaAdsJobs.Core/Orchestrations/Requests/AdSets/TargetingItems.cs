using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Orchestrations.Requests.AdSets;

/// <summary>Reads what lists in a targeting hold, and writes it as Meta knows it.</summary>
internal static class TargetingItems
{
    public static JsonObject? IdAndName(this JsonFields fields, JsonElement item, string path)
    {
        var thing = new JsonFields(item, fields.Errors, path);
        var result = new JsonObject();
        Set(result, "id", thing.MetaId("id", required: true));
        Set(result, "name", thing.Text("name"));
        thing.RefuseUnknown();
        return thing.IsObject ? result : null;
    }

    public static string? MetaId(this JsonFields fields, string name, bool required = false)
    {
        var id = fields.Text(name, required, max: 50);
        if (id is not null && !id.All(char.IsAsciiDigit)) fields.Refuse(name, "must be Meta's id, digits in quotes");
        return id;
    }

    public static string? OneOf(this JsonFields fields, JsonElement item, string path, IEnumerable<string> words)
    {
        var word = fields.TextOf(item, path, max: 100);
        if (word is null || words.Contains(word)) return word;
        fields.Errors.Add(path, $"must be one of {string.Join(", ", words.Order(StringComparer.Ordinal))}");
        return null;
    }

    public static JsonNode? Number(this JsonFields fields, JsonElement item, string path, int min, int max, string message)
    {
        if (item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var number) && number >= min && number <= max) return number;
        fields.Errors.Add(path, message);
        return null;
    }

    /// <summary>Null for an empty list, too: it asks for nothing.</summary>
    public static JsonArray? Array(IReadOnlyList<JsonNode>? items) => items is { Count: > 0 } ? new JsonArray([.. items]) : null;

    public static JsonArray? Array(IReadOnlyList<string>? words) => words is { Count: > 0 } ? new JsonArray([.. words.Select(word => (JsonNode)word)]) : null;

    public static void Set(JsonObject target, string name, JsonNode? value)
    {
        if (value is not null) target[name] = value;
    }
}
