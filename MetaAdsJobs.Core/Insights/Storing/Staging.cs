using Dapper;
using MetaAdsJobs.Core.Insights.Reports;
using MetaAdsJobs.Core.Meta.Insights;
using Npgsql;

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
    public static async Task CopyAsync(NpgsqlConnection connection, Guid syncId, SyncReport report, IReadOnlyList<InsightPage> pages, CancellationToken ct)
    {
        const string CopySql = """
            COPY insight_staging (sync_id, report_no, definition_id, date_start, object_id, breakdown, ad_meta_id, adset_meta_id, campaign_meta_id,
                impressions, clicks, link_clicks, reach, spend, results, result_type, raw, is_incomplete)
            FROM STDIN (FORMAT BINARY)
            """;
        if (pages.All(page => page.Rows.Count == 0)) return;
        var writing = new CopyRows();
        await using var copy = await connection.BeginRawBinaryCopyAsync(CopySql, ct);
        foreach (var row in pages.SelectMany(page => page.Rows).OrderBy(row => row.Day))
        {
            writing.Begin(columns: 18);
            writing.Uuid(syncId);
            writing.Integer(report.No);
            writing.Whole(report.DefinitionId);
            writing.Day(row.Day);
            writing.Text(row.ObjectId);
            writing.Text(row.Breakdown);
            writing.Text(row.AdId);
            writing.Text(row.AdSetId);
            writing.Text(row.CampaignId);
            writing.Whole(row.Impressions);
            writing.Whole(row.Clicks);
            writing.Whole(row.LinkClicks);
            writing.Whole(row.Reach);
            writing.Number(row.Spend);
            writing.Number(row.Results);
            writing.Text(row.ResultType);
            writing.Json(row.Raw.Span);
            writing.Flag(row.IsIncomplete);
            await writing.FlushAsync(copy, ct);
        }

        await writing.EndAsync(copy, ct);
    }
}
