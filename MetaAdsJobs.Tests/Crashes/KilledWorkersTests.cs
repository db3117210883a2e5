using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Crashes;

// Alone: beside others its workers would hardly start before they are killed.
[TestFixture, Long, NonParallelizable]
public sealed class KilledWorkersTests
{
    // Then those that are left finish in peace.
    private const int MostKills = 30;

    [Test]
    public async Task Two_hundred_requests_survive_a_worker_killed_every_second_as_two_hundred_trees()
    {
        await using var service = await Service.StartProcessesAsync(workers: 2);
        service.Graph.Latency = TimeSpan.FromMilliseconds(20);
        using var client = service.Client();
        var request = await client.NewRequestAsync();

        using var over = new CancellationTokenSource();
        var killer = KillEverySecondAsync(service, over.Token);
        var ids = new List<string>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            for (var i = 0; i < 25; i++)
            {
                var id = await client.AcceptAsync(request);
                lock (ids) ids.Add(id);
            }
        }));
        await Eventually.TrueAsync(async () => await EndedAsync(service) == 200, service.Progress, service.Unended);
        await over.CancelAsync();
        var kills = await killer;

        foreach (var id in ids)
        {
            var run = await client.RunAsync(id);
            Assert.That((string?)run["status"], Is.EqualTo("succeeded"), run.ToJsonString());
        }

        await service.GraphDatabase.DataSource.AssertEachAsync(200);
        await service.GraphDatabase.DataSource.AssertNothingActiveAsync();
        await service.Database.DataSource.AssertEntityRowsAsync(200);
        TestContext.Out.WriteLine($"{kills} workers were killed");
        Assert.That(kills, Is.GreaterThan(10), "the test killed nobody to speak of");
    }

    private static async Task<int> KillEverySecondAsync(Service service, CancellationToken over)
    {
        var kills = 0;
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            var calls = 0;
            while (kills < MostKills && await second.WaitForNextTickAsync(over))
            {
                // On a busy machine a worker needs longer than a second to start: killing it before it has done anything shows nothing.
                if (service.Graph.Calls.Count == calls) continue;
                await service.KillAndReplaceWorkerAsync(kills++ % 2);
                calls = service.Graph.Calls.Count;
            }
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
