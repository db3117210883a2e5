using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Comparing;
using MetaAdsJobs.Core.Campaigns.Reading;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>
/// What is known here as on, and is off at Meta: a stop has paused it, or somebody by hand since it was compared. Whoever switches it on and does not succeed pauses it again: it was not on before.
/// </summary>
[TestFixture]
public sealed class FoundOffTests
{
    private RunWorld _world = null!;
    private CampaignTree _tree = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _world = await RunWorld.StartAsync(("MAX_RETRIES", "0"));
        _tree = await _world.BuiltAsync("""{"auto_publish":true,"ad_sets":[{"ads":[{}]},{"ads":[{}]}]}""");
        await _world.NothingUnderWayAsync();
        Assert.That(await _world.SwitchedAsync(_tree), Is.EqualTo("AAAAA"));
    }

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [TestCase(EditKind.Resume, "cancelled")]
    [TestCase(EditKind.Publish, "cancelled")]
    [TestCase(EditKind.Resume, "failed")]
    public async Task A_campaign_is_paused_again(EditKind kind, string how)
    {
        await OffAsync(_tree.Campaign);
        var edit = await _world.AskAsync(kind, _tree.Campaign.MetaId);
        _world.Graph.Faults.Add(Activates(_tree.Campaign), GraphFaults.DropAfterActing);
        _world.Graph.Faults.Add(Activates(_tree.Campaign), how == "failed" ? GraphFaults.Refused(100, 1815573) : GraphFaults.Throttled());
        Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(await _world.QueryAsync<string>("SELECT array_to_string(taken_back, ' ') FROM campaign_edits"), Is.EqualTo([_tree.Campaign.MetaId]));

        if (how == "cancelled") Assert.That(await _world.Get<CancelEdit>().ExecuteAsync(edit, "bob", CancellationToken.None), Is.True);
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo(how));

        Assert.That((await _world.SwitchedAsync(_tree), (await _world.CountedAsync())![..4]), Is.EqualTo(("pAAAA", "idle")));
    }

    [Test]
    public async Task An_ad_set_below_what_is_on_is_paused_again_and_the_other_stays_on()
    {
        await OffAsync(_tree.AdSets[1]);
        _world.Graph.Faults.Add(Activates(_tree.Campaign), GraphFaults.Refused(100, 1815573));

        Assert.That((await _world.EditAsync(EditKind.Publish, _tree.Campaign.MetaId)).Status, Is.EqualTo("failed"));

        Assert.That(await _world.SwitchedAsync(_tree), Is.EqualTo("AApAA"));
    }

    /// <summary>It waited for room, and had sent nothing: what others have switched on since is theirs.</summary>
    [Test]
    public async Task What_others_have_switched_on_before_it_sent_anything_stays_on()
    {
        await OffAsync(_tree.Campaign);
        await _world.ExecuteAsync("UPDATE activations SET state = 'idle'; UPDATE social_accounts SET daily_cap_cents = 1");
        var edit = await _world.AskAsync(EditKind.Resume, _tree.Campaign.MetaId);
        Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(await _world.QueryAsync<string>("SELECT array_to_string(taken_back, ' ') FROM campaign_edits"), Is.EqualTo([_tree.Campaign.MetaId]));
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE kind = 'campaign'");
        _world.Graph.Faults.Always(call => call.Method == "GET" && call.Path == $"{_tree.Campaign.MetaId}/adsets", GraphFaults.Refused(100, 1815573));

        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("failed"));

        Assert.That(await _world.SwitchedAsync(_tree), Is.EqualTo("AAAAA"));
    }

    /// <summary>It was switched on here before, and that was told; that it was again is not.</summary>
    [Test]
    public async Task What_an_attempt_has_switched_on_again_that_died_is_told()
    {
        await OffAsync(_tree.Campaign);
        _world.Time.Advance(TimeSpan.FromSeconds(1));
        var edit = await _world.AskAsync(EditKind.Resume, _tree.Campaign.MetaId);
        await _world.ExecuteAsync("UPDATE campaign_edits SET state = 'waiting', attempt = 1, lease_until = clock_timestamp() - interval '1 minute', taken_back = @Ids; UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE kind = 'campaign'", new { Ids = new[] { _tree.Campaign.MetaId } });

        Assert.That(await _world.Get<CancelEdit>().ExecuteAsync(edit, "bob", CancellationToken.None), Is.True);
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("cancelled"));

        Assert.That(await _world.QueryAsync<string>("SELECT outcome FROM meta_changes WHERE path = @MetaId AND sent ->> 'status' = 'ACTIVE' AND asked_by = 'ann'", new { _tree.Campaign.MetaId }), Is.EqualTo(["outcome_unknown"]));
        Assert.That((await _world.SwitchedAsync(_tree))[0], Is.EqualTo('p'));
    }

    /// <summary>What is held is compared all the same: but not what an attempt at it may have done that died.</summary>
    [Test]
    public async Task What_an_attempt_has_switched_on_that_died_is_nobody_elses_while_a_freeze_holds_it()
    {
        var tree = await _world.BuiltAsync();
        var edit = await _world.AskAsync(EditKind.Publish, tree.Campaign.MetaId);
        await _world.ExecuteAsync("UPDATE campaign_edits SET state = 'running', attempt = 1, lease_until = clock_timestamp() - interval '1 minute'; UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE kind <> 'creative'");
        await _world.ExecuteAsync("INSERT INTO freezes (id, from_at, until_at, made_by, made_at) VALUES (gen_random_uuid(), @From, @Until, 'bob', @From)", new { From = _world.Time.GetUtcNow().AddHours(-1), Until = _world.Time.GetUtcNow().AddHours(5) });
        Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(await _world.QueryAsync<bool>("SELECT held FROM campaign_edits"), Is.EqualTo([true]));
        await _world.ExecuteAsync("UPDATE meta_campaigns SET compare_at = clock_timestamp() + CASE WHEN request_id = @RequestId THEN interval '0' ELSE interval '1 day' END", new { tree.RequestId });

        Assert.That(await _world.Get<CompareCampaigns>().RunAsync(10, CancellationToken.None), Is.Zero);

        Assert.That(await _world.Get<CancelEdit>().ExecuteAsync(edit, "bob", CancellationToken.None), Is.True);
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("cancelled"));
        Assert.That((await _world.SwitchedAsync(tree))[0], Is.EqualTo('p'));
        Assert.That((await _world.Get<CampaignReader>().FindAsync(tree.Campaign.MetaId, CancellationToken.None))!.OutsideChanges, Is.Empty);
    }

    /// <summary>A stop had found it on: somebody had switched it on by hand.</summary>
    [Test]
    public async Task What_a_resume_brings_back_below_its_campaign_is_counted_also_when_it_is_known_as_off()
    {
        var adSet = _tree.AdSets[1];
        Assert.That((await _world.EditAsync(EditKind.Pause, adSet.MetaId)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 10000"));
        await OffAsync(_tree.Campaign);
        await _world.ExecuteAsync("UPDATE activations SET state = 'paused', paused_ids = @Ids", new { Ids = new[] { _tree.Campaign.MetaId, adSet.MetaId } });
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 15000");

        var edit = await _world.AskAsync(EditKind.Resume, _tree.Campaign.MetaId);
        Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").Contains("with 20000 more they would exceed its cap of 15000"));
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 20000");
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("succeeded"));

        Assert.That((await _world.SwitchedAsync(_tree), await _world.CountedAsync()), Is.EqualTo(("AAAAA", "active 20000")));
    }

    [Test]
    public async Task What_is_requeued_begins_anew()
    {
        await OffAsync(_tree.Campaign);
        _world.Graph.Faults.Add(Activates(_tree.Campaign), GraphFaults.Refused(100, 1815573));
        var edit = await _world.EditAsync(EditKind.Publish, _tree.Campaign.MetaId);
        await _world.ExecuteAsync("UPDATE campaign_edits SET switched = true");

        _world.Get<EditStore>().Reopen(edit.EditId);

        Assert.That(await _world.QueryAsync<string>("SELECT state || ' ' || switched || ' ' || (taken_back IS NULL) FROM campaign_edits"), Is.EqualTo(["queued false true"]));
    }

    private Task OffAsync(TreeObject one) => _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'PAUSED' WHERE id = @MetaId", new { one.MetaId });

    private static Func<RecordedCall, bool> Activates(TreeObject one) => call => call.Path == one.MetaId && call["status"] == "ACTIVE";
}
