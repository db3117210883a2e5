using System.Globalization;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Campaigns.Reading;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Recurring;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Tests.Orchestrations;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>Nothing spends that somebody else has to approve, before he has, and nothing else than what he has seen.</summary>
[TestFixture]
public sealed class ApprovalTests
{
    private static readonly (string Name, string Sql)[] Changes =
    [
        ("the campaign's name", "UPDATE meta_campaigns SET name = 'Another'"), ("its objective", "UPDATE meta_campaigns SET objective = 'OUTCOME_TRAFFIC'"), ("its budget", "UPDATE meta_campaigns SET daily_budget = 7"),
        ("its budget for the whole run", "UPDATE meta_campaigns SET lifetime_budget = 7"), ("its bid strategy", "UPDATE meta_campaigns SET bid_strategy = 'COST_CAP'"),
        ("an ad set's name", "UPDATE meta_adsets SET name = 'Another'"), ("an ad set's goal", "UPDATE meta_adsets SET optimization_goal = 'REACH'"), ("an ad set's budget", "UPDATE meta_adsets SET daily_budget = daily_budget + 1"),
        ("an ad set's budget for the whole run", "UPDATE meta_adsets SET daily_budget = NULL, lifetime_budget = 70000, end_time = now() + interval '7 days'"), ("an ad set's bid strategy", "UPDATE meta_adsets SET bid_strategy = 'COST_CAP'"),
        ("an ad set's bid", "UPDATE meta_adsets SET bid_amount = 7"), ("an ad set's start", "UPDATE meta_adsets SET start_time = now() + interval '1 day'"), ("an ad set's end", "UPDATE meta_adsets SET end_time = now() + interval '30 days'"),
        ("whom an ad set addresses", """UPDATE meta_adsets SET targeting = targeting || '{"age_min":50}'"""), ("an ad's name", "UPDATE meta_ads SET name = 'Another'"),
        ("what an ad shows", "UPDATE meta_creatives SET meta_id = 'another'"), ("an ad's content", """UPDATE meta_creatives SET content = '{"landing_url":"https://elsewhere.example"}'"""),
        ("an ad's title", "UPDATE meta_creatives SET title = 'Another'"), ("an ad's text", "UPDATE meta_creatives SET description = 'Another'"), ("where an ad leads", "UPDATE meta_creatives SET landing_url = 'https://elsewhere.example'"),
        ("an ad that is gone", "UPDATE meta_ads SET status = 'ARCHIVED'"),
        ("an ad that is added", "INSERT INTO meta_ads (request_id, step, adset_db_id, creative_db_id, meta_id, name, status, created_at) SELECT request_id, 'ad:1.2', adset_db_id, creative_db_id, 'another', name, status, now() FROM meta_ads"),
        ("when it is due", "UPDATE campaign_edits SET due_at = now() - interval '1 minute' WHERE kind = 'publish'"),
    ];

