using System.Diagnostics;
using MetaAdsJobs.Bench.Support;
using MetaAdsJobs.Core.Insights.Reading;

namespace MetaAdsJobs.Bench.Measurements;

/// <summary>
/// Every page of the console with a million runs and ten million rows of insights in the tables, 5,000 accounts, 1,000 people and 10,000 keys: how soon it answers, and how much is read for it. The lists once more as people see them who see a
/// group of accounts.
/// </summary>
internal sealed class ConsolePages : IMeasurement
{
    private const int Clients = 4;
    private const int Requests = 200;

    // Until what is called often is compiled for speed, as it is in a service that has run for an hour.
    private const int WarmUp = 60;
    private const int Goal = 100;

    // What is read must not grow with the table: 10,000 sums at most are added up, twice, each found in an index first.
    private const int MostRows = 4 * NumberReader.MostRows + 5000;

    public string Name => "pages";

    public async Task<IReadOnlyList<Result>> RunAsync(BenchCluster cluster, BenchOptions options, CancellationToken ct)
    {
        await using var service = new BenchService(cluster, await cluster.NewDatabaseAsync(ct));
        var since = Stopwatch.GetTimestamp();
        await PageWorld.FillAsync(service, ct);
        await PeopleWorld.FillAsync(service.Database);
        Console.WriteLine($"filled in {Stopwatch.GetElapsedTime(since).TotalSeconds:0} s: {await service.Database.ScalarAsync<string>("SELECT pg_size_pretty(pg_database_size(current_database()))")}");
        IReadOnlyList<BenchPage> pages = [.. PageList.All(
            await service.Database.ListAsync<Guid>("SELECT request_id FROM orchestrations WHERE job_id::int % 5003 = 1 ORDER BY random()"),
            await service.Database.ListAsync<Guid>("SELECT sync_id FROM insight_syncs TABLESAMPLE SYSTEM (1)")), .. PageList.OfSome, .. PageList.OfPeople(await service.Database.ListAsync<Guid>("SELECT id FROM users ORDER BY random() LIMIT 200"))];

        var took = new Dictionary<BenchPage, double[]>();
        using (var http = await PageClient.CreateAsync(service, ct))
        {
            foreach (var page in pages.Where(page => page.Name.StartsWith(options.Page, StringComparison.Ordinal)))
            {
                await PageClient.AskAsync(http, page, WarmUp, Clients, ct);
                took[page] = await PageClient.AskAsync(http, page, Requests, Clients, ct);
                Console.WriteLine($"  {page.Name}: {PageClient.Share(took[page], 0.5):0} / {PageClient.Share(took[page], 0.95):0} ms");
            }
        }

        var work = await ReadWorkAsync(service, cluster.ServerLog, took.Keys, ct);
        return [.. took.Select(pair => new Result(
            $"console: {pair.Key.Name}", $"{PageClient.Share(pair.Value, 0.95):0} ms", $"≤ {Goal} ms", PageClient.Share(pair.Value, 0.95) <= Goal && work[pair.Key] is { Rows: <= MostRows, Compiled: 0 },
            $"the 95th percentile of {Requests}, {Clients} at once, each asking for something else; half within {PageClient.Share(pair.Value, 0.5):0} ms. {work[pair.Key]}, the worst of three"))];
    }

    // In a process of its own, since explaining costs time.
    private static async Task<Dictionary<BenchPage, WorkDone>> ReadWorkAsync(BenchService service, string serverLog, IEnumerable<BenchPage> pages, CancellationToken ct)
    {
        var plans = new PlanReader(service.Database, serverLog);
        if (!await plans.StartAsync()) return pages.ToDictionary(page => page, _ => new WorkDone(0, 0, "", 0));
        using var http = await PageClient.CreateAsync(service, ct);
        var work = new Dictionary<BenchPage, WorkDone>();
        foreach (var page in pages)
        {
            work[page] = new(0, 0, "nothing", 0);
            for (var n = 0; n < 3; n++)
            {
                await plans.ReadAsync(ct);
                await PageClient.OneAsync(http, page, n, ct);
                var done = await plans.ReadAsync(ct);
                if (done.Rows >= work[page].Rows) work[page] = done;
            }
        }

        return work;
    }
}
