using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Nightly;

/// <param name="SyncedUntil">The last day of its last night that succeeded; before that, of one before its first night; null before any.</param>
internal sealed record NightlyAccount(Guid AccountId, DateOnly? SyncedUntil);

internal sealed class NightlyAccounts(NpgsqlDataSource dataSource)
{
    /// <summary>The zone's accounts whose night has not been queued yet and whose last one is over.</summary>
    public async Task<IReadOnlyList<NightlyAccount>> ListAsync(string timezoneName, DateOnly night, CancellationToken ct)
    {
        const string ListSql = """
            SELECT a.id AS account_id, COALESCE(last.until, (SELECT min(s.until) - 1 FROM insight_syncs s WHERE s.social_account_id = a.id AND s.nightly_for IS NOT NULL)) AS synced_until
            FROM social_accounts a
            LEFT JOIN LATERAL (SELECT s.until FROM insight_syncs s
                               WHERE s.social_account_id = a.id AND s.nightly_for IS NOT NULL AND s.state = 'succeeded'
                               ORDER BY s.nightly_for DESC LIMIT 1) last ON true
            WHERE a.timezone_name = @TimezoneName AND a.retired_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM insight_syncs s
                              WHERE s.social_account_id = a.id AND s.nightly_for IS NOT NULL
                                AND (s.nightly_for = @Night OR s.state IN ('queued', 'running', 'waiting')))
            ORDER BY a.id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<NightlyAccount>(new(ListSql, new { TimezoneName = timezoneName, Night = night }, cancellationToken: ct))).AsList();
    }

    /// <summary>
    /// Zones, known to PostgreSQL, in which <see cref="ListAsync"/> would find somebody for the night whose time has come last. Who was added since has a first night to come, and makes no zone late.
    /// </summary>
    /// <param name="at">NIGHTLY_SYNC_AT.</param>
    public async Task<IReadOnlyList<string>> ListZonesBehindAsync(DateTimeOffset now, TimeOnly at, CancellationToken ct)
    {
        // Every minute: a zone's night is reckoned once, and of all nights only the last are looked into.
        const string BehindSql = """
            WITH zones AS MATERIALIZED (
                SELECT z.timezone_name, n.night, (n.night + @At) AT TIME ZONE z.zone AS began
                FROM (SELECT t.timezone_name, known_zone(t.timezone_name) AS zone FROM (SELECT DISTINCT timezone_name FROM social_accounts WHERE retired_at IS NULL) t) z
                CROSS JOIN LATERAL (SELECT ((@Now AT TIME ZONE z.zone) - @At)::date AS night) n)
            SELECT z.timezone_name FROM zones z WHERE EXISTS (
                SELECT 1 FROM social_accounts a
                WHERE a.timezone_name = z.timezone_name AND a.retired_at IS NULL AND a.created_at < z.began
                  AND NOT EXISTS (SELECT 1 FROM insight_syncs s WHERE s.social_account_id = a.id AND s.nightly_for = z.night AND s.nightly_for >= @Earliest)
                  AND NOT EXISTS (SELECT 1 FROM insight_syncs s WHERE s.social_account_id = a.id AND s.nightly_for IS NOT NULL AND s.state IN ('queued', 'running', 'waiting')))
            ORDER BY z.timezone_name
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<string>(new(BehindSql,
            new { Now = now, At = at.ToTimeSpan(), Earliest = DateOnly.FromDateTime(now.UtcDateTime).AddDays(-2) }, cancellationToken: ct))).AsList();
    }
}
