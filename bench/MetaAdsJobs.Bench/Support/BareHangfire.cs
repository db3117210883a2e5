using System.Diagnostics;
using Hangfire;
using Hangfire.Logging;
using Hangfire.PostgreSql;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using Npgsql;

namespace MetaAdsJobs.Bench.Support;

/// <summary>Hangfire's client and storage with our settings, without anything else of ours.</summary>
internal sealed class BareHangfire(BenchDatabase database) : IDisposable
{
    private readonly NpgsqlDataSource _dataSource = DatabaseServices.CreateDataSource(database.ConnectionString);

    /// <returns>Jobs a second.</returns>
    public double Enqueue(int count, int clients)
    {
        // Hangfire's log is static: a service that was measured before has left it with a provider that is gone.
        LogProvider.SetCurrentLogProvider(null);
        var client = new BackgroundJobClient(Storage(_dataSource));
        var since = Stopwatch.GetTimestamp();
        var left = count;
        var threads = Enumerable.Range(0, clients).Select(_ => new Thread(() =>
        {
            while (Interlocked.Decrement(ref left) >= 0) client.Enqueue(Queues.Campaigns, () => EmptyJob.Run());
        })).ToList();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        return count / Stopwatch.GetElapsedTime(since).TotalSeconds;
    }

    /// <summary>Hangfire.PostgreSql's own, nothing of which goes our shorter ways.</summary>
    public static PostgreSqlStorage Storage(NpgsqlDataSource dataSource)
    {
        var jobs = new JobOptions();
        return new(new Connections(dataSource), new()
        {
            SchemaName = HangfireSchema.Name, PrepareSchemaIfNecessary = false, EnableLongPolling = false, UseSlidingInvisibilityTimeout = true,
            QueuePollInterval = TimeSpan.FromMilliseconds(jobs.PollMilliseconds), InvisibilityTimeout = TimeSpan.FromSeconds(jobs.TakeOverSeconds), DistributedLockTimeout = TimeSpan.FromSeconds(jobs.TakeOverSeconds),
        });
    }

    public void Dispose() => _dataSource.Dispose();

    private sealed class Connections(NpgsqlDataSource dataSource) : IConnectionFactory
    {
        public NpgsqlConnection GetOrCreateConnection() => dataSource.CreateConnection();
    }
}
