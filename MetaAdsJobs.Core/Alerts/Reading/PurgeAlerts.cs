using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Alerts.Reading;

/// <summary>Forgets what is older than it is kept: episodes that are over, members of open ones that have long been well, and why rules acted or not.</summary>
internal sealed class PurgeAlerts(NpgsqlDataSource dataSource, AlertOptions options, TimeProvider time)
{
    private const int AtOnce = 2000;

    /// <summary>What is left over, the next sweep takes.</summary>
    public async Task ExecuteAsync(CancellationToken ct)
    {
        const string PurgeSql = """
            DELETE FROM alert_episodes WHERE id IN (SELECT id FROM alert_episodes WHERE closed_at < @Before LIMIT @AtOnce);
            DELETE FROM alert_evaluations WHERE id IN (SELECT id FROM alert_evaluations WHERE last_at < @Before LIMIT @AtOnce);
            DELETE FROM alert_members m USING (
                SELECT o.episode_id, o.social_account_id, o.object FROM alert_members o JOIN alert_episodes e ON e.id = o.episode_id AND e.closed_at IS NULL WHERE o.recovered_at < @Before LIMIT @AtOnce) old
            WHERE m.episode_id = old.episode_id AND m.social_account_id = old.social_account_id AND m.object = old.object RETURNING m.episode_id;
            """;
        const string AccountsSql = """
            UPDATE alert_episodes e SET account_ids = (SELECT array_agg(DISTINCT m.social_account_id) FROM alert_members m WHERE m.episode_id = e.id) WHERE social_account_id IS NULL AND (id = ANY (@Episodes) OR account_ids IS NULL AND EXISTS (SELECT 1 FROM alert_members m WHERE m.episode_id = e.id))
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var episodes = await connection.QueryAsync<Guid>(new(PurgeSql, new { Before = time.GetUtcNow().AddDays(-options.KeepDays), AtOnce }, commandTimeout: 120, cancellationToken: ct));
        // By itself: whoever evaluates holds the episode first and its members then.
        await connection.ExecuteAsync(new(AccountsSql, new { Episodes = episodes.Distinct().ToArray() }, cancellationToken: ct));
    }
}
