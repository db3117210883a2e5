using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.Core.Insights.Reading;
using MetaAdsJobs.Core.Insights.Watching;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Api.Insights;

/// <summary>A cursor is the key of the row a page ended with: its parts as a JSON list, in base64url.</summary>
internal static class InsightCursors
{
    private const string Day = "yyyy-MM-dd";

    public static string Format(InsightDay last) => Of(InsightCursor.After(last));

    public static string Format(ReportRow last) => Of(ReportRowCursor.After(last));

    public static string Format(Restatement last) => Of(RestatementCursor.After(last));

    public static string Format(SyncedDay last) => Write(Text(last.Date), last.SocialAccountId.ToString());

    public static InsightCursor? Insight(string? cursor, FieldErrors errors) =>
        Read(cursor, 3, errors, parts => new InsightCursor(Guid.Parse(parts[0]), Date(parts[1]), parts[2]));

    public static ReportRowCursor? ReportRow(string? cursor, FieldErrors errors) =>
        Read(cursor, 3, errors, parts => new ReportRowCursor(Date(parts[0]), parts[1], parts[2]));

    public static RestatementCursor? Restatement(string? cursor, FieldErrors errors) => Read(cursor, 6, errors, parts => new RestatementCursor(
        Date(parts[0]), parts[1], DateTimeOffset.ParseExact(parts[2], "O", CultureInfo.InvariantCulture), long.Parse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture), parts[4], parts[5]));

    public static (DateOnly Day, Guid Account)? SyncedDay(string? cursor, FieldErrors errors) =>
        Read(cursor, 2, errors, parts => Tuple.Create(Date(parts[0]), Guid.Parse(parts[1]))) is { } read ? (read.Item1, read.Item2) : null;

    private static string Of(InsightCursor cursor) => Write(cursor.SocialAccountId.ToString(), Text(cursor.Day), cursor.Key);

    private static string Of(ReportRowCursor cursor) => Write(Text(cursor.Day), cursor.ObjectId, cursor.Breakdown);

    private static string Of(RestatementCursor cursor) => Write(
        Text(cursor.Day), cursor.ObjectId, cursor.ChangedAt.ToString("O", CultureInfo.InvariantCulture), cursor.DefinitionId.ToString(CultureInfo.InvariantCulture),
        cursor.Breakdown, cursor.Metric);

    private static string Write(params string[] parts) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(parts));

    private static T? Read<T>(string? cursor, int count, FieldErrors errors, Func<string[], T> read) where T : class
    {
        if (cursor is null) return null;
        try
        {
            var parts = JsonSerializer.Deserialize<string?[]>(Base64Url.DecodeFromChars(cursor));
            if (parts?.Length == count && !parts.Any(part => part is null || part.Any(char.IsControl))) return read(parts!);
        }
        catch (Exception wrong) when (wrong is FormatException or OverflowException or JsonException or InvalidOperationException)
        {
            // Told below, as any other that is not ours.
        }

        errors.Add("cursor", "must be a next_cursor of this list");
        return null;
    }

    private static string Text(DateOnly day) => day.ToString(Day, CultureInfo.InvariantCulture);

    private static DateOnly Date(string text) => DateOnly.ParseExact(text, Day, CultureInfo.InvariantCulture);
}
