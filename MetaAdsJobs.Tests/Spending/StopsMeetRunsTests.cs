using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;

namespace MetaAdsJobs.Tests.Spending;

/// <summary>A stop that comes, and goes, while a run is at its campaign's own call: what it has paused below is activated all the same, by the run or by the stop's start.</summary>
[TestFixture]
public sealed class StopsMeetRunsTests
{
    /// <param name="isLifted">Before the run ends; else after it.</param>
    [Test]
    public async Task What_a_stop_has_paused_below_a_campaign_that_a_run_is_activating_is_activated_again([Values] bool isLifted)
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync("""{"auto_publish":true}""");
        var (theSwitch, stopId) = (world.Get<StopSwitch>(), Guid.Empty);
        world.Graph.Faults.Add(call => call["status"] == "ACTIVE" && call.Path.StartsWith("META_CAMPAIGN", StringComparison.Ordinal), async (_, _, act) =>
        {
            await theSwitch.StopAsync(asked.AccountId, "bob", null, CancellationToken.None);
            stopId = (await world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
            await world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None);
            if (isLifted) await StartAsync();
            return await act();
        });

        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
        if (!isLifted) await StartAsync();

        Assert.That(await world.SwitchedAsync(await world.TreeAsync(asked)), Is.EqualTo("AAA"));
        Assert.That(await world.QueryAsync<string>("SELECT concat(state, ' ', cardinality(paused_ids)) FROM activations"), Is.EqualTo(["active 0"]));

        async Task StartAsync()
        {
            await theSwitch.StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);
            await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);
        }
    }
}
