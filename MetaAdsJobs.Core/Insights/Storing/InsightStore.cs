using Dapper;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Meta.Insights;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Storing;

/// <summary>What a write has changed of what was known before.</summary>
/// <param name="Vanished">Rows newly marked, since the report no longer holds them.</param>
internal readonly record struct StoredRows(long Restated, long Vanished);

/// <summary>
/// Puts rows in place of the older ones: new ones are inserted, changed ones replaced with their old values kept in insight_changes,
/// unchanged ones left alone, and those that Meta's complete report no longer holds marked: they are kept, since the money was spent.
/// Always in the caller's transaction.
/// </summary>
internal sealed class InsightStore(TimeProvider time)
{
    private const string Metrics = "impressions, clicks, link_clicks, reach, spend, results, result_type";

    // A page may repeat a row while Meta counts; either stands. Sorted as the key is, so that writers of the same rows meet in the same order.
    private const string Staged = $"""
        WITH incoming AS (
            SELECT DISTINCT ON (definition_id, date_start, object_id, breakdown)
                definition_id, date_start, object_id, breakdown, ad_meta_id, adset_meta_id, campaign_meta_id, {Metrics}, raw, is_incomplete
            FROM insight_staging WHERE sync_id = @SyncId AND date_start BETWEEN @Since AND @Until
        """;

    private static readonly string StagedAdsSql =
        $"{Staged} AND definition_id = 0 ORDER BY definition_id, date_start, object_id, breakdown), {MergeAds()}";

    // Of days of which nothing is known there is nothing to compare with.
    private const string FirstAdsSql = $"""
        INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, {Metrics}, currency, raw, is_partial, synced_at)
        SELECT DISTINCT ON (date_start, object_id) @AccountId, date_start, object_id, adset_meta_id, campaign_meta_id, {Metrics}, @Currency, raw, date_start >= @Today, @Now
        FROM insight_staging WHERE sync_id = @SyncId AND date_start BETWEEN @Since AND @Until AND definition_id = 0
        ORDER BY date_start, object_id
        """;

    private static readonly string StagedRowsSql =
        $"{Staged} AND definition_id = ANY(@Definitions) ORDER BY definition_id, date_start, object_id, breakdown), {MergeRows()}";

