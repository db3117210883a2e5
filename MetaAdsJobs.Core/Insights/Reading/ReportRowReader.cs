using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Insights.Definitions;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Reading;

/// <summary>One row of a report: one day of one object, and one value of each breakdown.</summary>
public sealed record ReportRow
{
    public required DateOnly Date { get; init; }

    /// <summary>Of the report's level.</summary>
    public required string ObjectId { get; init; }
    public string? CampaignId { get; init; }
    public string? AdsetId { get; init; }
    public string? AdId { get; init; }

    /// <summary>The value of each breakdown by its name, such as "age": "18-24".</summary>
    public required JsonObject Breakdowns { get; init; }
    public long? Impressions { get; init; }
    public long? Clicks { get; init; }
    public long? LinkClicks { get; init; }

    /// <summary>As Meta gave it for this row. It adds up with no other.</summary>
    public long? Reach { get; init; }
    public decimal? Spend { get; init; }
    public decimal? Results { get; init; }
    public string? ResultType { get; init; }
    public required string Currency { get; init; }
    public required bool IsPartial { get; init; }
    public required bool Vanished { get; init; }
    public required DateTimeOffset SyncedAt { get; init; }

    /// <summary>Everything as Meta gave it.</summary>
    public required JsonObject Fields { get; init; }

    internal string Breakdown { get; init; } = "";
}

/// <summary>Where a page of report rows ended.</summary>
public sealed record ReportRowCursor(DateOnly Day, string ObjectId, string Breakdown)
{
    public static ReportRowCursor After(ReportRow row) => new(row.Date, row.ObjectId, row.Breakdown);
}

/// <summary>Reads the rows of one definition in the order of their key: day, object, breakdown.</summary>
public sealed class ReportRowReader(NpgsqlDataSource dataSource, [FromKeyedServices(Connections.OfStreams)] NpgsqlDataSource streams)
{
    public async Task<IReadOnlyList<ReportRow>> ListAsync(
        ReportDefinition report, DateOnly? since, DateOnly? until, ReportRowCursor? after, int limit, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<Row>(new(Sql(since, until, after, limit), Parameters(report, since, until, after, limit), cancellationToken: ct));
        return [.. rows.Select(row => row.ToReportRow(report))];
    }

    /// <summary>Everything, row by row: memory does not grow with the range.</summary>
    public async IAsyncEnumerable<ReportRow> StreamAsync(ReportDefinition report, DateOnly? since, DateOnly? until, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var connection = await streams.OpenConnectionAsync(ct);
        var rows = connection.QueryUnbufferedAsync<Row>(Sql(since, until, null, null), Parameters(report, since, until, null, null), commandTimeout: 600);
        await foreach (var row in rows.WithCancellation(ct)) yield return row.ToReportRow(report);
    }

    private static string Sql(DateOnly? since, DateOnly? until, ReportRowCursor? after, int? limit) => $"""
        SELECT date_start AS date, object_id, campaign_meta_id AS campaign_id, adset_meta_id AS adset_id, ad_meta_id AS ad_id, breakdown,
            impressions, clicks, link_clicks, reach, spend, results, result_type, currency, is_partial, vanished_at IS NOT NULL AS vanished, synced_at, raw::text AS raw
        FROM meta_report_rows
        WHERE definition_id = @DefinitionId
            {(since is null ? "" : "AND date_start >= @Since")} {(until is null ? "" : "AND date_start <= @Until")}
            {(after is null ? "" : "AND date_start >= @AfterDay AND (date_start, object_id, breakdown) > (@AfterDay, @AfterObject, @AfterBreakdown)")}
        ORDER BY date_start, object_id, breakdown
        {(limit is null ? "" : "LIMIT @Limit")}
        """;

    private static object Parameters(ReportDefinition report, DateOnly? since, DateOnly? until, ReportRowCursor? after, int? limit) => new
    {
        DefinitionId = report.Id, Since = since, Until = until,
        AfterDay = after?.Day, AfterObject = after?.ObjectId, AfterBreakdown = after?.Breakdown, Limit = limit,
    };

    private sealed record Row
    {
        public DateOnly Date { get; init; }
        public string ObjectId { get; init; } = "";
        public string? CampaignId { get; init; }
        public string? AdsetId { get; init; }
        public string? AdId { get; init; }
        public string Breakdown { get; init; } = "";
        public long? Impressions { get; init; }
        public long? Clicks { get; init; }
        public long? LinkClicks { get; init; }
        public long? Reach { get; init; }
        public decimal? Spend { get; init; }
        public decimal? Results { get; init; }
        public string? ResultType { get; init; }
        public string Currency { get; init; } = "";
        public bool IsPartial { get; init; }
        public bool Vanished { get; init; }
        public DateTimeOffset SyncedAt { get; init; }
        public string Raw { get; init; } = "{}";

        public ReportRow ToReportRow(ReportDefinition report) => new()
        {
            Date = Date, ObjectId = ObjectId, CampaignId = CampaignId, AdsetId = AdsetId, AdId = AdId,
            Breakdowns = BreakdownValues.Name(report.Breakdowns, Breakdown), Impressions = Impressions, Clicks = Clicks, LinkClicks = LinkClicks,
            Reach = Reach, Spend = Spend, Results = Results, ResultType = ResultType, Currency = Currency, IsPartial = IsPartial, Vanished = Vanished,
            SyncedAt = SyncedAt, Fields = JsonSerializer.Deserialize<JsonObject>(Raw)!, Breakdown = Breakdown,
        };
    }
}
