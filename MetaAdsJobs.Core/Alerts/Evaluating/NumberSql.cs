using MetaAdsJobs.Core.Alerts.Rules;

namespace MetaAdsJobs.Core.Alerts.Evaluating;

/// <summary>
/// Measures the numbers of a window of days. The window ends with the account's last day that is finally stored: its days are those of the account's calendar, each of them was read whole after it was over, by the night that follows it or later,
/// and what counts is what stands there now, restated or not. An account without all of them, or whose last one is older than the day before yesterday, tells nothing. An object without a row
/// on such a day had nothing to tell: that is zero, also where it has none on any day of the window, for what is to be told when it is below an amount. A row that Meta told without a metric is not.
/// </summary>
internal static class NumberSql
{
    public static string Of(AlertRule rule)
    {
        var (numerator, denominator) = PartsOf(rule.Metric);
        var used = new[] { numerator, denominator, rule.FloorMetric, rule.Metric == "spend_without_results" ? "results" : null }.OfType<string>().Distinct().ToList();
        var isMedian = rule.Compare == AlertRule.Median;
        // Days that are rolled up tell beside their sums of how many rows something is not known.
        var (source, key, isRolledUp) = rule.Level switch
        {
            "account" => ("insight_days", "i.social_account_id::text", true),
            "campaign" => ("insight_campaign_days", "i.campaign_meta_id", true),
            "adset" => ("meta_ad_insights", "i.adset_meta_id", false),
            _ => ("meta_ad_insights", "i.ad_meta_id", false),
        };
        string Column(string metric) => metric == "spend" && rule.Level == "account" ? "i.total_spend" : $"i.{metric}";
        var told = string.Join(" AND ", used.Select(metric => $"{Column(metric)} IS NOT NULL").Concat(isRolledUp ? ["i.untold_rows = 0"] : []));
        var only = rule.CampaignIds is null ? "" : " AND i.campaign_meta_id = ANY (@CampaignIds)";
        return $"""
            lasts AS (
                SELECT a.*, l.last_day - @Ago AS last_day FROM accounts a CROSS JOIN LATERAL (
                    SELECT d.date_start AS last_day FROM insight_days d WHERE d.social_account_id = a.id AND d.date_start < a.today AND {MeasureSql.IsRead} ORDER BY d.date_start DESC LIMIT 1) l),
            days AS MATERIALIZED (
                SELECT a.id AS account, d.date_start AS day, COALESCE(d.seen_at, d.first_at) AS seen_at, d.date_start > a.last_day - @Window AS in_window, row_number() OVER (PARTITION BY a.id ORDER BY d.date_start) AS nth
                FROM lasts a JOIN insight_days d ON d.social_account_id = a.id AND d.date_start > a.last_day - @Window - @Median AND d.date_start <= a.last_day
                WHERE {MeasureSql.IsRead}),
            windows AS MATERIALIZED (
                SELECT l.id AS account, l.last_day, d.data_at, d.before, d.days = @Window AND (@Ago > 0 OR l.last_day >= l.today - 2) AS is_told
                FROM lasts l JOIN (
                    SELECT account, count(*) FILTER (WHERE in_window) AS days, count(*) FILTER (WHERE NOT in_window) AS before, (array_agg(seen_at ORDER BY day DESC))[1] AS data_at FROM days GROUP BY account) d ON d.account = l.id),
            silent AS (SELECT id AS account FROM accounts EXCEPT SELECT account FROM windows WHERE is_told),
            daily AS (
                SELECT i.account, i.object, i.day, {string.Join(", ", used.Select(metric => $"sum(i.{metric}) AS {metric}"))}, bool_and(i.told) AS told
                FROM windows w CROSS JOIN LATERAL (
                    SELECT i.social_account_id AS account, {key} AS object, i.date_start AS day, {string.Join(", ", used.Select(metric => $"{Column(metric)} AS {metric}"))}, {told} AS told
                    FROM {source} i
                    WHERE i.social_account_id = w.account AND i.date_start > w.last_day - @Window - @Median AND i.date_start <= w.last_day AND i.date_start BETWEEN @From AND @To{only}{StillOn(rule)}
                    OFFSET 0) i
                GROUP BY i.account, i.object, i.day{Undelivered(rule, used)}),
            added AS (
                SELECT i.account, i.object, COALESCE(bool_and(i.told) FILTER (WHERE d.in_window), true) AS is_told, {string.Join(", ", used.Select(metric => $"COALESCE(sum(i.{metric}) FILTER (WHERE d.in_window), 0) AS {metric}"))}
                    {(isMedian ? $", {Past(rule, numerator, denominator)}" : "")}
                FROM daily i JOIN days d ON d.account = i.account AND d.day = i.day
                GROUP BY i.account, i.object{Having(rule, numerator, denominator)}),
            measured AS (
                SELECT i.account, i.object, NULL::text AS name, round({Value(rule, numerator, denominator)}, 4) AS value, {(isMedian ? Reference(rule, denominator is null) : "NULL::numeric")} AS reference,
                    {(rule.FloorMetric is { } floor ? $"i.{floor}" : "NULL")}::numeric AS floor, i.is_told, w.data_at, w.last_day AS data_day
                FROM added i JOIN windows w ON w.account = i.account
                {(rule.Level == "account" ? "UNION ALL SELECT s.account, s.account::text, NULL, NULL, NULL, NULL, false, NULL, NULL FROM silent s WHERE NOT EXISTS (SELECT 1 FROM added i WHERE i.account = s.account)" : "")})
            """;
    }

