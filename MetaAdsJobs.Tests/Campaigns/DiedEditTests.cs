using System.Text.Json;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Recurring;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>What an attempt at an edit has done is told, whatever became of it.</summary>
[TestFixture]
public sealed class DiedEditTests
{
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("MAX_RETRIES", "2"));

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    /// <summary>Nobody goes on with what is void: what an attempt has done that died would be told by nobody.</summary>
    [TestCase("dies", "outcome_unknown")]
    [TestCase("lives", "done")]
    public async Task What_became_void_while_it_was_carried_out_is_told_all_the_same(string then, string outcome)
    {
        var tree = await _world.BuiltAsync();
        var update = await _world.AskAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":20000}""");
        await using var lease = new Lease(_world.Time, TimeSpan.FromSeconds(30));
        var claim = (await _world.Get<EditStore>().ClaimAsync(update, lease, CancellationToken.None))!;
        var end = await _world.Get<UpdateObject>().RunAsync(claim, CancellationToken.None);

        Assert.That((await _world.EditAsync(EditKind.Delete, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        if (then == "lives") Assert.That(() => _world.Get<EditStore>().EndAsync(claim, end, CancellationToken.None), Throws.InstanceOf<FencedException>());
        await _world.Get<VoidEdits>().TellAsync(CancellationToken.None);
        Assert.That(await ToldAsync(), Is.EqualTo(then == "lives" ? [outcome] : Array.Empty<string>()), "it may live yet and tell it itself");
        // And one before it that nobody can read.
        await _world.ExecuteAsync("""
            UPDATE campaign_edits SET lease_until = now() - interval '2 minutes' WHERE lease_until IS NOT NULL;
            INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, fields, asked_by, state, attempt, asked_at, completed_at, lease_until)
            SELECT '00000000-0000-0000-0000-000000000001', social_account_id, request_id, level, meta_id, kind, '{"end_time":"never"}', asked_by, 'cancelled', 1, asked_at, now(), now() - interval '2 minutes' FROM campaign_edits WHERE edit_id = @update
            """, new { update });
        for (var sweep = 0; sweep < 2; sweep++) await _world.Get<Sweep>().RescueAsync(CancellationToken.None);

        Assert.That(await ToldAsync(), Is.EqualTo([outcome]));
        Assert.That((await _world.QueryAsync<string>("SELECT state FROM campaign_edits WHERE edit_id = @update AND lease_until IS NULL", new { update })).Single(), Is.EqualTo("cancelled"));

        Task<IReadOnlyList<string>> ToldAsync() => _world.QueryAsync<string>("SELECT outcome FROM meta_changes WHERE sent ->> 'daily_budget' = '20000' AND path = @Path", new { Path = tree.AdSets[0].MetaId });
    }

    [Test]
    public async Task An_edit_that_cannot_be_read_once_it_is_claimed_is_given_back_and_goes_on_at_once()
    {
        var tree = await _world.BuiltAsync();
        var edit = await _world.AskAsync(EditKind.Pause, tree.AdSets[0].MetaId);
        // Nothing that claims reads it.
        await _world.ExecuteAsync("ALTER TABLE meta_creatives RENAME TO meta_creatives_away");

        await Assert.ThatAsync(() => _world.RunEditAsync(edit), Throws.InstanceOf<PostgresException>().With.Property(nameof(PostgresException.SqlState)).EqualTo(PostgresErrorCodes.UndefinedTable));

        Assert.That(await _world.QueryAsync<string>("SELECT concat_ws(' ', state, attempt, abandoned, lease_until) FROM campaign_edits"), Is.EqualTo(["waiting 1 0"]));
        Assert.That((await _world.QueryAsync<string>("SELECT wait_reason FROM campaign_edits")).Single(), Does.StartWith("what it works with could not be read: "));
        await _world.ExecuteAsync("ALTER TABLE meta_creatives_away RENAME TO meta_creatives");
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task An_edit_that_nobody_can_read_fails_after_as_many_attempts_as_any_and_can_be_requeued()
    {
        var tree = await _world.BuiltAsync();
        var edit = await _world.AskAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":20000}""");
        var whole = (await _world.QueryAsync<string>("SELECT fields::text FROM campaign_edits")).Single();
        await _world.ExecuteAsync("""UPDATE campaign_edits SET fields = '{"end_time":"never"}'""");

        for (var attempt = 0; attempt < 2; attempt++) await Assert.ThatAsync(() => _world.RunEditAsync(edit), Throws.InstanceOf<JsonException>());
        var last = await _world.RunEditAsync(edit);

        Assert.That(last, Is.InstanceOf<JobOutcome.Stopped>().With.Property(nameof(JobOutcome.Stopped.Reason)).StartsWith("what it works with could not be read: "));
        Assert.That(await _world.QueryAsync<string>("SELECT concat_ws(' ', state, attempt, failures, lease_until, completed_at IS NOT NULL) FROM campaign_edits"), Is.EqualTo(["failed 3 3 t"]));
        Assert.That((await _world.QueryAsync<string>("SELECT error FROM campaign_edits")).Single(), Does.StartWith("what it works with could not be read: "));
        await _world.ExecuteAsync("UPDATE campaign_edits SET fields = @whole::jsonb", new { whole });
        _world.Get<EditStore>().Reopen(edit);
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task That_it_died_is_known_also_when_the_next_gives_its_claim_back()
    {
        var tree = await _world.BuiltAsync();
        var edit = await _world.AskAsync(EditKind.Publish, tree.AdSets[0].MetaId);
        await _world.ExecuteAsync("UPDATE campaign_edits SET state = 'running', attempt = 1, lease_until = clock_timestamp() - interval '1 minute'; UPDATE social_accounts SET access_token = 'CfDJ8 of a lost key'");

        Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>());

        Assert.That(await _world.QueryAsync<string>("SELECT concat(state, ' ', abandoned) FROM campaign_edits"), Is.EqualTo(["waiting 1"]));
    }

    /// <summary>Nobody goes on with it, and the comparison would take it for somebody's hand in Ads Manager.</summary>
    [Test]
    public async Task What_an_attempt_has_done_that_died_is_told_also_when_the_next_gives_its_claim_back_and_it_is_cancelled()
    {
        var tree = await _world.BuiltAsync();
        var adSet = tree.AdSets[0].MetaId;
        var edit = await _world.AskAsync(EditKind.Update, adSet, """{"daily_budget_cents":20000}""");
        await using (var lease = new Lease(_world.Time, TimeSpan.FromSeconds(30)))
            await _world.Get<UpdateObject>().RunAsync((await _world.Get<EditStore>().ClaimAsync(edit, lease, CancellationToken.None))!, CancellationToken.None);
        await _world.ExecuteAsync("UPDATE campaign_edits SET lease_until = clock_timestamp() - interval '2 minutes'; UPDATE social_accounts SET access_token = 'CfDJ8 of a lost key'");
        Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>());

        Assert.That(await _world.Get<CancelEdit>().ExecuteAsync(edit, "ann", CancellationToken.None), Is.True);
        for (var sweep = 0; sweep < 2; sweep++) await _world.Get<Sweep>().RescueAsync(CancellationToken.None);

        Assert.That(await _world.QueryAsync<string>("SELECT outcome FROM meta_changes WHERE sent ->> 'daily_budget' = '20000' AND path = @adSet", new { adSet }), Is.EqualTo(["outcome_unknown"]));
        Assert.That(await _world.QueryAsync<string>("SELECT concat(state, ' ', lease_until) FROM campaign_edits"), Is.EqualTo(["cancelled "]));
    }

    [Test]
    public async Task What_an_attempt_has_done_that_died_is_told_also_when_the_next_fails_before_it_looks()
    {
        var tree = await _world.BuiltAsync();
        var adSet = tree.AdSets[0].MetaId;
        var edit = await _world.AskAsync(EditKind.Publish, adSet);
        await using (var lease = new Lease(_world.Time, TimeSpan.FromSeconds(30)))
            await _world.Get<ActivateObjects>().RunAsync((await _world.Get<EditStore>().ClaimAsync(edit, lease, CancellationToken.None))!, CancellationToken.None);
        await _world.ExecuteAsync("UPDATE campaign_edits SET lease_until = clock_timestamp() - interval '1 minute'");
        _world.Graph.Faults.Add(call => call.Method == "GET" && call.Path == adSet, GraphFaults.Refused(100, 1815573));

        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("failed"));

        Assert.That(await _world.QueryAsync<string>("SELECT concat(path, ' ', outcome) FROM meta_changes WHERE sent = '{\"status\":\"ACTIVE\"}' ORDER BY id"), Is.EqualTo([$"{adSet} outcome_unknown", $"{tree.Ads[0].MetaId} outcome_unknown"]));
    }

    /// <summary>The second attempt finds that the edit is void: it is the last that could tell of the first.</summary>
    [Test]
    public async Task What_an_attempt_has_switched_on_that_died_is_told_by_the_next_although_a_pause_came_between()
    {
        var tree = await _world.BuiltAsync();
        var edit = await _world.AskAsync(EditKind.Publish, tree.Campaign.MetaId);
        var store = _world.Get<EditStore>();
        await using var lease = new Lease(_world.Time, TimeSpan.FromSeconds(30));
        await _world.Get<ActivateObjects>().RunAsync((await store.ClaimAsync(edit, lease, CancellationToken.None))!, CancellationToken.None);
        await _world.ExecuteAsync("UPDATE campaign_edits SET lease_until = clock_timestamp() - interval '1 second'");
        var second = (await store.ClaimAsync(edit, lease, CancellationToken.None))!;
        await _world.AskAsync(EditKind.Pause, tree.Campaign.MetaId);

        await store.AuditAsync(second);

        Assert.That(await _world.QueryAsync<string>("SELECT concat(path, ' ', outcome) FROM meta_changes WHERE sent = '{\"status\":\"ACTIVE\"}' ORDER BY path"), Is.EqualTo(tree.All.Select(one => $"{one.MetaId} outcome_unknown").Order(StringComparer.Ordinal)));
    }

    [Test]
    public async Task Another_content_that_an_attempt_has_given_an_ad_and_died_is_told_when_the_ad_is_gone_for_the_next()
    {
        var asked = await _world.BuildAsync();
        var ad = (await _world.TreeAsync(asked)).Ads[0].MetaId;
        var edit = await _world.AskAsync(EditKind.Update, ad, $$"""{"creative":{"clip_id":"{{asked.ClipId}}","creative_title":"Another","landing_url":"https://example.com/another"} }""");
        await using (var lease = new Lease(_world.Time, TimeSpan.FromSeconds(30)))
            await _world.Get<UpdateObject>().RunAsync((await _world.Get<EditStore>().ClaimAsync(edit, lease, CancellationToken.None))!, CancellationToken.None);
        await _world.ExecuteAsync("UPDATE campaign_edits SET lease_until = clock_timestamp() - interval '1 minute'; UPDATE stub_graph.objects SET status = 'DELETED', deleted_at = now() WHERE id = @ad", new { ad });

        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("failed"));

        Assert.That(await _world.QueryAsync<string>("SELECT outcome FROM meta_changes WHERE path = @ad AND sent ? 'creative'", new { ad }), Is.EqualTo(["outcome_unknown"]));
    }

    /// <summary>The first attempt sends it whether it was on or not.</summary>
    [Test]
    public async Task What_was_on_before_is_told_too_of_a_publish_that_died_and_became_void()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        await _world.NothingUnderWayAsync();
        _world.Time.Advance(TimeSpan.FromMinutes(5));
        var edit = await _world.AskAsync(EditKind.Publish, tree.Ads[0].MetaId);
        await using (var lease = new Lease(_world.Time, TimeSpan.FromSeconds(30)))
            await _world.Get<ActivateObjects>().RunAsync((await _world.Get<EditStore>().ClaimAsync(edit, lease, CancellationToken.None))!, CancellationToken.None);
        await _world.AskAsync(EditKind.Pause, tree.Ads[0].MetaId);
        await _world.ExecuteAsync("UPDATE campaign_edits SET lease_until = clock_timestamp() - interval '2 minutes' WHERE lease_until IS NOT NULL");

        await _world.Get<VoidEdits>().TellAsync(CancellationToken.None);

        Assert.That(await _world.QueryAsync<string>("SELECT path FROM meta_changes WHERE sent = '{\"status\":\"ACTIVE\"}' AND outcome = 'outcome_unknown'"), Is.EqualTo([tree.Ads[0].MetaId]));
    }

    /// <summary>Meta was slow with it, and its process died: what is asked for next is not undone by it.</summary>
    /// <param name="then">What becomes of the edit whose attempt has died.</param>
    [TestCase("is carried out by another")]
    [TestCase("is taken back")]
    public async Task What_an_attempt_has_sent_that_died_comes_before_the_next_edit(string then)
    {
        var tree = await _world.BuiltAsync();
        var adSet = tree.AdSets[0].MetaId;
        var (isSent, comes) = (new TaskCompletionSource(), new TaskCompletionSource());
        _world.Graph.Faults.Add(call => call.Path == adSet && call["daily_budget"] == "50000", async (_, _, act) =>
        {
            isSent.SetResult();
            await comes.Task;
            return await act();
        });
        var first = await _world.AskAsync(EditKind.Update, adSet, """{"daily_budget_cents":50000}""");
        await using var lease = new Lease(_world.Time, TimeSpan.FromSeconds(30));
        var dead = _world.Get<UpdateObject>().RunAsync((await _world.Get<EditStore>().ClaimAsync(first, lease, CancellationToken.None))!, CancellationToken.None);
        await isSent.Task;
        await _world.ExecuteAsync("UPDATE campaign_edits SET lease_until = clock_timestamp() - interval '1 second', state = 'waiting' WHERE edit_id = @first", new { first });
        if (then == "is taken back") Assert.That(await _world.Get<CancelEdit>().ExecuteAsync(first, "ann", CancellationToken.None), Is.True);
        else Assert.That((await _world.UntilEndedAsync(first)).Status, Is.EqualTo("succeeded"));

        var next = await _world.AskAsync(EditKind.Update, adSet, """{"daily_budget_cents":5000}""");
        Assert.That(await _world.RunEditAsync(next), Is.InstanceOf<JobOutcome.Snoozed>());
        comes.SetResult();
        await dead;
        Assert.That(await _world.AtMetaAsync(adSet, "daily_budget"), Is.EqualTo("50000"));

        Assert.That((await _world.UntilEndedAsync(next)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.AtMetaAsync(adSet, "daily_budget"), Is.EqualTo("5000"));
    }
}
