using Dapper;
using MetaAdsJobs.Core.Meta.Insights;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Storing;

/// <summary>What a write has changed of what was known before.</summary>
internal readonly record struct StoredRows(long Written, long Restated);

/// <summary>
/// Puts rows in place of the older ones: new ones are inserted, changed ones replaced with their old values kept in insight_changes,
/// unchanged ones left alone. Always in the caller's transaction.
/// </summary>
internal sealed class InsightStore(TimeProvider time)
{
    private const string Metrics = "impressions, clicks, link_clicks, reach, spend, results, result_type";

    private static readonly string AdsMerge = Merge("meta_ad_insights",
        "t.social_account_id = @AccountId AND t.date_start = i.date_start AND t.ad_meta_id = i.object_id",
        "social_account_id, date_start, ad_meta_id", "@AccountId, date_start, object_id", ids: "adset_meta_id, campaign_meta_id");

    private static readonly string RowsMerge = Merge("meta_report_rows",
        "t.definition_id = i.definition_id AND t.date_start = i.date_start AND t.object_id = i.object_id AND t.breakdown = i.breakdown",
        "definition_id, date_start, object_id, breakdown", "definition_id, date_start, object_id, breakdown", ids: "ad_meta_id, adset_meta_id, campaign_meta_id", accountColumn: true);

    // A page may repeat a row while Meta counts; either stands. Sorted as the key is, so that writers of the same rows meet in the same order.
    private const string Staged = $"""
        WITH incoming AS (
            SELECT DISTINCT ON (definition_id, date_start, object_id, breakdown)
                definition_id, date_start, object_id, breakdown, ad_meta_id, adset_meta_id, campaign_meta_id, {Metrics}, raw, is_incomplete
            FROM insight_staging WHERE sync_id = @SyncId AND date_start BETWEEN @Since AND @Until
        """;

    private static readonly string StagedAdsSql = $"{Staged} AND definition_id = 0 ORDER BY definition_id, date_start, object_id, breakdown), {AdsMerge}";

    private static readonly string StagedRowsSql = $"{Staged} AND definition_id = ANY(@Definitions) ORDER BY definition_id, date_start, object_id, breakdown), {RowsMerge}";

    private static readonly string GivenSql = $"""
        WITH incoming AS (
            SELECT DISTINCT ON (date_start, object_id) 0::bigint AS definition_id, date_start, object_id, '[]'::text AS breakdown, NULL::text AS ad_meta_id, adset_meta_id, campaign_meta_id,
                {Metrics}, raw::jsonb AS raw, false AS is_incomplete
            FROM unnest(@Days, @Ads, @AdSets, @Campaigns, @Impressions, @Clicks, @LinkClicks, @Reach, @Spend, @Results, @ResultTypes, @Raw)
                AS r (date_start, object_id, adset_meta_id, campaign_meta_id, {Metrics}, raw)
            ORDER BY date_start, object_id), {AdsMerge}
        """;

