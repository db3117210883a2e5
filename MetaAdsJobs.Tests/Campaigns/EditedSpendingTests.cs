using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Comparing;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>What caps and stops go by once a campaign is no longer as it was born.</summary>
[TestFixture]
public sealed class EditedSpendingTests
{
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task After_a_stop_it_counts_as_it_was_edited_and_not_as_it_was_born()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        Assert.That((await _world.EditAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":30000}""")).Status, Is.EqualTo("succeeded"));
        await _world.NothingUnderWayAsync();
        var stops = _world.Get<StopSwitch>();
        await stops.StopAsync(tree.AccountId, "bob", null, CancellationToken.None);
        var stopId = (await _world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None);
        await _world.ExecuteAsync("UPDATE meta_campaigns SET compare_at = clock_timestamp(); ALTER TABLE meta_changes DISABLE TRIGGER meta_changes_stay; UPDATE meta_changes SET sent_at = sent_at - interval '1 hour'");
        Assert.That(await _world.Get<CompareCampaigns>().RunAsync(20, CancellationToken.None), Is.EqualTo(1));
        Assert.That((await _world.CountedAsync(), (await _world.TreeAsync(tree)).Campaign.Status), Is.EqualTo(("paused 30000", "ACTIVE")), "what a stop has paused is paused by us");

        await stops.StartAsync(tree.AccountId, "bob", reactivate: true, CancellationToken.None);
        await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);

        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("AAA", "active 30000")));
    }

    /// <param name="startComes">Before somebody resumes the campaign; else its job comes afterwards.</param>
    /// <param name="adSetToo">A person has paused the ad set as well.</param>
    [Test]
    public async Task Below_a_campaign_that_a_person_pauses_comes_back_what_a_stop_has_paused_and_no_more([Values] bool startComes, [Values] bool adSetToo)
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        await _world.NothingUnderWayAsync();
        var stops = _world.Get<StopSwitch>();
        await stops.StopAsync(tree.AccountId, "bob", null, CancellationToken.None);
        var stopId = (await _world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None);
        Assert.That((await _world.EditAsync(EditKind.Pause, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        if (adSetToo) Assert.That((await _world.EditAsync(EditKind.Pause, tree.AdSets[0].MetaId)).Status, Is.EqualTo("succeeded"));
        await stops.StartAsync(tree.AccountId, "bob", reactivate: true, CancellationToken.None);
        var (adSet, cents) = adSetToo ? ('p', 0) : ('A', 10000);
        if (startComes)
        {
            Assert.That(await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
            Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(($"p{adSet}A", $"idle {cents}")));
        }

        Assert.That((await _world.EditAsync(EditKind.Resume, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(($"A{adSet}A", $"active {cents}")));
        Assert.That(await _world.QueryAsync<int>("SELECT cardinality(paused_ids) FROM activations"), Is.EqualTo([0]));
        Assert.That(await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo($"A{adSet}A"));
    }

    /// <summary>It makes the very room that the other waits for.</summary>
    [Test]
    public async Task What_ends_or_spends_less_does_not_wait_for_what_waits_for_room_or_a_start([Values("a resume", "a raise", "a start")] string waits, [Values(EditKind.Delete, EditKind.Update)] EditKind then)
    {
        var tree = await _world.BuiltAsync(EditWorld.Tree);
        var (kept, other) = (tree.AdSets[0].MetaId, tree.AdSets[1].MetaId);
        await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId);
        await _world.NothingUnderWayAsync();
        if (waits != "a raise") await _world.EditAsync(EditKind.Pause, other);
        if (waits == "a start") await _world.Get<StopSwitch>().StopAsync(null, "bob", null, CancellationToken.None);
        else await _world.ExecuteAsync($"UPDATE social_accounts SET daily_cap_cents = {(waits == "a raise" ? 25000 : 15000)}");
        var first = waits == "a raise" ? await _world.AskAsync(EditKind.Update, other, """{"daily_budget_cents":16000}""") : await _world.AskAsync(EditKind.Resume, other);
        Assert.That(await _world.RunEditAsync(first), Is.InstanceOf<JobOutcome.Snoozed>());

        Assert.That((await _world.EditAsync(then, kept, then == EditKind.Update ? """{"daily_budget_cents":4000}""" : null)).Status, Is.EqualTo("succeeded"));

        if (waits == "a start") return;
        Assert.That((await _world.UntilEndedAsync(first)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo($"active {(waits == "a raise" ? 16000 : 10000) + (then == EditKind.Update ? 4000 : 0)}"));
    }

    [Test]
    public async Task What_a_stop_pauses_while_it_is_resumed_is_activated_by_its_start()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        await _world.NothingUnderWayAsync();
        Assert.That((await _world.EditAsync(EditKind.Pause, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        var (stops, stopId) = (_world.Get<StopSwitch>(), Guid.Empty);
        _world.Graph.Faults.Add(call => call.Path == tree.Campaign.MetaId && call["status"] == "ACTIVE", async (_, _, act) =>
        {
            var answer = await act();
            await stops.StopAsync(tree.AccountId, "bob", null, CancellationToken.None);
            stopId = (await _world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
            await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None);
            await stops.StartAsync(tree.AccountId, "bob", reactivate: true, CancellationToken.None);
            return answer;
        });

        Assert.That((await _world.EditAsync(EditKind.Resume, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"), "the stop was there last");
        Assert.That(await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("AAA", "active 10000")));
    }

    [Test]
    public async Task Below_a_paused_campaign_a_pause_waits_for_calls_that_may_be_under_way_too()
    {
        var tree = await _world.BuiltAsync(EditWorld.Tree);
        Assert.That((await _world.EditAsync(EditKind.Resume, tree.AdSets[0].MetaId)).Status, Is.EqualTo("succeeded"));

        var pause = await _world.AskAsync(EditKind.Pause, tree.AdSets[0].MetaId);
        Assert.That(await _world.RunEditAsync(pause), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That((await _world.SwitchedAsync(tree))[1], Is.EqualTo('p'));
        await _world.NothingUnderWayAsync();
        Assert.That((await _world.UntilEndedAsync(pause)).Status, Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task A_resume_counts_what_an_edit_that_was_made_void_has_switched_on()
    {
        var tree = await _world.BuiltAsync(EditWorld.Tree);
        // As a publish leaves it that was cut off before its campaign.
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE kind IN ('adset', 'ad')");

        Assert.That((await _world.EditAsync(EditKind.Resume, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));

        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 20000"));
    }

    /// <summary>Somebody has given the other ad set more in Ads Manager, and nobody has compared it since.</summary>
    /// <param name="edit">Of the ad set that is known as it stands.</param>
    [TestCase("a smaller budget", 84000)]
    [TestCase("a larger budget", 95000)]
    [TestCase("a larger budget that is not answered", 95000)]
    [TestCase("a larger budget that Meta refuses", 90000)]
    [TestCase("a pause", 80000)]
    [TestCase("a deletion", 80000)]
    [TestCase("a resume that Meta refuses", 80000)]
    public async Task What_a_publish_has_seen_and_counted_no_edit_uncounts(string edit, long counted)
    {
        var tree = await _world.BuiltAsync("""{"end_time":"2031-01-01T00:00:00Z","ad_sets":[{"ads":[{},{}]},{"ads":[{},{}]}]}""");
        var (raised, other) = (tree.AdSets[0].MetaId, tree.AdSets[1].MetaId);
        await _world.ByHandAsync("daily_budget", "80000", raised);
        await _world.ByHandAsync("end_time", "2033-01-01T00:00:00+0000", raised);
        Assert.That((await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 90000"));
        await _world.NothingUnderWayAsync();

        if (edit.StartsWith("a resume", StringComparison.Ordinal))
        {
            await _world.EditAsync(EditKind.Pause, other);
            await _world.NothingUnderWayAsync();
        }

        if (edit.EndsWith("refuses", StringComparison.Ordinal)) _world.Graph.Faults.Add(call => call.Method == "POST" && call.Path == other, GraphFaults.Refused(100, 1815573));
        if (edit.EndsWith("answered", StringComparison.Ordinal))
        {
            _world.Graph.Faults.Add(call => call.Method == "POST" && call.Path == other, GraphFaults.DropBeforeActing);
            _world.Graph.Faults.Add(call => call.Method == "POST" && call.Path == other, GraphFaults.Throttled());
        }

        var (kind, body) = edit.Split(' ')[1] switch
        {
            "smaller" => (EditKind.Update, """{"daily_budget_cents":4000}"""), "larger" => (EditKind.Update, """{"daily_budget_cents":15000}"""),
            "pause" => (EditKind.Pause, null), "deletion" => (EditKind.Delete, null), _ => (EditKind.Resume, (string?)null),
        };
        var ended = await _world.EditAsync(kind, other, body);

        Assert.That(ended.Status, Is.EqualTo(edit.EndsWith("refuses", StringComparison.Ordinal) ? "failed" : "succeeded"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo($"active {counted}"));
        Assert.That(await _world.QueryAsync<int>("SELECT EXTRACT(year FROM ends_at)::int FROM activations"), Is.EqualTo([2033]));
    }

    [TestCase("daily_cap_cents = 94000", "with 95000 more they would exceed its cap of 94000")]
    [TestCase("approval_required = 'above', approval_above_cents = 50000", "somebody else has to approve it")]
    public async Task A_raise_asks_for_all_that_is_counted_of_its_campaign(string limit, string reason)
    {
        var tree = await _world.BuiltAsync(EditWorld.Tree);
        await _world.ByHandAsync("daily_budget", "80000", tree.AdSets[0].MetaId);
        Assert.That((await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        await _world.ExecuteAsync($"UPDATE social_accounts SET {limit}");

        var raise = await _world.AskAsync(EditKind.Update, tree.AdSets[1].MetaId, """{"daily_budget_cents":15000}""");

        Assert.That(await _world.RunEditAsync(raise), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").Contains(reason));
        Assert.That(await _world.QueryAsync<long>("SELECT daily_cents FROM approvals"), Is.EqualTo(limit.StartsWith("approval", StringComparison.Ordinal) ? [95000L] : Array.Empty<long>()));
    }

    /// <param name="besideOneWithoutEnd">It is off, such as one that was added since: what is on has ended all the same.</param>
    [Test]
    public async Task A_later_end_for_what_has_ended_asks_for_its_room_again([Values] bool besideOneWithoutEnd)
    {
        var adSets = besideOneWithoutEnd ? ""","ad_sets":[{"ads":[{}]},{"ads":[{}]}]""" : "";
        var tree = await _world.BuiltAsync($"{{\"auto_publish\":true,\"end_time\":\"2031-01-01T00:00:00Z\"{adSets}}}");
        await _world.NothingUnderWayAsync();
        if (besideOneWithoutEnd) Assert.That((await _world.EditAsync(EditKind.Pause, tree.AdSets[1].MetaId)).Status, Is.EqualTo("succeeded"));
        await _world.ExecuteAsync("UPDATE activations SET ends_at = now() - interval '1 day'; UPDATE meta_adsets SET end_time = CASE WHEN status = 'ACTIVE' THEN now() - interval '1 day' END; UPDATE social_accounts SET daily_cap_cents = 5000, campaign_cap_cents = 20000");
        await _world.ByHandAsync("end_time", _world.Time.GetUtcNow().AddDays(-1).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss+0000", null), tree.AdSets[0].MetaId);

        var edit = await _world.EditAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"end_time":"2032-01-01T00:00:00Z"}""");

        Assert.That(edit.Status, Is.EqualTo("waiting"));
        Assert.That(edit.WaitReason, Does.Contain("its cap of 5000"));
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 10000");
        Assert.That((await _world.UntilEndedAsync(edit.EditId)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 10000"), "of what had ended nothing was counted");
    }

    /// <summary>Somebody has given the other more in Ads Manager, and only the publish has seen that.</summary>
    [Test]
    public async Task An_ad_set_that_has_ended_leaves_its_room_to_others_and_asks_for_all_of_it_with_a_later_end()
    {
        var tree = await _world.BuiltAsync(EditWorld.Tree);
        var (ended, other, end) = (tree.AdSets[0].MetaId, tree.AdSets[1].MetaId, _world.Time.GetUtcNow().AddDays(-1));
        await _world.ExecuteAsync("UPDATE meta_adsets SET end_time = @end WHERE meta_id = @ended; UPDATE social_accounts SET campaign_cap_cents = 89999", new { end, ended });
        await _world.ByHandAsync("end_time", end.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss+0000", null), ended);
        await _world.ByHandAsync("daily_budget", "80000", other);
        Assert.That((await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 80000"));

        var later = await _world.EditAsync(EditKind.Update, ended, """{"end_time":"2032-01-01T00:00:00Z"}""");

        Assert.That((later.Status, later.WaitReason), Is.EqualTo(("waiting", "its budget is 90000 a day and the cap for one campaign of this account is 89999; an admin may raise the account's campaign_cap_cents")));
        await _world.ExecuteAsync("UPDATE social_accounts SET campaign_cap_cents = 90000");
        Assert.That((await _world.UntilEndedAsync(later.EditId)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 90000"));
    }

    [Test]
    public async Task What_is_to_end_later_is_counted_while_its_end_passes_and_its_call_is_under_way()
    {
        var asked = await _world.BuildAsync("""{"auto_publish":true,"end_time":"2031-01-01T00:00:00Z"}""");
        var (tree, other) = (await _world.TreeAsync(asked), await _world.AgainAsync(asked));
        Assert.That((await _world.RunAsync(other)).Result.Status, Is.EqualTo("succeeded"));
        await _world.NothingUnderWayAsync();
        await _world.ExecuteAsync("UPDATE activations SET ends_at = @ends; UPDATE meta_adsets SET end_time = @ends WHERE request_id = @RequestId; UPDATE social_accounts SET daily_cap_cents = 15000", new { ends = _world.Time.GetUtcNow().AddSeconds(10), tree.RequestId });
        JobOutcome? second = null;
        _world.Graph.Faults.Add(call => call.Path == tree.AdSets[0].MetaId && call["end_time"] is not null, async (_, _, act) =>
        {
            _world.Time.Advance(TimeSpan.FromSeconds(15));
            second = await _world.RunEditAsync(await _world.AskAsync(EditKind.Publish, (await _world.TreeAsync(other)).Campaign.MetaId));
            return await act();
        });

        Assert.That((await _world.EditAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"end_time":"2032-01-01T00:00:00Z"}""")).Status, Is.EqualTo("succeeded"));

        Assert.That(second, Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").Contains("exceed its cap of 15000"));
    }

    [Test]
    public async Task A_deletion_makes_no_pause_void_and_does_not_wait_for_one()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        var pause = await _world.AskAsync(EditKind.Pause, tree.Campaign.MetaId);
        Assert.That(await _world.RunEditAsync(pause), Is.InstanceOf<JobOutcome.Snoozed>());

        Assert.That((await _world.EditAsync(EditKind.Delete, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        await _world.NothingUnderWayAsync();
        Assert.That((await _world.UntilEndedAsync(pause)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("ended 10000"));
    }
}
