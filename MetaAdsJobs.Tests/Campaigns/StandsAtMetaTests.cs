using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>Whatever is known here: what stands at Meta is what will spend, and what a permit is asked for.</summary>
[TestFixture]
public sealed class StandsAtMetaTests
{
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task A_publish_goes_by_a_budget_that_an_edit_has_sent_and_could_not_tell_of()
    {
        var tree = await _world.BuiltAsync();
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 15000");
        _world.Graph.Faults.Add(call => call["daily_budget"] is not null, async (call, http, act) =>
        {
            _world.Graph.Faults.Add(later => later["daily_budget"] is not null, GraphFaults.Throttled());
            return await GraphFaults.DropAfterActing(call, http, act);
        });
        var update = await _world.AskAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":20000}""");
        Assert.That(await _world.RunEditAsync(update), Is.InstanceOf<JobOutcome.Snoozed>());
        await _world.Get<CancelEdit>().ExecuteAsync(update, "ann", CancellationToken.None);
        Assert.That(((await _world.TreeAsync(tree)).AdSets[0].Budget.Daily, await _world.AtMetaAsync(tree.AdSets[0].MetaId, "daily_budget")), Is.EqualTo((10000L, "20000")));
        _world.Time.Advance(TimeSpan.FromMinutes(10));

