using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Spending;

[TestFixture]
[Parallelizable(ParallelScope.Self)]
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
            [.. (await world.Get<ChangeReader>().ListAsync(asked.RequestId, null, null, 100, CancellationToken.None))
                .Where(change => change is { AskedBy: "ann", Outcome: "done" } && (string?)change.Sent["status"] == "ACTIVE").Select(change => change.Path).Reverse()];
    }

    /// <summary>Otherwise a process that dies with it would leave something paused of which nobody has a word.</summary>
    [Test]
    public async Task A_pause_that_is_sent_again_long_after_is_noted_anew_since_a_start_may_have_come_between()
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync("""{"auto_publish":true}""");
        var campaign = (await world.RunAsync(asked)).Result.CampaignCreation.CampaignMetaId!;
        await world.Get<StopSwitch>().StopAsync(asked.AccountId, "bob", null, CancellationToken.None);
        var stopId = (await world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        await world.ExecuteAsync("UPDATE activations SET busy_until = NULL");
        var noted = new List<string>();
        world.Graph.Faults.Always(call => call.Path == campaign && call["status"] == "PAUSED", async (call, http, act) =>
        {
            noted.AddRange(await world.QueryAsync<string>("SELECT array_to_string(untold_ids, ' ') FROM activations"));
            if (noted.Count > 1) return await act();
            await world.Get<StopSwitch>().StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);
            await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);
            world.Time.Advance(TimeSpan.FromSeconds(30));
            return await GraphFaults.DropBeforeActing(call, http, act);
        });

        await world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None);

        Assert.That(noted, Is.EqualTo([campaign, campaign]));
    }

    /// <param name="isPausedByEdit">A person has paused it, too, meanwhile: that stays.</param>
    [Test]
    public async Task What_a_pause_under_way_has_paused_after_a_start_is_activated_by_the_next([Values] bool isPausedByEdit)
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync("""{"auto_publish":true}""");
        var adSet = (await world.RunAsync(asked)).Result.CampaignCreation.AdsetMetaId!;
        await world.Get<StopSwitch>().StopAsync(asked.AccountId, "bob", null, CancellationToken.None);
        var stopId = (await world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        await world.ExecuteAsync("UPDATE activations SET busy_until = NULL");
        world.Graph.Faults.Add(call => call.Path == adSet && call["status"] == "PAUSED", async (_, _, act) =>
        {
            await world.Get<StopSwitch>().StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);
            await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);
            if (isPausedByEdit) await world.EditAsync(EditKind.Pause, adSet);
            return await act();
        });

        await world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None);
        Assert.That(await AdSetAsync(), Is.EqualTo("PAUSED"));
        await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);

        Assert.That(await AdSetAsync(), Is.EqualTo(isPausedByEdit ? "PAUSED" : "ACTIVE"));
        Assert.That(await world.QueryAsync<string>("SELECT concat(state, ' ', cardinality(paused_ids)) FROM activations"), Is.EqualTo(["active 0"]));

        async Task<string> AdSetAsync() => (await world.QueryAsync<string>("SELECT status FROM stub_graph.objects WHERE id = @adSet", new { adSet })).Single();
    }

    /// <param name="isBusy">A call of before the stop may still be carried out.</param>
    [TestCase(true, "active")]
    [TestCase(false, "idle")]
    public async Task What_Meta_will_not_have_active_again_counts_as_active_until_no_earlier_call_can_come(bool isBusy, string state)
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync("""{"auto_publish":true}""");
        var campaign = (await world.RunAsync(asked)).Result.CampaignCreation.CampaignMetaId;
        await world.Get<StopSwitch>().StopAsync(asked.AccountId, "bob", null, CancellationToken.None);
        var stopId = (await world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        await world.ExecuteAsync("UPDATE activations SET busy_until = NULL");
        await world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None);
        await world.Get<StopSwitch>().StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);
        if (isBusy) await world.ExecuteAsync("UPDATE activations SET busy_until = clock_timestamp() + interval '1 hour'");
        world.Graph.Faults.Always(call => call.Path == campaign && call["status"] == "ACTIVE", GraphFaults.Refused(100, 1885183));

        Assert.That(await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await world.QueryAsync<string>("SELECT concat(state, ' ', cardinality(paused_ids)) FROM activations"), Is.EqualTo([$"{state} 0"]));
    }
}
