using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Comparing;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Campaigns.Reading;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Recurring;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Orchestrations;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>What is activated at a time: not before, and soon after, whatever dies.</summary>
[TestFixture]
public sealed class ScheduleTests
{
    private RunWorld _world = null!;
    private DateTimeOffset _at;

    [SetUp]
    public async Task StartAsync()
    {
        _world = await RunWorld.StartAsync(("ACTIVATION_LATE_MINUTES", "30"));
        _at = DateTimeOffset.FromUnixTimeSeconds(_world.Time.GetUtcNow().AddDays(2).ToUnixTimeSeconds());
    }

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task It_is_built_paused_and_activated_at_its_time_and_what_is_asked_for_meanwhile_is_done_meanwhile()
    {
        var (asked, tree, edit) = await BuiltAsync();
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"));

        Assert.That(await _world.RunEditAsync(edit), Is.EqualTo(new JobOutcome.Snoozed(_at, "its time has not come yet")));
        var told = (await ResultAsync(asked)).Activations!.Single();
        Assert.That((told.EditId, told.Status, told.DueAt, told.Reason), Is.EqualTo((edit, "waiting", (DateTimeOffset?)_at, "its time has not come yet")));
        Assert.That((await _world.EditAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":20000}""")).Status, Is.EqualTo("succeeded"), "it keeps nothing waiting");
        await _world.ExecuteAsync("UPDATE meta_campaigns SET compare_at = clock_timestamp() - interval '1 minute'");
        Assert.That(await _world.Get<CompareCampaigns>().RunAsync(10, CancellationToken.None), Is.EqualTo(1), "it is compared meanwhile");
        _world.Time.AdvanceTo(_at.AddSeconds(-1));
        Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"), "not a second before");

