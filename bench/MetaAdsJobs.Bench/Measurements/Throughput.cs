using System.Diagnostics;
using MetaAdsJobs.Bench.Support;

namespace MetaAdsJobs.Bench.Measurements;

/// <summary>Whole orchestrations a second beside Hangfire's empty jobs a second, both by one worker process of 20 threads.</summary>
internal sealed class Throughput : IMeasurement
{
    private const int Threads = 20;
    private const int Rounds = 2;

    public string Name => "throughput";

    public async Task<IReadOnlyList<Result>> RunAsync(BenchCluster cluster, BenchOptions options, CancellationToken ct)
    {
        // In turns, so that both see the same machine.
        var (empty, whole) = (0.0, 0.0);
        for (var round = 0; round < Rounds; round++)
        {
            empty += await EmptyJobsAsync(cluster, options.Count, ct) / Rounds;
            whole += await OrchestrationsAsync(cluster, options.Count, ct) / Rounds;
        }

        return [new("whole orchestrations/s to Hangfire's empty jobs/s", $"{whole / empty:0.00}", "≥ 0.50", whole / empty >= 0.5,
            $"{whole:0}/s to {empty:0}/s, each {Rounds} × {options.Count} queued jobs on one worker process of {Threads} threads, image clips, "
            + "the stub Graph in the worker process: its work and its commits are part of the figure")];
    }

    private static async Task<double> EmptyJobsAsync(BenchCluster cluster, int count, CancellationToken ct)
    {
        await using var database = await cluster.NewDatabaseAsync(ct);
        using (var bare = new BareHangfire(database)) bare.Enqueue(count, clients: 8);
        await using var worker = EmptyWorker.Start(cluster, database, Threads);
        return await RateAsync(database, count, ct);
    }

    private static async Task<double> OrchestrationsAsync(BenchCluster cluster, int count, CancellationToken ct)
    {
        await using var service = new BenchService(cluster, await cluster.NewDatabaseAsync(ct), ("WORKER_THREADS", $"{Threads}"));
        var request = await service.NewRequestAsync(ct);
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = ct },
            async (_, token) => await service.AcceptAsync(request, token));
        service.StartWorker();
        var rate = await RateAsync(service.Database, count, ct);
        var succeeded = await service.Database.ScalarAsync<long>("SELECT count(*) FROM orchestrations WHERE status = 'succeeded' AND attempt = 1");
        return succeeded == count ? rate : throw new BenchException($"{succeeded} of {count} orchestrations succeeded at the first attempt");
    }

    /// <summary>Jobs a second from the first fifth on, when the process is warm, until the last is done.</summary>
    private static async Task<double> RateAsync(BenchDatabase database, int count, CancellationToken ct)
    {
        // The jobs were queued before any other of the database; ids may be left out between them.
        const string LastSql = "SELECT id FROM hangfire.job ORDER BY id OFFSET @Count - 1 LIMIT 1";
        const string DoneSql = "SELECT count(*) FROM hangfire.job WHERE statename = 'Succeeded' AND id <= @Last";
        var last = await database.ScalarAsync<long>(LastSql, new { Count = count });
        var (warm, warmAt, done) = (0L, 0L, 0L);
        await Until.TrueAsync(async () =>
        {
            done = await database.ScalarAsync<long>(DoneSql, new { Last = last });
            if (warm == 0 && done >= count / 5) (warm, warmAt) = (done, Stopwatch.GetTimestamp());
            return done == count;
        }, TimeSpan.FromMinutes(5), $"{count} jobs to be done", ct);
        return (count - warm) / Stopwatch.GetElapsedTime(warmAt).TotalSeconds;
    }
}
