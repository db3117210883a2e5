using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Comparing;
using MetaAdsJobs.Core.Campaigns.Reading;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Spending;

/// <summary>What somebody changes in Ads Manager while a stop is in force, when nobody compares: a start activates what stands there, and asks its permit for that.</summary>
[TestFixture]
public sealed class RaisedWhileStoppedTests
{
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [TearDown]
    public ValueTask StopAsync() => _world.DisposeAsync();

    [TestCase(50000, "AAA", "active 50000 0", Description = "it is counted from before")]
    [TestCase(50001, "ppp", "paused 10000 3", Description = "it waits for the next start")]
    public async Task A_budget_is_what_caps_go_by(int budget, string switched, string counted)
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        await _world.ExecuteAsync("UPDATE social_accounts SET campaign_cap_cents = 50000, daily_cap_cents = 60000");
        var stopId = await StoppedAsync(tree.AccountId);
        await _world.ByHandAsync("daily_budget", $"{budget}", tree.AdSets[0].MetaId);
        await LiftAsync(tree.AccountId);

        Assert.That(await ResumeAsync(stopId), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo(switched));
        Assert.That(await CountedAsync(), Is.EqualTo(counted));
    }

    [Test]
    public async Task An_ad_set_that_was_off_is_counted_and_so_is_a_later_end()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true,"ad_sets":[{"ads":[{}]},{"ads":[{}]}],"end_time":"2031-01-01T00:00:00Z"}""");
        await _world.NothingUnderWayAsync();
        Assert.That((await _world.EditAsync(EditKind.Pause, tree.AdSets[1].MetaId)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 10000"));
        var stopId = await StoppedAsync(tree.AccountId);
        await _world.ByHandAsync("end_time", "2033-01-01T00:00:00+0000", tree.AdSets[1].MetaId);
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE id = @MetaId", new { tree.AdSets[1].MetaId });
        await LiftAsync(tree.AccountId);

        Assert.That(await ResumeAsync(stopId), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 20000"));
        Assert.That(await _world.QueryAsync<string>("SELECT to_char(ends_at AT TIME ZONE 'UTC', 'YYYY') FROM activations"), Is.EqualTo(["2033"]));
    }

    [Test]
    public async Task A_raise_that_Meta_refuses_of_what_a_start_has_left_paused_takes_no_room()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        await _world.NothingUnderWayAsync();
        var stopId = await StoppedAsync(tree.AccountId);
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 1");
        await LiftAsync(tree.AccountId);
        Assert.That(await ResumeAsync(stopId), Is.InstanceOf<JobOutcome.Completed>());
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 60000");
        _world.Graph.Faults.Always(call => call.Path == tree.AdSets[0].MetaId && call["daily_budget"] is not null, GraphFaults.Refused(100, 1885183));

        Assert.That((await _world.EditAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":20000}""")).Status, Is.EqualTo("failed"));
        Assert.That(await CountedAsync(), Is.EqualTo("paused 10000 3"));
    }

    /// <summary>Of hundreds that an earlier stop has left paused, in an account that Meta has blocked.</summary>
    [Test]
    public async Task What_an_earlier_stop_has_paused_and_is_paused_the_next_one_only_reads()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        var stopId = await StoppedAsync(tree.AccountId);
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 1");
        await LiftAsync(tree.AccountId);
        Assert.That(await ResumeAsync(stopId), Is.InstanceOf<JobOutcome.Completed>());
        _world.Time.Advance(TimeSpan.FromMinutes(1));
        _world.Graph.ForgetCalls();

        await StoppedAsync(tree.AccountId);

        Assert.That(_world.Graph.Calls.Select(call => $"{call.Method} {call.Path}"), Is.EqualTo([$"GET {tree.Campaign.MetaId}"]));
    }

    [TestCase("its ad sets are not shown")]
    [TestCase("an edit of it waits for the stop")]
    public async Task That_it_is_on_is_seen_all_the_same(string although)
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        await _world.NothingUnderWayAsync();
        var stopId = await StoppedAsync(tree.AccountId);
        if (although == "an edit of it waits for the stop")
        {
            var edit = await _world.AskAsync(EditKind.Resume, tree.Campaign.MetaId);
            Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>());
            await _world.ExecuteAsync("UPDATE campaign_edits SET switched = true");
            Assert.That(await _world.QueryAsync<bool>("SELECT held FROM campaign_edits"), Is.EqualTo([true]));
        }
        else
        {
            _world.Graph.Faults.Always(call => call.Path == $"{tree.Campaign.MetaId}/adsets", GraphFaults.Refused(200, userMessage: "no rights"));
        }

        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE kind = 'campaign'");

        await LookAsync();

        Assert.That(await CountedAsync(), Is.EqualTo("active 10000 3"));
        Assert.That(await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"));
    }

    /// <summary>Another stop comes and goes between its list and its permit.</summary>
    [Test]
    public async Task What_is_noted_since_a_start_has_listed_it_is_counted_before_it_is_on()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        await _world.NothingUnderWayAsync();
        Assert.That((await _world.EditAsync(EditKind.Pause, tree.AdSets[0].MetaId)).Status, Is.EqualTo("succeeded"));
        var stopId = await StoppedAsync(tree.AccountId);
        await LiftAsync(tree.AccountId);
        _world.Graph.Faults.Add(call => call.Method == "GET" && call.Path == $"{tree.Campaign.MetaId}/adsets", async (_, _, act) =>
        {
            await _world.ExecuteAsync("UPDATE activations SET paused_ids = paused_ids || @MetaId::text, notes = notes + 1", new { tree.AdSets[0].MetaId });
            return await act();
        });

        Assert.That(await ResumeAsync(stopId), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"));
        Assert.That(await ResumeAsync(stopId), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That((await _world.SwitchedAsync(tree), await CountedAsync()), Is.EqualTo(("AAA", "active 10000 0")));
    }

    /// <summary>Paused here, and switched on again in Ads Manager: the stop has found it on, and so it comes back.</summary>
    [Test]
    public async Task What_the_stop_has_found_on_is_counted_also_when_it_is_known_as_off([Values(9999, 10000)] int cap)
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        await _world.NothingUnderWayAsync();
        Assert.That((await _world.EditAsync(EditKind.Pause, tree.AdSets[0].MetaId)).Status, Is.EqualTo("succeeded"));
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE id = @MetaId", new { tree.AdSets[0].MetaId });
        var stopId = await StoppedAsync(tree.AccountId);
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = @cap", new { cap });
        await LiftAsync(tree.AccountId);

        Assert.That(await ResumeAsync(stopId), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That((await _world.SwitchedAsync(tree), await CountedAsync()), Is.EqualTo(cap < 10000 ? ("ppp", "paused 0 3") : ("AAA", "active 10000 0")));
    }

    /// <summary>The same campaign: a start gives it back with the budget that it has by then, and asks nobody.</summary>
    [Test]
    public async Task What_the_stop_has_found_on_is_raised_when_it_is_over_and_somebody_approves()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        var adSet = tree.AdSets[0].MetaId;
        await _world.NothingUnderWayAsync();
        Assert.That((await _world.EditAsync(EditKind.Pause, adSet)).Status, Is.EqualTo("succeeded"));
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE id = @adSet", new { adSet });
        var stopId = await StoppedAsync(tree.AccountId);
        await _world.ExecuteAsync("UPDATE social_accounts SET approval_required = 'always'");
        var raise = await _world.AskAsync(EditKind.Update, adSet, """{"daily_budget_cents":50000}""");

        Assert.That(await _world.RunEditAsync(raise), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").StartsWith("stopped by bob"));
        Assert.That(await _world.AtMetaAsync(adSet, "daily_budget"), Is.EqualTo("10000"));

        await LiftAsync(tree.AccountId);
        Assert.That(await ResumeAsync(stopId), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That((await _world.SwitchedAsync(tree), await CountedAsync()), Is.EqualTo(("AAA", "active 10000 0")));
        Assert.That(await _world.RunEditAsync(raise), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").EqualTo("somebody else has to approve it"));
        Assert.That(await _world.AtMetaAsync(adSet, "daily_budget"), Is.EqualTo("10000"));
    }

    [Test]
    public async Task What_was_paused_by_hand_makes_room_for_a_start()
    {
        var asked = await _world.BuildAsync("""{"auto_publish":true}""");
        var (tree, again) = (await _world.TreeAsync(asked), await _world.AgainAsync(asked, """{"auto_publish":true}"""));
        var stopId = await StoppedAsync(tree.AccountId);
        await LiftAsync(tree.AccountId);
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 10000");
        Assert.That((await _world.RunAsync(again)).Result.Status, Is.EqualTo("succeeded"));
        await _world.ExecuteAsync("UPDATE activations SET busy_until = NULL, changed_at = changed_at - interval '10 minutes' WHERE state = 'active'; UPDATE stub_graph.objects SET status = 'PAUSED' WHERE kind = 'campaign'");

        Assert.That(await ResumeAsync(stopId), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAA"));
        Assert.That(await _world.QueryAsync<string>("SELECT state FROM activations ORDER BY state"), Is.EqualTo(["active", "idle"]));
    }

    /// <summary>Nobody knows what it would spend: the others are activated, and that one when Meta shows it.</summary>
    [Test]
    public async Task What_Meta_will_not_show_stays_paused_until_it_does([Values("the campaign", "its ad sets")] string what, [Values] bool isRefused)
    {
        var asked = await _world.BuildAsync("""{"auto_publish":true}""");
        var (tree, again) = (await _world.TreeAsync(asked), await _world.AgainAsync(asked, """{"auto_publish":true}"""));
        Assert.That((await _world.RunAsync(again)).Result.Status, Is.EqualTo("succeeded"));
        var (other, stopId) = (await _world.TreeAsync(again), await StoppedAsync(tree.AccountId));
        await LiftAsync(tree.AccountId);
        var path = what == "the campaign" ? tree.Campaign.MetaId : $"{tree.Campaign.MetaId}/adsets";
        _world.Graph.Faults.Always(call => call.Method == "GET" && call.Path == path, isRefused ? GraphFaults.Refused(200, userMessage: "no rights") : GraphFaults.DropBeforeActing);

        var resumed = await ResumeAsync(stopId);

        Assert.That(resumed, Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").StartsWith("1 campaigns could not be activated again yet"));
        Assert.That(((JobOutcome.Snoozed)resumed).Until - _world.Time.GetUtcNow(), Is.EqualTo(TimeSpan.FromSeconds(isRefused ? 300 : 15)).Within(TimeSpan.FromSeconds(5)));
        Assert.That((await _world.SwitchedAsync(tree), await _world.SwitchedAsync(other)), Is.EqualTo(("ppp", "AAA")));

        _world.Graph.Faults.Clear();
        Assert.That(await ResumeAsync(stopId), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAA"));
    }

    /// <summary>Nobody of ours has given it back, so it is looked at once a day: whether it is on.</summary>
    [Test]
    public async Task What_a_stop_has_paused_and_somebody_switches_on_is_counted_with_the_next_look_and_paused_again()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        var stopId = await StoppedAsync(tree.AccountId);
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE kind = 'campaign'");
        await _world.ByHandAsync("daily_budget", "30000", tree.AdSets[0].MetaId);

        await LookAsync();
        Assert.That(await CountedAsync(), Is.EqualTo("active 30000 3"));
        Assert.That((await _world.Get<CampaignReader>().FindAsync(tree.Campaign.MetaId, CancellationToken.None))!.OutsideChanges.Select(change => $"{change.Field} {change.Was} {change.Is}"), Is.EqualTo(["status PAUSED ACTIVE"]));
        Assert.That(await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That((await _world.SwitchedAsync(tree), await CountedAsync()), Is.EqualTo(("ppp", "paused 30000 3")));

        await LookAsync();
        Assert.That(await CountedAsync(), Is.EqualTo("paused 30000 3"));
    }

    [Test]
    public async Task What_a_start_had_no_room_for_and_somebody_switches_on_the_next_stop_pauses()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        var stopId = await StoppedAsync(tree.AccountId);
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 1");
        await LiftAsync(tree.AccountId);
        Assert.That(await ResumeAsync(stopId), Is.InstanceOf<JobOutcome.Completed>());
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE kind = 'campaign'");
        _world.Time.Advance(TimeSpan.FromMinutes(1));

        await StoppedAsync(tree.AccountId);

        Assert.That((await _world.SwitchedAsync(tree), await CountedAsync()), Is.EqualTo(("ppp", "paused 10000 3")));
    }

    /// <summary>A raise switches nothing on: nobody would ever find that it is not active.</summary>
    [Test]
    public async Task What_a_start_had_no_room_for_and_is_raised_since_stays_paused_until_the_next_start()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        var stopId = await StoppedAsync(tree.AccountId);
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 10000 - 1");
        await LiftAsync(tree.AccountId);
        Assert.That(await ResumeAsync(stopId), Is.InstanceOf<JobOutcome.Completed>());
        var raise = await _world.AskAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":20000}""");
        Assert.That(await _world.RunEditAsync(raise), Is.InstanceOf<JobOutcome.Snoozed>(), "for it, too, there is no room");

        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 20000");
        Assert.That((await _world.UntilEndedAsync(raise)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.SwitchedAsync(tree), await CountedAsync()), Is.EqualTo(("ppp", "paused 20000 3")));

        _world.Time.Advance(TimeSpan.FromMinutes(1));
        var nextId = await StoppedAsync(tree.AccountId);
        await LiftAsync(tree.AccountId);
        Assert.That(await ResumeAsync(nextId), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That((await _world.SwitchedAsync(tree), await CountedAsync()), Is.EqualTo(("AAA", "active 20000 0")));
    }

    /// <returns>A stop that has paused all there is.</returns>
    private async Task<Guid> StoppedAsync(Guid accountId)
    {
        await _world.NothingUnderWayAsync();
        await _world.Get<StopSwitch>().StopAsync(accountId, "bob", null, CancellationToken.None);
        var stopId = (await _world.QueryAsync<Guid>("SELECT id FROM stops WHERE lifted_at IS NULL")).Single();
        Assert.That(await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        return stopId;
    }

    private async Task LookAsync()
    {
        await _world.ExecuteAsync("UPDATE meta_campaigns SET compare_at = clock_timestamp(); ALTER TABLE meta_changes DISABLE TRIGGER meta_changes_stay; UPDATE meta_changes SET sent_at = sent_at - interval '1 hour'");
        Assert.That(await _world.Get<CompareCampaigns>().RunAsync(20, CancellationToken.None), Is.EqualTo(1));
    }

    private Task LiftAsync(Guid accountId) => _world.Get<StopSwitch>().StartAsync(accountId, "ann", reactivate: true, CancellationToken.None);

    private Task<JobOutcome> ResumeAsync(Guid stopId) => _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);

    private async Task<string> CountedAsync() => (await _world.QueryAsync<string>("SELECT concat(state, ' ', daily_cents, ' ', cardinality(paused_ids)) FROM activations")).Single();
}
