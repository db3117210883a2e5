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
    /// no result or of another one, or where Meta would not tell how many.
    /// </summary>
    public const string DaySums = """
        date_start, count(*)::int AS campaigns, sum(rows - vanished_rows)::bigint AS rows, sum(vanished_rows)::bigint AS vanished_rows, sum(untold_rows)::bigint AS untold_rows,
            COALESCE(sum(spend), 0) - COALESCE(sum(vanished_spend), 0) AS spend, COALESCE(sum(vanished_spend), 0) AS vanished_spend, sum(spend) AS total_spend,
            sum(impressions)::bigint AS impressions, sum(clicks)::bigint AS clicks, sum(link_clicks)::bigint AS link_clicks,
            CASE WHEN count(results) = count(*) AND count(result_type) = count(*) AND min(result_type) = max(result_type) THEN sum(results) END AS results,
            CASE WHEN count(result_type) = count(*) AND min(result_type) = max(result_type) THEN min(result_type) END AS result_type
        """;

    // Over, and of the campaign nothing that Meta kept to itself: of a row that stands there from before it is not known what it is now.
    private const string IsTold = """
        (date_start < @Today AND NOT date_start = ANY(@UntoldDays) AND NOT campaign_meta_id = ANY(@UntoldCampaigns) AND NOT COALESCE(s.has_untold, false))
        """;

    private static readonly string StoreSql = StoreAllSql();

    private const string Sums = "rows, vanished_rows, untold_rows, impressions, clicks, link_clicks, spend, vanished_spend, results, result_type, currency";

    /// <summary>Adds up the campaigns' days again, in the transaction that has written their rows.</summary>
    /// <param name="today">The account's: days before it are over.</param>
    /// <param name="unanswered">What of it has not been seen yet, though the day is over.</param>
    public Task StoreAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, Guid accountId, DayRange days, DateOnly today, UnansweredParts unanswered, CancellationToken ct) =>
        connection.ExecuteAsync(new(StoreSql, new
        {
            AccountId = accountId, days.Since, days.Until, Today = today, Now = time.GetUtcNow(),
            UntoldDays = unanswered.Days, UntoldCampaigns = unanswered.Campaigns, UntoldAds = unanswered.Ads,
        }, transaction, commandTimeout: 600, cancellationToken: ct));

    // What has not changed is not written. A campaign that a later report first told of was nothing when the day was first read whole. No
    // row is ever deleted, but an ad that Meta shows in another campaign leaves the one it was in.
    private static string StoreAllSql()
    {
        const string which = "social_account_id = @AccountId AND date_start BETWEEN @Since AND @Until";
        return $"""
            WITH sums AS (
                SELECT date_start, campaign_meta_id, count(*) AS rows, count(vanished_at) AS vanished_rows,
                    count(*) FILTER (WHERE impressions IS NULL OR clicks IS NULL OR spend IS NULL) AS untold_rows, sum(impressions)::bigint AS impressions,
                    sum(clicks)::bigint AS clicks, sum(link_clicks)::bigint AS link_clicks, sum(spend) AS spend, sum(spend) FILTER (WHERE vanished_at IS NOT NULL) AS vanished_spend,
                    CASE WHEN count(results) = count(*) AND count(result_type) = count(*) AND min(result_type) = max(result_type) THEN sum(results) END AS results,
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
