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
}
