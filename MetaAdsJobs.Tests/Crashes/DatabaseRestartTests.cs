using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Crashes;

[TestFixture]
public sealed class DatabaseRestartTests
{
    private const int Runs = 8;

    [TestCase(false, TestName = "{m}(stopped)", Explicit = true, Category = LongAttribute.Category)]
    [TestCase(true, TestName = "{m}(crashed)")]
    public async Task A_database_that_goes_away_in_the_middle_and_comes_back_loses_nothing(bool crash)
    {
        await using var postgres = await TestCluster.StartOwnAsync();
        var database = await TestDatabase.CreateAsync(postgres);
        // A call that is held is not given up before it is let go: carried out later than the settle delay it would be made twice.
        await using var service = await Service.StartProcessesAsync(workers: 1, database, settings: [("Meta__CallTimeoutSeconds", "30"), ("SETTLE_DELAY_SECONDS", "30")]);
        using var client = service.Client();
        var request = await client.NewRequestAsync();
        // All are in the middle when it goes away: Meta answers nobody before it has.
        var (gone, waiting) = (new TaskCompletionSource(), 0);
        service.Graph.Faults.Always(call => call.IsCreateOf("adsets") && !gone.Task.IsCompleted, async (_, _, act) =>
        {
            Interlocked.Increment(ref waiting);
            await gone.Task;
            return await act();
        });
        var ids = await Task.WhenAll(Enumerable.Range(0, Runs).Select(_ => client.AcceptAsync(request)));
        await Eventually.TrueAsync(() => Task.FromResult(waiting >= Runs), service.Progress, service.Unended);

        await (crash ? postgres.CrashAsync() : postgres.StopAsync());
        var refused = await client.PostAsync("/meta/orchestrate/run", request);
        Assert.That(refused.Code, Is.EqualTo(503), refused.Text);
        gone.SetResult();
        await postgres.RestartAsync(CancellationToken.None);

        foreach (var id in ids)
        {
            var run = await client.UntilAsync(id);
            Assert.That((string?)run["status"], Is.EqualTo("succeeded"), run.ToJsonString());
        }

        await service.GraphDatabase.DataSource.AssertEachAsync(Runs);
        await database.DataSource.AssertEntityRowsAsync(Runs);
        Assert.That((await client.GetAsync("/health/ready")).Code, Is.EqualTo(200));
    }
}
