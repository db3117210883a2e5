using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MetaAdsJobs.Bench.Support;

namespace MetaAdsJobs.Bench.Measurements;

/// <summary>
/// A million jobs through one database. Some thousands really run, and what they leave in Hangfire's tables is multiplied; then: whether the
/// service still accepts, picks up and shows as it does with empty tables, how fast what has expired is purged, and how it is with a queue in
/// which all of them wait.
/// </summary>
internal sealed class MillionJobs : IMeasurement
{
    private const int Threads = 20;
    private const int Samples = 60;
    private const int BareWarmUp = 3000;

    // An account with thousands of campaigns of one day is slow for reasons of its own.
    private const int Accounts = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(40);

    public string Name => "million";

    /// <summary>It takes as long as all others together.</summary>
    public bool OnlyWhenNamed => true;

    public async Task<IReadOnlyList<Result>> RunAsync(BenchCluster cluster, BenchOptions options, CancellationToken ct)
    {
        await using var service = new BenchService(cluster, await cluster.NewDatabaseAsync(ct), ("WORKER_THREADS", $"{Threads}"));
        var (database, among) = (service.Database, $"{options.Jobs:#,0} jobs in the tables");
        var requests = await NewRequestsAsync(service, ct);
        using var http = await PageClient.CreateAsync(service, ct);

        // As the tables are at first.
        var bareBefore = await BareAsync(database, options.Count);
        await AcceptAsync(http, requests, Accepting.WarmUp, ct);
        var acceptedBefore = await AcceptAsync(http, requests, options.Count, ct);
        var failing = await AcceptFailingAsync(service, options.Count / 20, ct);
        var (rateBefore, pickupBefore) = (0.0, 0.0);
        await using (var worker = service.StartWorker())
        {
            rateBefore = await WorkOffAsync(service, Accepting.WarmUp + options.Count + failing, ct);
            pickupBefore = await PickUpAsync(service, requests[0], ct);
            await worker.StopAsync(TimeSpan.FromSeconds(60), TimeProvider.System);
        }

        Console.WriteLine($"  really run: {await database.ScalarAsync<string>(RanSql)}");
        Console.WriteLine($"  in the tables then: {await RowsAsync(database)}");
        var disk = await DiskAsync(database);
        var since = Stopwatch.GetTimestamp();
        await JobMultiples.FillAsync(database, options.Jobs, ct);
        Console.WriteLine($"  multiplied to {options.Jobs} jobs more in {Stopwatch.GetElapsedTime(since).TotalSeconds:0} s: {await RowsAsync(database)}");
        Console.WriteLine($"  bytes with indexes: {await database.ScalarAsync<string>(SizesSql)}");

        var results = new List<Result> { disk };
        results.AddRange(await JobPages.MeasureAsync(service, http, among, JobPages.OfEnded, ct));
        results.AddRange(await Backlog.MeasureAsync(cluster, service, http, options.Jobs, ct));

        // As they are then.
        var bareAfter = await BareAsync(database, options.Count);
        requests = await NewRequestsAsync(service, ct);
        var acceptedAfter = await AcceptAsync(http, requests, options.Count, ct);
        results.Add(new($"accepted requests/s to Hangfire's bare enqueue/s, {among}", $"{acceptedAfter / bareAfter:0.00}", "≥ 0.70", acceptedAfter / bareAfter >= 0.7,
            $"{acceptedAfter:0}/s to {bareAfter:0}/s; with as good as none in them {acceptedBefore:0}/s to {bareBefore:0}/s ({acceptedBefore / bareBefore:0.00}). {options.Count} by {Accepting.Clients} at once, no worker running"));
        await JobMultiples.CountAsync(database);
        results.AddRange(await WorkAsync(service, requests[0], options, among, rateBefore, pickupBefore, ct));
        Console.WriteLine($"  in the tables at the end: {await RowsAsync(database)}");
        return results;
    }

