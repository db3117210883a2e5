using System.Diagnostics;
using Hangfire;
using Hangfire.Logging;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using Npgsql;

namespace MetaAdsJobs.Bench.Support;

/// <summary>Hangfire's client on our storage settings, without anything else of ours.</summary>
internal sealed class BareHangfire(BenchDatabase database) : IDisposable
{
    private readonly NpgsqlDataSource _dataSource = DatabaseServices.CreateDataSource(database.ConnectionString);

    /// <returns>Jobs a second.</returns>
    public double Enqueue(int count, int clients)
    {
        // Hangfire's log is static: a service that was measured before has left it with a provider that is gone.
        LogProvider.SetCurrentLogProvider(null);
        var client = new BackgroundJobClient(HangfireStorage.Create(_dataSource, new JobOptions()));
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

    public void Dispose() => _dataSource.Dispose();
}
