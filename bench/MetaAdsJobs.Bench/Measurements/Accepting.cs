using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using MetaAdsJobs.Bench.Support;
using MetaAdsJobs.Launch.Tokens;

namespace MetaAdsJobs.Bench.Measurements;

/// <summary>Requests accepted over HTTP a second beside Hangfire's bare enqueue, both by eight at once, no worker running.</summary>
internal sealed class Accepting : IMeasurement
{
    internal const int Clients = 8;
    private const int Rounds = 2;

    // A new process compiles what it runs often once more, in the background: it takes thousands of requests until that is over.
    internal const int WarmUp = 5000;

    public string Name => "accepting";

    public async Task<IReadOnlyList<Result>> RunAsync(BenchCluster cluster, BenchOptions options, CancellationToken ct)
    {
        var (bare, accepted) = (0.0, 0.0);
        for (var round = 0; round < Rounds; round++)
        {
            bare += await EnqueueAsync(cluster, options.Count, ct) / Rounds;
            accepted += await PostAsync(cluster, options.Count, ct) / Rounds;
        }

        return [new("accepted requests/s to Hangfire's bare enqueue/s", $"{accepted / bare:0.00}", "≥ 0.70", accepted / bare >= 0.7,
            $"{accepted:0}/s to {bare:0}/s, each {Rounds} × {options.Count} by {Clients} at once after {WarmUp} to warm up; requests go over HTTP with a token to one API process, "
            + "which also shares the machine with its clients")];
    }

    private static async Task<double> EnqueueAsync(BenchCluster cluster, int count, CancellationToken ct)
    {
        await using var database = await cluster.NewDatabaseAsync(ct);
        using var bare = new BareHangfire(database);
        bare.Enqueue(WarmUp, Clients);
        return bare.Enqueue(count, Clients);
    }

    private static async Task<double> PostAsync(BenchCluster cluster, int count, CancellationToken ct)
    {
        await using var service = new BenchService(cluster, await cluster.NewDatabaseAsync(ct));
        var body = Encoding.UTF8.GetBytes((await service.NewRequestAsync(ct)).GetRawText());
        var address = await service.StartApiAsync(ct);
        var token = AccessTokens.Mint(BenchService.SigningKey, "manager", TimeSpan.FromHours(1), "bench", TimeProvider.System);
        using var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        await PostAllAsync(http, [body], WarmUp, ct);
        var since = Stopwatch.GetTimestamp();
        await PostAllAsync(http, [body], count, ct);
        return count / Stopwatch.GetElapsedTime(since).TotalSeconds;
    }

    internal static Task PostAllAsync(HttpClient http, IReadOnlyList<byte[]> bodies, int count, CancellationToken ct) =>
        Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = Clients, CancellationToken = ct }, async (n, token) =>
        {
            using var content = new ByteArrayContent(bodies[n % bodies.Count]);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var answer = await http.PostAsync("/meta/orchestrate/run", content, token);
            if (answer.StatusCode != HttpStatusCode.Accepted) throw new BenchException($"A request was answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(token)}");
        });
}