    private static (string Numerator, string? Denominator) PartsOf(string metric) => metric switch
    {
        "ctr" => ("clicks", "impressions"),
        "cpm" => ("spend", "impressions"),
        "cpc" => ("spend", "clicks"),
        "cost_per_result" => ("spend", "results"),
        "spend_without_results" => ("spend", null),
        _ => (metric, null),
    };

    private static string Factor(string metric) => metric switch { "ctr" => "100 * ", "cpm" => "1000 * ", _ => "" };

    private static string Amount(AlertRule rule, string numerator, string? denominator) => rule.Metric == "spend_without_results" ? "CASE WHEN i.results = 0 THEN i.spend ELSE 0 END"
        : denominator is null ? $"i.{numerator}" : $"{Factor(rule.Metric)}i.{numerator} / NULLIF(i.{denominator}, 0)::numeric";

    // Beside days, a window of several is taken as one of them.
    private static string Value(AlertRule rule, string numerator, string? denominator) =>
        rule.Compare == AlertRule.Median && denominator is null ? $"({Amount(rule, numerator, denominator)})::numeric / @Window" : $"({Amount(rule, numerator, denominator)})::numeric";

    // The object's own days before the window, from the first on which it had numbers. Those that Meta withheld are left out.
    private static string Past(AlertRule rule, string numerator, string? denominator) => $"""
        array_agg({Amount(rule, numerator, denominator)} ORDER BY {Amount(rule, numerator, denominator)}) FILTER (WHERE NOT d.in_window AND i.told AND {Amount(rule, numerator, denominator)} IS NOT NULL) AS past,
            count(*) FILTER (WHERE NOT d.in_window) AS past_rows, min(d.nth) FILTER (WHERE NOT d.in_window) AS first_nth
        """;

    // What has its past alone is not above it, and of nothing there is no price: else it would be among what is not judged, for as long as its account is read.
    private static string Having(AlertRule rule, string numerator, string? denominator)
    {
        var conditions = new List<string>();
        if (rule is { Compare: AlertRule.Median, Direction: AlertRule.Above }) conditions.Add("bool_or(d.in_window)");
        if (denominator is not null) conditions.Add($"(sum(i.{numerator}) FILTER (WHERE d.in_window) <> 0 OR sum(i.{denominator}) FILTER (WHERE d.in_window) <> 0 OR NOT bool_and(i.told) FILTER (WHERE d.in_window))");
        return conditions.Count == 0 ? "" : $" HAVING {string.Join(" AND ", conditions)}";
    }

