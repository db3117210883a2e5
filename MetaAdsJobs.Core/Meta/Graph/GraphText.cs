using System.Text.Json;
using MetaAdsJobs.Core.Meta.Insights;

namespace MetaAdsJobs.Core.Meta.Graph;

/// <summary>
/// Reads what Meta wrote as text. Names are other people's: one that was cut in the middle of a character ends in half of one, which no
/// text can hold, and none of PostgreSQL's holds a zero. Such a half, or zero, becomes the replacement character, and the rest is read as it is.
/// </summary>
internal static class GraphText
{
    /// <returns>A text, or a number as it is written; null for anything else, for what is missing and for an empty text.</returns>
    public static string? Of(JsonElement map, string name) =>
        map.ValueKind == JsonValueKind.Object && map.TryGetProperty(name, out var value) && Of(value) is { Length: > 0 } text ? text : null;

    public static string? Of(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number) return value.GetRawText();
        if (value.ValueKind != JsonValueKind.String) return null;
        try
        {
            return value.GetString()!.Replace('\0', '\ufffd');
        }
        catch (InvalidOperationException)
        {
            return CleanJson.Of(value).GetString();
        }
    }
}
