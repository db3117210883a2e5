using System.Diagnostics;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Crashes;

/// <summary>The largest tree that can be asked for.</summary>
[TestFixture, Long, NonParallelizable]
public sealed class LargeTreeTests
{
    private const int AdSets = 20;
    private const int Ads = 50;
    private const int MostKills = 20;

    [Test]
    public async Task Twenty_ad_sets_of_fifty_ads_survive_faults_and_kills_and_are_there_once()
    {
        await using var service = await Service.StartProcessesAsync(workers: 2, database: await TestDatabase.CreateAsync(), ("ACCOUNT_DAILY_CAP_CENTS", "off"));
        using var client = service.Client();
        var request = await client.NewRequestAsync();
        request["auto_publish"] = true;
        request["ad_sets"] = Tree(AdSets, Ads);
        service.Graph.Faults.Always(_ => Random.Shared.NextDouble() < 0.1, (server, http, act) => CrashCase.Faults[Random.Shared.Next(CrashCase.Faults.Length)].Fault(server, http, act));

        using var over = new CancellationTokenSource();
        var killer = KillNowAndThenAsync(service, over.Token);
        var id = await client.AcceptAsync(request);
        // Its result is long: it is read once.
        await Eventually.TrueAsync(async () => await service.Database.DataSource.RowsAsync("orchestrations WHERE status IN ('succeeded', 'failed', 'cancelled')") == 1,
            () => $"{service.Progress()} {service.Graph.Calls.Count / 20}", service.Unended);
        var run = await client.RunAsync(id);
        await over.CancelAsync();
        var kills = await killer;

        Assert.That((string?)run["status"], Is.EqualTo("succeeded"), $"{run["errors"]?.ToJsonString()} {run["wait_reason"]}");
        await using var connection = await service.GraphDatabase.DataSource.OpenConnectionAsync();
        var alive = (await connection.QueryAsync<(string Kind, string Id, string Status)>("SELECT kind, id, status FROM stub_graph.objects WHERE deleted_at IS NULL AND kind <> 'image'")).ToList();
        Assert.That(alive.CountBy(one => one.Kind).ToDictionary(), Is.EquivalentTo(new Dictionary<string, int> { ["campaign"] = 1, ["adset"] = AdSets, ["creative"] = AdSets * Ads, ["ad"] = AdSets * Ads }));
        Assert.That(alive.Where(one => one.Kind != "creative").Select(one => one.Status), Is.All.EqualTo("ACTIVE"));
        var told = run["ad_sets"]!.AsArray().SelectMany(adSet => adSet!["ads"]!.AsArray().SelectMany(ad => (string[])[(string)ad!["ad_meta_id"]!, (string)ad["creative_meta_id"]!]).Prepend((string)adSet["adset_meta_id"]!))
            .Append((string)run["campaign_creation"]!["campaign_meta_id"]!);
        Assert.That(told, Is.EquivalentTo(alive.Select(one => one.Id)));
        TestContext.Progress.WriteLine($"{AdSets} x {Ads}: {service.Graph.Calls.Count} calls, one in ten faulty, {kills} workers killed, {run["duration_seconds"]} s");
        Assert.That(kills, Is.GreaterThan(3), "the test killed nobody to speak of");
    }

    /// <summary>Prints how long trees take at 100 ms a call, beside the calls that have to follow each other and all calls one after the other.</summary>
    [TestCase(1, 1)]
    [TestCase(5, 10)]
    public async Task How_long_a_tree_takes_is_told(int adSets, int ads)
    {
        await using var service = await Service.StartProcessesAsync(workers: 1);
        using var client = service.Client();
        var request = await client.NewRequestAsync();
        // Whatever is done only once is done before.
        await client.UntilAsync(await client.AcceptAsync(request));
        request["ad_sets"] = Tree(adSets, ads);
        service.Graph.Latency = TimeSpan.FromMilliseconds(100);
        var before = service.Graph.Calls.Count;
        var watch = Stopwatch.StartNew();

        var run = await client.UntilAsync(await client.AcceptAsync(request));

        Assert.That((string?)run["status"], Is.EqualTo("succeeded"), run.ToJsonString());
        TestContext.Progress.WriteLine($"{adSets} x {ads}: {watch.Elapsed.TotalSeconds:0.00} s; {(service.Graph.Calls.Count - before) * 0.1:0.0} s of calls, 0.4 s of them in a row at least");
    }

    private static JsonArray Tree(int adSets, int ads) =>
        new([.. Enumerable.Range(0, adSets).Select(_ => (JsonNode)new JsonObject { ["daily_budget_cents"] = 500, ["ads"] = new JsonArray([.. Enumerable.Range(0, ads).Select(ad => (JsonNode)new JsonObject { ["creative_title"] = $"Title {ad}" })]) })]);

    private static async Task<int> KillNowAndThenAsync(Service service, CancellationToken over)
    {
        var kills = 0;
        try
        {
            while (kills < MostKills)
            {
                await Task.Delay(TimeSpan.FromSeconds(3 + (Random.Shared.NextDouble() * 8)), TimeProvider.System, over);
                await service.KillAndReplaceWorkerAsync(kills++ % 2);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // Everything has ended.
        }

        return kills;
    }
}
