using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Campaigns.Reading;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>How an edit ends that has done something already, whoever wants it to end: what it has switched on, or may have, is paused first. When it is the database that fails it may have ended already, and nobody has heard of it.</summary>
[TestFixture]
public sealed class EndedEditTests
{
    private RunWorld _world = null!;
    private DatabaseProxy _proxy = null!;
    private ServiceProvider _cutOff = null!;
    private CampaignTree _tree = null!;
    private Guid _edit;

    [SetUp]
    public async Task StartAsync()
    {
        _world = await RunWorld.StartAsync(("MAX_RETRIES", "0"));
        var connection = new NpgsqlConnectionStringBuilder(_world.Database.ConnectionString);
        _proxy = new(connection.Port);
        connection.Port = _proxy.Port;
        _cutOff = InProcess.Configure(connection.ConnectionString, _world.Time,
            ("META_ADS_MODE", "live"), ("META_GRAPH_URL", _world.Graph.BaseUrl), ("DATA_PROTECTION_KEY", OtherProcess.Key), ("MAX_RETRIES", "0"));
        _tree = await _world.BuiltAsync();
        _edit = await _world.AskAsync(EditKind.Publish, _tree.Campaign.MetaId);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _cutOff.DisposeAsync();
        _proxy.Dispose();
        await _world.DisposeAsync();
    }

