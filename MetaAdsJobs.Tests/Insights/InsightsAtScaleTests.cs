using System.Diagnostics;
using System.Globalization;
using Dapper;
using MetaAdsJobs.Core.Insights.Nightly;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>A whole night of many accounts; SOAK_ACCOUNTS sets how many, 2000 by default.</summary>
[TestFixture, Long, NonParallelizable]
public sealed class InsightsAtScaleTests
{
    private const int Campaigns = 5;
    private const int AdsOfEach = 10;
    private const int Days = 28;
    private const int RowsOfEach = Campaigns * AdsOfEach * Days;
    private const int MostMegabytes = 300;
    private const string Zone = "UTC";
    private const string SlowToken = Service.SecretToken + "OfTheSlowOne";
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(5);

    [Test]
    public async Task A_night_of_two_thousand_accounts_needs_little_memory_and_one_slow_account_delays_no_other()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("SOAK_ACCOUNTS") ?? "2000", CultureInfo.InvariantCulture);
        var database = await TestDatabase.CreateAsync();
        await using var core = InProcess.Create(database, null, ("DATA_PROTECTION_KEY", Convert.ToBase64String(new byte[32])));
        await using var service = await Service.StartProcessesAsync(workers: 2, database,
            ("WORKER_THREADS", "20"), ("Meta__CallTimeoutSeconds", "30"), ("SETTLE_DELAY_SECONDS", "30"), ("LEASE_SECONDS", "30"), ("TAKE_OVER_SECONDS", "30"));
        using var client = service.Client();
        var slowId = Guid.Parse(await client.AddAccountAsync(account => (account["timezone_name"], account["access_token"]) = (Zone, SlowToken)));
        await AddAccountsAsync(service, Guid.Parse(await client.AddAccountAsync(account => account["timezone_name"] = Zone)), count);
        service.Graph.Faults.Always(_ => true, async (_, http, act) =>
        {
            if (http.Request.Headers.Authorization.ToString().EndsWith(SlowToken, StringComparison.Ordinal)) await Task.Delay(Late, TimeProvider.System, CancellationToken.None);
            return await act();
        });

        var clock = Stopwatch.StartNew();
        var fannedOut = core.Get<NightlySync>().ExecuteAsync(Zone, CancellationToken.None);
        var seen = await WatchAsync(client, count, clock);
        await fannedOut;

        var (others, slow, meanwhile) = await TimesAsync(database, slowId);
        var peaks = service.Workers.Select(worker => PeakMegabytes(worker.Id)).ToList();
        var usual = (count - 1) / others.TotalSeconds;
        TestContext.Progress.WriteLine($"""
            {count} accounts, {count * RowsOfEach} rows in {clock.Elapsed.TotalSeconds:0} s: {count * RowsOfEach / clock.Elapsed.TotalSeconds:0} rows/s
            {count - 1} of them done after {others.TotalSeconds:0} s ({usual:0.0}/s), the slow one took {slow.TotalSeconds:0} s, meanwhile {meanwhile} others ended ({meanwhile / slow.TotalSeconds:0.0}/s)
            peak memory of the workers: {string.Join(" and ", peaks)} MB; {service.Graph.Calls.Count} calls
            """);
        Assert.That(await database.DataSource.RowsAsync("insight_syncs WHERE state = 'succeeded'"), Is.EqualTo(count));
        Assert.That(await database.DataSource.RowsAsync("meta_ad_insights"), Is.EqualTo(count * (long)RowsOfEach));
        Assert.That(await database.DataSource.RowsAsync("insight_days WHERE difference = 0"), Is.EqualTo(count * (long)Days));
        Assert.That(await database.DataSource.RowsAsync("insight_staging"), Is.EqualTo(0));
        Assert.That(peaks, Is.All.LessThan(MostMegabytes));
        Assert.That(seen, Has.Count.GreaterThan(3), "progress is to be seen meanwhile");
        if (slow < others) Assert.That(meanwhile / slow.TotalSeconds, Is.GreaterThan(usual / 2), "the others went on as if it were not there");
    }

    private static async Task AddAccountsAsync(Service service, Guid sample, int count)
    {
        const string CopySql = """
            INSERT INTO social_accounts
            SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'ad_account_id', 'act_' || 7000000000 + n))).*
            FROM social_accounts a CROSS JOIN generate_series(3, @count) n WHERE a.id = @sample
            """;
        await using var ours = await service.Database.DataSource.OpenConnectionAsync();
        await ours.ExecuteAsync(CopySql, new { sample, count });
        await using var metas = await service.GraphDatabase.DataSource.OpenConnectionAsync();
        foreach (var (adAccountId, number) in (await ours.QueryAsync<string>("SELECT ad_account_id FROM social_accounts")).Select((id, number) => (id, number)))
        {
            await metas.ExecuteAsync(SyncWorld.SeedSql,
                new { account = adAccountId[4..], number, campaigns = Campaigns, ads = AdsOfEach, goal = "LINK_CLICKS", objective = "OUTCOME_TRAFFIC" });
        }

        await metas.ExecuteAsync("VACUUM ANALYZE stub_graph.objects");
    }

    /// <summary>Watches the night as a person would, until it is over.</summary>
    /// <returns>How many accounts were done each time that was more than before.</returns>
    private static async Task<List<long>> WatchAsync(ApiClient client, int count, Stopwatch clock)
    {
        var seen = new List<long>();
        await Eventually.TrueAsync(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, CancellationToken.None);
            if ((await client.GetAsync("/meta/insights/nights")).Json["items"]!.AsArray() is not [{ } night, ..]) return false;
            var done = (long)night["succeeded"]! + (long)night["failed"]!;
            if (done > seen.LastOrDefault())
            {
                seen.Add(done);
                if (seen.Count % 10 == 1) TestContext.Progress.WriteLine($"{clock.Elapsed.TotalSeconds,5:0} s: {night.ToJsonString()}");
            }

            return done == count;
        }, () => $"accounts done, second by second: {string.Join(", ", seen)}");
        return seen;
    }

    private static async Task<(TimeSpan Others, TimeSpan Slow, long Meanwhile)> TimesAsync(TestDatabase database, Guid slowId)
    {
        const string TimesSql = """
            SELECT (SELECT max(completed_at) - min(started_at) FROM insight_syncs WHERE social_account_id <> @slowId), slow.completed_at - slow.started_at,
                (SELECT count(*) FROM insight_syncs s WHERE s.social_account_id <> @slowId AND s.completed_at BETWEEN slow.started_at AND slow.completed_at)
            FROM insight_syncs slow WHERE slow.social_account_id = @slowId
            """;
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return await connection.QuerySingleAsync<(TimeSpan, TimeSpan, long)>(TimesSql, new { slowId });
    }

    private static long PeakMegabytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }
}