    private const string Published = "{\"auto_publish\":true";
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("APPROVAL_HOURS", "48"));

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task A_run_is_built_paused_and_activated_when_somebody_else_has_approved_it()
    {
        var (asked, tree, edit) = await BuiltAsync();
        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("ppp", (string?)null)));
        var approval = await AskedForAsync(edit);
        Assert.That((approval.AskedBy, approval.DailyCents, approval.Kind, approval.Level, approval.Changed.Count), Is.EqualTo(("tests", 10000L, "publish", "campaign", 0)));
        Assert.That(approval.Content["objects"]!.AsObject().Select(one => one.Key), Is.EquivalentTo(tree.All.Select(one => one.MetaId)));
        Assert.That((await ResultAsync(asked)).Activations!.Single().Reason, Is.EqualTo("somebody else has to approve it"));
        Assert.That(await _world.RunEditAsync(edit), Is.EqualTo(new JobOutcome.Snoozed(approval.ExpiresAt, "somebody else has to approve it")));

        Assert.That(await ApproveAsync(approval.Id, "tests"), Is.InstanceOf<Decided.Own>(), "who has asked");
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"));
        Assert.That(await ApproveAsync(approval.Id, "bob"), Is.InstanceOf<Decided.Done>());
        Assert.That((await _world.QueryAsync<long>("SELECT count(*) FROM campaign_edits e JOIN hangfire.job j ON j.id = e.job_id::bigint AND j.statename = 'Enqueued'")).Single(), Is.EqualTo(1), "its job is in the same commit");
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("succeeded"));

        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("AAA", "active 10000")));
        Assert.That(await NotesAsync(), Is.EqualTo(["asked tests", "approved bob"]));
        Assert.That(await ApproveAsync(approval.Id, "carol"), Is.EqualTo(new Decided.Refused("It was approved by bob already")));
    }

    [TestCaseSource(nameof(ChangeNames))]
    public async Task Whatever_is_changed_after_the_approval_makes_it_void(string name)
    {
        var (_, tree, edit) = await BuiltAsync();
        var approval = await AskedForAsync(edit);
        await ApproveAsync(approval.Id, "bob");
        await _world.ExecuteAsync(Changes.Single(change => change.Name == name).Sql);

        Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>());

        Assert.That((await _world.SwitchedAsync(tree))[..3], Is.EqualTo("ppp"));
        var again = await AskedForAsync(edit);
        Assert.That((again.Id, again.ContentHash), Is.Not.EqualTo((approval.Id, approval.ContentHash)));
        Assert.That(again.Changed, Is.Not.Empty);
        Assert.That(await NotesAsync(), Is.EqualTo(["asked tests", "approved bob", "voided MetaAdsJobs", "asked tests"]));
    }

    private static IEnumerable<string> ChangeNames => Changes.Select(change => change.Name);

    [Test]
    public async Task An_ad_that_is_paused_after_the_approval_makes_it_void_and_is_left_out()
    {
        var (_, tree, edit) = await BuiltAsync(EditWorld.Tree);
        await ApproveAsync((await AskedForAsync(edit)).Id, "bob");
        Assert.That((await _world.EditAsync(EditKind.Pause, tree.Ads[1].MetaId)).Status, Is.EqualTo("succeeded"));

        await _world.RunEditAsync(edit);
        await ApproveAsync((await AskedForAsync(edit)).Id, "bob");
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAAApAA"));
    }

    [Test]
    public async Task An_edit_between_asking_and_approving_makes_it_void_and_its_author_does_not_approve_it_either()
    {
        var (_, tree, edit) = await BuiltAsync();
        var approval = await AskedForAsync(edit);
        await _world.EditAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":90000}""");

        Assert.That(await ApproveAsync(approval.Id, "bob", approval.ContentHash), Is.EqualTo(new Decided.Refused("What it is for has changed since: it is void, and asked for anew")));
        var again = await AskedForAsync(edit);
        Assert.That(again.DailyCents, Is.EqualTo(90000));
        Assert.That(again.Changed, Is.EqualTo([new ContentChange(tree.AdSets[0].MetaId, tree.AdSets[0].Name, "daily_budget", "10000", "90000")]));
        Assert.That(await ApproveAsync(again.Id, "ann"), Is.InstanceOf<Decided.Own>(), "who has raised it");
        Assert.That(await ApproveAsync(again.Id, "bob", approval.ContentHash), Is.InstanceOf<Decided.Refused>(), "what he has seen is not what is there");
        Assert.That(await ApproveAsync(again.Id, "bob", again.ContentHash), Is.InstanceOf<Decided.Done>());
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 90000"));
    }

    [Test]
    public async Task Of_two_who_answer_at_once_one_counts()
    {
        var (_, tree, edit) = await BuiltAsync();
        var approval = await AskedForAsync(edit);

        var answers = await Task.WhenAll(((string[])["bob", "carol", "dora", "emil"]).Select(by => Task.Run(() => ApproveAsync(approval.Id, by))));

        Assert.That(answers.Count(answer => answer is Decided.Done), Is.EqualTo(1));
        Assert.That(answers.Count(answer => answer is Decided.Refused), Is.EqualTo(3));
        Assert.That((await NotesAsync()).Count(note => note.StartsWith("approved", StringComparison.Ordinal)), Is.EqualTo(1));
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAA"));
    }

    [Test]
    public async Task What_is_rejected_is_not_done()
    {
        var (_, tree, edit) = await BuiltAsync();
        var approval = await AskedForAsync(edit);

        Assert.That(await _world.Get<DecideApproval>().RejectAsync(approval.Id, "bob", "too dear", CancellationToken.None), Is.InstanceOf<Decided.Done>());
        var ended = await _world.UntilEndedAsync(edit);

        Assert.That((ended.Status, ended.Error), Is.EqualTo(("cancelled", "rejected by bob: too dear")));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"));
        Assert.That(await NotesAsync(), Is.EqualTo(["asked tests", "rejected bob"]));
    }

    [Test]
    public async Task What_nobody_answers_expires_and_stays_paused()
    {
        var (_, tree, edit) = await BuiltAsync();
        var approval = await AskedForAsync(edit);

        _world.Time.AdvanceTo(approval.ExpiresAt);
        Assert.That(await ApproveAsync(approval.Id, "bob"), Is.EqualTo(new Decided.Refused("Nobody has answered in time: it has expired")));
        var ended = await _world.UntilEndedAsync(edit);

        Assert.That((ended.Status, ended.Error), Is.EqualTo(("expired", "nobody has approved it in time: it stays as it is")));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"));
        Assert.That(await NotesAsync(), Is.EqualTo(["asked tests", "expired MetaAdsJobs"]));
    }

    [Test]
    public async Task The_sweep_ends_what_has_expired_and_what_was_taken_back_and_lets_go_what_needs_none_any_more()
    {
        var (first, second, third) = (await BuiltAsync(), await BuiltAsync(), await BuiltAsync());
        foreach (var one in (Guid[])[first.Edit, second.Edit, third.Edit]) await AskedForAsync(one);
        await _world.Get<CancelEdit>().ExecuteAsync(first.Edit, "ann", CancellationToken.None);
        await _world.ExecuteAsync("UPDATE social_accounts SET approval_required = 'none' WHERE id = @AccountId", new { second.Asked.AccountId });
        await _world.ExecuteAsync("UPDATE approvals SET expires_at = now() - interval '1 hour' WHERE edit_id = @Edit", new { third.Edit });

        await _world.Get<Sweep>().RescueAsync(CancellationToken.None);

        Assert.That(await _world.QueryAsync<string>("SELECT p.state FROM approvals p ORDER BY number"), Is.EqualTo(["withdrawn", "withdrawn", "expired"]));
        Assert.That((await _world.UntilEndedAsync(second.Edit)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.SwitchedAsync(first.Tree), await _world.SwitchedAsync(second.Tree), await _world.SwitchedAsync(third.Tree)), Is.EqualTo(("ppp", "AAA", "ppp")));
    }

    [Test]
    public async Task Of_what_has_a_time_the_approval_is_asked_for_at_once_and_both_are_waited_for()
    {
        var at = DateTimeOffset.FromUnixTimeSeconds(_world.Time.GetUtcNow().AddDays(5).ToUnixTimeSeconds());
        var (_, tree, edit) = await BuiltAsync($$"""{"activate_at":"{{at.ToString("yyyy-MM-ddTHH:mm:ss'Z'", CultureInfo.InvariantCulture)}}"}""");
        var approval = await AskedForAsync(edit);
        Assert.That(approval.ExpiresAt, Is.EqualTo(at), "it is of use until then");
        await ApproveAsync(approval.Id, "bob");

        Assert.That(await _world.RunEditAsync(edit), Is.EqualTo(new JobOutcome.Snoozed(at, "its time has not come yet")));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"));
        _world.Time.AdvanceTo(at);
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAA"));
    }

    [Test]
    public async Task A_raise_above_what_was_approved_is_asked_for_and_keeps_no_lowering_waiting()
    {
        var (_, tree, edit) = await BuiltAsync();
        var adSet = tree.AdSets[0].MetaId;
        await ApproveAsync((await AskedForAsync(edit)).Id, "bob");
        await _world.UntilEndedAsync(edit);

        var raise = await _world.AskAsync(EditKind.Update, adSet, """{"daily_budget_cents":20000}""");
        Assert.That(await _world.RunEditAsync(raise), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That((await AskedForAsync(raise)).DailyCents, Is.EqualTo(20000));
        Assert.That((await _world.EditAsync(EditKind.Update, adSet, """{"daily_budget_cents":5000}""")).Status, Is.EqualTo("succeeded"), "a lowering waits for nothing");
        Assert.That((await _world.EditAsync(EditKind.Update, adSet, """{"daily_budget_cents":9000}""")).Status, Is.EqualTo("succeeded"), "and so much was approved");
        Assert.That(await _world.AtMetaAsync(adSet, "daily_budget"), Is.EqualTo("9000"));

        // The budget is what it gives itself.
        Assert.That(await ApproveAsync((await AskedForAsync(raise)).Id, "bob"), Is.InstanceOf<Decided.Done>());
        Assert.That((await _world.UntilEndedAsync(raise)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.AtMetaAsync(adSet, "daily_budget"), await _world.CountedAsync()), Is.EqualTo(("20000", "active 20000")));
    }

    [TestCase(10000, "AAA")]
    [TestCase(9999, "ppp")]
    public async Task Above_an_amount_only(long above, string switched)
    {
        var asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        await _world.ExecuteAsync("UPDATE social_accounts SET approval_required = 'above', approval_above_cents = @above", new { above });

        await _world.RunAsync(asked);
        foreach (var edit in await _world.QueryAsync<Guid>("SELECT edit_id FROM campaign_edits")) await _world.RunEditAsync(edit);

        Assert.That(await _world.SwitchedAsync(await _world.TreeAsync(asked)), Is.EqualTo(switched));
    }

    [Test]
    public async Task What_the_account_demands_when_it_is_activated_counts_and_a_pause_waits_for_nobody()
    {
        var tree = await _world.BuiltAsync();
        await _world.ExecuteAsync("UPDATE social_accounts SET approval_required = 'always'");
        var publish = await _world.AskAsync(EditKind.Publish, tree.Campaign.MetaId);
        await _world.RunEditAsync(publish);
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"));
        await ApproveAsync((await AskedForAsync(publish)).Id, "bob");
        await _world.UntilEndedAsync(publish);
        await _world.NothingUnderWayAsync();

        Assert.That((await _world.EditAsync(EditKind.Pause, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        var resume = await _world.AskAsync(EditKind.Resume, tree.Campaign.MetaId);
        await _world.RunEditAsync(resume);
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("pAA"), "each activation has its own");
        Assert.That((await _world.EditAsync(EditKind.Pause, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.Get<EditReader>().FindAsync(resume, CancellationToken.None))!.Status, Is.EqualTo("cancelled"));
    }

    [Test]
    public async Task A_job_that_is_lost_after_the_approval_is_replaced()
    {
        var (_, tree, edit) = await BuiltAsync();
        await ApproveAsync((await AskedForAsync(edit)).Id, "bob");
        await _world.ExecuteAsync("DELETE FROM hangfire.job");

        _world.Time.Advance(TimeSpan.FromMinutes(2));
        await _world.Get<Sweep>().RescueAsync(CancellationToken.None);
        Assert.That((await _world.QueryAsync<long>("SELECT count(*) FROM hangfire.job WHERE invocationdata ->> 'Type' = 'edit'")).Single(), Is.EqualTo(1));
        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAA"));
    }

    /// <summary>Between asking and giving the edit back: nobody holds it, and it has to be approved, or to end, like any other.</summary>
    [TestCase("approved", "succeeded", "AAA")]
    [TestCase("expired", "expired", "ppp")]
    [TestCase("cancelled", "cancelled", "ppp")]
    public async Task An_edit_whose_worker_died_after_asking_waits_like_any_other(string how, string status, string switched)
    {
        var (_, tree, edit) = await BuiltAsync();
        var approval = await AskedForAsync(edit);
        await _world.ExecuteAsync("UPDATE campaign_edits SET state = 'running', attempt = attempt + 1, held = false, wait_reason = NULL, next_attempt_at = NULL, lease_until = now() - interval '2 minutes'");

        if (how != "expired") Assert.That(await _world.RunEditAsync(edit), Is.EqualTo(new JobOutcome.Snoozed(approval.ExpiresAt, "somebody else has to approve it")));
        else _world.Time.AdvanceTo(approval.ExpiresAt);
        if (how == "approved") Assert.That(await ApproveAsync(approval.Id, "bob"), Is.InstanceOf<Decided.Done>());
        if (how == "cancelled") Assert.That(await _world.Get<CancelEdit>().ExecuteAsync(edit, "bob", CancellationToken.None), Is.True);

        Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo(status));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo(switched));
        await _world.Get<VoidEdits>().TellAsync(CancellationToken.None);
        Assert.That(await _world.QueryAsync<DateTimeOffset?>("SELECT lease_until FROM campaign_edits"), Is.EqualTo((DateTimeOffset?[])[null]), "what its worker may have done is told");
    }

    private Task<OrchestrationResult> ResultAsync(Asked asked) => _world.Get<OrchestrationReader>().FindAsync(asked.RequestId, CancellationToken.None)!;

    /// <summary>Of an account that demands approval of everything; its edit has run once.</summary>
    private async Task<(Asked Asked, CampaignTree Tree, Guid Edit)> BuiltAsync(string change = "{}")
    {
        var asked = await _world.AcceptAsync(change == "{}" ? Published + "}" : $"{Published},{change[1..]}");
        await _world.ExecuteAsync("UPDATE social_accounts SET approval_required = 'always' WHERE id = @AccountId", new { asked.AccountId });
        Assert.That((await _world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
        var edit = (await _world.QueryAsync<Guid>("SELECT edit_id FROM campaign_edits WHERE made_by = @RequestId", new { asked.RequestId })).Single();
        await _world.RunEditAsync(edit);
        return (asked, await _world.TreeAsync(asked), edit);
    }

    private async Task<ApprovalRequest> AskedForAsync(Guid edit) =>
        (await _world.Get<ApprovalReader>().ListAsync(new("asked"), null, 50, CancellationToken.None)).Items.Single(one => one.EditId == edit);

    private Task<Decided> ApproveAsync(Guid id, string by, string? seen = null) => _world.Get<DecideApproval>().ApproveAsync(id, by, seen, CancellationToken.None);

    private Task<IReadOnlyList<string>> NotesAsync() => _world.QueryAsync<string>("SELECT concat(sent ->> 'approval', ' ', asked_by) FROM meta_changes WHERE method = 'NOTE' ORDER BY id");
}
