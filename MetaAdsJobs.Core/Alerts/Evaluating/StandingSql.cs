using MetaAdsJobs.Core.Alerts.Rules;

namespace MetaAdsJobs.Core.Alerts.Evaluating;

/// <summary>Measures how runs, ads, tokens and syncs stand. Each keeps to an index of what is recent or wrong, or to one row of each account.</summary>
internal static class StandingSql
{
    public static string Of(AlertRule rule) => $"measured AS ({MeasuredOf(rule)}), silent AS (SELECT NULL::uuid AS account WHERE false)";

    private static string MeasuredOf(AlertRule rule) => rule.Metric switch
    {
        // Checks that were only asked for are left out, and rows of batches that were mended.
        "failed_runs" => $"""
            SELECT o.social_account_id AS account, {(rule.Level == "run" ? "o.request_id::text" : "o.social_account_id::text")} AS object, {(rule.Level == "run" ? "min(o.campaign_name)" : "NULL::text")} AS name,
                count(*)::numeric AS value, NULL::numeric AS reference, NULL::numeric AS floor, true AS is_told, max(o.completed_at) AS data_at, NULL::date AS data_day
            FROM orchestrations o JOIN accounts a ON a.id = o.social_account_id
            WHERE o.completed_at > @Now - make_interval(hours => @Hours) AND o.completed_at <= @Now AND o.status = 'failed' AND o.replaced_by IS NULL AND NOT COALESCE((o.request ->> 'validate_only')::boolean, false)
            GROUP BY 1, 2
            """,
        "rejected_ads" => $"""
            SELECT c.social_account_id AS account, {rule.Level switch { "ad" => "d.meta_id", "campaign" => "c.meta_id", _ => "c.social_account_id::text" }} AS object, NULL::text AS name,
                count(*)::numeric AS value, NULL::numeric AS reference, NULL::numeric AS floor, true AS is_told, max(COALESCE(r.settled_at, d.created_at)) AS data_at, NULL::date AS data_day
            FROM meta_ads d JOIN meta_adsets s ON s.id = d.adset_db_id JOIN meta_campaigns c ON c.id = s.campaign_db_id JOIN accounts a ON a.id = c.social_account_id LEFT JOIN object_reviews r ON r.request_id = d.request_id
            WHERE d.effective_status IN ('DISAPPROVED', 'WITH_ISSUES') AND d.status NOT IN ('DELETED', 'ARCHIVED')
            GROUP BY 1, 2
            """,
        // Checked and without an end, it never expires: there is nothing to watch. Never checked, nothing is known of it.
        "token_days_left" => """
            SELECT t.id AS account, t.id::text AS object, t.name, CASE WHEN t.token_rejected_at IS NOT NULL THEN 0 ELSE round(extract(epoch FROM t.token_expires_at - @Now) / 86400, 1) END AS value, NULL::numeric AS reference,
                NULL::numeric AS floor, t.token_rejected_at IS NOT NULL OR t.token_checked_at IS NOT NULL AS is_told, GREATEST(t.token_rejected_at, t.token_checked_at) AS data_at, NULL::date AS data_day
            FROM social_accounts t JOIN accounts a ON a.id = t.id WHERE t.token_rejected_at IS NOT NULL OR t.token_checked_at IS NULL OR t.token_expires_at IS NOT NULL
            """,
        // Since the end of the last day that was read whole; one that was never synced is as late as it is old.
        "sync_age_hours" => $"""
            SELECT a.id AS account, a.id::text AS object, a.name, round(extract(epoch FROM @Now - COALESCE((l.day + 1)::timestamp AT TIME ZONE known_zone(a.timezone_name), a.created_at)) / 3600, 1) AS value, NULL::numeric AS reference,
                NULL::numeric AS floor, true AS is_told, l.seen_at AS data_at, NULL::date AS data_day
            FROM accounts a LEFT JOIN LATERAL (
                SELECT d.date_start AS day, COALESCE(d.seen_at, d.first_at) AS seen_at FROM insight_days d WHERE d.social_account_id = a.id AND d.first_at <= @Now AND {MeasureSql.IsRead} ORDER BY d.date_start DESC LIMIT 1) l ON true
            """,
        // A day of which Meta told no sum may differ by anything; what another differs by stands all the same.
        _ => $"""
            SELECT a.id AS account, a.id::text AS object, a.name, n.value, NULL::numeric AS reference, NULL::numeric AS floor, n.known > 0 AND (n.known = n.days{(rule.Direction == AlertRule.Above ? " OR n.value > @Threshold" : "")}) AS is_told, n.synced_at AS data_at, n.last_day AS data_day
            FROM accounts a CROSS JOIN LATERAL (
                SELECT COALESCE(max(CASE WHEN d.difference = 0 THEN 0 ELSE round(abs(d.difference) * 100 / COALESCE(NULLIF(abs(d.account_spend), 0), abs(d.difference)), 2) END), 0) AS value, count(*) AS days, count(d.difference) AS known,
                    max(d.synced_at) AS synced_at, max(d.date_start) AS last_day
                FROM insight_days d WHERE d.social_account_id = a.id AND d.date_start < a.today - @Ago AND d.date_start >= a.today - @Ago - @Window AND {MeasureSql.IsRead}) n
            """,
    };
}