    /// <summary>Writes rows of ads that fit into memory, of days that are over.</summary>
    public Task<StoredRows> UpsertAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, Guid accountId, string currency, IReadOnlyList<InsightRow> rows, CancellationToken ct)
    {
        if (rows.Count == 0) return Task.FromResult(default(StoredRows));
        return connection.QuerySingleAsync<StoredRows>(new(GivenSql, new
        {
            AccountId = accountId, Currency = currency, Now = time.GetUtcNow(), Today = DateOnly.MaxValue,
            Since = rows.Min(row => row.Day), Until = rows.Max(row => row.Day),
            Days = rows.Select(row => row.Day).ToArray(), Ads = rows.Select(row => row.ObjectId).ToArray(),
            AdSets = rows.Select(row => row.AdSetId).ToArray(), Campaigns = rows.Select(row => row.CampaignId).ToArray(),
            Impressions = rows.Select(row => row.Impressions).ToArray(), Clicks = rows.Select(row => row.Clicks).ToArray(),
            LinkClicks = rows.Select(row => row.LinkClicks).ToArray(), Reach = rows.Select(row => row.Reach).ToArray(),
            Spend = rows.Select(row => row.Spend).ToArray(), Results = rows.Select(row => row.Results).ToArray(),
            ResultTypes = rows.Select(row => row.ResultType).ToArray(), Raw = rows.Select(row => row.Raw).ToArray(),
        }, transaction, cancellationToken: ct));
    }

    /// <summary>Moves the ads' rows of some days from the staging table.</summary>
    /// <param name="today">The account's when the sync began: this day and later ones are not over.</param>
    public Task<StoredRows> UpsertAdsAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, SyncClaim claim, DayRange days, DateOnly today, CancellationToken ct) =>
        connection.QuerySingleAsync<StoredRows>(new(StagedAdsSql,
            new { claim.SyncId, claim.AccountId, claim.Currency, days.Since, days.Until, Today = today, Now = time.GetUtcNow() }, transaction, commandTimeout: 600, cancellationToken: ct));

    /// <summary>Moves the definitions' rows of some days from the staging table.</summary>
    public Task<StoredRows> UpsertRowsAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, SyncClaim claim, DayRange days, DateOnly today, long[] definitions, CancellationToken ct) =>
        connection.QuerySingleAsync<StoredRows>(new(StagedRowsSql,
            new { claim.SyncId, claim.AccountId, claim.Currency, days.Since, days.Until, Today = today, Now = time.GetUtcNow(), Definitions = definitions },
            transaction, commandTimeout: 600, cancellationToken: ct));

    /// <summary>Marks what Meta's complete report of some days no longer holds. The rows are kept: the money was spent.</summary>
    /// <param name="definitions">Whose reports were read whole; beside the ads' own.</param>
    /// <param name="untold">Of which Meta would tell nothing at all: that has not vanished.</param>
    /// <returns>How many rows are newly marked.</returns>
    public Task<int> MarkVanishedAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, SyncClaim claim, DayRange days, long[] definitions, Untold untold, CancellationToken ct)
    {
        const string Told = """
            t.synced_at < @StartedAt AND NOT t.date_start = ANY(@Days) AND NOT COALESCE(t.campaign_meta_id = ANY(@Campaigns), false) AND NOT COALESCE(t.ad_meta_id = ANY(@Ads), false)
            """;
        const string VanishedSql = $"""
            WITH staged AS MATERIALIZED (
                SELECT definition_id, date_start, object_id, breakdown FROM insight_staging WHERE sync_id = @SyncId AND date_start BETWEEN @Since AND @Until),
            ads AS (
                UPDATE meta_ad_insights t SET vanished_at = @Now
                WHERE t.social_account_id = @AccountId AND t.date_start BETWEEN @Since AND @Until AND t.vanished_at IS NULL AND {Told}
                  AND NOT EXISTS (SELECT 1 FROM staged s WHERE s.date_start = t.date_start AND s.object_id = t.ad_meta_id AND s.definition_id = 0)
                RETURNING 1),
            cells AS (
                UPDATE meta_report_rows t SET vanished_at = @Now
                WHERE t.definition_id = ANY(@Definitions) AND t.date_start BETWEEN @Since AND @Until AND t.vanished_at IS NULL AND {Told}
                  AND NOT EXISTS (SELECT 1 FROM staged s
                                  WHERE s.date_start = t.date_start AND s.object_id = t.object_id AND s.definition_id = t.definition_id AND s.breakdown = t.breakdown)
                RETURNING 1)
            SELECT ((SELECT count(*) FROM ads) + (SELECT count(*) FROM cells))::int
            """;
        return connection.QuerySingleAsync<int>(new(VanishedSql,
            new { claim.SyncId, claim.AccountId, days.Since, days.Until, Definitions = definitions, untold.Days, untold.Campaigns, untold.Ads, claim.StartedAt, Now = time.GetUtcNow() },
            transaction, commandTimeout: 600, cancellationToken: ct));
    }

    // The names are ours, never a caller's. Both tables have the same metrics and differ in what a row is known by.
    private static string Merge(string table, string same, string key, string keyValues, string ids, bool accountColumn = false)
    {
        var (account, accountValue) = accountColumn ? ("social_account_id, ", "@AccountId, ") : ("", "");
        return $"""
            fresh AS (
                SELECT i.definition_id, i.date_start, i.object_id, i.breakdown, i.ad_meta_id, i.adset_meta_id, i.campaign_meta_id,
                    {Kept("impressions")}, {Kept("clicks")}, {Kept("link_clicks")}, {Kept("reach")}, {Kept("spend")}, {Kept("results")}, {Kept("result_type")},
                    CASE WHEN i.is_incomplete THEN COALESCE(t.raw, '{"{}"}') || i.raw ELSE i.raw END AS raw,
                    t.date_start IS NOT NULL AS is_known, t.is_partial AS was_partial, t.impressions AS old_impressions, t.clicks AS old_clicks,
                    t.link_clicks AS old_link_clicks, t.reach AS old_reach, t.spend AS old_spend, t.results AS old_results
                FROM incoming i LEFT JOIN {table} t ON {same} AND t.date_start BETWEEN @Since AND @Until
                WHERE t.date_start IS NULL OR t.raw IS DISTINCT FROM i.raw OR t.vanished_at IS NOT NULL OR t.results IS DISTINCT FROM i.results
                    OR t.is_partial <> (i.date_start >= @Today)),
            history AS (
                INSERT INTO insight_changes (social_account_id, date_start, definition_id, object_id, breakdown, campaign_meta_id, metric, old_value, new_value, was_partial, changed_at)
                SELECT @AccountId, f.date_start, f.definition_id, f.object_id, f.breakdown, f.campaign_meta_id, m.metric, m.old_value, m.new_value, f.was_partial, @Now
                FROM fresh f CROSS JOIN LATERAL (VALUES
                    ('impressions', f.old_impressions::numeric, f.impressions::numeric), ('clicks', f.old_clicks, f.clicks), ('link_clicks', f.old_link_clicks, f.link_clicks),
                    ('reach', f.old_reach, f.reach), ('spend', f.old_spend, f.spend), ('results', f.old_results, f.results)) AS m (metric, old_value, new_value)
                WHERE f.is_known AND m.old_value IS NOT NULL AND m.old_value IS DISTINCT FROM m.new_value
                RETURNING 1),
            written AS (
                INSERT INTO {table} ({key}, {account}{ids}, {Metrics}, currency, raw, is_partial, synced_at)
                SELECT {keyValues}, {accountValue}{ids}, {Metrics}, @Currency, raw, date_start >= @Today, @Now FROM fresh
                ON CONFLICT ({key}) DO UPDATE SET
                    {string.Join(", ", $"{ids}, {Metrics}, currency, raw, is_partial, synced_at".Split(", ").Select(column => $"{column} = EXCLUDED.{column}"))}, vanished_at = NULL
                RETURNING 1)
            SELECT (SELECT count(*) FROM written) AS written, (SELECT count(*) FROM history) AS restated
            """;

        // Of what Meta would not tell, the last that it told stays.
        static string Kept(string column) => $"CASE WHEN i.is_incomplete THEN COALESCE(i.{column}, t.{column}) ELSE i.{column} END AS {column}";
    }
}