    /// <param name="lost">The end itself, or the look for what comes after it.</param>
    [TestCase("compare_at = clock_timestamp() + 2", TestName = "{m}(the answer to its end is lost)")]
    [TestCase("NOT r.held OR", TestName = "{m}(what comes next cannot be read)")]
    public async Task What_has_succeeded_is_not_taken_back(string lost)
    {
        _proxy.LosesAnswerTo = lost;

        Assert.That(await _cutOff.GetRequiredService<RunEdit>().ExecuteAsync(_edit, CancellationToken.None), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(_proxy.LosesAnswerTo, Is.Null, "no answer was lost");
        var edit = await _world.UntilEndedAsync(_edit);

        Assert.That((edit.Status, await _world.SwitchedAsync(_tree), await _world.CountedAsync()), Is.EqualTo(("succeeded", "AAA", "active 10000")));
    }

    /// <summary>Then another attempt takes it back: what the first has sent late comes too late.</summary>
    /// <param name="isFrozen">By then nothing is activated any more; what pauses waits for no end of that.</param>
    [Test]
    public async Task What_has_not_ended_is_taken_back_by_another_attempt([Values] bool isFrozen)
    {
        _proxy.CommitWords = "compare_at = clock_timestamp() + 2";
        _proxy.Next = DatabaseProxy.Cut.BeforeCommit;
        var paused = new List<string>();
        _world.Graph.Faults.Always(call => call["status"] == "PAUSED", async (_, _, act) =>
        {
            paused.AddRange(await _world.QueryAsync<string>("SELECT concat(state, ' ', attempt) FROM campaign_edits"));
            return await act();
        });

        Assert.That(await _cutOff.GetRequiredService<RunEdit>().ExecuteAsync(_edit, CancellationToken.None), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(_proxy.Next, Is.EqualTo(DatabaseProxy.Cut.Nothing), "nothing was cut");
        var thawsAt = _world.Time.GetUtcNow().AddHours(5);
        if (isFrozen) await _world.ExecuteAsync("INSERT INTO freezes (id, from_at, until_at, made_by, made_at) VALUES (gen_random_uuid(), @Now, @thawsAt, 'bob', @Now)", new { Now = _world.Time.GetUtcNow(), thawsAt });
        var edit = await _world.UntilEndedAsync(_edit);

        Assert.That(edit.Status, Is.EqualTo("failed"));
        Assert.That(edit.Error, Does.StartWith("gave up after 1 attempts"));
        Assert.That((paused, await _world.SwitchedAsync(_tree), (await _world.CountedAsync())![..4]), Is.EqualTo((new[] { "running 2" }, "pAA", "idle")));
        Assert.That(_world.Time.GetUtcNow(), Is.LessThan(thawsAt));
    }

    /// <param name="repeat">What becomes of the repeat of its last call, whose first answer is lost.</param>
    [TestCase("cancelled", "answered")]
    [TestCase("cancelled", "throttled")]
    [TestCase("rejected", "throttled")]
    [TestCase("expired", "throttled")]
    public async Task What_may_be_on_is_paused_before_it_ends(string how, string repeat)
    {
        _world.Graph.Faults.Add(Activates, GraphFaults.DropAfterActing);
        if (repeat == "throttled") _world.Graph.Faults.Add(Activates, GraphFaults.Throttled());
        Assert.That(await _world.RunEditAsync(_edit), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(await _world.SwitchedAsync(_tree), Is.EqualTo("AAA"));

        var error = $"{how} by bob";
        if (how == "cancelled") await CancelAsync(true);
        else error = await WaitsForApprovalAsync(how);
        await CancelAsync(false);
        var edit = await _world.UntilEndedAsync(_edit);

        Assert.That((edit.Status, edit.Error), Is.EqualTo((how == "expired" ? how : "cancelled", error)));
        Assert.That((await _world.SwitchedAsync(_tree), (await _world.CountedAsync())![..4], (await _world.TreeAsync(_tree)).Campaign.Status), Is.EqualTo(("pAA", "idle", "PAUSED")));
        if (how == "cancelled") Assert.That((await _world.EditAsync(EditKind.Publish, _tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"), "nothing of it is left");
    }

    /// <summary>Around what is on each of its calls makes money flow, and not the last alone.</summary>
    [TestCase("cancelled", "throttled")]
    [TestCase("cancelled", "lost")]
    [TestCase("cancelled", "throttled, and then there is a stop")]
    [TestCase("rejected", "throttled")]
    [TestCase("failed", "refused")]
    public async Task What_was_off_below_what_was_on_is_paused_before_a_publish_around_it_ends(string how, string last)
    {
        var tree = await HalfOnAsync();
        _edit = await _world.AskAsync(EditKind.Publish, tree.Campaign.MetaId);
        _world.Graph.Faults.Add(call => call.Path == tree.Campaign.MetaId && call["status"] == "ACTIVE", last switch { "lost" => GraphFaults.DropAfterActing, "refused" => GraphFaults.Refused(100, 1815573), _ => GraphFaults.Throttled() });
        if (how != "failed")
        {
            Assert.That(await _world.RunEditAsync(_edit), Is.InstanceOf<JobOutcome.Snoozed>());
            Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("AAAAAAA", "active 20000")));
        }

        var (stops, stopId) = (_world.Get<StopSwitch>(), Guid.Empty);
        if (last.EndsWith("stop", StringComparison.Ordinal))
        {
            await _world.NothingUnderWayAsync();
            await stops.StopAsync(tree.AccountId, "bob", null, CancellationToken.None);
            stopId = (await _world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
            await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None);
        }

        if (how == "cancelled") await CancelAsync(true);
        if (how == "rejected") await WaitsForApprovalAsync(how);
        Assert.That((await _world.UntilEndedAsync(_edit)).Status, Is.EqualTo(how == "failed" ? how : "cancelled"));
        if (stopId != Guid.Empty)
        {
            _world.Time.Advance(TimeSpan.FromMinutes(10));
            await stops.StartAsync(tree.AccountId, "bob", reactivate: true, CancellationToken.None);
            Assert.That(await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        }

        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("AApAAAA", "active 10000")));
        Assert.That((await _world.TreeAsync(tree)).AdSets.Select(one => one.Status), Is.EqualTo(["ACTIVE", "PAUSED"]));
    }

    /// <summary>Of what is taken back below one that is on.</summary>
    [TestCase("the first ad set does not answer", "AAppAAAAAAAAA")]
    [TestCase("the list does not answer", "ApppAAAAAAAAA")]
    [TestCase("the account is blocked", "ApppAAAAAAAAA")]
    [TestCase("Meta is away", "AAAAAAAAAAAAA")]
    [TestCase("Meta throttles", "AAAAAAAAAAAAA")]
    public async Task What_does_not_answer_keeps_nothing_else_on(string what, string afterOnePass)
    {
        var tree = await _world.BuiltAsync("""{"ad_sets":[{"ads":[{},{}]},{"ads":[{},{}]},{"ads":[{},{}]},{"ads":[{},{}]}]}""");
        Assert.That((await _world.EditAsync(EditKind.Publish, tree.AdSets[3].MetaId)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.EditAsync(EditKind.Resume, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        await _world.NothingUnderWayAsync();
        _edit = await _world.AskAsync(EditKind.Publish, tree.Campaign.MetaId);
        _world.Graph.Faults.Add(call => call.Path == tree.Campaign.MetaId && call["status"] == "ACTIVE", GraphFaults.Throttled());
        Assert.That(await _world.RunEditAsync(_edit), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAAAAAAAAAAAA"));
        await CancelAsync(true);
        if (what == "the account is blocked") await _world.ExecuteAsync("UPDATE social_accounts SET blocked_at = now(), block_reason = 'unpaid'");
        else if (what is "Meta is away" or "Meta throttles") _world.Graph.Faults.Always(call => call["status"] == "PAUSED", what == "Meta is away" ? GraphFaults.DropBeforeActing : GraphFaults.Throttled());
        else if (what == "the list does not answer") _world.Graph.Faults.Always(call => call.Method == "GET" && call.Path == $"{tree.Campaign.MetaId}/adsets", GraphFaults.DropBeforeActing);
        else _world.Graph.Faults.Always(call => call.Method == "POST" && call.Path == tree.AdSets[0].MetaId, GraphFaults.DropBeforeActing);

        _world.Graph.ForgetCalls();
        await _world.RunEditAsync(_edit);

        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo(afterOnePass));
        // None of them keeps a thread for hours, or sends hundreds of calls that are refused.
        if (what.StartsWith("Meta", StringComparison.Ordinal)) Assert.That(_world.Graph.Calls.Where(call => call["status"] == "PAUSED").Select(call => call.Path).Distinct().Count(), Is.EqualTo(what == "Meta is away" ? 2 : 1));
    }

    /// <summary>What it has sent may come after it was paused.</summary>
    [TestCase("gives up")]
    [TestCase("dies")]
    [TestCase("is cancelled")]
    public async Task What_may_yet_be_switched_on_is_paused_until_it_cannot(string how)
    {
        if (how == "dies")
        {
            await using var lease = new Lease(_world.Time, TimeSpan.FromSeconds(30));
            Assert.That(await _world.Get<EditStore>().ClaimAsync(_edit, lease, CancellationToken.None), Is.Not.Null);
            await _world.ExecuteAsync("UPDATE campaign_edits SET abandoned = 99, lease_until = clock_timestamp() - interval '1 second'");
        }
        else
        {
            if (how == "is cancelled") _world.Graph.Faults.Add(Activates, GraphFaults.DropBeforeActing);
            if (how == "is cancelled") _world.Graph.Faults.Add(Activates, GraphFaults.Throttled());
            else _world.Graph.Faults.Always(Activates, GraphFaults.DropBeforeActing);
            if (how == "is cancelled") Assert.That(await _world.RunEditAsync(_edit), Is.InstanceOf<JobOutcome.Snoozed>());
            if (how == "is cancelled") await CancelAsync(true);
        }

        Assert.That(await _world.RunEditAsync(_edit), Is.InstanceOf<JobOutcome.Snoozed>());
        if (how != "dies") Assert.That(await _world.CountedAsync(), Is.EqualTo("active 10000"), "it stays counted");
        Assert.That(await _world.RunEditAsync(await _world.AskAsync(EditKind.Publish, _tree.Campaign.MetaId)), Is.InstanceOf<JobOutcome.Snoozed>(), "or it would be paused by it");
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE id = @MetaId", new { _tree.Campaign.MetaId });
        _world.Graph.Faults.Clear();
        var edit = await _world.UntilEndedAsync(_edit);

        Assert.That((edit.Status, edit.Error), Is.EqualTo((how == "is cancelled" ? "cancelled" : "failed", edit.Error)));
        Assert.That(edit.Error, Does.StartWith(how switch { "gives up" => "gave up after 1 attempts", "dies" => "its worker process died", _ => "cancelled by bob" }));
        Assert.That((await _world.SwitchedAsync(_tree))[0], Is.EqualTo('p'));
        if (how != "dies") Assert.That((await _world.CountedAsync())![..4], Is.EqualTo("idle"));
    }

    /// <summary>What its first attempt has set aside is not free: this attempt has sent nothing, and the one before may have switched it on.</summary>
    [Test]
    public async Task What_can_neither_be_done_nor_paused_goes_on_counting_as_an_earlier_attempt_may_have_left_it()
    {
        var tree = await HalfOnAsync();
        var adSet = tree.AdSets[1].MetaId;
        _edit = await _world.AskAsync(EditKind.Publish, adSet);
        _world.Graph.Faults.Add(call => call.Path == adSet && call["status"] == "ACTIVE", GraphFaults.DropAfterActing);
        _world.Graph.Faults.Add(call => call.Path == adSet && call["status"] == "ACTIVE", GraphFaults.Throttled());
        Assert.That(await _world.RunEditAsync(_edit), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("AAAAAAA", "active 20000")));
        _world.Graph.Faults.Add(call => call.Path == adSet && call.Method == "GET", GraphFaults.Refused(100, 1815573));
        _world.Graph.Faults.Always(call => call.Path == adSet && call["status"] == "PAUSED", GraphFaults.Refused(100, 1815573));

        var edit = await _world.UntilEndedAsync(_edit);

        Assert.That((edit.Status, edit.Error), Is.EqualTo(("failed", edit.Error)));
        Assert.That(edit.Error, Does.Contain("perhaps it is active, since it could not be paused either"));
        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("AAAAAAA", "active 20000")));
    }

    /// <summary>The repeated call hears of a deleted object that it is missing.</summary>
    [TestCase(EditKind.Archive, "POST", "prp")]
    [TestCase(EditKind.Delete, "DELETE", "pdd")]
    public async Task What_is_taken_away_without_an_answer_is_taken_away_once_more_and_that_is_its_end(EditKind kind, string method, string left)
    {
        var tree = await _world.BuiltAsync();
        _world.Graph.Faults.Add(call => call.Method == method && call.Path == tree.AdSets[0].MetaId, GraphFaults.DropAfterActing);

        var edit = await _world.EditAsync(kind, tree.AdSets[0].MetaId);

        Assert.That((edit.Status, edit.Attempt, _world.Graph.Faults.Left), Is.EqualTo(("succeeded", 1, 0)));
        Assert.That((await _world.SwitchedAsync(tree), (await _world.TreeAsync(tree)).AdSets[0].Status), Is.EqualTo((left, kind == EditKind.Delete ? "DELETED" : "ARCHIVED")));
    }

    /// <returns>A campaign that is on, with one of its two ad sets.</returns>
    private async Task<CampaignTree> HalfOnAsync()
    {
        var tree = await _world.BuiltAsync(EditWorld.Tree);
        Assert.That((await _world.EditAsync(EditKind.Publish, tree.AdSets[0].MetaId)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.EditAsync(EditKind.Resume, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("AApAApp", "active 10000")));
        await _world.NothingUnderWayAsync();
        return tree;
    }

    private bool Activates(RecordedCall call) => call.Path == _tree.Campaign.MetaId && call["status"] == "ACTIVE";

    private async Task CancelAsync(bool isDone) => Assert.That(await _world.Get<CancelEdit>().ExecuteAsync(_edit, "bob", CancellationToken.None), Is.EqualTo(isDone));

    private async Task<string> WaitsForApprovalAsync(string then)
    {
        await _world.ExecuteAsync("UPDATE social_accounts SET approval_required = 'always'");
        _world.Time.Advance(TimeSpan.FromMinutes(3));
        await _world.RunEditAsync(_edit);
        var approval = (await _world.QueryAsync<(Guid Id, DateTimeOffset ExpiresAt)>("SELECT id, expires_at FROM approvals WHERE state = 'asked'")).Single();
        if (then == "rejected")
        {
            Assert.That(await _world.Get<DecideApproval>().RejectAsync(approval.Id, "bob", "too dear", CancellationToken.None), Is.InstanceOf<Decided.Done>());
            return "rejected by bob: too dear";
        }

        _world.Time.AdvanceTo(approval.ExpiresAt);
        await _world.Get<ApprovalStore>().SettleAsync(null, CancellationToken.None);
        return "nobody has approved it in time: it stays as it is";
    }
}
