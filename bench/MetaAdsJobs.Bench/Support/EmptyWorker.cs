using System.Runtime.InteropServices;
using Hangfire;
using Hangfire.PostgreSql;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Launch;
using MetaAdsJobs.Launch.Processes;
using Npgsql;

namespace MetaAdsJobs.Bench.Support;

/// <summary>A job that does nothing: what is left is Hangfire.</summary>
public static class EmptyJob
{
    public static void Run()
    {
    }
}

/// <summary>A worker process of Hangfire.PostgreSql's own storage with our settings and queues, and nothing else of ours: Hangfire's own filters, a poll of each thread.</summary>
internal static class EmptyWorker
{
    public const string Argument = "empty-worker";
    private const string DatabaseKey = "DATABASE_URL";

    public static ChildProcess Start(BenchCluster cluster, BenchDatabase database, int threads) => ChildProcess.Start(
        new(["dotnet", typeof(EmptyWorker).Assembly.Location, Argument, $"{threads}"], ProjectFolder.Path, new Dictionary<string, string?> { [DatabaseKey] = database.ConnectionString }),
        Path.Combine(cluster.Logs, $"{Guid.NewGuid():N}.log"));

    public static async Task<int> RunAsync(int threads)
    {
        await using var dataSource = DatabaseServices.CreateDataSource(Environment.GetEnvironmentVariable(DatabaseKey)!);
        var storage = BareHangfire.Storage(dataSource);
        using var server = new BackgroundJobServer(new BackgroundJobServerOptions { WorkerCount = threads, Queues = Queues.All }, storage);
        var stopped = new TaskCompletionSource();
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            stopped.TrySetResult();
        });
        await stopped.Task;
        return 0;
    }
}
