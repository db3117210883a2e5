using System.Globalization;
using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Insights;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>The table held against Meta, row by row and field by field.</summary>
internal static class InsightTruth
{
    static InsightTruth() => SqlTypes.Register();

    public static async Task<Dictionary<(string Ad, DateOnly Day), JsonElement>> AtMetaAsync(MetaInsights meta, SyncedAccount account, DateOnly until, int days)
    {
        var query = new ReportQuery { Node = account.AdAccountId, Since = until.AddDays(1 - days), Until = until };
        var rows = await meta.ReadAllAsync(new GraphCredential(account.AdAccountId, LiveMeta.Token), query, CancellationToken.None);
        return rows.ToDictionary(row => (row.GetProperty("ad_id").GetString()!, DateOnly.ParseExact(row.GetProperty("date_start").GetString()!, "yyyy-MM-dd", CultureInfo.InvariantCulture)));
    }

    /// <summary>The rows that have not vanished.</summary>
    public static async Task<Dictionary<(string Ad, DateOnly Day), StoredRow>> InTableAsync(NpgsqlDataSource database, SyncedAccount account)
    {
        await using var connection = await database.OpenConnectionAsync();
        return (await connection.QueryAsync<StoredRow>("""
            SELECT ad_meta_id, date_start, adset_meta_id, campaign_meta_id, impressions, clicks, link_clicks, reach, spend, results, result_type, raw::text, is_partial
            FROM meta_ad_insights WHERE social_account_id = @Id AND vanished_at IS NULL
            """, new { account.Id })).ToDictionary(row => (row.AdMetaId, row.DateStart));
    }

    public static void AssertEqual(Dictionary<(string Ad, DateOnly Day), StoredRow> table, Dictionary<(string Ad, DateOnly Day), JsonElement> meta)
    {
        Assert.That(meta, Is.Not.Empty);
        Assert.That(table.Keys, Is.EquivalentTo(meta.Keys));
        foreach (var (key, row) in table)
        {
            var told = meta[key];
            Assert.That(JsonElement.DeepEquals(JsonElement.Parse(row.Raw), told), Is.True, () => $"{key}: {row.Raw} is not {told}");
            Assert.That((row.CampaignMetaId, row.AdsetMetaId), Is.EqualTo((Text("campaign_id"), Text("adset_id"))), $"{key}");
            Assert.That((row.Impressions, row.Clicks, row.LinkClicks, row.Reach), Is.EqualTo((Number("impressions"), Number("clicks"), Number("inline_link_clicks"), Number("reach"))), $"{key}");
            Assert.That(row.Spend, Is.EqualTo(Text("spend") is { } spend ? decimal.Parse(spend, CultureInfo.InvariantCulture) : (decimal?)null), $"{key}");

            string? Text(string name) => told.TryGetProperty(name, out var value) ? value.GetString() : null;
            long? Number(string name) => Text(name) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;
        }
    }
}

internal sealed record StoredRow
{
    public string AdMetaId { get; init; } = "";
    public DateOnly DateStart { get; init; }
    public string? AdsetMetaId { get; init; }
    public string? CampaignMetaId { get; init; }
    public long? Impressions { get; init; }
    public long? Clicks { get; init; }
    public long? LinkClicks { get; init; }
    public long? Reach { get; init; }
    public decimal? Spend { get; init; }
    public decimal? Results { get; init; }
    public string? ResultType { get; init; }
    public string Raw { get; init; } = "";
    public bool IsPartial { get; init; }
}
