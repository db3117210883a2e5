using System.Text.Json;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Events.Texts;

/// <summary>The same as a mail: plain text, whose first line is the subject, too.</summary>
internal static class MailText
{
    private const int Most = 1_000_000;
    private const int LongestSubject = 200;

    private static readonly EventText Style = new(escape: text => text, bold: text => text, mark: _ => "", Most);

    public static (string Subject, string Body) Of(string type, JsonElement data, string? publicUrl)
    {
        var body = type == EventTypes.Test ? "This is a test of MetaAdsJobs: messages arrive." : Style.Of(type, data, publicUrl);
        var first = body.Split('\n', 2)[0];
        return ($"MetaAdsJobs: {(first.Length <= LongestSubject ? first : $"{first.Cut(LongestSubject)}…")}", body);
    }
}
