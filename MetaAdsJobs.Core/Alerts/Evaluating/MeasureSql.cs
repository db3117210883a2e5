using MetaAdsJobs.Core.Alerts.Rules;
using MetaAdsJobs.Core.Insights;

namespace MetaAdsJobs.Core.Alerts.Evaluating;

/// <summary>
/// The one statement by which a rule looks at all its objects. What differs from metric to metric is the part that measures (<see cref="NumberSql"/>, <see cref="StandingSql"/>); how a measure is
/// judged is the same for all. Only what is not well is told, and what the rule knows already.
/// </summary>
internal static class MeasureSql
{
    /// <summary>
    /// Of insight_days as d, of an account a with its zone: it was read whole after it was over, and not before its night's time. Minutes after midnight Meta does not yet tell all of the day; what somebody has read then is read
    /// again that night. Takes @NightlyAt.
    /// </summary>
    public const string IsRead = $"d.first_at IS NOT NULL AND COALESCE(d.seen_at, d.first_at) AT TIME ZONE a.zone >= {AccountDays.ReadFrom}";

    /// <summary>
    /// Expects accounts (id, name, zone, today), measured (account, object, name, value, reference, floor, is_told, data_at, data_day) and silent (account): those of which nothing is known now. Null of
    /// value or reference: there is too little to say.
    /// </summary>
    public static string Of(AlertRule rule)
    {
        var compared = rule.Compare == AlertRule.Median ? "value * 100 / NULLIF(reference, 0)" : "value";
        var (beyond, well) = rule.Direction == AlertRule.Above ? (">", "<=") : ("<", ">=");
        return $"""
            WITH accounts AS MATERIALIZED (
                SELECT a.id, a.name, a.timezone_name, z.zone, a.created_at, (@Now AT TIME ZONE z.zone)::date AS today FROM social_accounts a CROSS JOIN LATERAL (SELECT known_zone(a.timezone_name) AS zone OFFSET 0) z
                WHERE a.retired_at IS NULL AND (@AccountIds::uuid[] IS NULL OR a.id = ANY (@AccountIds))),
            {(rule.Watched.IsOfNumbers ? NumberSql.Of(rule) : StandingSql.Of(rule))},
            judged AS MATERIALIZED (
                SELECT account, object, m.name, m.value, m.reference, m.data_at, m.data_day, k.object IS NOT NULL AS is_known,
                    CASE WHEN account NOT IN (SELECT id FROM accounts) THEN '{Measurement.Fine}'
                         WHEN account IN (SELECT account FROM silent) OR m.is_told = false THEN '{Measurement.NoData}'
                         WHEN m.object IS NULL THEN '{Measurement.Fine}'
                         WHEN m.compared IS NULL OR m.floor < @Floor AND NOT m.compared {well} @ResolveAt THEN '{Measurement.TooLittle}'
                         WHEN m.compared {beyond} @Threshold THEN '{Measurement.Breach}'
                         WHEN m.compared {well} @ResolveAt THEN '{Measurement.Fine}' ELSE '{Measurement.Held}' END AS verdict
                FROM (SELECT *, {compared} AS compared FROM measured) m
                FULL JOIN unnest(@KnownAccounts::uuid[], @KnownObjects::text[]) AS k (account, object) USING (account, object))
            SELECT c.objects, c.too_little, j.account AS account_id, j.object, COALESCE(j.name, {NameOf(rule)}) AS name, j.verdict, j.value, j.reference, j.data_at, j.data_day
            FROM (SELECT count(*)::int AS objects, (count(*) FILTER (WHERE verdict = '{Measurement.TooLittle}'))::int AS too_little FROM judged) c
            LEFT JOIN (SELECT * FROM judged WHERE is_known OR verdict IN ('{Measurement.Breach}', '{Measurement.NoData}')) j ON true
            """;
    }

    // Looked up for what is told alone. What was not made here has the name that came with its numbers.
    private static string NameOf(AlertRule rule)
    {
        var (table, column, told) = rule.Level switch
        {
            "campaign" => ("meta_campaigns", "campaign_meta_id", "campaign_name"),
            "adset" => ("meta_adsets", "adset_meta_id", "adset_name"),
            "ad" => ("meta_ads", "ad_meta_id", "ad_name"),
            _ => default,
        };
        if (table is null) return "(SELECT a.name FROM accounts a WHERE a.id = j.account)";
        var numbers = rule.Watched.IsOfNumbers
            ? $", (SELECT i.raw ->> '{told}' FROM meta_ad_insights i WHERE i.social_account_id = j.account AND i.date_start = j.data_day AND i.{column} = j.object LIMIT 1)" : "";
        return $"regexp_replace((SELECT n.name FROM {table} n WHERE n.meta_id = j.object), ' \\[[a-z0-9]{{20}}\\]$', ''){numbers}";
    }
}
