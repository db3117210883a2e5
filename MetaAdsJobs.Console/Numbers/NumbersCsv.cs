using System.Globalization;
using CsvHelper;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Insights.Reading;

namespace MetaAdsJobs.Console.Numbers;

/// <summary>The page's days as a file: one row per day, what they are now and what they were when they were first seen. 422 for more days than a page shows.</summary>
internal static class NumbersCsv
{
    private static readonly string[] Headings =
    [
        "date", "social_account_id", "campaign_id", "currency", "spend", "impressions", "clicks", "link_clicks", "ctr", "cpc", "results", "result_type", "cost_per_result",
        "first_spend", "first_impressions", "first_clicks", "first_results", "is_synced", "is_partial", "synced_at", "difference",
    ];

    public static void MapNumbers(this IEndpointRouteBuilder console) => console.MapGet("/numbers/csv", GetAsync).RequireAuthorization(ConsolePolicies.Read);

    private static async Task<IResult> GetAsync(HttpContext http, NumberReader reader, TimeProvider time)
    {
        var view = await NumbersView.LoadAsync(NumbersQuery.Read(http.Request.Query, DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime)), reader, time, withShares: false, http.RequestAborted);
        if (view.IsUnknown) return Results.NotFound();
        // A page says that it shows fewer days than were asked for; a file could not.
        if (view.IsCut) return new Problem(ProblemKind.InvalidFields, errors: new Dictionary<string, string[]> { ["since"] = [FirstOf(view)] });
        return new CsvRows<DateOnly>("numbers.csv", Headings, view.Days.ToAsyncEnumerable(), (csv, day) => Write(csv, view, day));
    }

    private static string FirstOf(NumbersView view) =>
        string.Create(CultureInfo.InvariantCulture, $"must be {view.Since:yyyy-MM-dd} or later where until is {view.Until:yyyy-MM-dd}: so many days are not added up at once");

    private static void Write(CsvWriter csv, NumbersView view, DateOnly date)
    {
        var day = view.On(date);
        csv.WriteDay(date);
        csv.WriteField(view.Account?.Id, "D");
        csv.WriteField(view.Query.CampaignId);
        csv.WriteField(view.Currency);
        csv.WriteField(day?.Spend, default);
        csv.WriteField(day?.Impressions, default);
        csv.WriteField(day?.Clicks, default);
        csv.WriteField(day?.LinkClicks, default);
        csv.WriteField(day?.Ctr, default);
        csv.WriteField(day?.Cpc, default);
        csv.WriteField(day?.Results, default);
        csv.WriteField(day?.ResultType);
        csv.WriteField(day?.CostPerResult, default);
        csv.WriteField(day?.FirstSpend, default);
        csv.WriteField(day?.FirstImpressions, default);
        csv.WriteField(day?.FirstClicks, default);
        csv.WriteField(day?.FirstResults, default);
        csv.WriteFlag(day is not null);
        csv.WriteFlag(day?.IsPartial);
        if (day is null) csv.WriteField((string?)null);
        else csv.WriteMoment(day.SyncedAt);
        csv.WriteField(day?.Difference, default);
    }
}
