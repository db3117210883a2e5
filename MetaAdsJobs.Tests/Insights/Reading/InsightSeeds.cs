using Dapper;
using Npgsql;

namespace MetaAdsJobs.Tests.Insights.Reading;

/// <summary>One stored row of numbers, put in as a sync would have left it.</summary>
internal sealed record SeededInsight(Guid Account, string Day, string Ad)
{
    public string AdSet { get; init; } = "set1";
    public string Campaign { get; init; } = "campaign1";
    public long? Impressions { get; init; } = 100;
    public long? Clicks { get; init; } = 10;
    public long? LinkClicks { get; init; } = 5;
    public long? Reach { get; init; } = 80;
    public decimal? Spend { get; init; } = 1.5m;
    public decimal? Results { get; init; } = 2;
    public string? ResultType { get; init; } = "link_click";
    public string Currency { get; init; } = "USD";
    public bool IsPartial { get; init; }
    public string SyncedAt { get; init; } = "2026-10-05T03:00:00Z";
    public string? VanishedAt { get; init; }
}

internal static class InsightSeeds
{
    public static async Task SeedAsync(this NpgsqlDataSource database, params IEnumerable<SeededInsight> rows)
    {
        const string InsertSql = """
            INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, impressions, clicks, link_clicks, reach, spend,
                results, result_type, currency, raw, is_partial, synced_at, vanished_at)
            VALUES (@Account, @Day::date, @Ad, @AdSet, @Campaign, @Impressions, @Clicks, @LinkClicks, @Reach, @Spend, @Results, @ResultType, @Currency, '{}', @IsPartial,
                @SyncedAt::timestamptz, @VanishedAt::timestamptz)
            """;
        await database.DoAsync("SELECT ensure_insight_partitions('2026-09-01', '2026-11-30')");
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(InsertSql, rows);
    }

    public static async Task DoAsync(this NpgsqlDataSource database, string sql, object? parameters = null)
    {
        await using var connection = await database.OpenConnectionAsync();
        // However many rows it is, and however busy the machine.
        await connection.ExecuteAsync(sql, parameters, commandTimeout: 600);
    }
}
