using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Spending;

/// <summary>Meta calls missing what is there, as it does when rights are lost or for a moment, with its ad account or alone: that proves nothing.</summary>
[TestFixture]
public sealed class SaidMissingTests
{
    private static readonly GraphFault Missing = GraphFaults.Refused(100, 33);
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [TearDown]
    public ValueTask StopAsync() => _world.DisposeAsync();

    [Test]
    public async Task A_stop_stays_open_and_pauses_when_Meta_answers_again()
    {
        var asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        var campaign = (await _world.RunAsync(asked)).Result.CampaignCreation.CampaignMetaId!;
        await _world.Get<StopSwitch>().StopAsync(asked.AccountId, "ann", null, CancellationToken.None);
        var stopId = (await _world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        await _world.ExecuteAsync("UPDATE activations SET busy_until = NULL");
        _world.Graph.Faults.Always(_ => true, Missing);

        Assert.That(await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That((await ActiveAsync(asked), await StatusAsync(campaign)), Is.EqualTo((1L, "ACTIVE")));

        _world.Graph.Faults.Clear();
        Assert.That(await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That((await ActiveAsync(asked), await StatusAsync(campaign)), Is.EqualTo((0L, "PAUSED")));
    }

    [Test]
    public async Task What_an_undo_cannot_delete_is_named_as_left_at_Meta()
    {
        var asked = await _world.AcceptAsync();
        _world.Graph.Faults.Always(call => call.IsCreateOf("ads"), GraphFaults.Refused(100, 1885183));
        _world.Graph.Faults.Always(call => call.Method != "POST" && _world.Graph.Calls.Any(earlier => earlier.IsCreateOf("ads")), Missing);

        var failed = (await _world.RunAsync(asked)).Result;

        var (campaign, adSet) = (await IdAsync("campaign"), await IdAsync("adset"));
        Assert.That(failed.Status, Is.EqualTo("failed"));
        Assert.That(await _world.AtMetaAsync(asked), Is.EqualTo("adset campaign creative"));
        Assert.That(failed.Errors, Has.Some.Contains($"left at Meta, delete it by hand: campaign {campaign}").And.Some.Contains($"left at Meta, delete it by hand: adset {adSet}"));
    }

    [Test]
    public async Task A_cap_frees_no_room_for_it()
    {
        var asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        var campaign = (await _world.RunAsync(asked)).Result.CampaignCreation.CampaignMetaId!;
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 15000; UPDATE activations SET busy_until = NULL");
        _world.Graph.Faults.Always(call => call.Method == "GET" && (call.Path == campaign || call.Path == asked.AdAccountId), Missing);

        var more = await _world.AgainAsync(asked, """{"auto_publish":true}""");
        var held = (await _world.RunAsync(more, runs: 4)).Result;

        Assert.That(_world.Graph.Calls.Count(call => call.Method == "GET" && call.Path == campaign), Is.GreaterThan(0), "nobody looked");
        Assert.That(held.Status, Is.EqualTo("waiting"));
        Assert.That(held.WaitReason, Does.Contain("exceed its cap of 15000"));
    }

    /// <summary>The campaign alone is called missing, again and again, and its account is shown: gone, or not shown for a while. Only time tells.</summary>
    [TestCase(10, 1, "active")]
    [TestCase(60, 0, "ended")]
    public async Task Called_missing_with_its_account_shown_it_counts_as_active_until_that_has_lasted_an_hour(int minutes, long active, string state)
    {
        var asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        var campaign = (await _world.RunAsync(asked)).Result.CampaignCreation.CampaignMetaId!;
        await _world.Get<StopSwitch>().StopAsync(asked.AccountId, "ann", null, CancellationToken.None);
        var stopId = (await _world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        await _world.ExecuteAsync("UPDATE activations SET busy_until = NULL; UPDATE meta_campaigns SET compare_at = clock_timestamp() + interval '20 hours'");
        _world.Graph.Faults.Always(call => call.Path == campaign, Missing);
        _world.Time.Advance(TimeSpan.FromHours(2));

        Assert.That(await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Snoozed>(), "however long ago it was stopped");
        for (var waited = 0; waited < minutes; waited += 10)
        {
            _world.Time.Advance(TimeSpan.FromMinutes(10));
            if (waited + 10 < minutes) await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None);
        }

        Assert.That(await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), active > 0 ? Is.InstanceOf<JobOutcome.Snoozed>() : Is.InstanceOf<JobOutcome.Completed>());

        Assert.That((await ActiveAsync(asked), await StateAsync()), Is.EqualTo((active, state)));
        Assert.That(await _world.QueryAsync<bool>("SELECT compare_at <= clock_timestamp() FROM meta_campaigns"), Is.EqualTo([true]), "it is compared soon, and counts again where it is shown");
        _world.Graph.Faults.Clear();
        if (active == 0) return;
        Assert.That(await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That((await ActiveAsync(asked), await StatusAsync(campaign)), Is.EqualTo((0L, "PAUSED")));
    }

    /// <summary>Each pass of the stop is told so, but for one that Meta tells that it is active.</summary>
    [Test]
    public async Task A_stop_does_not_believe_to_be_gone_what_Meta_has_shown_in_that_hour()
    {
        var asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        var campaign = (await _world.RunAsync(asked)).Result.CampaignCreation.CampaignMetaId!;
        await _world.Get<StopSwitch>().StopAsync(asked.AccountId, "ann", null, CancellationToken.None);
        var stopId = (await _world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        for (var pass = 0; pass < 8; pass++)
        {
            await _world.ExecuteAsync("UPDATE activations SET busy_until = NULL, pausing = '{}'");
            _world.Graph.Faults.Clear();
            _world.Graph.Faults.Always(call => call.Path == campaign && (call.Method == "POST" || pass != 4), Missing);
            if (pass == 4) _world.Graph.Faults.Add(call => call.Path == campaign && call.Method == "GET", Missing);
            Assert.That(await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Snoozed>(), $"{pass}");
            _world.Time.Advance(TimeSpan.FromMinutes(10));
        }

        Assert.That(await ActiveAsync(asked), Is.EqualTo(1));
    }

    /// <summary>Meta was away for longer than it may call something missing: that is counted from when it first does.</summary>
    [Test]
    public async Task A_pause_that_has_waited_for_long_does_not_give_up_at_the_first_such_word()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        await _world.NothingUnderWayAsync();
        var edit = await _world.AskAsync(EditKind.Pause, tree.Campaign.MetaId);
        _world.Time.Advance(TimeSpan.FromMinutes(90));
        _world.Graph.Faults.Always(call => call.Path == tree.Campaign.MetaId, Missing);

        var waits = await _world.RunEditAsync(edit);

        Assert.That(waits, Is.InstanceOf<JobOutcome.Snoozed>());
        _world.Graph.Faults.Clear();
        _world.Time.AdvanceTo(((JobOutcome.Snoozed)waits).Until);
        await _world.RunEditAsync(edit);
        Assert.That(await StatusAsync(tree.Campaign.MetaId), Is.EqualTo("PAUSED"));
    }

    [Test]
    public async Task A_run_waits_for_Meta_to_show_the_ad_that_it_activates()
    {
        var asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        _world.Graph.Faults.Add(call => call.Path.StartsWith("META_AD_", StringComparison.Ordinal), Missing, times: 9);

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, ran.Throws), Is.EqualTo(("succeeded", 0)), string.Join("; ", ran.Result.Errors));
        Assert.That(ran.Waits, Is.Not.Empty);
    }

    /// <summary>What a failed run has left no comparison looks at.</summary>
    [Test]
    public async Task Room_that_a_failed_run_has_left_taken_is_free_when_its_campaign_was_called_missing_for_an_hour()
    {
        var asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        await _world.RunAsync(asked);
        var campaign = await IdAsync("campaign");
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 15000; TRUNCATE meta_campaigns CASCADE; UPDATE activations SET busy_until = NULL");
        _world.Graph.Faults.Always(call => call.Method == "GET" && call.Path == campaign, Missing);
        var more = await _world.AgainAsync(asked, """{"auto_publish":true}""");
        var since = _world.Time.GetUtcNow();
        var result = (await _world.RunAsync(more, runs: 1)).Result;
        Assert.That(result.Status, Is.EqualTo("waiting"));
        for (var looks = 0; looks < 20 && result.Status != "succeeded"; looks++)
        {
            _world.Time.Advance(TimeSpan.FromMinutes(5));
            result = (await _world.RunAsync(more, runs: 1)).Result;
        }

        Assert.That((result.Status, _world.Time.GetUtcNow() - since > TimeSpan.FromHours(1)), Is.EqualTo(("succeeded", true)));
    }

    [Test]
    public async Task A_cap_frees_no_room_for_what_alone_is_called_missing()
    {
        var asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        var campaign = (await _world.RunAsync(asked)).Result.CampaignCreation.CampaignMetaId!;
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 15000; UPDATE activations SET busy_until = NULL; UPDATE meta_campaigns SET compare_at = clock_timestamp() + interval '20 hours'");
        _world.Graph.Faults.Always(call => call.Method == "GET" && call.Path == campaign, Missing);

        var held = (await _world.RunAsync(await _world.AgainAsync(asked, """{"auto_publish":true}"""), runs: 4)).Result;

        Assert.That((held.Status, await _world.QueryAsync<string>("SELECT state FROM activations WHERE request_id = @RequestId", new { asked.RequestId })), Is.EqualTo(("waiting", new List<string> { "active" })));
        Assert.That(await _world.QueryAsync<bool>("SELECT compare_at <= clock_timestamp() FROM meta_campaigns WHERE meta_id = @campaign", new { campaign }), Is.EqualTo([true]));
    }

    /// <summary>Whoever asked for it is not told that it is done, and it goes on counting.</summary>
    [TestCase(EditKind.Pause)]
    [TestCase(EditKind.Delete)]
    [TestCase(EditKind.Archive)]
    public async Task An_edit_does_not_call_done_what_is_only_called_missing(EditKind kind)
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        await _world.NothingUnderWayAsync();
        _world.Graph.Faults.Always(call => call.Path == tree.Campaign.MetaId, Missing);

        var edit = await _world.EditAsync(kind, tree.Campaign.MetaId);

        Assert.That((edit.Status == "succeeded", await StateAsync(), (await _world.TreeAsync(tree)).Campaign.Status), Is.EqualTo((false, "active", "ACTIVE")));
        _world.Graph.Faults.Clear();
        var again = await _world.EditAsync(EditKind.Pause, tree.Campaign.MetaId);
        Assert.That((again.Status, await StatusAsync(tree.Campaign.MetaId)), Is.EqualTo(("succeeded", "PAUSED")));
    }