    /// <summary>Moves the ads' rows of some days from the staging table.</summary>
    /// <param name="today">The account's when the sync began: this day and later ones are not over.</param>
    /// <param name="unanswered">Of which Meta would tell nothing at all: that has not vanished.</param>
    /// <exception cref="FencedException">Another attempt has stored the days meanwhile.</exception>
    public async Task<StoredRows> UpsertAdsAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, SyncClaim claim, DayRange days, DateOnly today, UnansweredParts unanswered, CancellationToken ct)
    {
        // Nobody else writes the account's rows: a sync has it for itself. Only an attempt that has lost its lease may still be at it, or find the next one's.
        const string KnownSql = """
            SELECT EXISTS (SELECT 1 FROM meta_ad_insights WHERE social_account_id = @AccountId AND date_start BETWEEN @Since AND @Until)
                -- Seen whole and without a row: that is known, too.
                OR EXISTS (SELECT 1 FROM insight_days WHERE social_account_id = @AccountId AND date_start BETWEEN @Since AND @Until AND first_at IS NOT NULL)
            """;
        var parameters = new
        {
            claim.SyncId, claim.AccountId, claim.Currency, days.Since, days.Until, Today = today, Now = time.GetUtcNow(),
            claim.StartedAt, UntoldDays = unanswered.Days, UntoldCampaigns = unanswered.Campaigns, UntoldAds = unanswered.Ads,
        };
        if (await connection.ExecuteScalarAsync<bool>(new(KnownSql, parameters, transaction, cancellationToken: ct)))
            return await connection.QuerySingleAsync<StoredRows>(new(StagedAdsSql, parameters, transaction, commandTimeout: 600, cancellationToken: ct));
        try
        {
            await connection.ExecuteAsync(new(FirstAdsSql, parameters, transaction, commandTimeout: 600, cancellationToken: ct));
            return default;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            throw new FencedException("another attempt has stored the days");
        }
    }

    /// <summary>Moves the definitions' rows of some days from the staging table.</summary>
    /// <param name="definitions">Whose reports were read whole.</param>
    public Task<StoredRows> UpsertRowsAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, SyncClaim claim, DayRange days, DateOnly today, long[] definitions, UnansweredParts unanswered, CancellationToken ct) =>
        connection.QuerySingleAsync<StoredRows>(new(StagedRowsSql,
            new
            {
                claim.SyncId, claim.AccountId, claim.Currency, days.Since, days.Until, Today = today, Now = time.GetUtcNow(), Definitions = definitions,
                claim.StartedAt, UntoldDays = unanswered.Days, UntoldCampaigns = unanswered.Campaigns, UntoldAds = unanswered.Ads,
            }, transaction, commandTimeout: 600, cancellationToken: ct));

    private static string MergeAds() => Merge("meta_ad_insights",
        known: "social_account_id = @AccountId", "t.date_start = i.date_start AND t.ad_meta_id = i.object_id", objectId: "ad_meta_id",
        key: "social_account_id, date_start, ad_meta_id", keyValues: "@AccountId, date_start, object_id", ids: "adset_meta_id, campaign_meta_id",
        found: "t.social_account_id = @AccountId AND t.date_start = f.date_start AND t.ad_meta_id = f.object_id");

    private static string MergeRows() => Merge("meta_report_rows",
        known: "definition_id = ANY(@Definitions)", "t.definition_id = i.definition_id AND t.date_start = i.date_start AND t.object_id = i.object_id AND t.breakdown = i.breakdown",
        objectId: "object_id", key: "definition_id, date_start, object_id, breakdown", keyValues: "definition_id, date_start, object_id, breakdown",
        ids: "ad_meta_id, adset_meta_id, campaign_meta_id",
        found: "t.definition_id = f.definition_id AND t.date_start = f.date_start AND t.object_id = f.object_id AND t.breakdown = f.breakdown", isOfDefinitions: true);

    // The names are ours, never a caller's. Both tables have the same metrics and differ in what a row is known by. Each side is read
    // once; what is the same on both goes no further.
    private static string Merge(
        string table, string known, string same, string objectId, string key, string keyValues, string ids, string found, bool isOfDefinitions = false)
    {
        const string Untold = "jsonb_build_object('_untold', true)";
        var (account, accountValue) = isOfDefinitions ? ("social_account_id, ", "@AccountId, ") : ("", "");
        var goneKey = isOfDefinitions
            ? "COALESCE(i.definition_id, t.definition_id) AS definition_id, COALESCE(i.breakdown, t.breakdown) AS breakdown"
            : "i.definition_id, i.breakdown";
        // Of an ad of which a later report first tells the day had nothing: that has changed, once the day was whole.
        var late = isOfDefinitions ? "" : """
             OR NOT f.is_known AND m.new_value <> 0 AND f.date_start IN (
                        SELECT date_start FROM insight_days WHERE social_account_id = @AccountId AND date_start BETWEEN @Since AND @Until AND first_at IS NOT NULL)
            """;
        return $"""
            fresh AS (
                SELECT {goneKey}, COALESCE(i.date_start, t.date_start) AS date_start, COALESCE(i.object_id, t.{objectId}) AS object_id,
                    i.ad_meta_id, i.adset_meta_id, i.campaign_meta_id,
                    {Kept("impressions")}, {Kept("clicks")}, {Kept("link_clicks")}, {Kept("reach")}, {Kept("spend")}, {Kept("results")}, {Kept("result_type")},
                    CASE WHEN i.is_incomplete THEN COALESCE({Known("raw")}, '{"{}"}') || i.raw WHEN {Unlisted(Untold)} AND {Known("results")} IS NULL THEN i.raw || {Untold} ELSE i.raw END AS raw, i.date_start IS NULL AS is_gone,
                    t.date_start IS NOT NULL AS is_known, t.is_partial AS was_partial, t.impressions AS old_impressions, t.clicks AS old_clicks,
                    t.link_clicks AS old_link_clicks, t.reach AS old_reach, t.spend AS old_spend, t.results AS old_results
                FROM incoming i FULL JOIN (SELECT * FROM {table} WHERE {known} AND date_start BETWEEN @Since AND @Until) t ON {same}
                WHERE CASE WHEN i.date_start IS NULL THEN t.vanished_at IS NULL AND t.synced_at < @StartedAt AND NOT t.date_start = ANY(@UntoldDays)
                        AND NOT COALESCE(t.campaign_meta_id = ANY(@UntoldCampaigns), false) AND NOT COALESCE(t.ad_meta_id = ANY(@UntoldAds), false)
                    ELSE t.date_start IS NULL OR t.raw IS DISTINCT FROM i.raw OR t.vanished_at IS NOT NULL OR t.results IS DISTINCT FROM i.results
                        OR t.is_partial <> (i.date_start >= @Today) OR t.currency <> @Currency END),
            vanished AS (
                UPDATE {table} t SET vanished_at = @Now FROM fresh f
                WHERE f.is_gone AND {found} AND t.date_start BETWEEN @Since AND @Until
                RETURNING 1),
            history AS (
                INSERT INTO insight_changes (social_account_id, date_start, definition_id, object_id, breakdown, campaign_meta_id, metric, old_value, new_value, was_partial, changed_at)
                SELECT @AccountId, f.date_start, f.definition_id, f.object_id, f.breakdown, f.campaign_meta_id, m.metric, COALESCE(m.old_value, 0), m.new_value, COALESCE(f.was_partial, false), @Now
                FROM fresh f CROSS JOIN LATERAL (VALUES
                    ('impressions', f.old_impressions::numeric, f.impressions::numeric), ('clicks', f.old_clicks, f.clicks), ('link_clicks', f.old_link_clicks, f.link_clicks),
                    ('reach', f.old_reach, f.reach), ('spend', f.old_spend, f.spend), ('results', f.old_results, f.results)) AS m (metric, old_value, new_value)
                WHERE NOT f.is_gone AND (f.is_known AND m.old_value <> m.new_value{late})
                RETURNING 1),
            written AS (
                INSERT INTO {table} ({key}, {account}{ids}, {Metrics}, currency, raw, is_partial, synced_at)
                SELECT {keyValues}, {accountValue}{ids}, {Metrics}, @Currency, raw, date_start >= @Today, @Now FROM fresh WHERE NOT is_gone
                ON CONFLICT ({key}) DO UPDATE SET
                    {string.Join(", ", $"{ids}, {Metrics}, currency, raw, is_partial, synced_at".Split(", ").Select(column => $"{column} = EXCLUDED.{column}"))}, vanished_at = NULL)
            SELECT (SELECT count(*) FROM history) AS restated, (SELECT count(*) FROM vanished) AS vanished
            """;

        // What was told before the day was over is not the day's, once it is.
        static string Known(string column) => $"CASE WHEN t.is_partial AND i.date_start < @Today THEN NULL ELSE t.{column} END";

        // Nothing happened that is listed: told only where there is a list. Where nothing else is known it stays so until there is one.
        static string Unlisted(string untold) => $"i.results = 0 AND (t.results <> 0 OR t.raw @> {untold}) AND i.result_type = t.result_type AND i.raw ->> ({ResultActions.FieldSql("i.result_type")}) IS NULL";

        // Of what Meta would not tell, or has left out, the last that it told stays.
        static string Kept(string column) => column switch
        {
            "results" => $"""
                CASE WHEN i.is_incomplete THEN COALESCE(i.results, {Known("results")})
                    WHEN {Unlisted(Untold)} THEN {Known("results")}
                    ELSE i.results END AS results
                """,
            "result_type" => $"CASE WHEN i.is_incomplete THEN COALESCE(i.result_type, {Known("result_type")}) ELSE i.result_type END AS result_type",
            _ => $"COALESCE(i.{column}, {Known(column)}) AS {column}",
        };
    }
}
