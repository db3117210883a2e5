using System.Globalization;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Api.Insights;

/// <summary>A cursor is the day and id a page ended with, such as 2026-11-21~120210.</summary>
internal static class InsightCursors
{
    public static string Format(InsightDay last)
    {
        var cursor = InsightCursor.After(last);
        return string.Create(CultureInfo.InvariantCulture, $"{cursor.Day:yyyy-MM-dd}~{cursor.Key}");
    }

    public static InsightCursor? Parse(string? text, FieldErrors errors)
    {
        if (text is null) return null;
        if (text.Split('~', 2) is [var day, { Length: > 0 and < 200 } key] && !key.Any(char.IsControl)
            && DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)) return new(date, key);
        errors.Add("cursor", "must be a next_cursor of this list");
        return null;
    }
}
