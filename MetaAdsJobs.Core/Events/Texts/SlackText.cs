using System.Text.Json;

namespace MetaAdsJobs.Core.Events.Texts;

/// <summary>An event in a few sentences, for a channel that people read.</summary>
internal static class SlackText
{
    // Of 40,000 that Slack shows.
    private const int Most = 35_000;

    private static readonly EventText Style = new(Escaped, bold: text => $"*{text}*", mark: end => end switch { "succeeded" or "resolved" => ":white_check_mark: ", "failed" or "critical" => ":x: ", "warning" => ":warning: ", "info" => ":information_source: ", _ => ":no_entry_sign: " }, Most);

    public static string Of(string type, JsonElement data, string? publicUrl = null) => type == EventTypes.Test ? ":wave: This is a test of MetaAdsJobs: messages arrive." : Style.Of(type, data, publicUrl);

    // Slack's three: with them a name can neither link nor call anybody.
    private static string Escaped(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
}
