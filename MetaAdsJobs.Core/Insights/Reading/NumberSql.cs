using MetaAdsJobs.Core.Access;

namespace MetaAdsJobs.Core.Insights.Reading;

/// <summary>The text of the queries for sums: each reads one range of one index.</summary>
internal static class NumberSql
{
    /// <summary>Of insight_days as d: it was not over when it was read, or Meta has never told all of it.</summary>
    public const string IsPartial = "(d.is_partial OR d.first_at IS NULL)";

    public const string AccountDays = $"""
        SELECT date_start AS date, total_spend AS spend, impressions, clicks, link_clicks, results, result_type, campaigns, 1 AS accounts, untold_rows,
            first_at IS NOT NULL AS has_first, first_spend, first_impressions, first_clicks, first_results, {IsPartial} AS is_partial,
            synced_at, synced_at AS newest_synced_at, vanished_spend, difference,
            (difference <> 0 AND difference IS NOT NULL)::int AS differing, (difference IS NULL AND NOT is_partial)::int AS unreconciled
        FROM insight_days d WHERE social_account_id = @AccountId AND date_start BETWEEN @Since AND @Until
        ORDER BY date_start
        """;

    // A day that was read without a row of the campaign is one of zeros. Its first numbers may stand where the account's day was never read.
    public const string CampaignDays = """
        SELECT date_start AS date, CASE WHEN c.rows IS NULL THEN 0 ELSE c.spend END AS spend, CASE WHEN c.rows IS NULL THEN 0 ELSE c.impressions END AS impressions,
            CASE WHEN c.rows IS NULL THEN 0 ELSE c.clicks END AS clicks, CASE WHEN c.rows IS NULL THEN 0 ELSE c.link_clicks END AS link_clicks,
            CASE WHEN c.rows IS NULL THEN 0 ELSE c.results END AS results, c.result_type, CASE WHEN c.rows IS NULL THEN 0 ELSE 1 END AS campaigns, 1 AS accounts, COALESCE(c.untold_rows, 0) AS untold_rows,
            COALESCE(c.first_at, d.first_at) IS NOT NULL AS has_first,
            CASE WHEN c.rows IS NOT NULL THEN c.first_spend WHEN d.first_at IS NOT NULL THEN 0 END AS first_spend,
            CASE WHEN c.rows IS NOT NULL THEN c.first_impressions WHEN d.first_at IS NOT NULL THEN 0 END AS first_impressions,
            CASE WHEN c.rows IS NOT NULL THEN c.first_clicks WHEN d.first_at IS NOT NULL THEN 0 END AS first_clicks,
            CASE WHEN c.rows IS NOT NULL THEN c.first_results WHEN d.first_at IS NOT NULL THEN 0 END AS first_results,
            COALESCE(d.is_partial, false) OR COALESCE(c.first_at, d.first_at) IS NULL AS is_partial, COALESCE(d.synced_at, c.first_at) AS synced_at, COALESCE(d.synced_at, c.first_at) AS newest_synced_at,
            COALESCE(c.vanished_spend, 0) AS vanished_spend, NULL::numeric AS difference, 0 AS differing, 0 AS unreconciled
        FROM (SELECT date_start, first_at, is_partial, synced_at FROM insight_days WHERE social_account_id = @AccountId AND date_start BETWEEN @Since AND @Until) d
        FULL JOIN (SELECT * FROM insight_campaign_days
                   WHERE social_account_id = @AccountId AND campaign_meta_id = @CampaignId AND date_start BETWEEN @Since AND @Until) c USING (date_start)
        ORDER BY date_start
        """;

    // Days without any row count nothing and are of no kind: they do not keep the others from being added.
    private const string Kind = """
        count(result_type) FILTER (WHERE campaigns > 0) = count(*) FILTER (WHERE campaigns > 0) AND min(result_type) IS NOT DISTINCT FROM max(result_type)
        """;

    // Where Meta would not tell how many there were on one day, it is not known how many on all.
    private static string Counted(string results) => $"{Kind} AND count({results}) FILTER (WHERE campaigns > 0) = count(*) FILTER (WHERE campaigns > 0)";