    // One worker process with default settings: it adds the counters up, purges, works off what was accepted, and picks up.
    private static async Task<IReadOnlyList<Result>> WorkAsync(BenchService service, JsonElement request, BenchOptions options, string among, double rateBefore, double pickupBefore, CancellationToken ct)
    {
        var database = service.Database;
        var expired = await database.ScalarAsync<long>("SELECT count(*) FROM hangfire.job WHERE expireat < now()");
        var counters = await database.ScalarAsync<long>("SELECT count(*) FROM hangfire.counter");
        var lastCounter = await database.ScalarAsync<long>("SELECT max(id) FROM hangfire.counter");
        var lastState = await database.ScalarAsync<long>("SELECT max(id) FROM hangfire.state");
        var countedBefore = await database.ScalarAsync<long>(CountedSql);
        var at = await database.ScalarAsync<DateTime>("SELECT now()");
        await using var worker = service.StartWorker();
        await service.UntilWorkersAsync(1, ct);
        var purging = PurgeAsync(database, at, ct);
        var added = await Until.TrueAsync(async () => !await database.ScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM hangfire.counter WHERE id <= @Last)", new { Last = lastCounter }),
            Patience, "the counters to be added up", ct);
        var rate = await WorkOffAsync(service, options.Count, ct);
        var whilePurging = await PickUpAsync(service, request, ct);
        var wasPurging = !purging.IsCompleted;
        var (rateOfPurge, first, last) = await purging;
        var pickup = await PickUpAsync(service, request, ct);
        var counted = await database.ScalarAsync<long>(CountedSql) - countedBefore;
        var succeeded = await database.ScalarAsync<long>("SELECT count(*) FROM hangfire.state WHERE name = 'Succeeded' AND id > @Last", new { Last = lastState });
        return
        [
            new($"pickup by an idle worker process, p95, {among}", $"{pickup:0} ms", "≤ 250 ms", pickup <= 250, $"{pickupBefore:0} ms with as good as none; {Samples} requests one by one"),
            new("the same while it purges", $"{whilePurging:0} ms", "≤ 250 ms", whilePurging <= 250, $"{Samples} requests one by one{(wasPurging ? "" : "; the purge was over before the last of them")}"),
            new($"whole orchestrations, {among}", $"{rate:0}/s", "", true,
                $"{options.Count} of {Accounts} new accounts, on one worker process of {Threads} threads, the stub Graph in it, while it purges; {rateBefore:0}/s with as good as none, of accounts with more campaigns each"),
            new("purge of expired jobs", $"{rateOfPurge:0}/s", "", true,
                $"{expired} of them by the worker itself, 1,000 at a time and a second between; {first:0}/s in the first third, {last:0}/s in the last. A million would take {1_000_000 / rateOfPurge / 60:0} minutes"),
            new("counters added up", $"{added.TotalSeconds:0.0} s", "", true,
                $"{counters} rows in one statement, from the worker's first heartbeat on; {counted} of {succeeded} jobs that succeeded meanwhile and since are in the sum"),
        ];
    }

    /// <returns>Jobs a second from now on, in all, in the first and in the last third.</returns>
    private static async Task<(double All, double First, double Last)> PurgeAsync(BenchDatabase database, DateTime at, CancellationToken ct)
    {
        Task<long> LeftAsync() => database.ScalarAsync<long>("SELECT count(*) FROM hangfire.job WHERE expireat < @At", new { At = at });
        var (began, expired, thirds) = (Stopwatch.GetTimestamp(), await LeftAsync(), new List<double>());
        foreach (var left in (long[])[expired * 2 / 3, expired / 3, 0])
        {
            while (await LeftAsync() > left) await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, ct);
            thirds.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        return (expired / thirds[2], expired / 3 / thirds[0], expired / 3 / (thirds[2] - thirds[1]));
    }

    // What it leaves is taken away again: the worker knows no such job.
    private static async Task<double> BareAsync(BenchDatabase database, int count)
    {
        var last = await database.ScalarAsync<long?>("SELECT max(id) FROM hangfire.job") ?? 0;
        double rate;
        using (var bare = new BareHangfire(database))
        {
            bare.Enqueue(BareWarmUp, Accepting.Clients);
            rate = bare.Enqueue(count, Accepting.Clients);
        }

        await database.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"DELETE FROM hangfire.jobqueue WHERE jobid > {last}; DELETE FROM hangfire.job WHERE id > {last}"));
        await JobMultiples.TidyAsync(database);
        return rate;
    }

    private static async Task<IReadOnlyList<JsonElement>> NewRequestsAsync(BenchService service, CancellationToken ct)
    {
        var requests = new List<JsonElement>();
        while (requests.Count < Accounts) requests.Add(await service.NewRequestAsync(ct));
        return requests;
    }

    private static async Task<double> AcceptAsync(HttpClient http, IReadOnlyList<JsonElement> requests, int count, CancellationToken ct)
    {
        var bodies = requests.Select(request => Encoding.UTF8.GetBytes(request.GetRawText())).ToList();
        var since = Stopwatch.GetTimestamp();
        await Accepting.PostAllAsync(http, bodies, count, ct);
        return count / Stopwatch.GetElapsedTime(since).TotalSeconds;
    }

    /// <summary>Accepted, and failed when they run: their account has another currency at Meta than here.</summary>
    private static async Task<int> AcceptFailingAsync(BenchService service, int count, CancellationToken ct)
    {
        const string YenSql = "INSERT INTO stub_graph.ad_accounts SELECT substr(ad_account_id, 5), 'In yen', 'JPY', timezone_name FROM social_accounts WHERE id = @Id";
        var request = await service.NewRequestAsync(ct);
        await service.Database.ExecuteAsync(YenSql, new { Id = request.GetProperty("social_account_id").GetGuid() });
        for (var one = 0; one < count; one++) await service.AcceptAsync(request, ct);
        return count;
    }

    /// <returns>Orchestrations a second from the first fifth on, when the process is warm, until the last has ended.</returns>
    private static async Task<double> WorkOffAsync(BenchService service, int count, CancellationToken ct)
    {
        const string OpenSql = "SELECT count(*) FROM orchestrations WHERE status IN ('queued', 'running', 'waiting')";
        var (warm, warmAt) = (0L, 0L);
        await Until.TrueAsync(async () =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, ct);
            var open = await service.Database.ScalarAsync<long>(OpenSql);
            if (warmAt == 0 && open <= count * 4 / 5) (warm, warmAt) = (open, Stopwatch.GetTimestamp());
            return open == 0;
        }, Patience, $"{count} orchestrations to end", ct);
        return warm / Stopwatch.GetElapsedTime(warmAt).TotalSeconds;
    }

    /// <returns>The 95th percentile, in milliseconds, from accepted to started.</returns>
    private static async Task<double> PickUpAsync(BenchService service, JsonElement request, CancellationToken ct)
    {
        const string WaitedSql = "SELECT extract(epoch FROM started_at - accepted_at)::float8 * 1000 FROM orchestrations WHERE request_id = @Id AND completed_at IS NOT NULL";
        var waits = new List<double>();
        for (var one = 0; one < Samples; one++)
        {
            var requestId = await service.AcceptAsync(request, ct);
            double? waited = null;
            await Until.TrueAsync(async () => (waited = await service.Database.ScalarAsync<double?>(WaitedSql, new { Id = requestId })) is not null, TimeSpan.FromMinutes(1), "an orchestration to end", ct);
            waits.Add(waited!.Value);
            // Any moment between two polls.
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(100, 300)), TimeProvider.System, ct);
        }

        return PageClient.Share(waits, 0.95);
    }

    /// <summary>Of what stays: the service's own tables but for the numbers, after the runs that have really been.</summary>
    private static async Task<Result> DiskAsync(BenchDatabase database)
    {
        const string OwnSql = """
            SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname NOT LIKE '%insight%' AND pg_total_relation_size(c.oid) > 512 * 1024 ORDER BY 2 DESC
            """;
        var runs = await database.ScalarAsync<long>("SELECT count(*) FROM orchestrations");
        var tables = await database.ListAsync<(string Name, long Bytes)>(OwnSql);
        return new("disk of one run, for good", $"{tables.Sum(table => table.Bytes) / runs} bytes", "", true,
            $"with indexes and without numbers, after {runs} runs, hardly one of them repeated, none activated: {string.Join(", ", tables.Select(table => $"{table.Name} {table.Bytes / runs}"))}");
    }

    private static async Task<string> RowsAsync(BenchDatabase database)
    {
        var rows = new List<string>();
        foreach (var table in JobMultiples.Tables) rows.Add($"{table} {await database.ScalarAsync<long>($"SELECT count(*) FROM hangfire.{table}")}");
        return string.Join(", ", rows);
    }

    private const string CountedSql = """
        SELECT COALESCE(sum(value), 0)::bigint FROM (SELECT value FROM hangfire.counter WHERE key = 'stats:succeeded' UNION ALL SELECT value FROM hangfire.aggregatedcounter WHERE key = 'stats:succeeded') c
        """;

    private const string RanSql = """
        SELECT string_agg(format('%s jobs %s with %s states (%s) and %s parameters each', jobs, lower(statename), round(states / jobs, 2), names, round(parameters / jobs, 2)), '; ')
        FROM (SELECT statename, count(*) AS jobs, sum(n) AS states, min(names) AS names, sum(p) AS parameters
              FROM (SELECT statename, (SELECT count(*) FROM hangfire.state s WHERE s.jobid = j.id) AS n, (SELECT string_agg(name, ', ' ORDER BY id) FROM hangfire.state s WHERE s.jobid = j.id) AS names,
                        (SELECT count(*) FROM hangfire.jobparameter p WHERE p.jobid = j.id) AS p
                    FROM hangfire.job j WHERE j.invocationdata ->> 'Type' = 'orchestration') j
              GROUP BY statename) s
        """;

    private static readonly string SizesSql = $"""
        SELECT string_agg(format('%s %s', name, pg_size_pretty(pg_total_relation_size('hangfire.' || name))), ', ' ORDER BY place)
        FROM unnest(ARRAY['{string.Join("', '", JobMultiples.Tables)}']) WITH ORDINALITY t (name, place)
        """;
}
