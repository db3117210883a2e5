using System.Text.Json.Nodes;
using CsvHelper;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Insights.Definitions;
using MetaAdsJobs.Core.Insights.Reading;

namespace MetaAdsJobs.Api.Insights;

/// <summary>A report as CSV: one column per breakdown, and last the row as Meta gave it.</summary>
internal static class ReportCsv
{
    private static readonly string[] Ids = ["date", "object_id", "campaign_id", "adset_id", "ad_id"];

    private static readonly string[] Numbers =
        ["impressions", "clicks", "link_clicks", "reach", "spend", "results", "result_type", "currency", "is_partial", "vanished", "synced_at", "fields"];

    public static CsvRows<ReportRow> Of(ReportDefinition report, IAsyncEnumerable<ReportRow> rows) =>
        new($"{report.Name}.csv", [.. Ids, .. report.Breakdowns, .. Numbers], rows, (csv, row) => Write(csv, report, row));

    private static void Write(CsvWriter csv, ReportDefinition report, ReportRow row)
    {
        csv.WriteDay(row.Date);
        csv.WriteField(row.ObjectId);
        csv.WriteField(row.CampaignId);
        csv.WriteField(row.AdsetId);
        csv.WriteField(row.AdId);
        foreach (var breakdown in report.Breakdowns) csv.WriteField(Text(row.Breakdowns[breakdown]));
        csv.WriteField(row.Impressions, default);
        csv.WriteField(row.Clicks, default);
        csv.WriteField(row.LinkClicks, default);
        csv.WriteField(row.Reach, default);
        csv.WriteField(row.Spend, default);
        csv.WriteField(row.Results, default);
        csv.WriteField(row.ResultType);
        csv.WriteField(row.Currency);
        csv.WriteFlag(row.IsPartial);
        csv.WriteFlag(row.Vanished);
        csv.WriteMoment(row.SyncedAt);
        csv.WriteField(row.Fields.ToJsonString());
    }

    private static string? Text(JsonNode? value) => value is JsonValue text && text.TryGetValue(out string? plain) ? plain : value?.ToJsonString();
}