    // Of few accounts each one's days are read; of many those of the currency, which are in one range of an index.
    private static string OfAll => $"""
        {(AccountScope.IsFew ? "unnest(@Scope) AS few (account) CROSS JOIN LATERAL (SELECT * FROM insight_days WHERE social_account_id = few.account AND date_start BETWEEN @Since AND @Until OFFSET 0) d" : "insight_days d")}
        WHERE currency = @Currency AND date_start BETWEEN @Since AND @Until{AccountScope.And("social_account_id")}
            AND (social_account_id, date_start) NOT IN ({SharedDays.ReadLaterElsewhere(" AND date_start BETWEEN @Since AND @Until")})
        """;

    public static string DaysOfAll => $"""
        SELECT date_start AS date, sum(total_spend) AS spend, sum(impressions)::bigint AS impressions, sum(clicks)::bigint AS clicks, sum(link_clicks)::bigint AS link_clicks,
            CASE WHEN {Counted("results")} THEN sum(results) END AS results, CASE WHEN {Kind} THEN min(result_type) END AS result_type,
            sum(campaigns)::int AS campaigns, count(*)::int AS accounts, sum(untold_rows)::bigint AS untold_rows, bool_and(first_at IS NOT NULL) AS has_first,
            CASE WHEN bool_and(first_at IS NOT NULL) THEN sum(first_spend) END AS first_spend,
            CASE WHEN bool_and(first_at IS NOT NULL) THEN sum(first_impressions)::bigint END AS first_impressions,
            CASE WHEN bool_and(first_at IS NOT NULL) THEN sum(first_clicks)::bigint END AS first_clicks,
            CASE WHEN bool_and(first_at IS NOT NULL) AND {Counted("first_results")} THEN sum(first_results) END AS first_results,
            bool_or({IsPartial}) AS is_partial, min(synced_at) AS synced_at, max(synced_at) AS newest_synced_at, sum(vanished_spend) AS vanished_spend,
            -- One too many and one too few are two that differ.
            sum(abs(difference)) AS difference, (count(*) FILTER (WHERE difference <> 0))::int AS differing,
            (count(*) FILTER (WHERE difference IS NULL AND NOT is_partial))::int AS unreconciled
        FROM {OfAll}
        GROUP BY date_start ORDER BY date_start
        """;

    public static string Accounts => $"""
        SELECT s.id::text AS id, a.name, s.spend, s.impressions, s.clicks, s.results, s.result_type
        FROM (
            SELECT social_account_id AS id, sum(total_spend) AS spend, sum(impressions)::bigint AS impressions, sum(clicks)::bigint AS clicks,
                CASE WHEN {Counted("results")} THEN sum(results) END AS results, CASE WHEN {Kind} THEN min(result_type) END AS result_type
            FROM {OfAll}
            GROUP BY social_account_id
            ORDER BY 2 DESC NULLS LAST, 1 LIMIT @Limit) s
        JOIN social_accounts a ON a.id = s.id
        ORDER BY s.spend DESC NULLS LAST, s.id
        """;

    public const string Campaigns = """
        SELECT c.campaign_meta_id AS id, o.campaign_name AS name, o.request_id, c.spend, c.impressions, c.clicks, c.results, c.result_type
        FROM (
            SELECT campaign_meta_id, sum(spend) AS spend, sum(impressions)::bigint AS impressions, sum(clicks)::bigint AS clicks,
                CASE WHEN count(results) = count(*) AND count(result_type) = count(*) AND min(result_type) = max(result_type) THEN sum(results) END AS results,
                CASE WHEN count(result_type) = count(*) AND min(result_type) = max(result_type) THEN min(result_type) END AS result_type
            FROM insight_campaign_days WHERE social_account_id = @AccountId AND date_start BETWEEN @Since AND @Until
            GROUP BY campaign_meta_id
            ORDER BY 2 DESC NULLS LAST, campaign_meta_id LIMIT @Limit) c
        -- Sought one by one, and in the order that the index of meta_id has: else all campaigns that ever were would be read.
        LEFT JOIN LATERAL (SELECT request_id FROM meta_campaigns WHERE meta_id = c.campaign_meta_id COLLATE "default" LIMIT 1) m ON true
        LEFT JOIN LATERAL (SELECT request_id, campaign_name FROM orchestrations WHERE request_id = m.request_id LIMIT 1) o ON true
        ORDER BY c.spend DESC NULLS LAST, c.campaign_meta_id
        """;
}
