using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Storing;

/// <summary>
/// The sums that pages read, per campaign and day, and of these per account and day: written by the commit that writes the rows, so that
/// no sum is ever of other rows than stand there. What a day was when it was first read whole is kept beside what it is now.
/// </summary>
internal sealed class CampaignDays(TimeProvider time)
{
    /// <summary>
    /// An account's day as its campaigns add up; a day without any is one of zeros. Sums of sums are exact, and none where a part is told of
    /// no result or of another one.
    /// </summary>
    public const string DaySums = """
        date_start, count(*)::int AS campaigns, sum(rows - vanished_rows)::bigint AS rows, sum(vanished_rows)::bigint AS vanished_rows, sum(untold_rows)::bigint AS untold_rows,
            COALESCE(sum(spend), 0) - COALESCE(sum(vanished_spend), 0) AS spend, COALESCE(sum(vanished_spend), 0) AS vanished_spend, sum(spend) AS total_spend,
            sum(impressions)::bigint AS impressions, sum(clicks)::bigint AS clicks, sum(link_clicks)::bigint AS link_clicks,
            CASE WHEN count(result_type) = count(*) AND min(result_type) = max(result_type) THEN sum(results) END AS results,
            CASE WHEN count(result_type) = count(*) AND min(result_type) = max(result_type) THEN min(result_type) END AS result_type
        """;

    // Over, and of the campaign nothing that Meta kept to itself: of a row that stands there from before it is not known what it is now.
    private const string IsTold = """
        (date_start < @Today AND NOT date_start = ANY(@UntoldDays) AND NOT campaign_meta_id = ANY(@UntoldCampaigns) AND NOT COALESCE(s.has_untold, false))
        """;

    private const string Sums = "rows, vanished_rows, untold_rows, impressions, clicks, link_clicks, spend, vanished_spend, results, result_type, currency";

