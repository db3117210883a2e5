using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MetaAdsJobs.Core.Meta;

/// <summary>One ad's numbers of one day. Spend is in whole units of the account's currency, as Meta reports it.</summary>
internal sealed record InsightRow(
    string AdId, string AdSetId, string CampaignId, DateOnly Day, long Impressions, long Clicks, long Reach, decimal Spend, string ActionsJson);

/// <param name="Next">Cursor of the next page; null on the last.</param>
internal sealed record InsightPage(IReadOnlyList<InsightRow> Rows, string? Next);

/// <summary>Meta's reports: one row per ad and day, days in the ad account's own time zone. Throws <see cref="MetaException"/>.</summary>
internal sealed class MetaInsights(GraphClient graph)
{
    private const string Fields = "ad_id,adset_id,campaign_id,date_start,impressions,clicks,reach,spend,actions";

    /// <param name="node">An ad account (act_…) or a campaign's id.</param>
    public async Task<InsightPage> ReadPageAsync(GraphCredential credential, string node, DateOnly since, DateOnly until, string? after, CancellationToken ct)
    {
        var fields = new GraphFields()
            .Add("level", "ad")
            .Add("fields", Fields)
            .Add("time_range", new JsonObject { ["since"] = Day(since), ["until"] = Day(until) })
            .Add("time_increment", 1)
            .Add("limit", 500)
            .Add("after", after);
        // A report cannot be gone on with: given back in its middle it would start over each time.
        var reader = after is null ? credential.For(UseCase.AdsInsights) : credential.For(UseCase.AdsInsights).Patient();
        var page = await graph.SendAsync(HttpMethod.Get, $"{node}/insights", fields, reader, ct);
        return new([.. GraphPage.Items(page).Select(Parse)], GraphPage.Next(page));
    }

    // Values are decimal strings; a metric of zero is usually missing altogether.
    private static InsightRow Parse(JsonElement row)
    {
        try
        {
            return new(
                row.GetProperty("ad_id").ToString(),
                row.GetProperty("adset_id").ToString(),
                row.GetProperty("campaign_id").ToString(),
                DateOnly.ParseExact(row.GetProperty("date_start").GetString()!, "yyyy-MM-dd", CultureInfo.InvariantCulture),
                Whole(row, "impressions"), Whole(row, "clicks"), Whole(row, "reach"),
                decimal.Parse(Text(row, "spend"), NumberStyles.Number, CultureInfo.InvariantCulture),
                row.TryGetProperty("actions", out var actions) ? actions.GetRawText() : "[]");
        }
        catch (Exception exception) when (exception is KeyNotFoundException or FormatException or OverflowException or InvalidOperationException)
        {
            throw new MetaException(Proof.OutcomeUnknown, $"Meta's report holds a row that cannot be read: {exception.Message}", exception);
        }
    }

    private static long Whole(JsonElement row, string name) => long.Parse(Text(row, name), NumberStyles.Integer, CultureInfo.InvariantCulture);

    private static string Text(JsonElement row, string name) => row.TryGetProperty(name, out var value) ? value.ToString() : "0";

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
