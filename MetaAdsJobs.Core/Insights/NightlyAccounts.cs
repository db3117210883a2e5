using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Insights;

internal sealed class NightlyAccounts(NpgsqlDataSource dataSource)
{
    /// <summary>The zone's accounts whose night has not been queued yet and whose last sync is over.</summary>
    public async Task<IReadOnlyList<Guid>> ListAsync(string timezoneName, DateOnly night, CancellationToken ct)
    {
        const string ListSql = """
            SELECT a.id FROM social_accounts a
            WHERE a.timezone_name = @TimezoneName
              AND NOT EXISTS (SELECT 1 FROM insight_syncs s
                              WHERE s.social_account_id = a.id AND s.nightly_for IS NOT NULL
                                AND (s.nightly_for = @Night OR s.state IN ('queued', 'running', 'waiting')))
            ORDER BY a.id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Guid>(new(ListSql, new { TimezoneName = timezoneName, Night = night }, cancellationToken: ct))).AsList();
    }
}
