using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Bench.Support;
using MetaAdsJobs.Core.Batches;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Bench.Measurements;

/// <summary>A batch of a thousand rows over ten accounts at 100 ms a call, beside as many requests that were asked for one by one; and a single request that is posted meanwhile.</summary>
internal sealed class BatchRows : IMeasurement
{
    private const int Rows = 1000;
    private const int Accounts = 10;
    private const int Threads = 20;
    private const int Latency = 100;

    public string Name => "batch";

    public async Task<IReadOnlyList<Result>> RunAsync(BenchCluster cluster, BenchOptions options, CancellationToken ct)
    {
        await using var graph = await GraphProcess.StartAsync([Latency], ct);
        double singles;
        await using (var service = await ServiceAsync(cluster, graph, ct))
        {
            var requests = await RequestsAsync(service, ct);
            await Parallel.ForAsync(0, Rows, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = ct }, async (row, token) => await service.AcceptAsync(requests[row % Accounts], token));
            service.StartWorker();
            singles = await SecondsAsync(service, Rows, ct);
        }

        await using var other = await ServiceAsync(cluster, graph, ct);
        var all = await RequestsAsync(other, ct);
        var file = JsonSerializer.SerializeToElement(new JsonObject { ["rows"] = new JsonArray([.. Enumerable.Range(0, Rows).Select(row => With(all[row % Accounts], "row_id", $"{row}"))]) });
        var accept = other.Services.GetRequiredService<AcceptBatch>();
        // Whatever is done only once is done before.
        await accept.OfJsonAsync(file, null, "bench", dryRun: true, ct);
        var watch = Stopwatch.StartNew();
        if (await accept.OfJsonAsync(file, null, "bench", dryRun: true, ct) is not BatchAcceptance.Planned) throw new BenchException("The batch was not right");
        var check = watch.Elapsed;
        if (await accept.OfJsonAsync(file, null, "bench", dryRun: false, ct) is not BatchAcceptance.Accepted) throw new BenchException("The batch was not accepted");
        other.StartWorker();
        await Until.TrueAsync(async () => await other.Database.ScalarAsync<long>("SELECT count(*) FROM orchestrations WHERE status = 'succeeded'") > Rows / 4, TimeSpan.FromMinutes(10), "a quarter of the batch", ct);
        var single = await other.AcceptAsync(all[0], ct);
        var batch = await SecondsAsync(other, Rows, ct);
        var began = await other.Database.ScalarAsync<double>("SELECT extract(epoch FROM started_at - accepted_at)::float8 FROM orchestrations WHERE request_id = @Id", new { Id = single });
        return
        [
            new("rows/s of a batch to the same asked for singly", $"{singles / batch:0.00}", "≥ 0.85", singles / batch >= 0.85,
                $"{Rows / batch:0.0}/s to {Rows / singles:0.0}/s, {Rows} over {Accounts} accounts at {Latency} ms a call, one worker process of {Threads} threads, of which rows may have {Threads - (Threads / 10)}"),
            new("a single request beside the batch begins after", $"{began * 1000:0} ms", "≤ 1000 ms", began <= 1, "posted when a quarter of the rows was done"),
            new("1,000 rows judged in", $"{check.TotalSeconds:0.00} s", "≤ 5 s", check.TotalSeconds <= 5, "before anything is written"),
        ];
    }

    private static async Task<BenchService> ServiceAsync(BenchCluster cluster, GraphProcess graph, CancellationToken ct) => new(cluster, await cluster.NewDatabaseAsync(ct),
        ("META_ADS_MODE", "live"), ("META_GRAPH_URL", graph.Address(0)), ("WORKER_THREADS", $"{Threads}"), ("Meta__AllowPrivateImageHosts", "true"));

    private static async Task<IReadOnlyList<JsonElement>> RequestsAsync(BenchService service, CancellationToken ct)
    {
        var requests = new List<JsonElement>();
        for (var account = 0; account < Accounts; account++) requests.Add(await service.NewRequestAsync(ct));
        return requests;
    }

    private static JsonObject With(JsonElement request, string name, string value)
    {
        var row = JsonSerializer.SerializeToNode(request)!.AsObject();
        row[name] = value;
        return row;
    }

    /// <summary>From the first run's begin to the last one's end.</summary>
    private static async Task<double> SecondsAsync(BenchService service, int rows, CancellationToken ct)
    {
        await Until.TrueAsync(async () => await service.Database.ScalarAsync<long>("SELECT count(*) FROM orchestrations WHERE status = 'succeeded'") >= rows, TimeSpan.FromMinutes(20), $"{rows} runs", ct);
        return await service.Database.ScalarAsync<double>("SELECT extract(epoch FROM max(completed_at) - min(started_at))::float8 FROM orchestrations");
    }
}
