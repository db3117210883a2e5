using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Crashes;

[TestFixture]
public sealed class KilledWorkersTests
{
    [Test]
    public async Task Two_hundred_requests_survive_a_worker_killed_every_second_as_two_hundred_trees()
    {
        await using var service = await Service.StartAsync(workers: 2);
        service.Graph.Latency = TimeSpan.FromMilliseconds(20);
        using var client = service.Client();
        var request = await client.NewRequestAsync();

        using var over = new CancellationTokenSource();
        var killer = KillEverySecondAsync(service, over.Token);
        var ids = new List<string>();
        foreach (var batch in Enumerable.Range(0, 200).Chunk(25))
            ids.AddRange(await Task.WhenAll(batch.Chunk(4).SelectMany(eight => eight).Select(_ => client.AcceptAsync(request))));
        await Eventually.TrueAsync(async () => await EndedAsync(service) == 200, TimeSpan.FromMinutes(3), () => $"Not all ended: {service.Unended()}");
        await over.CancelAsync();
        var kills = await killer;

        foreach (var id in ids)
        {
            var run = await client.RunAsync(id);
            Assert.That((string?)run["status"], Is.EqualTo("succeeded"), run.ToJsonString());
        }

        await service.Graph_AssertAsync();
        await service.Database.DataSource.AssertEntityRowsAsync(200);
        TestContext.Out.WriteLine($"{kills} workers were killed");
        Assert.That(kills, Is.GreaterThan(3), "the test killed nobody to speak of");
    }

    private static async Task<int> KillEverySecondAsync(Service service, CancellationToken over)
    {
        var kills = 0;
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (await second.WaitForNextTickAsync(over)) await service.KillAndReplaceWorkerAsync(kills++ % 2);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // Everything has ended.
        }

        return kills;
    }

    private static async Task<long> EndedAsync(Service service) =>
        await service.Database.DataSource.RowsAsync("orchestrations WHERE status IN ('succeeded', 'failed', 'cancelled')");
}

internal static class TwoHundred
{
    public static async Task Graph_AssertAsync(this Service service)
    {
        await service.GraphDatabase.DataSource.AssertEachAsync(200);
        foreach (var kind in GraphWorld.Kinds)
            Assert.That(await service.GraphDatabase.DataSource.CountAsync(kind, "ACTIVE"), Is.Zero.Or.EqualTo(kind == "creative" ? 200 : 0), $"active {kind}s");
    }
}
