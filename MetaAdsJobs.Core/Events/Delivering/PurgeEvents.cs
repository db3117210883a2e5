using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Events.Delivering;

/// <summary>Forgets events that are older than they are kept, with the log of their deliveries, and deliveries of webhooks that are gone.</summary>
internal sealed class PurgeEvents(NpgsqlDataSource dataSource, EventOptions options, TimeProvider time)
{
    private const int AtOnce = 2000;
    private const int MostRounds = 50;

    /// <summary>What is left over, the next sweep takes.</summary>
    public async Task ExecuteAsync(CancellationToken ct)
    {
        const string PurgeSql = "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE occurred_at < @Before ORDER BY occurred_at LIMIT @AtOnce)";
        var before = time.GetUtcNow().AddDays(-options.KeepDays);
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        for (var round = 0; round < MostRounds; round++)
            if (await connection.ExecuteAsync(new(PurgeSql, new { Before = before, AtOnce }, commandTimeout: 120, cancellationToken: ct)) < AtOnce) return;
    }
}
