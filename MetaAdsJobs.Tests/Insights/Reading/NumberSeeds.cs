using Dapper;
using Npgsql;

namespace MetaAdsJobs.Tests.Insights.Reading;

/// <summary>One stored sum, as a sync would have left it: of an account's day, or with a campaign of that campaign's.</summary>
internal sealed record SeededSum(Guid Account, DateOnly Day)
{
    public string? Campaign { get; init; }
    public int Campaigns { get; init; } = 1;
    public decimal? Spend { get; init; } = 10;
    public long? Impressions { get; init; } = 1000;
    public long? Clicks { get; init; } = 20;
    public decimal? Results { get; init; } = 5;
    public string? ResultType { get; init; } = "link_click";
    public string Currency { get; init; } = "USD";
    public decimal? FirstSpend { get; init; }
    public bool IsPartial { get; init; }

    /// <summary>False: it is over, and of some campaign Meta has told nothing.</summary>
    public bool IsWhole { get; init; } = true;
    public decimal? Difference { get; init; } = 0;
    public decimal VanishedSpend { get; init; }
    public string SyncedAt { get; init; } = "2026-10-05T03:00:00Z";

    /// <summary>A day that was read and had nothing.</summary>
    public SeededSum Empty() => this with { Campaigns = 0, Spend = 0, Impressions = 0, Clicks = 0, Results = 0, ResultType = null };
}

internal static class NumberSeeds
{
    public static async Task SeedSumsAsync(this NpgsqlDataSource database, params IEnumerable<SeededSum> sums)
    {
        const string DaySql = """
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference, campaigns, total_spend,
                impressions, clicks, link_clicks, results, result_type, currency, first_at, first_spend, first_impressions, first_clicks, first_results)
            VALUES (@Account, @Day, @SyncedAt::timestamptz, gen_random_uuid(), @IsPartial, @Campaigns, COALESCE(@Spend, 0) - @VanishedSpend, 0, @VanishedSpend, COALESCE(@Spend, 0) + COALESCE(@Difference, 0),
                @Difference, @Campaigns, @Spend, @Impressions, @Clicks, @Clicks, @Results, @ResultType, @Currency, CASE WHEN @IsWhole AND NOT @IsPartial THEN @SyncedAt::timestamptz END,
                CASE WHEN NOT @IsPartial THEN COALESCE(@FirstSpend, @Spend) END, CASE WHEN NOT @IsPartial THEN @Impressions END, CASE WHEN NOT @IsPartial THEN @Clicks END,
                CASE WHEN NOT @IsPartial THEN @Results END)
            """;
        const string CampaignSql = """
            INSERT INTO insight_campaign_days (social_account_id, date_start, campaign_meta_id, rows, vanished_rows, impressions, clicks, link_clicks, spend, results, result_type, currency,
                first_at, first_spend, first_impressions, first_clicks, first_results)
            VALUES (@Account, @Day, @Campaign, 1, 0, @Impressions, @Clicks, @Clicks, @Spend, @Results, @ResultType, @Currency, CASE WHEN NOT @IsPartial THEN @SyncedAt::timestamptz END,
                CASE WHEN NOT @IsPartial THEN COALESCE(@FirstSpend, @Spend) END, CASE WHEN NOT @IsPartial THEN @Impressions END, CASE WHEN NOT @IsPartial THEN @Clicks END,
                CASE WHEN NOT @IsPartial THEN @Results END)
            """;
        await using var connection = await database.OpenConnectionAsync();
        foreach (var sum in sums) await connection.ExecuteAsync(sum.Campaign is null ? DaySql : CampaignSql, sum);
    }
}
