using CsvHelper;
using MetaAdsJobs.Core.Insights;

namespace MetaAdsJobs.Api.Insights;

/// <summary>Writes rows as they come from the database; memory does not grow with their number.</summary>
internal sealed class InsightCsv(IAsyncEnumerable<InsightDay> days) : IResult
{
    private static readonly string[] Headings =
        ["date", "social_account_id", "campaign_id", "adset_id", "ad_id", "impressions", "clicks", "reach", "spend", "currency", "synced_at"];

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var ct = httpContext.RequestAborted;
        httpContext.Response.ContentType = "text/csv; charset=utf-8";
        httpContext.Response.Headers.ContentDisposition = "attachment; filename=insights.csv";
        await using var csv = CsvWriter.Create(httpContext.Response.Body, options: null, leaveOpen: true);
        await csv.WriteRecordAsync(Headings, ct);
        await foreach (var day in days.WithCancellation(ct))
        {
            csv.WriteField(day.Date, "yyyy-MM-dd");
            csv.WriteField(day.SocialAccountId, "D");
            csv.WriteField(day.CampaignId);
            csv.WriteField(day.AdsetId);
            csv.WriteField(day.AdId);
            csv.WriteField(day.Impressions, default);
            csv.WriteField(day.Clicks, default);
            csv.WriteField(day.Reach, default);
            csv.WriteField(day.Spend, default);
            csv.WriteField(day.Currency);
            csv.WriteField(day.SyncedAt.UtcDateTime, "yyyy-MM-ddTHH:mm:ssZ");
            await csv.EndRecordAsync(ct);
        }
    }
}
