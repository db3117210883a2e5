using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Crashes;

[TestFixture]
[Parallelizable(ParallelScope.Self)]
public sealed class DatabaseRestartTests
{
    [TestCase(false, TestName = "{m}(stopped)")]
    [TestCase(true, TestName = "{m}(crashed)")]
    public async Task A_database_that_goes_away_in_the_middle_and_comes_back_loses_nothing(bool crash)
    {
        await using var postgres = await TestCluster.StartOwnAsync();
        var database = await TestDatabase.CreateAsync(postgres);
        await using var service = await Service.StartAsync(workers: 2, database);
        service.Graph.Latency = TimeSpan.FromMilliseconds(100);
        using var client = service.Client();
        var request = await client.NewRequestAsync();
        var ids = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => client.AcceptAsync(request)));

        await (crash ? postgres.CrashAsync() : postgres.StopAsync());
        var refused = await client.PostAsync("/meta/orchestrate/run", request);
        Assert.That(refused.Code, Is.EqualTo(503), refused.Text);
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, CancellationToken.None);
        await postgres.RestartAsync(CancellationToken.None);

        foreach (var id in ids)
        {
            var run = await client.UntilAsync(id, seconds: 120);
            Assert.That((string?)run["status"], Is.EqualTo("succeeded"), run.ToJsonString());
        }

        await service.GraphDatabase.DataSource.AssertEachAsync(40);
        await database.DataSource.AssertEntityRowsAsync(40);
        Assert.That((await client.GetAsync("/health/ready")).Code, Is.EqualTo(200));
    }
}
