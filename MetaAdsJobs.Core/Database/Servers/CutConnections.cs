using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace MetaAdsJobs.Core.Database.Servers;

/// <summary>
/// Hears at once when the server ends its connections: a restart, a failover, somebody who ends all sessions. The idle ones in the pools are given up then;
/// else each of them would be found dead by somebody's request. Costs a connection that waits, and no statement.
/// </summary>
/// <param name="own">Of the connection that waits, apart from the pools that others need; disposed with this.</param>
internal sealed class CutConnections(NpgsqlDataSource own, ConnectionPools pools, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var waits = false;
            try
            {
                await using var connection = await own.OpenConnectionAsync(stoppingToken);
                waits = true;
                await connection.WaitAsync(stoppingToken);
            }
            catch (DbException)
            {
                // Cut while it waited: that is what was waited for. One that does not even open tells nothing of those that are; everything else tells that the database is away.
                if (waits) pools.Clear();
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        own.Dispose();
    }
}
