using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Events.Delivering;

/// <summary>Forgets events that are older than they are kept, with the log of their deliveries, and deliveries of webhooks that are gone. What is tried still is kept until it is received or given up, as long as its webhook is on.</summary>
internal sealed class PurgeEvents(NpgsqlDataSource dataSource, EventOptions options, TimeProvider time)
{
    private const int AtOnce = 2000;
    private const int MostRounds = 50;

    public Task ExecuteAsync(CancellationToken ct) => OldestFirstAsync(dataSource, "events", "occurred_at", time.GetUtcNow().AddDays(-options.KeepDays), ct, """
         AND NOT EXISTS (SELECT 1 FROM event_deliveries d JOIN webhooks w ON w.id = d.webhook_id WHERE d.event_id = events.id AND d.state = 'pending' AND w.state = 'on')
        """);

    /// <summary>Some thousands in a commit, and so many commits at the most: what is left over, the next sweep takes.</summary>
    /// <param name="dataSource">Where the table is.</param>
    /// <param name="table">Whose rows have an id.</param>
    /// <param name="column">By which they are old; it has an index.</param>
    /// <param name="before">Those from before this.</param>
    /// <param name="ct">Given up.</param>
    /// <param name="only">The end of a WHERE over the table.</param>
    public static async Task OldestFirstAsync(NpgsqlDataSource dataSource, string table, string column, DateTimeOffset before, CancellationToken ct, string only = "")
    {
        var purgeSql = $"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {column} < @Before{only} ORDER BY {column} LIMIT @AtOnce)";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        for (var round = 0; round < MostRounds; round++)
            if (await connection.ExecuteAsync(new(purgeSql, new { Before = before, AtOnce }, commandTimeout: 120, cancellationToken: ct)) < AtOnce) return;
    }
}
