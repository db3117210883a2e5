using Dapper;
using MetaAdsJobs.Core.Database;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs.Watching;

/// <summary>Whether anybody is there to run jobs. Heartbeats are written and judged by the database's clock: this process's own may be off.</summary>
public sealed class WorkerHealth([FromKeyedServices(Connections.OfHealth)] NpgsqlDataSource dataSource)
{
    /// <summary>Whether the heartbeat of hangfire.server's row is so old that its process counts as dead.</summary>
    internal const string IsSilentSql = "lastheartbeat < clock_timestamp() - interval '45 seconds'";

    /// <summary>Worker processes whose heartbeat is recent. Each has servers for some queues besides, which count for nothing here.</summary>
    public async Task<int> CountAliveAsync(CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<int>(new(CountSql, cancellationToken: ct));
    }

    internal const string CountSql = $"""SELECT count(*)::int FROM hangfire.server WHERE data -> 'Queues' @> '["{Queues.Insights}"]' AND NOT ({IsSilentSql});""";
}
