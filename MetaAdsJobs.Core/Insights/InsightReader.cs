using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Insights;

public enum InsightLevel
{
    Ad,
    AdSet,
    Campaign,
    Account,
}

/// <summary>Which numbers to read. Days are inclusive.</summary>
public sealed record InsightFilter(Guid? SocialAccountId, string? CampaignId, DateOnly? Since, DateOnly? Until, InsightLevel Level);

/// <summary>
/// One day of one thing. <see cref="Reach"/> is given for ads only: people reached are not additive, so a sum would be a lie.
/// </summary>
public sealed record InsightDay
{
    public required DateOnly Date { get; init; }
    public required Guid SocialAccountId { get; init; }
    public string? CampaignId { get; init; }
    public string? AdsetId { get; init; }
    public string? AdId { get; init; }
    public required long Impressions { get; init; }
    public required long Clicks { get; init; }
    public required decimal Spend { get; init; }
    public long? Reach { get; init; }
    public required string Currency { get; init; }
    public required DateTimeOffset SyncedAt { get; init; }

    internal string Key => AdId ?? AdsetId ?? CampaignId ?? SocialAccountId.ToString("D");
}

/// <summary>Reads the stored numbers per day, in order of day and id, so that a cursor can go on where a page ended.</summary>
public sealed class InsightReader(NpgsqlDataSource dataSource)
{
    public async Task<IReadOnlyList<InsightDay>> ListAsync(InsightFilter filter, InsightCursor? after, int limit, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<InsightDay>(new(Sql(filter.Level), Parameters(filter, after, limit), cancellationToken: ct))).AsList();
    }

    /// <summary>Everything, row by row: memory does not grow with the range.</summary>
    public async IAsyncEnumerable<InsightDay> StreamAsync(InsightFilter filter, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await foreach (var day in connection.QueryUnbufferedAsync<InsightDay>(Sql(filter.Level), Parameters(filter, null, null), commandTimeout: 600).WithCancellation(ct))
            yield return day;
    }

    private static object Parameters(InsightFilter filter, InsightCursor? after, int? limit) => new
    {
        filter.SocialAccountId, filter.CampaignId, filter.Since, filter.Until, AfterDay = after?.Day, AfterKey = after?.Key, Limit = limit,
    };

    private static string Sql(InsightLevel level)
    {
        // The names are ours, never a caller's.
        var (ids, key) = level switch
        {
            InsightLevel.Ad => ("campaign_meta_id AS campaign_id, adset_meta_id AS adset_id, ad_meta_id AS ad_id, reach", "ad_meta_id"),
            InsightLevel.AdSet => ("campaign_meta_id AS campaign_id, adset_meta_id AS adset_id", "adset_meta_id"),
            InsightLevel.Campaign => ("campaign_meta_id AS campaign_id", "campaign_meta_id"),
            _ => ("NULL::text AS campaign_id", "social_account_id::text"),
        };
        var (sums, group) = level switch
        {
            InsightLevel.Ad => ("impressions, clicks, spend, synced_at", ""),
            InsightLevel.AdSet => (Sums, "GROUP BY date_start, social_account_id, currency, campaign_meta_id, adset_meta_id"),
            InsightLevel.Campaign => (Sums, "GROUP BY date_start, social_account_id, currency, campaign_meta_id"),
            _ => (Sums, "GROUP BY date_start, social_account_id, currency"),
        };
        return $"""
            SELECT date_start AS date, social_account_id, currency, {ids}, {sums}
            FROM meta_ad_insights
            WHERE (@SocialAccountId::uuid IS NULL OR social_account_id = @SocialAccountId)
              AND (@CampaignId::text IS NULL OR campaign_meta_id = @CampaignId)
              AND (@Since::date IS NULL OR date_start >= @Since) AND (@Until::date IS NULL OR date_start <= @Until)
              AND (@AfterDay::date IS NULL OR (date_start, {key}) > (@AfterDay, @AfterKey))
            {group}
            ORDER BY date_start, {key}
            LIMIT @Limit
            """;
    }

    private const string Sums = "SUM(impressions)::bigint AS impressions, SUM(clicks)::bigint AS clicks, SUM(spend) AS spend, MIN(synced_at) AS synced_at";
}

/// <summary>Where a page of insights ended.</summary>
public sealed record InsightCursor(DateOnly Day, string Key)
{
    public static InsightCursor After(InsightDay day) => new(day.Date, day.Key);
}