        var publish = await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId);

        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"));
        Assert.That(publish.Status, Is.EqualTo("waiting"));
        Assert.That(publish.WaitReason, Does.Contain("with 20000 more they would exceed its cap of 15000"));
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 20000");
        Assert.That((await _world.UntilEndedAsync(publish.EditId)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("AAA", "active 20000")));
    }

    /// <param name="what">What of it is resumed.</param>
    /// <param name="isOn">Whether its campaign is on, and spends as soon as this does.</param>
    [TestCase("campaign", false, "active 40000")]
    [TestCase("adset", true, "active 40000")]
    [TestCase("ad", true, "active 40000")]
    [TestCase("adset", false, "idle 10000", Description = "below a paused campaign nothing spends, and nothing more is read")]
    public async Task A_resume_counts_what_stands_of_all_of_its_campaign(string what, bool isOn, string counted)
    {
        var tree = await _world.BuiltAsync(EditWorld.Tree);
        var one = what switch { "campaign" => tree.Campaign, "adset" => tree.AdSets[1], _ => tree.Ads[0] };
        Assert.That((await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        await _world.NothingUnderWayAsync();
        foreach (var metaId in isOn || what == "campaign" ? [one.MetaId] : (string[])[one.MetaId, tree.Campaign.MetaId]) Assert.That((await _world.EditAsync(EditKind.Pause, metaId)).Status, Is.EqualTo("succeeded"));
        await _world.NothingUnderWayAsync();
        await _world.ByHandAsync("daily_budget", "30000", tree.AdSets[0].MetaId);

        Assert.That((await _world.EditAsync(EditKind.Resume, one.MetaId)).Status, Is.EqualTo("succeeded"));

        Assert.That(await _world.CountedAsync(), Is.EqualTo(counted));
    }

    /// <param name="isOfCampaign">Whether the budget is the campaign's.</param>
    [Test]
    public async Task A_raise_of_what_somebody_has_switched_on_waits_for_a_permit_and_counts_from_then_on([Values] bool isOfCampaign)
    {
        var tree = await _world.BuiltAsync(isOfCampaign ? """{"budget_at":"campaign"}""" : "{}");
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 15000; UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE kind <> 'creative'; UPDATE meta_adsets SET status = 'ACTIVE'");

        var raise = await _world.EditAsync(EditKind.Update, isOfCampaign ? tree.Campaign.MetaId : tree.AdSets[0].MetaId, """{"daily_budget_cents":20000}""");

        Assert.That((raise.Status, raise.WaitReason), Is.EqualTo(("waiting", "the account's active campaigns may spend 0 a day already, and with 20000 more they would exceed its cap of 15000; pause some, or have an admin raise its daily_cap_cents")));
        Assert.That(await _world.AtMetaAsync(isOfCampaign ? tree.Campaign.MetaId : tree.AdSets[0].MetaId, "daily_budget"), Is.EqualTo("10000"));
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 20000");
        Assert.That((await _world.UntilEndedAsync(raise.EditId)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 20000"));
    }

    [Test]
    public async Task A_lowering_of_what_somebody_has_switched_on_waits_for_nothing()
    {
        var tree = await _world.BuiltAsync();
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 5000; UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE kind <> 'creative'; UPDATE meta_adsets SET status = 'ACTIVE'");
        await _world.Get<StopSwitch>().StopAsync(null, "bob", null, CancellationToken.None);

        Assert.That((await _world.EditAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":9000}""")).Status, Is.EqualTo("succeeded"));
    }

    /// <summary>It would be carried out after what is published, and switch a part of it off again.</summary>
    [Test]
    public async Task A_publish_waits_for_what_was_sent_to_a_part_of_it_and_not_answered()
    {
        var tree = await _world.BuiltAsync();
        _world.Graph.Faults.Add(call => call.Path == tree.AdSets[0].MetaId && call["status"] == "PAUSED", GraphFaults.DropBeforeActing);
        Assert.That((await _world.EditAsync(EditKind.Pause, tree.AdSets[0].MetaId)).Status, Is.EqualTo("succeeded"));

        var publish = await _world.AskAsync(EditKind.Publish, tree.Campaign.MetaId);

        Assert.That(await _world.RunEditAsync(publish), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").StartsWith("the answer to a call was lost"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"));
        Assert.That((await _world.UntilEndedAsync(publish)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAA"));
    }

    /// <summary>Else what an attempt has found on, and a stop has paused since, would be told as active and stay off.</summary>
    [Test]
    public async Task What_a_stop_pauses_after_a_publish_has_found_it_on_is_switched_on_again()
    {
        var tree = await _world.BuiltAsync();
        _world.Graph.Faults.Add(call => call.Path == tree.Campaign.MetaId && call["status"] == "ACTIVE", GraphFaults.Throttled());
        var publish = await _world.AskAsync(EditKind.Publish, tree.Campaign.MetaId);
        Assert.That(await _world.RunEditAsync(publish), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("pAA"));
        _world.Time.Advance(TimeSpan.FromMinutes(10));
        await _world.NothingUnderWayAsync();
        _world.Graph.Faults.Add(call => call.Method == "GET" && call.Path == $"{tree.Campaign.MetaId}/ads", async (_, _, act) =>
        {
            var answer = await act();
            await _world.Get<StopSwitch>().StopAsync(tree.AccountId, "bob", null, CancellationToken.None);
            await _world.Get<PauseSpending>().ExecuteAsync((await _world.QueryAsync<Guid>("SELECT id FROM stops")).Single(), CancellationToken.None);
            Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"));
            await _world.Get<StopSwitch>().StartAsync(tree.AccountId, "bob", reactivate: true, CancellationToken.None);
            return answer;
        });

        Assert.That((await _world.UntilEndedAsync(publish)).Status, Is.EqualTo("succeeded"));

        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAA"));
    }

    [Test]
    public async Task A_later_end_for_what_was_ended_in_Ads_Manager_asks_for_its_room_again()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true,"end_time":"2031-01-01T00:00:00Z"}""");
        await _world.ByHandAsync("end_time", "2020-01-01T00:00:00+0000", tree.AdSets[0].MetaId);
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 5000, campaign_cap_cents = 20000");

        var edit = await _world.EditAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"end_time":"2030-01-01T00:00:00Z"}""");

        Assert.That(edit.Status, Is.EqualTo("waiting"));
        Assert.That(edit.WaitReason, Does.Contain("its cap of 5000"));
    }
}
