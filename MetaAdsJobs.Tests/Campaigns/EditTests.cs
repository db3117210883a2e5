using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>What is done to a campaign after its birth, one edit at a time.</summary>
[TestFixture]
public sealed class EditTests
{
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("MAX_RETRIES", "2"));

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task Publish_switches_on_all_from_the_ads_up_and_counts_it_and_pause_takes_it_back()
    {
        var tree = await _world.BuiltAsync(EditWorld.Tree);
        var (campaign, sent) = (tree.Campaign.MetaId, _world.Graph.Calls.Count);

        Guid publishing;
        using (AccountScope.Enter(new Caller("ann", Roles.Manager, null, null) { KeyName = "laptop" }, null)) publishing = await _world.AskAsync(EditKind.Publish, campaign);
        var published = await _world.UntilEndedAsync(publishing);

        Assert.That((published.Status, published.Error), Is.EqualTo(("succeeded", (string?)null)));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAAAAAA"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 20000"), "two ad sets of 100 a day");
        var calls = _world.Graph.Calls.Skip(sent).Where(call => call["status"] == "ACTIVE").Select(call => call.Path[..7]).ToList();
        Assert.That(calls, Is.EqualTo(["META_AD", "META_AD", "META_AD", "META_AD", "META_AD", "META_AD", "META_CA"]), "the campaign last");
        Assert.That((await _world.TreeAsync(tree)).All.Select(one => one.Status).Distinct(), Is.EqualTo(["ACTIVE"]));
        var told = (await _world.Get<ChangeReader>().ListAsync(new(tree.RequestId), null, 100, CancellationToken.None)).Items;
        Assert.That(told.Count(change => (change.AskedBy, change.KeyName) == ("ann", "laptop") && (string?)change.Sent["status"] == "ACTIVE"), Is.EqualTo(7), "carried out by a worker, by whose key it was asked");

        var pausing = await _world.AskAsync(EditKind.Pause, campaign);
        Assert.That(await _world.RunEditAsync(pausing), Is.InstanceOf<JobOutcome.Snoozed>(), "a call that activates may still be under way");
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("pAAAAAA"), "it is paused at once all the same");
        await _world.NothingUnderWayAsync();
        Assert.That((await _world.UntilEndedAsync(pausing)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("idle 20000"));
    }

    [Test]
    public async Task Resume_switches_on_the_object_alone_and_below_a_paused_campaign_it_counts_for_nothing()
    {
        var tree = await _world.BuiltAsync(EditWorld.Tree);

        Assert.That((await _world.EditAsync(EditKind.Resume, tree.AdSets[1].MetaId)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.EditAsync(EditKind.Publish, tree.AdSets[0].MetaId)).Status, Is.EqualTo("succeeded"));

        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("pAAAApp"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("idle 0"));
    }

    [Test]
    public async Task A_budget_is_lowered_also_while_the_account_s_calls_are_spaced()
    {
        var tree = await _world.BuiltAsync(EditWorld.Tree);
        _world.Graph.Faults.Always(_ => true, GraphFaults.Used(88));
        Assert.That((await _world.EditAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":5000}""")).Status, Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task What_an_ad_set_that_is_paused_no_longer_spends_makes_room_and_its_resume_asks_for_it_again()
    {
        var tree = await _world.BuiltAsync(EditWorld.Tree);
        await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId);
        await _world.NothingUnderWayAsync();

        await _world.EditAsync(EditKind.Pause, tree.AdSets[0].MetaId);
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 10000"));
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 15000");
        var refused = await _world.EditAsync(EditKind.Resume, tree.AdSets[0].MetaId);
        Assert.That(refused.Status, Is.EqualTo("waiting"));
        Assert.That(refused.WaitReason, Does.Contain("with 20000 more they would exceed its cap of 15000"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ApAAAAA"));

        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 25000");
        Assert.That((await _world.UntilEndedAsync(refused.EditId)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("AAAAAAA", "active 20000")));
    }

    [Test]
    public async Task A_raise_has_a_permit_first_and_a_lowering_waits_for_none()
    {
        var tree = await _world.BuiltAsync();
        var adSet = tree.AdSets[0].MetaId;
        await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId);
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 15000");

        var raise = await _world.AskAsync(EditKind.Update, adSet, """{"daily_budget_cents":20000}""");
        Assert.That(await _world.RunEditAsync(raise), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(await _world.AtMetaAsync(adSet, "daily_budget"), Is.EqualTo("10000"), "nothing is sent before the permit");
        Assert.That(await _world.Get<CancelEdit>().ExecuteAsync(raise, "ann", CancellationToken.None), Is.True);
        await _world.Get<StopSwitch>().StopAsync(null, "bob", null, CancellationToken.None);
        var lowered = await _world.EditAsync(EditKind.Update, adSet, """{"daily_budget_cents":5000,"name":"Half"}""");

        Assert.That((lowered.Status, (long?)lowered.Found!["daily_budget_cents"]), Is.EqualTo(("succeeded", 10000L)));
        Assert.That(await _world.AtMetaAsync(adSet, "daily_budget"), Is.EqualTo("5000"));
        Assert.That((await _world.QueryAsync<string>("SELECT name FROM stub_graph.objects WHERE id = @adSet", new { adSet })).Single(), Does.Match(@"^Half \[maj[a-z2-7]{16}s\]$"), "the marker stays");
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 5000"));
        var waiting = await _world.EditAsync(EditKind.Update, adSet, """{"daily_budget_cents":10000}""");
        Assert.That((waiting.Status, waiting.WaitReason), Is.EqualTo(("waiting", "stopped by bob")));
    }

    [TestCase(10000, "succeeded", "20000")]
    [TestCase(9900, "failed", "10000")]
    public async Task An_expected_budget_keeps_what_somebody_else_has_changed(long expected, string status, string budget)
    {
        var tree = await _world.BuiltAsync();

        var edit = await _world.EditAsync(EditKind.Update, tree.AdSets[0].MetaId, $$"""{"daily_budget_cents":20000,"if_budget_is":{{expected}}}""");

        Assert.That((edit.Status, await _world.AtMetaAsync(tree.AdSets[0].MetaId, "daily_budget")), Is.EqualTo((status, budget)));
        if (status == "failed") Assert.That(edit.Error, Is.EqualTo("if_budget_is was 9900, and at Meta it is 10000: somebody else has changed it; nothing was changed"));
        await _world.ExecuteAsync("UPDATE meta_adsets SET daily_budget = 7");
        await _world.EditAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":30000,"if_budget_is":7}""");
        Assert.That(await _world.QueryAsync<bool>("SELECT s.daily_budget = 7 AND c.compare_at < clock_timestamp() + interval '5 minutes' FROM meta_adsets s JOIN meta_campaigns c ON c.id = s.campaign_db_id"), Is.EqualTo([true]), "what was found is told, and taken over, by the comparison that follows");
    }

    [Test]
    public async Task Edits_of_one_campaign_are_done_in_order_and_a_pause_waits_for_none_of_them()
    {
        var tree = await _world.BuiltAsync();
        await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId);
        await _world.NothingUnderWayAsync();
        var adSet = tree.AdSets[0].MetaId;
        var (first, second) = (await _world.AskAsync(EditKind.Update, adSet, """{"daily_budget_cents":20000}"""), await _world.AskAsync(EditKind.Update, adSet, """{"daily_budget_cents":30000}"""));

        Assert.That(await _world.RunEditAsync(second), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").EqualTo("an earlier edit of the same campaign comes first"));
        Assert.That((await _world.EditAsync(EditKind.Pause, tree.Ads[0].MetaId)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.UntilEndedAsync(first)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.UntilEndedAsync(second)).Status, Is.EqualTo("succeeded"));

        Assert.That(await _world.AtMetaAsync(adSet, "daily_budget"), Is.EqualTo("30000"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAp"));
        var jobs = await _world.QueryAsync<long>("SELECT count(*) FROM hangfire.job WHERE invocationdata ->> 'Type' = 'edit'");
        Assert.That(jobs.Single(), Is.EqualTo(6), "four were asked for, and whoever ends calls the next");
    }

    [Test]
    public async Task A_pause_makes_void_what_would_switch_the_same_on_and_what_is_published_around_it_leaves_it_out()
    {
        var tree = await _world.BuiltAsync(EditWorld.Tree);
        var publish = await _world.AskAsync(EditKind.Publish, tree.Campaign.MetaId);
        var pause = await _world.AskAsync(EditKind.Pause, tree.Ads[3].MetaId);
        Assert.That((await _world.UntilEndedAsync(publish)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAAAAAp"));
        await _world.NothingUnderWayAsync();
        Assert.That((await _world.UntilEndedAsync(pause)).Status, Is.EqualTo("succeeded"));
        await _world.EditAsync(EditKind.Pause, tree.Campaign.MetaId);

        var resume = await _world.AskAsync(EditKind.Resume, tree.Campaign.MetaId);
        var update = await _world.AskAsync(EditKind.Update, tree.Campaign.MetaId, """{"name":"Other"}""");
        await _world.EditAsync(EditKind.Pause, tree.Campaign.MetaId);
        var cancelled = await _world.UntilEndedAsync(resume);
        Assert.That((cancelled.Status, cancelled.Error), Is.EqualTo(("cancelled", "ann has asked to pause the campaign since")));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("pAAAAAp"));

        Assert.That((await _world.EditAsync(EditKind.Delete, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.UntilEndedAsync(update)).Status, Is.EqualTo("cancelled"));
        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("ddddddd", "ended 20000")));
        Assert.That(await _world.Get<RequestEdit>().ExecuteAsync(EditLevel.Ad, tree.Ads[0].MetaId, EditKind.Resume, null, "ann", CancellationToken.None), Is.InstanceOf<EditRequested.Refused>());
    }

    [Test]
    public async Task A_stop_holds_what_would_spend_and_no_pause_and_what_a_person_pauses_meanwhile_stays_so()
    {
        var tree = await _world.BuiltAsync();
        await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId);
        await _world.NothingUnderWayAsync();
        var (account, stops) = (tree.AccountId, _world.Get<StopSwitch>());
        await stops.StopAsync(account, "bob", "too much", CancellationToken.None);
        var stopId = (await _world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        Assert.That(await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());

        var resume = await _world.AskAsync(EditKind.Resume, tree.Ads[0].MetaId);
        Assert.That(await _world.RunEditAsync(resume), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").EqualTo("stopped by bob: too much"));
        Assert.That((await _world.EditAsync(EditKind.Pause, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        await stops.StartAsync(account, "bob", reactivate: true, CancellationToken.None);
        Assert.That(await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("pAA"));
        var resumed = await _world.UntilEndedAsync(resume);
        Assert.That((resumed.Status, resumed.WaitReason), Is.EqualTo(("succeeded", (string?)null)), "below the paused campaign it spends nothing");
        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("pAA", "idle 10000")));
    }

    [Test]
    public async Task A_lost_answer_is_looked_after_and_what_was_done_is_not_done_again()
    {
        var tree = await _world.BuiltAsync();
        var adSet = tree.AdSets[0].MetaId;
        for (var tries = 0; tries < 4; tries++) _world.Graph.Faults.Add(call => call.Path == adSet && call["daily_budget"] is not null, GraphFaults.DropAfterActing);

        var edit = await _world.EditAsync(EditKind.Update, adSet, """{"daily_budget_cents":20000}""");

        Assert.That((edit.Status, edit.Attempt), Is.EqualTo(("succeeded", 3)), "first when none of the four can be carried out late any more");
        Assert.That(_world.Graph.Calls.Count(call => call.Path == adSet && call["daily_budget"] is not null), Is.EqualTo(4));
    }

    [Test]
    public async Task An_activation_that_fails_is_paused_again_and_goes_on_counting_as_long_as_it_may_come_yet()
    {
        var tree = await _world.BuiltAsync();
        var campaign = tree.Campaign.MetaId;
        _world.Graph.Faults.Always(call => call.Path == campaign && call["status"] == "ACTIVE", GraphFaults.DropAfterActing);

        var edit = await _world.EditAsync(EditKind.Publish, campaign);
        Assert.That((edit.Status, await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("waiting", "pAA", "active 10000")), "it may come yet");
        edit = await _world.UntilEndedAsync(edit.EditId);

        Assert.That((edit.Status, edit.Error), Is.EqualTo(("failed", "gave up after 3 attempts; whether it was done is not known: Meta's answer was lost")));
        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("pAA", "idle 10000")));
    }

    [Test]
    public async Task A_pause_does_not_give_up_while_Meta_is_away()
    {
        var tree = await _world.BuiltAsync();
        _world.Graph.Faults.Always(call => call.Path == tree.Campaign.MetaId, GraphFaults.FailBeforeActing);
        var pause = await _world.AskAsync(EditKind.Pause, tree.Campaign.MetaId);
        for (var tries = 0; tries < 5; tries++) Assert.That(await _world.RunEditAsync(pause), Is.InstanceOf<JobOutcome.Snoozed>());

        _world.Graph.Faults.Clear();
        Assert.That((await _world.UntilEndedAsync(pause)).Status, Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task A_fifth_change_of_a_budget_within_an_hour_waits_for_the_hour_to_be_over()
    {
        var tree = await _world.BuiltAsync();
        for (var budget = 11000; budget <= 14000; budget += 1000) await _world.EditAsync(EditKind.Update, tree.AdSets[0].MetaId, $$"""{"daily_budget_cents":{{budget}}}""");

        var fifth = await _world.AskAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":15000}""");

        Assert.That(await _world.RunEditAsync(fifth), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").EqualTo("its budget was changed 4 times within an hour, and Meta takes no more"));
        _world.Time.Advance(TimeSpan.FromMinutes(61));
        Assert.That((await _world.UntilEndedAsync(fifth)).Status, Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task What_was_deleted_in_Ads_Manager_is_found_and_said()
    {
        var tree = await _world.BuiltAsync();
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'DELETED', deleted_at = now() WHERE id = @Id", new { Id = tree.AdSets[0].MetaId });

        var edit = await _world.EditAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":20000}""");

        Assert.That((edit.Status, edit.Error), Is.EqualTo(("failed", "the ad set is deleted or archived at Meta")));
        Assert.That((await _world.TreeAsync(tree)).AdSets[0].Status, Is.EqualTo("DELETED"));
    }

    /// <summary>Meta refuses to pause it, and it is not deleted for that.</summary>
    [Test]
    public async Task What_is_paused_once_it_is_archived_stays_known_as_archived()
    {
        var adSet = (await _world.BuiltAsync()).AdSets[0].MetaId;
        await _world.EditAsync(EditKind.Archive, adSet);

        Assert.That((await _world.EditAsync(EditKind.Pause, adSet)).Status, Is.EqualTo("succeeded"));

        Assert.That(await _world.QueryAsync<string>("SELECT status FROM meta_adsets WHERE meta_id = @adSet", new { adSet }), Is.EqualTo(["ARCHIVED"]));
    }

    [TestCase("META_CAMPAIGN", """{"daily_budget_cents":5000}""", "daily_budget_cents: the budgets are the ad sets': change them there")]
    [TestCase("META_CAMPAIGN", """{"end_time":"2030-01-01T00:00:00Z"}""", "end_time: is an ad set's: change it there")]
    [TestCase("META_ADSET", """{"lifetime_budget_cents":5000}""", "lifetime_budget_cents: Meta does not change one kind of budget into the other: it has a daily_budget_cents")]
    [TestCase("META_ADSET", """{"daily_budget_cents":0}""", "daily_budget_cents: must be a whole number from 1 to 10000000000000")]
    [TestCase("META_ADSET", """{"end_time":"2020-01-01T00:00:00Z"}""", "end_time: must be in the future")]
    [TestCase("META_ADSET", """{"if_budget_is":5}""", "if_budget_is: is only for a change of daily_budget_cents or lifetime_budget_cents")]
    [TestCase("META_ADSET", """{"color":"red"}""", "color: is not a known field; known here: bid_amount_cents, creative, daily_budget_cents, end_time, if_budget_is, lifetime_budget_cents, name, targeting")]
    [TestCase("META_AD_", """{"daily_budget_cents":5000}""", "daily_budget_cents: an ad has no budget: change that of its ad set or campaign")]
    [TestCase("META_AD_", "{}", "$: says nothing to change: give one of name, daily_budget_cents, lifetime_budget_cents, end_time, bid_amount_cents, targeting, creative")]
    public async Task What_is_wrong_with_an_update_is_told_by_its_field(string of, string body, string error)
    {
        var tree = await _world.BuiltAsync();
        var one = tree.All.First(one => one.MetaId.StartsWith(of, StringComparison.Ordinal));
        var level = of == "META_CAMPAIGN" ? EditLevel.Campaign : of == "META_ADSET" ? EditLevel.Adset : EditLevel.Ad;

        var asked = await _world.Get<RequestEdit>().ExecuteAsync(level, one.MetaId, EditKind.Update, System.Text.Json.JsonElement.Parse(body), "ann", CancellationToken.None);

        Assert.That(((EditRequested.Invalid)asked).Errors.ToDictionary().Select(pair => $"{pair.Key}: {pair.Value[0]}"), Is.EqualTo([error]));
    }
}
