using System.Text.Json;

namespace MetaAdsJobs.Core.Events.Delivering;

/// <summary>An event in a sentence or two, for a channel that people read.</summary>
internal static class SlackText
{
    private const int LongestValue = 300;
    private const int MostErrors = 3;

    public static string Of(string type, JsonElement data)
    {
        var (what, end) = type.Split('.') is [var first, var second] ? (first, second) : (type, "");
        var lines = new List<string>
        {
            what switch
            {
                "orchestration" => $"{Mark(end)} {(Flag(data, "validate_only") ? "Check of" : "Campaign")} *{Text(data, "campaign_name")}*: {end}",
                "edit" => $"{Mark(end)} {Text(data, "kind")} of {Text(data, "level")} {Text(data, "meta_id")} (*{Text(data, "campaign_name")}*): {end}",
                "sync" => $"{Mark(end)} Numbers of {Text(data, "since")} to {Text(data, "until")}: {end}",
                _ when type == EventTypes.Test => ":wave: This is a test of MetaAdsJobs: messages arrive.",
                _ when type == EventTypes.SwitchedOff => $":x: A webhook was switched off ({Text(data, "url")}): {Text(data, "reason")}",
                // Whatever a later part tells brings its own sentence.
                _ => $"{Text(data, "text") ?? type}",
            },
        };
        if (Text(data, "error") is { } error) lines.Add(error);
        if (data.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array)
            lines.AddRange(errors.EnumerateArray().Take(MostErrors).Select(one => $"• {Escaped(one.ToString())}"));
        if (what is "orchestration" or "edit" or "sync") lines.Add($"Account {Text(data, "social_account_id")} · {Text(data, "request_id") ?? Text(data, "sync_id")}");
        return string.Join('\n', lines);
    }

    private static string Mark(string end) => end switch { "succeeded" => ":white_check_mark:", "failed" => ":x:", _ => ":no_entry_sign:" };

    private static bool Flag(JsonElement data, string name) => data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static string? Text(JsonElement data, string name) =>
        data.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number ? Escaped(value.ToString()) : null;

    // Slack's three: with them a name can neither link nor call anybody.
    private static string Escaped(string text) => (text.Length <= LongestValue ? text : $"{text[..LongestValue]}…")
        .Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
}