    [Test]
    public async Task An_undo_does_not_call_deleted_what_is_only_called_missing()
    {
        var asked = await _world.AcceptAsync();
        _world.Graph.Faults.Always(call => call.IsCreateOf("ads"), GraphFaults.Refused(100, 1885183));
        _world.Graph.Faults.Always(call => call.Path.StartsWith("META_ADSET", StringComparison.Ordinal) && call.Method != "POST" && _world.Graph.Calls.Any(earlier => earlier.IsCreateOf("ads")), Missing);

        var failed = (await _world.RunAsync(asked, runs: 60)).Result;

        Assert.That(failed.Status, Is.EqualTo("failed"));
        Assert.That(failed.Errors, Has.Some.Contains($"left at Meta, delete it by hand: adset {await IdAsync("adset")}"));
        Assert.That(await _world.AtMetaAsync(asked), Is.Empty, "what it hung on was deleted all the same, and that with it");
    }

    /// <summary>The campaign's own call that activates may have been carried out: what is below it is switched off and deleted all the same.</summary>
    [Test]
    public async Task An_undo_takes_away_what_hangs_on_a_campaign_that_is_only_called_missing()
    {
        var asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        _world.Graph.Faults.Always(call => call["status"] == "ACTIVE" && call.Path.StartsWith("META_CAMPAIGN", StringComparison.Ordinal), GraphFaults.Refused(100, 1885183));
        _world.Graph.Faults.Always(call => call.Path.StartsWith("META_CAMPAIGN", StringComparison.Ordinal) && call["status"] != "ACTIVE" && _world.Graph.Calls.Any(earlier => earlier.Path.StartsWith("META_CAMPAIGN", StringComparison.Ordinal) && earlier["status"] == "ACTIVE"), Missing);

        var failed = (await _world.RunAsync(asked)).Result;

        Assert.That(failed.Status, Is.EqualTo("failed"));
        Assert.That(failed.Errors, Has.Some.Contains($"left at Meta, delete it by hand: campaign {await IdAsync("campaign")}"));
        Assert.That(await _world.AtMetaAsync(asked), Is.EqualTo("campaign"));
    }

    private async Task<string> StateAsync() => (await _world.QueryAsync<string>("SELECT state FROM activations")).Single();

    private async Task<long> ActiveAsync(Asked asked) => (await _world.Get<StopSwitch>().ReadAsync(asked.AccountId, CancellationToken.None))!.Active;

    private async Task<string> StatusAsync(string metaId) => (await _world.QueryAsync<string>("SELECT status FROM stub_graph.objects WHERE id = @metaId", new { metaId })).Single();

    private async Task<string> IdAsync(string kind) => (await _world.QueryAsync<string>("SELECT id FROM stub_graph.objects WHERE kind = @kind", new { kind })).Single();
}
