using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;

namespace MetaAdsJobs.Tests.Spending;

/// <summary>A stop comes back every few seconds to what it could not pause yet: to that, and not to all there is.</summary>
[TestFixture]
public sealed class PauseSpendingTests
{
    [Test]
    public async Task What_was_idle_and_is_found_paused_is_read_once_by_a_stop_and_again_by_the_next()
    {
        await using var world = await RunWorld.StartAsync();
        var (busy, idle) = (await ActiveAsync(world), await ActiveAsync(world));
        var campaign = (await world.TreeAsync(idle)).Campaign.MetaId;
        await world.ExecuteAsync("""
            UPDATE activations SET state = 'idle', busy_until = NULL WHERE request_id = @Idle;
            UPDATE activations SET busy_until = clock_timestamp() + interval '1 hour' WHERE request_id = @Busy;
            UPDATE stub_graph.objects SET status = 'PAUSED' WHERE account_id = @Account
            """, new { Idle = idle.RequestId, Busy = busy.RequestId, Account = idle.AdAccountId[4..] });
        var stopId = await StopAsync(world);
        world.Graph.ForgetCalls();

        for (var pass = 0; pass < 3; pass++) Assert.That(await PauseAsync(world, stopId), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That((Reads(), await world.SwitchedAsync(await world.TreeAsync(busy))), Is.EqualTo((1, "ppp")));

        // Somebody has been at it since.
        await world.ExecuteAsync("UPDATE activations SET changed_at = changed_at + interval '1 second' WHERE request_id = @RequestId", new { idle.RequestId });
        for (var pass = 0; pass < 3; pass++) await PauseAsync(world, stopId);
        Assert.That(Reads(), Is.EqualTo(2));

        await world.ExecuteAsync("UPDATE activations SET busy_until = NULL");
        Assert.That(await PauseAsync(world, stopId), Is.InstanceOf<JobOutcome.Completed>());
        await world.Get<StopSwitch>().StartAsync(null, "ann", reactivate: false, CancellationToken.None);
        await world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE id = @campaign", new { campaign });
        Assert.That(await PauseAsync(world, await StopAsync(world)), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await world.SwitchedAsync(await world.TreeAsync(idle)), Is.EqualTo("ppp"));

        int Reads() => world.Graph.Calls.Count(call => call.Method == "GET" && call.Path == campaign && call["fields"] == "status");
    }

    private static async Task<Asked> ActiveAsync(RunWorld world) => await UntilActiveAsync(world, await world.AcceptAsync("""{"auto_publish":true}"""));

    private static async Task<Asked> UntilActiveAsync(RunWorld world, Asked asked)
    {
        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
        return asked;
    }

    /// <summary>Of all accounts.</summary>
    private static async Task<Guid> StopAsync(RunWorld world)
    {
        await world.Get<StopSwitch>().StopAsync(null, "bob", null, CancellationToken.None);
        return (await world.QueryAsync<Guid>("SELECT id FROM stops WHERE lifted_at IS NULL")).Single();
    }

    private static Task<JobOutcome> PauseAsync(RunWorld world, Guid stopId) => world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None);
}
