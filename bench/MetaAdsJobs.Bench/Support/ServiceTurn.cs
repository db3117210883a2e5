using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Launch.Processes;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Bench.Support;

/// <param name="Seconds">From the first pick-up to the last end.</param>
/// <param name="Cpu">Seconds of the worker process in that time.</param>
/// <param name="StartCpu">Seconds of it before: to start.</param>
internal sealed record WorkerRun(double Seconds, double Cpu, double StartCpu);

/// <summary>The service's turn beside the peer: one worker process, started when all is queued, and nothing else in it.</summary>
internal static class ServiceTurn
{
    private const int Threads = 20;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(250);

    /// <param name="begin">Called when all is queued, before the worker starts.</param>
    public static async Task<WorkerRun> CreateAsync(int count, string graph, string adAccountId, BenchCluster cluster, BenchDatabase database, Action begin, CancellationToken ct)
    {
        await using var service = Service(graph, cluster, database);
        var request = await service.NewRequestAsync(ct, adAccountId, graph + GraphHost.ImagePath);
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = ct }, async (_, token) => await service.AcceptAsync(request, token));

        // The peer counts a job as done when its queue says so, too.
        const string OpenSql = "SELECT count(*) FROM orchestrations o JOIN hangfire.job j ON j.id = o.job_id::bigint WHERE j.statename <> 'Succeeded'";
        const string TimesSql = """
            SELECT min(s.createdat) FILTER (WHERE s.name = 'Processing'), max(s.createdat) FILTER (WHERE s.name = 'Succeeded')
            FROM hangfire.state s JOIN orchestrations o ON o.job_id::bigint = s.jobid
            """;
        var run = await MeasureAsync(service, OpenSql, TimesSql, begin, ct);
        var succeeded = await database.ScalarAsync<long>("SELECT count(*) FROM orchestrations WHERE status = 'succeeded' AND attempt = 1");
        return succeeded == count ? run : throw new BenchException($"{succeeded} of {count} orchestrations succeeded at the first attempt");
    }

    public static async Task<WorkerRun> SyncAsync(DayRange days, int rows, string graph, string adAccountId, BenchCluster cluster, BenchDatabase database, Action begin, CancellationToken ct)
    {
        await using var service = Service(graph, cluster, database);
        var accountId = (await service.NewRequestAsync(ct, adAccountId)).GetProperty("social_account_id").GetGuid();
        if (await service.Services.GetRequiredService<RequestSync>().ExecuteAsync(accountId, days.Since, days.Until, "bench", ct) is not SyncRequested.Queued)
            throw new BenchException("A sync was not accepted");

        const string OpenSql = "SELECT count(*) FROM insight_syncs WHERE completed_at IS NULL";
        const string TimesSql = "SELECT started_at, completed_at FROM insight_syncs";
        var run = await MeasureAsync(service, OpenSql, TimesSql, begin, ct);
        var found = await database.ScalarAsync<long>("SELECT count(*) FROM meta_ad_insights");
        var agreeing = await database.ScalarAsync<long>("SELECT count(*) FROM insight_days WHERE difference = 0");
        return found == rows && agreeing == days.Until.DayNumber - days.Since.DayNumber + 1 ? run : throw new BenchException($"{found} rows of {rows}, {agreeing} days that agree with Meta's sum");
    }

    private static BenchService Service(string graph, BenchCluster cluster, BenchDatabase database) => new(cluster, database,
        ("META_ADS_MODE", "live"), ("META_GRAPH_URL", graph), ("WORKER_THREADS", $"{Threads}"), ("Meta__AllowPrivateImageHosts", "true"));

    private static async Task<WorkerRun> MeasureAsync(BenchService service, string openSql, string timesSql, Action begin, CancellationToken ct)
    {
        await service.Database.ExecuteAsync("CHECKPOINT");
        begin();
        await using var worker = service.StartWorker();
        await using var samples = new ProcessorSamples(worker.Id);
        while (await service.Database.ScalarAsync<long>(openSql) > 0)
        {
            if (worker.Exited.IsCompleted) throw new BenchException($"The worker ended with {await worker.Exited}");
            await Task.Delay(BetweenLooks, TimeProvider.System, ct);
        }

        await samples.StopAsync();
        var (first, last) = (await service.Database.ListAsync<(DateTime, DateTime)>(timesSql)).Single();
        var (cpuBefore, cpu) = (samples.Until(first), samples.Until(last));
        return new((last - first).TotalSeconds, (cpu - cpuBefore).TotalSeconds, cpuBefore.TotalSeconds);
    }
}
