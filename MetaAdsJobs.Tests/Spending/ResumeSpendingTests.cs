using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Spending;

[TestFixture]
public sealed class ResumeSpendingTests
{
    [Test]
    public async Task A_resume_that_is_cut_half_way_has_told_what_it_activated()
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync("""{"auto_publish":true}""");
        var built = (await world.RunAsync(asked)).Result.CampaignCreation;
        var stopSwitch = world.Get<StopSwitch>();
        await stopSwitch.StopAsync(asked.AccountId, "bob", null, CancellationToken.None);
        var stopId = (await world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        await world.ExecuteAsync("UPDATE activations SET busy_until = NULL");
        Assert.That(await world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        await stopSwitch.StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);
        using var stopping = new CancellationTokenSource();
        world.Graph.Faults.Add(call => call.Path == built.AdsetMetaId && call["status"] == "ACTIVE", async (_, _, act) =>
        {
            await stopping.CancelAsync();
            return await act();
        });

        await Assert.ThatAsync(() => world.Get<ResumeSpending>().ExecuteAsync(stopId, stopping.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await ActivatedAsync(), Is.EqualTo([built.AdMetaId]));

        Assert.That(await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>(), "another goes on");
        Assert.That(await ActivatedAsync(), Is.EqualTo([built.AdMetaId, built.AdMetaId, built.AdsetMetaId, built.CampaignMetaId]));

        async Task<List<string>> ActivatedAsync() =>
            [.. (await world.Get<ChangeReader>().ListAsync(new(asked.RequestId), null, 100, CancellationToken.None)).Items
                .Where(change => change is { AskedBy: "ann", Outcome: "done" } && (string?)change.Sent["status"] == "ACTIVE").Select(change => change.Path).Reverse()];
    }

    /// <summary>Otherwise it may be carried out after a start has activated what it pauses.</summary>
    [Test]
    public async Task A_pause_that_is_sent_again_long_after_is_noted_anew()
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync("""{"auto_publish":true}""");
        var campaign = (await world.RunAsync(asked)).Result.CampaignCreation.CampaignMetaId!;
        await world.Get<StopSwitch>().StopAsync(asked.AccountId, "bob", null, CancellationToken.None);
        var stopId = (await world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        await world.ExecuteAsync("UPDATE activations SET busy_until = NULL");
        var noted = new List<bool>();
        world.Graph.Faults.Always(call => call.Path == campaign && call["status"] == "PAUSED", async (call, http, act) =>
        {
            noted.AddRange(await world.QueryAsync<bool>("SELECT pausing_until > clock_timestamp() AND cardinality(pausing) = 1 FROM activations"));
            if (noted.Count > 1) return await act();
            world.Time.Advance(TimeSpan.FromHours(1));
            await world.ExecuteAsync("UPDATE activations SET pausing_until = clock_timestamp() - interval '1 hour'");
            return await GraphFaults.DropBeforeActing(call, http, act);
        });

        Assert.That(await world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(noted, Is.EqualTo([true, true]));
    }

    /// <param name="dies">Nobody tells that the pause is over: its time has to pass.</param>
    [Test]
    public async Task While_a_pause_of_a_lifted_stop_is_under_way_nothing_of_it_is_activated([Values] bool dies)
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync("""{"auto_publish":true}""");
        var built = (await world.RunAsync(asked)).Result.CampaignCreation;
        await world.Get<StopSwitch>().StopAsync(asked.AccountId, "bob", null, CancellationToken.None);
        var stopId = (await world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        await world.ExecuteAsync("UPDATE activations SET busy_until = NULL");
        using var stopping = new CancellationTokenSource();
        var (resumed, edited, isCarriedOut) = ((JobOutcome?)null, (IReadOnlyList<string>?)null, new TaskCompletionSource());
        world.Graph.Faults.Add(call => call.Path == built.AdsetMetaId && call["status"] == "PAUSED", async (_, _, act) =>
        {
            await world.Get<StopSwitch>().StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);
            resumed = await ResumeAsync();
            await world.EditAsync(EditKind.Resume, built.AdsetMetaId!);
            edited = await world.QueryAsync<string>("SELECT concat(state, ' ', wait_reason) FROM campaign_edits");
            await world.ExecuteAsync("DELETE FROM campaign_edits");
            if (dies) await stopping.CancelAsync();
            var answer = await act();
            isCarriedOut.SetResult();
            return answer;
        });

        try
        {
            Assert.That(await world.Get<PauseSpending>().ExecuteAsync(stopId, stopping.Token), Is.InstanceOf<JobOutcome.Completed>());
            Assert.That(dies, Is.False);
        }
        catch (OperationCanceledException) when (dies)
        {
            Assert.That(await ResumeAsync(), Is.InstanceOf<JobOutcome.Snoozed>());
            await world.ExecuteAsync("UPDATE activations SET pausing_until = clock_timestamp() - interval '2 seconds'");
        }

        await isCarriedOut.Task;
        Assert.That(resumed, Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(edited, Is.EqualTo(["waiting a stop that was lifted may still be pausing it"]));
        Assert.That(await world.QueryAsync<string>("SELECT status FROM stub_graph.objects WHERE id = @AdsetMetaId", built), Is.EqualTo(["PAUSED"]));
        Assert.That(await ResumeAsync(), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await world.QueryAsync<string>("SELECT status FROM stub_graph.objects WHERE id = @AdsetMetaId", built), Is.EqualTo(["ACTIVE"]));
        Assert.That(await world.QueryAsync<string>("SELECT concat(state, ' ', cardinality(paused_ids)) FROM activations"), Is.EqualTo(["active 0"]));

        Task<JobOutcome> ResumeAsync() => world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);
    }

    /// <summary>Timed out, and repeated with success: what was sent first may come yet.</summary>
    [Test]
    public async Task A_pause_without_an_answer_is_waited_for_by_a_start()
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync("""{"auto_publish":true}""");
        var built = (await world.RunAsync(asked)).Result.CampaignCreation;
        await world.Get<StopSwitch>().StopAsync(asked.AccountId, "bob", null, CancellationToken.None);
        var stopId = (await world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        await world.ExecuteAsync("UPDATE activations SET busy_until = NULL");
        world.Graph.Faults.Add(call => call.Path == built.AdsetMetaId && call["status"] == "PAUSED", GraphFaults.DropAfterActing);

        Assert.That(await world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await world.QueryAsync<bool>("SELECT state = 'paused' AND cardinality(pausing) = 1 FROM activations"), Is.EqualTo([true]));
    }

    /// <summary>Its job was delivered twice: the other run of it may still be sending what it has a permit for.</summary>
    [Test]
    public async Task One_run_of_a_start_does_not_end_what_another_is_activating([Values] bool isRefused)
    {
        await using var world = await RunWorld.StartAsync();
        var (built, stopId) = await LiftedAsync(world);
        var (other, isAtCampaign, goesOn) = ((Task<JobOutcome>?)null, new TaskCompletionSource(), new TaskCompletionSource());
        world.Graph.Faults.Add(call => call.Path == built.AdMetaId && call["status"] == "ACTIVE", async (_, _, act) =>
        {
            other = ResumeAsync();
            await isAtCampaign.Task;
            if (isRefused) world.Graph.Faults.Add(call => call.Path == built.AdsetMetaId && call["status"] == "ACTIVE", GraphFaults.Refused(100, 1885183));
            return await act();
        });
        world.Graph.Faults.Add(call => call.Path == built.CampaignMetaId && call["status"] == "ACTIVE", async (_, _, act) =>
        {
            isAtCampaign.SetResult();
            await goesOn.Task;
            return await act();
        });

        await ResumeAsync();

        Assert.That(await world.QueryAsync<string>("SELECT concat(state, ' ', busy_until > clock_timestamp() + interval '3 minutes') FROM activations"), Is.EqualTo(["active t"]));
        goesOn.SetResult();
        await other!;
        Assert.That(await world.QueryAsync<string>("SELECT state FROM activations"), Is.EqualTo(["active"]));

        Task<JobOutcome> ResumeAsync() => world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);
    }

