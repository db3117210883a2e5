using Dapper;
using MetaAdsJobs.Core.Insights.Reports;
using MetaAdsJobs.Core.Meta.Insights;
using Npgsql;
using NpgsqlTypes;

namespace MetaAdsJobs.Core.Insights.Storing;

/// <summary>
/// Where pages wait until the last one has been read. The tables are unlogged, so a crash of PostgreSQL empties them; a sync's mark,
/// which is lost with its rows, tells whether that has happened.
/// </summary>
internal static class Staging
{
    public static Task MarkAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid syncId, CancellationToken ct) =>
        connection.ExecuteAsync(new("INSERT INTO insight_staging_marks (sync_id) VALUES (@SyncId) ON CONFLICT DO NOTHING", new { SyncId = syncId }, transaction, cancellationToken: ct));

    public static Task<bool> IsMarkedAsync(NpgsqlConnection connection, Guid syncId, CancellationToken ct) =>
        connection.ExecuteScalarAsync<bool>(new("SELECT EXISTS (SELECT 1 FROM insight_staging_marks WHERE sync_id = @SyncId)", new { SyncId = syncId }, cancellationToken: ct));

    /// <param name="reportNo">Null for all reports of the sync.</param>
    public static Task ClearAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, Guid syncId, int? reportNo, CancellationToken ct) =>
        connection.ExecuteAsync(new("DELETE FROM insight_staging WHERE sync_id = @SyncId AND (@ReportNo::int IS NULL OR report_no = @ReportNo)",
            new { SyncId = syncId, ReportNo = reportNo }, transaction, commandTimeout: 600, cancellationToken: ct));

    /// <summary>
    /// Appends pages, by COPY, in the caller's transaction. A day's rows lie together, whatever Meta's order: they are fetched day by day.
    /// </summary>
    public static async Task CopyAsync(NpgsqlConnection connection, Guid syncId, Report report, IReadOnlyList<InsightPage> pages, CancellationToken ct)
    {
        const string CopySql = """
            COPY insight_staging (sync_id, report_no, definition_id, date_start, object_id, breakdown, ad_meta_id, adset_meta_id, campaign_meta_id,
                impressions, clicks, link_clicks, reach, spend, results, result_type, raw, is_incomplete)
            FROM STDIN (FORMAT BINARY)
            """;
        if (pages.All(page => page.Rows.Count == 0)) return;
        await using var copy = await connection.BeginBinaryImportAsync(CopySql, ct);
        foreach (var row in pages.SelectMany(page => page.Rows).OrderBy(row => row.Day))
        {
            await copy.StartRowAsync(ct);
            await copy.WriteAsync(syncId, NpgsqlDbType.Uuid, ct);
            await copy.WriteAsync(report.No, NpgsqlDbType.Integer, ct);
            await copy.WriteAsync(report.DefinitionId, NpgsqlDbType.Bigint, ct);
            await copy.WriteAsync(row.Day, NpgsqlDbType.Date, ct);
            await copy.WriteAsync(row.ObjectId, NpgsqlDbType.Text, ct);
            await copy.WriteAsync(row.Breakdown, NpgsqlDbType.Text, ct);
            await TextAsync(row.AdId);
            await TextAsync(row.AdSetId);
            await TextAsync(row.CampaignId);
            await WholeAsync(row.Impressions);
            await WholeAsync(row.Clicks);
            await WholeAsync(row.LinkClicks);
            await WholeAsync(row.Reach);
            await NumberAsync(row.Spend);
            await NumberAsync(row.Results);
            await TextAsync(row.ResultType);
            await copy.WriteAsync(row.Raw, NpgsqlDbType.Jsonb, ct);
            await copy.WriteAsync(row.IsIncomplete, NpgsqlDbType.Boolean, ct);
        }

        await copy.CompleteAsync(ct);

        Task TextAsync(string? text) => text is null ? copy.WriteNullAsync(ct) : copy.WriteAsync(text, NpgsqlDbType.Text, ct);
        Task WholeAsync(long? number) => number is { } value ? copy.WriteAsync(value, NpgsqlDbType.Bigint, ct) : copy.WriteNullAsync(ct);
        Task NumberAsync(decimal? number) => number is { } value ? copy.WriteAsync(value, NpgsqlDbType.Numeric, ct) : copy.WriteNullAsync(ct);
    }
}
