using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

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

    /// <summary>Paused by an earlier stop and not given back, switched on by hand, and made to spend less when the next stop has come.</summary>
    [Test]
    public async Task What_an_earlier_stop_has_paused_is_looked_at_by_the_next_though_it_was_edited_since_and_once()
    {
        await using var world = await RunWorld.StartAsync();
        var (tree, busy) = (await world.BuiltAsync("""{"auto_publish":true}"""), await ActiveAsync(world));
        await world.NothingUnderWayAsync();
        Assert.That(await PauseAsync(world, await StopAsync(world)), Is.InstanceOf<JobOutcome.Completed>());
        await world.ExecuteAsync("""
            UPDATE stops SET lifted_at = stopped_at;
            UPDATE stub_graph.objects SET status = 'ACTIVE';
            UPDATE activations SET busy_until = clock_timestamp() + interval '1 hour' WHERE request_id = @RequestId
            """, new { busy.RequestId });
        world.Time.Advance(TimeSpan.FromMinutes(1));
        var stopId = await StopAsync(world);
        world.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.That((await world.EditAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":5000}""")).Status, Is.EqualTo("succeeded"));
        world.Graph.ForgetCalls();

        for (var pass = 0; pass < 3; pass++) Assert.That(await PauseAsync(world, stopId), Is.InstanceOf<JobOutcome.Snoozed>());

        Assert.That((await world.SwitchedAsync(tree), world.Graph.Calls.Count(call => call.Method == "GET" && call.Path == tree.Campaign.MetaId)), Is.EqualTo(("ppp", 1)));
        Assert.That(await world.QueryAsync<string>("SELECT state FROM activations WHERE request_id = @RequestId", new { tree.RequestId }), Is.EqualTo(["paused"]));
    }

    [Test]
    public async Task Campaigns_of_an_account_that_does_not_answer_keep_no_others_waiting()
    {
        await using var world = await RunWorld.StartAsync(("Spending:PausesAtOnce", "1"));
        var first = await ActiveAsync(world);
        Asked[] silent = [first, await AgainAsync(), await AgainAsync()];
        var other = await ActiveAsync(world);
        var ids = new List<string>();
        foreach (var one in silent) ids.Add((await world.TreeAsync(one)).Campaign.MetaId);
        await world.ExecuteAsync("UPDATE activations SET busy_until = NULL");
        var stopId = await StopAsync(world);
        world.Graph.ForgetCalls();
        world.Graph.Faults.Always(call => ids.Contains(call.Path), GraphFaults.DropBeforeActing);

        Assert.That(await PauseAsync(world, stopId), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(await world.SwitchedAsync(await world.TreeAsync(other)), Is.EqualTo("ppp"));
        Assert.That(world.Graph.Calls.Where(call => ids.Contains(call.Path)).Select(call => call.Path).Distinct().Count(), Is.EqualTo(1), "its others are left for the next pass");

        // One that never answers is not what the others are left for.
        world.Graph.Faults.Clear();
        world.Graph.Faults.Always(call => call.Path == ids[0], GraphFaults.DropBeforeActing);
        Assert.That(await PauseAsync(world, stopId), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(await SwitchedAsync(), Is.EqualTo("App ppp ppp"));
        Assert.That(await world.QueryAsync<string>("SELECT state FROM activations ORDER BY request_id"), Is.EqualTo(["active", "paused", "paused", "paused"]));

        world.Graph.Faults.Clear();
        Assert.That(await PauseAsync(world, stopId), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await SwitchedAsync(), Is.EqualTo("ppp ppp ppp"));

        async Task<Asked> AgainAsync() => await UntilActiveAsync(world, await world.AgainAsync(first, """{"auto_publish":true}"""));
        async Task<string> SwitchedAsync()
        {
            var switched = new List<string>();
            foreach (var one in silent) switched.Add(await world.SwitchedAsync(await world.TreeAsync(one)));
            return string.Join(' ', switched);
        }
    }

    [Test]
    public async Task What_has_not_answered_is_not_paused_any_more_once_the_stop_is_lifted()
    {
        await using var world = await RunWorld.StartAsync(("Spending:PausesAtOnce", "1"));
        var silent = await ActiveAsync(world);
        var other = await UntilActiveAsync(world, await world.AgainAsync(silent, """{"auto_publish":true}"""));
        var (campaign, otherCampaign) = ((await world.TreeAsync(silent)).Campaign.MetaId, (await world.TreeAsync(other)).Campaign.MetaId);
        await world.ExecuteAsync("UPDATE activations SET busy_until = NULL");
        var stopId = await StopAsync(world);
        world.Graph.Faults.Always(call => call.Path == campaign, GraphFaults.DropBeforeActing);
        Assert.That(await PauseAsync(world, stopId), Is.InstanceOf<JobOutcome.Snoozed>());
        world.Graph.Faults.Clear();
        world.Graph.Faults.Add(call => call.Path == otherCampaign, async (_, _, act) =>
        {
            await world.Get<StopSwitch>().StartAsync(null, "ann", reactivate: false, CancellationToken.None);
            world.Graph.ForgetCalls();
            return await act();
        });

        await PauseAsync(world, stopId);

        Assert.That(world.Graph.Calls.Where(call => call.Path == campaign), Is.Empty);
    }

    /// <summary>It would stay off: that start gives nothing back.</summary>
    [Test]
    public async Task What_a_person_switches_on_once_the_stop_is_lifted_a_pass_that_is_still_at_it_leaves_on()
    {
        await using var world = await RunWorld.StartAsync(("Spending:PausesAtOnce", "1"));
        var (active, later) = (await world.BuiltAsync("""{"auto_publish":true}"""), await world.BuiltAsync("""{"auto_publish":true}"""));
        await world.NothingUnderWayAsync();
        Assert.That((await world.EditAsync(EditKind.Pause, later.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        var stopId = await StopAsync(world);
        var resumed = "";
        world.Graph.Faults.Add(call => call.Path == active.Campaign.MetaId && call["status"] == "PAUSED", async (_, _, act) =>
        {
            await world.Get<StopSwitch>().StartAsync(null, "ann", reactivate: false, CancellationToken.None);
            resumed = (await world.EditAsync(EditKind.Resume, later.Campaign.MetaId)).Status;
            return await act();
        });

        Assert.That(await PauseAsync(world, stopId), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That((resumed, await world.SwitchedAsync(later), await world.SwitchedAsync(active)), Is.EqualTo(("succeeded", "AAA", "pAA")), "below what was being paused nothing spends");
        Assert.That(await world.QueryAsync<string>("SELECT concat(state, ' ', cardinality(paused_ids)) FROM activations ORDER BY request_id"), Is.EqualTo(["idle 0", "active 0"]));
    }

    /// <summary>Switched on by hand.</summary>
    [TestCase("idle")]
    [TestCase("paused", TestName = "{m}(paused by an earlier stop)")]
    public async Task What_is_found_on_and_cannot_be_paused_counts(string state)
    {
        await using var world = await RunWorld.StartAsync();
        var tree = await world.BuiltAsync("""{"auto_publish":true}""");
        await world.ExecuteAsync("UPDATE activations SET state = @state, busy_until = NULL, changed_at = changed_at - interval '1 minute'", new { state });
        var stopId = await StopAsync(world);
        world.Graph.Faults.Always(call => call.Path == tree.Campaign.MetaId && call["status"] == "PAUSED", GraphFaults.DropBeforeActing);

        Assert.That(await PauseAsync(world, stopId), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That((await world.Get<StopSwitch>().ReadAsync(null, CancellationToken.None))!.Active, Is.EqualTo(1));
        await world.Get<StopSwitch>().StartAsync(null, "ann", reactivate: false, CancellationToken.None);

        Assert.That((await world.CountedAsync(), await world.SwitchedAsync(tree)), Is.EqualTo(("active 10000", "App")));
    }

    [Test]
    public async Task One_that_never_answers_keeps_those_of_its_account_on_later_pages_waiting_for_one_pass_only()
    {
        await using var world = await RunWorld.StartAsync();
        var (silent, others) = (await ActiveAsync(world), await world.AcceptAsync());
        // A page of another account's, whose token nobody can open.
        await world.ExecuteAsync("""
            UPDATE social_accounts SET access_token = 'x' WHERE id = @Other;
            WITH rows AS (SELECT gen.id FROM unnest(@Ids) AS gen (id)),
            runs AS (INSERT INTO orchestrations (request_id, social_account_id, campaign_name, request, requested_by, request_hash, status, accepted_at, completed_at) SELECT id, @Other, 'Sale', (SELECT request FROM orchestrations LIMIT 1), 'ann', '', 'succeeded', now(), now() FROM rows)
            INSERT INTO activations (request_id, social_account_id, state, daily_cents, changed_at) SELECT id, @Other, 'active', 1, now() FROM rows
            """, new { Other = others.AccountId, Ids = Enumerable.Range(0, Spenders.PageSize).Select(_ => Guid.CreateVersion7()).ToArray() });
        var late = await UntilActiveAsync(world, await world.AgainAsync(silent, """{"auto_publish":true}"""));
        await world.ExecuteAsync("UPDATE activations SET busy_until = NULL");
        var campaign = (await world.TreeAsync(silent)).Campaign.MetaId;
        var stopId = await StopAsync(world);
        world.Graph.Faults.Always(call => call.Path == campaign, GraphFaults.DropBeforeActing);

        Assert.That(await PauseAsync(world, stopId), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(await world.SwitchedAsync(await world.TreeAsync(late)), Is.EqualTo("AAA"), "left for the next pass");
        Assert.That(await PauseAsync(world, stopId), Is.InstanceOf<JobOutcome.Snoozed>());

        Assert.That(await world.SwitchedAsync(await world.TreeAsync(late)), Is.EqualTo("ppp"));
        Assert.That(await world.SwitchedAsync(await world.TreeAsync(silent)), Does.StartWith("A"));
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
