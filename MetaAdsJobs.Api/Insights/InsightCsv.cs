using CsvHelper;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Insights.Reading;

namespace MetaAdsJobs.Api.Insights;

internal static class InsightCsv
{
    private static readonly string[] Headings =
    [
        "date", "social_account_id", "campaign_id", "adset_id", "ad_id", "impressions", "clicks", "link_clicks", "reach", "spend", "results", "result_type", "untold_rows",
        "currency", "is_partial", "vanished", "synced_at",
    ];

    public static CsvRows<InsightDay> Of(IAsyncEnumerable<InsightDay> days) => new("insights.csv", Headings, days, Write);

    private static void Write(CsvWriter csv, InsightDay day)
    {
        csv.WriteDay(day.Date);
        csv.WriteField(day.SocialAccountId, "D");
        csv.WriteField(day.CampaignId);
        csv.WriteField(day.AdsetId);
        csv.WriteField(day.AdId);
        csv.WriteField(day.Impressions, default);
        csv.WriteField(day.Clicks, default);
        csv.WriteField(day.LinkClicks, default);
        csv.WriteField(day.Reach, default);
        csv.WriteField(day.Spend, default);
        csv.WriteField(day.Results, default);
        csv.WriteField(day.ResultType);
        csv.WriteField(day.UntoldRows, default);
        csv.WriteField(day.Currency);
        csv.WriteFlag(day.IsPartial);
        csv.WriteFlag(day.Vanished);
        csv.WriteMoment(day.SyncedAt);
    }
}
