using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Publishers.Receiving;

/// <summary>Forgets events that are older than they are kept. What clips have become is not forgotten.</summary>
internal sealed class PurgeClipEvents(NpgsqlDataSource dataSource, PublisherOptions options, TimeProvider time)
{
    private const int AtOnce = 2000;
    private const int MostRounds = 50;

    /// <summary>What is left over, the next sweep takes.</summary>
    public async Task ExecuteAsync(CancellationToken ct)
    {
        const string PurgeSql = "DELETE FROM clip_events WHERE id IN (SELECT id FROM clip_events WHERE received_at < @Before ORDER BY received_at LIMIT @AtOnce)";
        var before = time.GetUtcNow().AddDays(-options.KeepDays);
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        for (var round = 0; round < MostRounds; round++)
            if (await connection.ExecuteAsync(new(PurgeSql, new { Before = before, AtOnce }, commandTimeout: 120, cancellationToken: ct)) < AtOnce) return;
    }
}