    // Days without a row count as zeros: they come before all others, and are not written down for it.
    private static string Reference(AlertRule rule, bool hasZeros)
    {
        var zeros = hasZeros ? "GREATEST(w.before - i.first_nth + 1 - i.past_rows, 0)" : "0";
        return $"""
            (SELECT CASE WHEN n.days >= {(rule.MedianDays + 1) / 2} THEN round((n.low + n.high) / 2.0, 4) END FROM (
                SELECT z.zeros + cardinality(i.past) AS days, {At("floor")} AS low, {At("ceil")} AS high FROM (SELECT {zeros} AS zeros) z) n)
            """;

        string At(string which)
        {
            var index = $"{which}((z.zeros + cardinality(i.past) - 1) / 2.0)::int";
            return $"CASE WHEN {index} < z.zeros THEN 0 ELSE i.past[{index} - z.zeros::int + 1] END";
        }
    }

    // What was on throughout the window and has delivered nothing has no row at all. On is what nobody has paused and nothing has ended: of a budget for a whole life nothing is said, as that may have hours, or be used up.
    private static string Undelivered(AlertRule rule, List<string> used)
    {
        if (rule.Direction != AlertRule.Below || rule.Compare != AlertRule.Value || rule.Level == "account") return "";
        var key = rule.Level switch { "campaign" => "c.meta_id", "adset" => "s.meta_id", _ => "d.meta_id" };
        return $"""

                UNION ALL
                SELECT w.account, {key}, w.last_day, {string.Join(", ", used.Select(_ => "0"))}, true
                FROM windows w JOIN accounts a ON a.id = w.account CROSS JOIN LATERAL (SELECT (w.last_day - @Window + 1)::timestamp AT TIME ZONE known_zone(a.timezone_name) AS since) b
                JOIN meta_campaigns c ON c.social_account_id = w.account AND c.status = 'ACTIVE' AND c.lifetime_budget IS NULL JOIN activations v ON v.request_id = c.request_id AND v.state = 'active' AND cardinality(v.paused_ids) = 0
                JOIN meta_adsets s ON s.campaign_db_id = c.id AND s.status = 'ACTIVE' AND s.lifetime_budget IS NULL AND (s.start_time IS NULL OR s.start_time <= b.since) AND (s.end_time IS NULL OR s.end_time > @Now)
                JOIN meta_ads d ON d.adset_db_id = s.id AND d.status = 'ACTIVE' AND d.created_at < b.since
                WHERE w.is_told{(rule.CampaignIds is null ? "" : " AND c.meta_id = ANY (@CampaignIds)")}
                    AND NOT EXISTS (SELECT 1 FROM campaign_edits e WHERE e.request_id = c.request_id AND e.kind IN ('publish', 'resume') AND e.state = 'succeeded' AND e.completed_at >= b.since)
                    AND NOT EXISTS (SELECT 1 FROM outside_changes x WHERE x.request_id = c.request_id AND x.field = 'status' AND x."is" = 'ACTIVE' AND x.found_at >= b.since)
                    AND NOT EXISTS (SELECT 1 FROM stops t WHERE (t.social_account_id IS NULL OR t.social_account_id = c.social_account_id) AND (t.lifted_at IS NULL OR t.lifted_at >= b.since))
                GROUP BY w.account, {key}, w.last_day
            """;
    }

    // Nobody is told that what was paused brings less, or what has ended.
    private static string StillOn(AlertRule rule) => rule.Direction != AlertRule.Below || rule.Level == "account" ? "" : rule.Level switch
    {
        "campaign" => Off("meta_campaigns", "campaign_meta_id", "(SELECT bool_and(s.status <> 'ACTIVE' OR COALESCE(s.end_time <= @Now, false)) FROM meta_adsets s WHERE s.campaign_db_id = c.id)"),
        "adset" => Off("meta_campaigns", "campaign_meta_id") + Off("meta_adsets", "adset_meta_id", Ended),
        _ => Off("meta_campaigns", "campaign_meta_id") + Off("meta_adsets", "adset_meta_id", Ended) + Off("meta_ads", "ad_meta_id"),
    };

    private const string Ended = "c.end_time <= @Now";

    private static string Off(string table, string column, string orIf = "false") => $" AND NOT EXISTS (SELECT 1 FROM {table} c WHERE c.meta_id = i.{column} AND (c.status <> 'ACTIVE' OR {orIf}))";
}
