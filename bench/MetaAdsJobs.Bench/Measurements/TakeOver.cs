using System.Globalization;
using MetaAdsJobs.Bench.Support;

namespace MetaAdsJobs.Bench.Measurements;

/// <summary>From SIGKILL of a worker process in the middle of a call to Meta until another process runs its orchestration.</summary>
internal sealed class TakeOver : IMeasurement
{
    private const int Kills = 3;

    public string Name => "takeover";

    public async Task<IReadOnlyList<Result>> RunAsync(BenchCluster cluster, BenchOptions options, CancellationToken ct)
    {
        var byDefault = WorstAsync(cluster, ct);
        var configured = WorstAsync(cluster, ct, ("TAKE_OVER_SECONDS", "10"), ("LEASE_SECONDS", "5"));
        return
        [
            Row("take-over after SIGKILL, default settings", await byDefault, 60),
            Row("take-over after SIGKILL, TAKE_OVER_SECONDS=10 LEASE_SECONDS=5", await configured, 15),
        ];
    }

    private static Result Row(string what, IReadOnlyList<double> seconds, int goal) => new(what, $"{seconds.Max():0.0} s", $"≤ {goal} s", seconds.Max() <= goal,
        $"the worst of {string.Join(", ", seconds.Select(one => $"{one:0.0}"))} s, two worker processes, killed while Meta, slowed to 2 s a call, was being asked");

    private static async Task<IReadOnlyList<double>> WorstAsync(BenchCluster cluster, CancellationToken ct, params (string Name, string Value)[] settings)
    {
        await using var objects = await cluster.NewDatabaseAsync(ct);
        await using var graph = await GraphHost.StartAsync(objects.ConnectionString, TimeSpan.FromSeconds(2), ct);
        await using var service = new BenchService(cluster, await cluster.NewDatabaseAsync(ct), [.. graph.Settings, .. settings]);
        var request = await service.NewRequestAsync(ct);
        var workers = new[] { service.StartWorker(), service.StartWorker() };
        await service.UntilWorkersAsync(2, ct);

        var seconds = new List<double>();
        for (var kill = 0; kill < Kills; kill++)
        {
            var requestId = await service.AcceptAsync(request, ct);
            var victim = 0;
            await Until.TrueAsync(async () => (victim = await RunnerAsync(service.Database, requestId)) != 0, TimeSpan.FromMinutes(1), "an orchestration to run", ct);
            // Anywhere in the four creates and the insights.
            await Task.Delay(TimeSpan.FromSeconds(1 + (kill * 2.5)), TimeProvider.System, ct);

            var index = Array.FindIndex(workers, worker => worker.Id == victim);
            workers[index].Kill();
            var taken = await Until.TrueAsync(
                async () => await service.Database.ScalarAsync<bool>("SELECT attempt > 1 AND status = 'running' FROM orchestrations WHERE request_id = @Id", new { Id = requestId }),
                TimeSpan.FromMinutes(3), "the orchestration to be taken over", ct);
            seconds.Add(taken.TotalSeconds);
            workers[index] = service.StartWorker();
            await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System, ct);
        }

        return seconds;
    }

    /// <summary>The id of the process that runs the orchestration, from the server's name in Hangfire's state; 0 while it is queued.</summary>
    private static async Task<int> RunnerAsync(BenchDatabase database, Guid requestId)
    {
        const string ServerSql = """
            SELECT s.data->>'ServerId' FROM orchestrations o JOIN hangfire.state s ON s.jobid = o.job_id::bigint AND s.name = 'Processing'
            WHERE o.request_id = @Id AND o.status = 'running' ORDER BY s.id DESC LIMIT 1
            """;
        var server = await database.ScalarAsync<string>(ServerSql, new { Id = requestId });
        return server is null ? 0 : int.Parse(server.Split(':')[^2], CultureInfo.InvariantCulture);
    }
}