    /// <param name="isBusy">A call of before the stop may still be carried out.</param>
    [TestCase(true, "active")]
    [TestCase(false, "idle")]
    public async Task What_Meta_will_not_have_active_again_counts_as_active_until_no_earlier_call_can_come(bool isBusy, string state)
    {
        await using var world = await RunWorld.StartAsync();
        var (built, stopId) = await LiftedAsync(world);
        var campaign = built.CampaignMetaId;
        if (isBusy) await world.ExecuteAsync("UPDATE activations SET busy_until = clock_timestamp() + interval '1 hour'");
        world.Graph.Faults.Always(call => call.Path == campaign && call["status"] == "ACTIVE", GraphFaults.Refused(100, 1885183));

        Assert.That(await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await world.QueryAsync<string>("SELECT concat(state, ' ', cardinality(paused_ids)) FROM activations"), Is.EqualTo([$"{state} 0"]));
    }

    /// <summary>The cap was lowered while Meta refused the token: what may be on is paused, and the next start finds it.</summary>
    [Test]
    public async Task What_a_cap_refuses_midway_is_paused_and_found_by_the_next_start()
    {
        await using var world = await RunWorld.StartAsync();
        var (built, stopId) = await LiftedAsync(world);
        world.Graph.Faults.Add(call => call.Path == built.CampaignMetaId && call["status"] == "ACTIVE", async (call, http, act) =>
        {
            await act();
            return await GraphFaults.Refused(190, 463)(call, http, act);
        });
        Assert.That(await ResumeAsync(), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(await StateAsync(), Is.EqualTo("activating 3"));
        await world.ExecuteAsync("UPDATE social_accounts SET token_rejected_at = NULL, token_rejection = NULL, daily_cap_cents = 5000");

        Assert.That(await ResumeAsync(), Is.InstanceOf<JobOutcome.Snoozed>(), "a call that activates it may still be under way");
        Assert.That((await CampaignAsync(), await StateAsync()), Is.EqualTo(("PAUSED", "activating 3")));
        await world.ExecuteAsync("UPDATE activations SET busy_until = NULL, pausing = '{}'");
        Assert.That(await ResumeAsync(), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That((await CampaignAsync(), await StateAsync()), Is.EqualTo(("PAUSED", "paused 3")));

        await world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 50000");
        await world.Get<StopSwitch>().StopAsync(null, "bob", null, CancellationToken.None);
        await world.Get<StopSwitch>().StartAsync(null, "bob", reactivate: true, CancellationToken.None);
        stopId = (await world.QueryAsync<Guid>("SELECT id FROM stops WHERE social_account_id IS NULL")).Single();
        Assert.That(await ResumeAsync(), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That((await CampaignAsync(), await StateAsync()), Is.EqualTo(("ACTIVE", "active 0")));

        Task<JobOutcome> ResumeAsync() => world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);
        async Task<string> CampaignAsync() => (await world.QueryAsync<string>("SELECT status FROM stub_graph.objects WHERE id = @CampaignMetaId", built)).Single();
        async Task<string> StateAsync() => (await world.QueryAsync<string>("SELECT concat(state, ' ', cardinality(paused_ids)) FROM activations")).Single();
    }

    /// <summary>Meta refuses an activation in passing, and what the start pauses for that gets no answer: it may be carried out after the next run has activated it.</summary>
    [Test]
    public async Task What_a_start_pauses_itself_is_waited_for_by_its_next_run()
    {
        await using var world = await RunWorld.StartAsync();
        var (built, stopId) = await LiftedAsync(world);
        world.Graph.Faults.Add(call => call.Path == built.AdsetMetaId && call["status"] == "ACTIVE", GraphFaults.Refused(100, 33));
        world.Graph.Faults.Always(call => call.Path == built.CampaignMetaId && call["status"] == "PAUSED", GraphFaults.DropBeforeActing);

        Assert.That(await ResumeAsync(), Is.InstanceOf<JobOutcome.Snoozed>());
        world.Graph.Faults.Clear();
        Assert.That(await ResumeAsync(), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(await CampaignAsync(), Is.EqualTo("PAUSED"));

        await world.ExecuteAsync("UPDATE activations SET pausing_until = clock_timestamp() - interval '2 seconds'");
        Assert.That(await ResumeAsync(), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await CampaignAsync(), Is.EqualTo("ACTIVE"));

        Task<JobOutcome> ResumeAsync() => world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);
        async Task<string> CampaignAsync() => (await world.QueryAsync<string>("SELECT status FROM stub_graph.objects WHERE id = @CampaignMetaId", built)).Single();
    }

    /// <summary>Answered, it is over.</summary>
    [Test]
    public async Task What_a_start_has_paused_itself_keeps_it_from_nothing_once_it_is_answered()
    {
        await using var world = await RunWorld.StartAsync();
        var (built, stopId) = await LiftedAsync(world);
        world.Graph.Faults.Add(call => call.Path == built.AdsetMetaId && call["status"] == "ACTIVE", GraphFaults.Refused(100, 33));
        var noted = new List<bool>();
        world.Graph.Faults.Add(call => call.Path == built.CampaignMetaId && call["status"] == "PAUSED", async (_, _, act) =>
        {
            noted.AddRange(await world.QueryAsync<bool>("SELECT pausing_until > clock_timestamp() AND cardinality(pausing) = 1 FROM activations"));
            return await act();
        });

        Assert.That(await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Snoozed>());

        Assert.That(noted, Is.EqualTo([true]));
        Assert.That(await world.QueryAsync<int>("SELECT cardinality(pausing) FROM activations"), Is.EqualTo([0]));
        Assert.That(await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
    }

    /// <summary>A start's job comes again as long as something of it cannot be activated yet, and an account is changed as often as its people like.</summary>
    /// <param name="byStart">By the start's job; else by a change of the account.</param>
    [Test]
    public async Task What_was_held_is_put_on_the_queue_once([Values] bool byStart)
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync();
        await world.Get<StopSwitch>().StopAsync(asked.AccountId, "bob", null, CancellationToken.None);
        var stopId = (await world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        await HeldAsync();
        await world.Get<StopSwitch>().StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);

        for (var pass = 0; pass < 3; pass++) await ResumeAsync();
        Assert.That(await JobsAsync(), Is.EqualTo(2), "its first one, and one more");

        // Its job came, and found it held once more.
        await world.Get<StopSwitch>().StopAsync(asked.AccountId, "bob", null, CancellationToken.None);
        await HeldAsync();
        await world.Get<StopSwitch>().StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);
        for (var pass = 0; pass < 3; pass++) await ResumeAsync();
        Assert.That(await JobsAsync(), Is.EqualTo(3));
        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));

        async Task HeldAsync() => Assert.That(await world.Get<RunOrchestration>().ExecuteAsync(asked.RequestId, CancellationToken.None), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").StartsWith("stopped by bob"));
        Task ResumeAsync() => byStart ? world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None) : world.Get<ResumeAccount>().ExecuteAsync(asked.AccountId, CancellationToken.None);
        async Task<long> JobsAsync() => (await world.QueryAsync<long>("SELECT count(*) FROM hangfire.job WHERE arguments::text LIKE concat('%', @RequestId::text, '%')", new { asked.RequestId })).Single();
    }

    /// <summary>A campaign that a stop has paused, and a start is to activate again.</summary>
    private static async Task<(CampaignCreation Built, Guid StopId)> LiftedAsync(RunWorld world)
    {
        var asked = await world.AcceptAsync("""{"auto_publish":true}""");
        var built = (await world.RunAsync(asked)).Result.CampaignCreation;
        await world.Get<StopSwitch>().StopAsync(asked.AccountId, "bob", null, CancellationToken.None);
        var stopId = (await world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        await world.ExecuteAsync("UPDATE activations SET busy_until = NULL");
        Assert.That(await world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        await world.Get<StopSwitch>().StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);
        return (built, stopId);
    }
}
