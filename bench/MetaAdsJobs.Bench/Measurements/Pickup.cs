using MetaAdsJobs.Bench.Support;

namespace MetaAdsJobs.Bench.Measurements;

/// <summary>How soon one idle worker process of 20 threads, default settings, starts what was accepted, and what its idling costs.</summary>
internal sealed class Pickup : IMeasurement
{
    private const int WarmUp = 5;
    private const int Samples = 60;

    public string Name => "pickup";

    public async Task<IReadOnlyList<Result>> RunAsync(BenchCluster cluster, BenchOptions options, CancellationToken ct)
    {
        await using var service = new BenchService(cluster, await cluster.NewDatabaseAsync(ct), ("WORKER_THREADS", "20"));
        var request = await service.NewRequestAsync(ct);
        service.StartWorker();
        await service.UntilWorkersAsync(1, ct);
        await AcceptOneByOneAsync(service, WarmUp, request, ct);
        await AcceptOneByOneAsync(service, Samples, request, ct);

        const string WaitsSql = "SELECT extract(epoch FROM started_at - accepted_at)::float8 * 1000 FROM orchestrations ORDER BY request_id";
        var waits = (await service.Database.ListAsync<double>(WaitsSql)).Skip(WarmUp).Order().ToList();
        var (p50, p95) = (waits[waits.Count / 2], waits[waits.Count * 95 / 100]);
        var idle = await IdleStatementsAsync(cluster, options, ct);
        return
        [
            new("pickup by an idle worker process, p95", $"{p95:0} ms", "≤ 250 ms", p95 <= 250, $"p50 {p50:0} ms, {waits.Count} requests one by one, accepted_at to started_at"),
            new("idle load of that process", $"{idle:0} statements/s", "≤ 50", idle <= 50, $"every statement in PostgreSQL's log over {options.Seconds} s, BEGIN and COMMIT included"),
        ];
    }

    private static async Task AcceptOneByOneAsync(BenchService service, int count, System.Text.Json.JsonElement request, CancellationToken ct)
    {
        const string OpenSql = "SELECT count(*) FROM orchestrations WHERE status <> 'succeeded'";
        for (var one = 0; one < count; one++)
        {
            await service.AcceptAsync(request, ct);
            await Until.TrueAsync(async () => await service.Database.ScalarAsync<long>(OpenSql) == 0, TimeSpan.FromMinutes(1), "an orchestration to end", ct);
            // Any moment between two polls.
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(100, 300)), TimeProvider.System, ct);
        }
    }

    private static async Task<double> IdleStatementsAsync(BenchCluster cluster, BenchOptions options, CancellationToken ct)
    {
        await using var service = new BenchService(cluster, await cluster.NewDatabaseAsync(ct), ("WORKER_THREADS", "20"));
        await service.NewRequestAsync(ct); // An account, and with it a nightly schedule.
        await service.Database.LogStatementsAsync();
        service.StartWorker();
        await service.UntilWorkersAsync(1, ct);
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System, ct);
        var before = CountStatements(cluster.ServerLog);
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds), TimeProvider.System, ct);
        return (double)(CountStatements(cluster.ServerLog) - before) / options.Seconds;
    }

    private static int CountStatements(string log)
    {
        using var reader = new StreamReader(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var count = 0;
        while (reader.ReadLine() is { } line)
            if (line.Contains("LOG:  execute ", StringComparison.Ordinal) || line.Contains("LOG:  statement: ", StringComparison.Ordinal)) count++;
        return count;
    }
}