        _world.Time.AdvanceTo(_at);
        Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("AAA", "active 20000")), "caps count it from then on");
        Assert.That((await ResultAsync(asked)).Activations!.Single().Status, Is.EqualTo("succeeded"));
    }

    [TestCase(29, "succeeded", "AAA")]
    [TestCase(31, "missed", "ppp")]
    public async Task Late_it_is_activated_within_the_limit_and_else_missed_and_told(int minutes, string status, string switched)
    {
        var (asked, tree, edit) = await BuiltAsync();

        _world.Time.AdvanceTo(_at.AddMinutes(minutes));
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo(status));

        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo(switched));
        Assert.That((await ResultAsync(asked)).Activations!.Single().Status, Is.EqualTo(status));
        if (status != "missed") return;
        Assert.That((await _world.Get<EditReader>().FindAsync(edit, CancellationToken.None))!.Error, Does.StartWith("missed: it was due at ").And.Contain("more than 30 minutes"));
        Assert.That(await _world.QueryAsync<string>("SELECT concat(method, ' ', sent ->> 'activation') FROM meta_changes WHERE method = 'NOTE'"), Is.EqualTo(["NOTE missed"]));
        var due = await _world.Get<DueReader>().ListAsync(new(_at.AddHours(-1), _at.AddHours(1)), null, 10, CancellationToken.None);
        Assert.That(due.Select(one => (one.Status, one.DueAt)), Is.EqualTo([("missed", _at)]));
        Assert.That((await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"), "it is published if it is still wanted");
    }

    /// <summary>Likewise what was begun in time, and was kept by something else than people.</summary>
    [TestCase(29, "succeeded", "AAA")]
    [TestCase(31, "missed", "pAA", Description = "its own campaign is paused again")]
    public async Task What_Meta_has_refused_at_its_time_is_activated_within_the_limit_and_else_missed(int minutes, string status, string switched)
    {
        var (_, tree, edit) = await BuiltAsync();
        _world.Time.AdvanceTo(_at);
        _world.Graph.Faults.Add(call => call["status"] == "ACTIVE" && call.Path == tree.Campaign.MetaId, Support.GraphFaults.Refused(190, 463));
        Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>());
        await _world.ExecuteAsync("UPDATE social_accounts SET token_rejected_at = NULL, token_rejection = NULL");

        _world.Time.AdvanceTo(_at.AddMinutes(minutes));
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo(status));

        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo(switched));
    }

    /// <summary>Meta is slow with its last call: it is paused until that can come no more, and counted until then.</summary>
    [Test]
    public async Task What_is_missed_while_it_may_yet_be_switched_on_is_paused_until_it_cannot()
    {
        var (_, tree, edit) = await BuiltAsync();
        _world.Time.AdvanceTo(_at.AddMinutes(29.9));
        _world.Graph.Faults.Always(call => call["status"] == "ACTIVE" && call.Path == tree.Campaign.MetaId, Support.GraphFaults.DropBeforeActing);
        Assert.That(() => _world.RunEditAsync(edit), Throws.InstanceOf<Core.Meta.Graph.MetaException>());
        _world.Graph.Faults.Clear();

        _world.Time.AdvanceTo(_at.AddMinutes(30.1));
        Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("pAA", "active 10000")));
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE id = @MetaId", new { tree.Campaign.MetaId });
        var ended = await _world.UntilEndedAsync(edit);

        Assert.That((ended.Status, await _world.SwitchedAsync(tree), (await _world.CountedAsync())![..4]), Is.EqualTo(("missed", "pAA", "idle")));
        Assert.That(ended.Error, Does.StartWith("missed: it was due at "));
        Assert.That(await _world.QueryAsync<string>("SELECT sent ->> 'activation' FROM meta_changes WHERE method = 'NOTE'"), Is.EqualTo(["missed"]), "told once");
    }

    [Test]
    public async Task What_waited_for_an_approval_that_is_demanded_no_more_is_not_missed()
    {
        var (_, tree, edit) = await BuiltAsync();
        await _world.ExecuteAsync("UPDATE social_accounts SET approval_required = 'always'");
        Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>());
        _world.Time.AdvanceTo(_at.AddHours(5));
        Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").EqualTo("somebody else has to approve it"));

        await _world.ExecuteAsync("UPDATE social_accounts SET approval_required = 'none'");
        await _world.ExecuteAsync("UPDATE campaign_edits SET job_id = '7'");
        await _world.Get<ApprovalStore>().SettleAsync(null, CancellationToken.None);

        Assert.That(await _world.QueryAsync<string?>("SELECT job_id FROM campaign_edits"), Is.EqualTo(new string?[] { null }), "or, should this process die now, it would sleep for as long as somebody could have approved it");
        Assert.That(((await _world.UntilEndedAsync(edit)).Status, await _world.SwitchedAsync(tree)), Is.EqualTo(("succeeded", "AAA")));
    }

    /// <summary>In the moment in which it is asked for: its run is still under way, and is woken by nobody.</summary>
    [Test]
    public async Task What_is_demanded_no_more_while_it_is_asked_for_goes_on_at_once()
    {
        var tree = await _world.BuiltAsync();
        await _world.ExecuteAsync("UPDATE social_accounts SET approval_required = 'always'");
        var edit = await _world.AskAsync(EditKind.Publish, tree.Campaign.MetaId);
        await using (var lease = new Lease(_world.Time, TimeSpan.FromSeconds(30)))
        {
            var claim = (await _world.Get<EditStore>().ClaimAsync(edit, lease, CancellationToken.None))!;
            var until = await _world.Get<ApprovalStore>().AskAsync(edit, 100_00, CancellationToken.None);
            await _world.ExecuteAsync("UPDATE social_accounts SET approval_required = 'none'");
            await _world.Get<ApprovalStore>().SettleAsync(null, CancellationToken.None);
            await _world.Get<EditStore>().EndAsync(claim, EditEnd.Waiting(until!.Value, "somebody else has to approve it") with { IsHeld = true, ToApprove = 100_00, IsAsked = true }, CancellationToken.None);
        }

        _world.Time.Advance(TimeSpan.FromSeconds(1));
        await _world.RunEditAsync(edit);
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAA"));
        Assert.That(await _world.QueryAsync<string?>("SELECT job_id FROM campaign_edits"), Is.EqualTo((string?[])[null]), "the sweep gives it another: its own sleeps until it would have expired");
    }

    [Test]
    public async Task What_a_stop_has_held_past_its_time_is_not_missed()
    {
        var (_, tree, edit) = await BuiltAsync();
        await _world.Get<StopSwitch>().StopAsync(null, "bob", null, CancellationToken.None);

        _world.Time.AdvanceTo(_at.AddHours(20));
        Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").EqualTo("stopped by bob"));
        await _world.Get<StopSwitch>().StartAsync(null, "bob", true, CancellationToken.None);
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAA"));
    }

    /// <summary>As over a weekend: two days on end, and what was due on the first goes on after the second, or when somebody ends it.</summary>
    [Test]
    public async Task What_a_weekly_freeze_has_held_past_its_time_is_not_missed([Values] bool isEnded)
    {
        var (asked, tree, edit) = await BuiltAsync();
        var zone = TimeZoneInfo.FindSystemTimeZoneById((await _world.QueryAsync<string>("SELECT timezone_name FROM social_accounts WHERE id = @AccountId", new { asked.AccountId })).Single());
        var due = TimeZoneInfo.ConvertTime(_at, zone);
        var days = string.Join(',', new[] { due, due.AddDays(1) }.Select(day => $"\"{day.DayOfWeek.ToString().ToLowerInvariant()}\""));
        var freeze = (Saved<Freeze>.Done)await _world.Get<Freezes>().AddAsync(JsonElement.Parse($$"""{"weekly":{"days":[{{days}}],"from":"00:00","until":"24:00"} }"""), "bob", CancellationToken.None);

        _world.Time.AdvanceTo(_at.AddHours(1));
        Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").EqualTo("frozen by bob"));
        var midnight = due.Date.AddDays(2);
        if (isEnded) Assert.That(await _world.Get<Freezes>().EndAsync(freeze.Value.Id, "carol", CancellationToken.None), Is.True);
        else _world.Time.AdvanceTo(new DateTimeOffset(midnight, zone.GetUtcOffset(midnight)));
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAA"));
    }

    [Test]
    public async Task A_worker_that_dies_at_the_very_moment_is_followed_by_another_within_a_minute()
    {
        var (_, tree, edit) = await BuiltAsync();
        _world.Time.AdvanceTo(_at);
        await using (var lease = new Lease(_world.Time, TimeSpan.FromSeconds(30)))
            await _world.Get<EditStore>().ClaimAsync(edit, lease, CancellationToken.None);

        var waits = (JobOutcome.Snoozed)await _world.RunEditAsync(edit);
        Assert.That(waits.Until - _at, Is.LessThanOrEqualTo(TimeSpan.FromSeconds(45)), "the dead one's lease");
        await _world.ExecuteAsync("UPDATE campaign_edits SET lease_until = clock_timestamp() - interval '1 second'");
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAA"));
    }

    [TestCase("between the calls")]
    [TestCase("before it has noted them")]
    public async Task What_died_in_the_middle_is_activated_once_and_counted(string where)
    {
        var (_, tree, edit) = await BuiltAsync();
        _world.Time.AdvanceTo(_at);
        await using (var lease = new Lease(_world.Time, TimeSpan.FromSeconds(30)))
        {
            var claim = (await _world.Get<EditStore>().ClaimAsync(edit, lease, CancellationToken.None))!;
            if (where == "between the calls") _world.Graph.Faults.Add(call => call.Path == tree.Campaign.MetaId && call["status"] == "ACTIVE", Support.GraphFaults.Refused(100, 1815573));
            try
            {
                await _world.Get<ActivateObjects>().RunAsync(claim, CancellationToken.None);
            }
            catch (Core.Meta.Graph.MetaException)
            {
                // It dies there.
            }
        }

        _world.Graph.Faults.Clear();
        await _world.ExecuteAsync("UPDATE campaign_edits SET lease_until = clock_timestamp() - interval '1 second'");
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("AAA", "active 10000")));
    }

    [Test]
    public async Task A_lost_job_is_replaced_before_the_time_comes()
    {
        var (_, _, edit) = await BuiltAsync();
        await _world.RunEditAsync(edit);
        await _world.ExecuteAsync("DELETE FROM hangfire.job");

        await _world.Get<Sweep>().RescueAsync(CancellationToken.None);
        Assert.That(await JobsAsync(), Is.Zero, "it has time");
        _world.Time.AdvanceTo(_at.AddMinutes(-2));
        for (var sweep = 0; sweep < 2; sweep++) await _world.Get<Sweep>().RescueAsync(CancellationToken.None);

        Assert.That(await JobsAsync(), Is.EqualTo(1));

        async Task<long> JobsAsync() => (await _world.QueryAsync<long>("SELECT count(*) FROM hangfire.job WHERE invocationdata ->> 'Type' = 'edit'")).Single();
    }

    [TestCase(EditKind.Pause, "cancelled")]
    [TestCase(EditKind.Delete, "cancelled")]
    public async Task A_pause_or_an_end_of_the_campaign_ends_what_waits(EditKind kind, string status)
    {
        var (_, tree, edit) = await BuiltAsync();

        Assert.That((await _world.EditAsync(kind, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"), "it waits for nothing");
        _world.Time.AdvanceTo(_at);
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo(status));
        Assert.That(await _world.SwitchedAsync(tree), Does.Not.Contain("A"));
    }

    [Test]
    public async Task What_is_due_while_another_edit_is_being_carried_out_waits_for_that_and_follows_it()
    {
        var (_, tree, edit) = await BuiltAsync();
        await _world.RunEditAsync(edit);
        var update = await _world.AskAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":20000}""");
        await using var lease = new Lease(_world.Time, TimeSpan.FromSeconds(30));
        var claim = (await _world.Get<EditStore>().ClaimAsync(update, lease, CancellationToken.None))!;
        var end = await _world.Get<UpdateObject>().RunAsync(claim, CancellationToken.None);

        _world.Time.AdvanceTo(_at);
        Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").EqualTo("another edit of the same campaign is being carried out"));
        await _world.Get<EditStore>().EndAsync(claim, end, CancellationToken.None);
        Assert.That(await _world.Get<EditStore>().FindNextAsync(tree.RequestId, CancellationToken.None), Is.EqualTo(edit));
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 20000"));
    }

    private Task<OrchestrationResult> ResultAsync(Asked asked) => _world.Get<OrchestrationReader>().FindAsync(asked.RequestId, CancellationToken.None)!;

    private async Task<(Asked Asked, CampaignTree Tree, Guid Edit)> BuiltAsync()
    {
        var asked = await _world.BuildAsync($$"""{"activate_at":"{{_at.ToString("yyyy-MM-ddTHH:mm:ss'Z'", CultureInfo.InvariantCulture)}}"}""");
        return (asked, await _world.TreeAsync(asked), (await _world.QueryAsync<Guid>("SELECT edit_id FROM campaign_edits WHERE due_at IS NOT NULL")).Single());
    }
}