    /// <summary>
    /// To be had before the first row is written. A sync has an account's sums for itself as it has the account; a new campaign's first
    /// numbers wait until no day is being written, or either would add up without the other's rows.
    /// </summary>
    public static Task HoldAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid accountId, bool alone, CancellationToken ct) =>
        connection.ExecuteAsync(new(
            alone ? "SELECT pg_advisory_xact_lock(hashtextextended('insight sums ' || @Id, 0))" : "SELECT pg_advisory_xact_lock_shared(hashtextextended('insight sums ' || @Id, 0))",
            new { Id = accountId.ToString() }, transaction, commandTimeout: 600, cancellationToken: ct));

    /// <returns>False when somebody writes the account's days for so long; the transaction is as it was.</returns>
    public static async Task<bool> TryHoldAloneAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid accountId, TimeSpan patience, CancellationToken ct)
    {
        await transaction.SaveAsync("hold", ct);
        try
        {
            await connection.ExecuteAsync(new("SELECT set_config('lock_timeout', @Patience, true)", new { Patience = $"{patience.TotalMilliseconds:0}ms" }, transaction, cancellationToken: ct));
            await HoldAsync(connection, transaction, accountId, alone: true, ct);
            await connection.ExecuteAsync(new("SET LOCAL lock_timeout TO DEFAULT", transaction: transaction, cancellationToken: ct));
            return true;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            await transaction.RollbackAsync("hold", ct);
            return false;
        }
    }

    /// <summary>Adds up the campaigns' days again, in the transaction that has written their rows.</summary>
    /// <param name="today">The account's: days before it are over.</param>
    /// <param name="untold">What of it has not been seen yet, though the day is over.</param>
    /// <param name="campaigns">Null for all.</param>
    public Task StoreAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, Guid accountId, DayRange days, DateOnly today, Untold untold, string[]? campaigns, CancellationToken ct) =>
        connection.ExecuteAsync(new(StoreSql(campaigns is not null), new
        {
            AccountId = accountId, days.Since, days.Until, Today = today, Campaigns = campaigns, Now = time.GetUtcNow(),
            UntoldDays = untold.Days, UntoldCampaigns = untold.Campaigns, UntoldAds = untold.Ads,
        }, transaction, commandTimeout: 600, cancellationToken: ct));

    /// <summary>Adds the campaigns' days up to those of the account that a sync has read; the others are for a sync to begin.</summary>
    public static Task StoreAccountAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid accountId, DayRange days, CancellationToken ct)
    {
        const string AccountSql = $"""
            WITH sums AS (
                SELECT {DaySums}
                FROM insight_campaign_days WHERE social_account_id = @AccountId AND date_start BETWEEN @Since AND @Until
                GROUP BY date_start)
            UPDATE insight_days d SET campaigns = s.campaigns, untold_rows = s.untold_rows, total_spend = s.total_spend, impressions = s.impressions, clicks = s.clicks, link_clicks = s.link_clicks,
                results = s.results, result_type = s.result_type
            FROM sums s WHERE d.social_account_id = @AccountId AND d.date_start = s.date_start AND d.date_start BETWEEN @Since AND @Until
            """;
        return connection.ExecuteAsync(new(AccountSql, new { AccountId = accountId, days.Since, days.Until }, transaction, cancellationToken: ct));
    }

    // What has not changed is not written. A campaign that a later report first told of was nothing when the day was first read whole. No
    // row is ever deleted, but an ad that Meta shows in another campaign leaves the one it was in.
    private static string StoreSql(bool ofCampaigns)
    {
        var which = $"social_account_id = @AccountId AND date_start BETWEEN @Since AND @Until{(ofCampaigns ? " AND campaign_meta_id = ANY(@Campaigns)" : "")}";
        return $"""
            WITH sums AS (
                SELECT date_start, campaign_meta_id, count(*) AS rows, count(vanished_at) AS vanished_rows,
                    count(*) FILTER (WHERE impressions IS NULL OR clicks IS NULL OR spend IS NULL) AS untold_rows, sum(impressions)::bigint AS impressions,
                    sum(clicks)::bigint AS clicks, sum(link_clicks)::bigint AS link_clicks, sum(spend) AS spend, sum(spend) FILTER (WHERE vanished_at IS NOT NULL) AS vanished_spend,
                    CASE WHEN count(result_type) = count(*) AND min(result_type) = max(result_type) THEN sum(results) END AS results,
                    CASE WHEN count(result_type) = count(*) AND min(result_type) = max(result_type) THEN min(result_type) END AS result_type, min(currency) AS currency,
                    bool_or(ad_meta_id = ANY(@UntoldAds)) AS has_untold
                FROM meta_ad_insights WHERE {which}
                GROUP BY date_start, campaign_meta_id),
            fresh AS (
                SELECT date_start, campaign_meta_id, {string.Join(", ", Sums.Split(", ").Select(column => $"s.{column}"))}, s.rows IS NULL AS is_gone,
                    k.first_at, k.first_impressions, k.first_clicks, k.first_spend, k.first_results, d.first_at AS day_first_at, {IsTold} AS is_told
                FROM sums s FULL JOIN (SELECT * FROM insight_campaign_days WHERE {which}) k USING (date_start, campaign_meta_id)
                LEFT JOIN (SELECT date_start, first_at FROM insight_days WHERE social_account_id = @AccountId AND date_start BETWEEN @Since AND @Until) d USING (date_start)
                WHERE k.first_at IS NULL AND {IsTold}
                    OR ({string.Join(", ", Sums.Split(", ").Select(column => $"s.{column}"))}) IS DISTINCT FROM ({string.Join(", ", Sums.Split(", ").Select(column => $"k.{column}"))})),
            gone AS (
                DELETE FROM insight_campaign_days c USING fresh f
                WHERE f.is_gone AND c.social_account_id = @AccountId AND c.date_start = f.date_start AND c.campaign_meta_id = f.campaign_meta_id
                    AND c.date_start BETWEEN @Since AND @Until)
            INSERT INTO insight_campaign_days (social_account_id, date_start, campaign_meta_id, {Sums}, first_at, first_impressions, first_clicks, first_spend, first_results)
            SELECT @AccountId, date_start, campaign_meta_id, {Sums}, COALESCE(first_at, day_first_at, CASE WHEN is_told THEN @Now END),
                {First("impressions")}, {First("clicks")}, {First("spend")}, {First("results")}
            FROM fresh WHERE NOT is_gone
            ON CONFLICT (social_account_id, date_start, campaign_meta_id) DO UPDATE SET
                {string.Join(", ", $"{Sums}, first_at, first_impressions, first_clicks, first_spend, first_results".Split(", ").Select(column => $"{column} = EXCLUDED.{column}"))}
            """;

        static string First(string column) =>
            $"CASE WHEN first_at IS NOT NULL THEN first_{column} WHEN day_first_at IS NOT NULL THEN 0 WHEN is_told THEN {column} END AS first_{column}";
    }
}
