using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Comparing;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>A freeze holds what makes spend more, and nothing else.</summary>
[TestFixture]
public sealed class FreezeTests
{
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task It_holds_raises_and_no_pause_and_no_lowering()
    {
        var tree = await _world.BuiltAsync();
        var adSet = tree.AdSets[0].MetaId;
        await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId);
        await _world.NothingUnderWayAsync();
        var freeze = await FreezeAsync(null, hours: 5, "Christmas");

        var raise = await _world.AskAsync(EditKind.Update, adSet, """{"daily_budget_cents":20000}""");
        Assert.That(await _world.RunEditAsync(raise), Is.EqualTo(new JobOutcome.Snoozed(freeze.Until!.Value, "frozen by bob: Christmas")));
        Assert.That((await _world.EditAsync(EditKind.Update, adSet, """{"daily_budget_cents":5000}""")).Status, Is.EqualTo("succeeded"), "a lowering, although it was asked for later");
        Assert.That((await _world.EditAsync(EditKind.Pause, tree.Ads[0].MetaId)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.AtMetaAsync(adSet, "daily_budget"), Is.EqualTo("5000"));
        var resume = await _world.AskAsync(EditKind.Resume, tree.Ads[0].MetaId);
        Assert.That(await _world.RunEditAsync(resume), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Until").EqualTo(freeze.Until));

        _world.Time.AdvanceTo(freeze.Until.Value);
        Assert.That((await _world.UntilEndedAsync(raise)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.UntilEndedAsync(resume)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.AtMetaAsync(adSet, "daily_budget"), await _world.SwitchedAsync(tree)), Is.EqualTo(("20000", "AAA")));
    }

    /// <summary>Beside one that has no end: the campaign as a whole has not ended.</summary>
    [Test]
    public async Task It_holds_a_later_end_of_an_ad_set_that_has_ended()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true,"ad_sets":[{"ads":[{}]},{"ads":[{}]}]}""");
        var (adSet, now) = (tree.AdSets[0].MetaId, _world.Time.GetUtcNow());
        await _world.NothingUnderWayAsync();
        await _world.ExecuteAsync("UPDATE meta_adsets SET end_time = @Ended WHERE meta_id = @adSet", new { adSet, Ended = now.AddHours(-1) });
        await _world.ByHandAsync("end_time", now.AddHours(-1).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss+0000", null), adSet);
        var freeze = await FreezeAsync(null, hours: 5, null);

        var later = await _world.AskAsync(EditKind.Update, adSet, $"{{\"end_time\":\"{now.AddDays(9).UtcDateTime:yyyy-MM-ddTHH:mm:ss}Z\"}}");

        Assert.That(await _world.RunEditAsync(later), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Until").EqualTo(freeze.Until));
    }

    /// <summary>What it holds may wait for weeks.</summary>
    [Test]
    public async Task A_campaign_whose_raise_it_holds_is_compared_all_the_same()
    {
        var tree = await _world.BuiltAsync();
        var adSet = tree.AdSets[0].MetaId;
        await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId);
        await _world.NothingUnderWayAsync();
        await FreezeAsync(null, hours: 5, null);
        Assert.That(await _world.RunEditAsync(await _world.AskAsync(EditKind.Update, adSet, """{"daily_budget_cents":20000}""")), Is.InstanceOf<JobOutcome.Snoozed>());
        await _world.ByHandAsync("daily_budget", "15000", adSet);
        // All that was sent is long over.
        await _world.ExecuteAsync("UPDATE meta_campaigns SET compare_at = clock_timestamp(); ALTER TABLE meta_changes DISABLE TRIGGER meta_changes_stay; UPDATE meta_changes SET sent_at = sent_at - interval '1 hour'");

        Assert.That(await _world.Get<CompareCampaigns>().RunAsync(10, CancellationToken.None), Is.EqualTo(1));

        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 15000"));
    }

    /// <summary>Nor does what no cap has room for: a start looks again every few minutes, and reading uses up the account's limit.</summary>
    [Test]
    public async Task A_start_that_it_holds_reads_nothing_at_Meta([Values] bool byCap)
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        await _world.ExecuteAsync("UPDATE activations SET busy_until = NULL");
        await _world.Get<StopSwitch>().StopAsync(tree.AccountId, "bob", null, CancellationToken.None);
        var stopId = (await _world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        Assert.That(await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        if (byCap) await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 9999");
        else await FreezeAsync(null, hours: 5, null);
        await _world.Get<StopSwitch>().StartAsync(tree.AccountId, "ann", reactivate: true, CancellationToken.None);
        _world.Graph.ForgetCalls();

        Assert.That(await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), byCap ? Is.InstanceOf<JobOutcome.Completed>() : Is.InstanceOf<JobOutcome.Snoozed>());

        Assert.That(_world.Graph.Calls, Is.Empty);
        Assert.That(await _world.QueryAsync<string>("SELECT concat(state, ' ', cardinality(paused_ids)) FROM activations"), Is.EqualTo(["paused 3"]));
    }

    /// <summary>What is a lowering of what is known here, and a raise of what somebody has made of it in Ads Manager.</summary>
    [Test]
    public async Task It_holds_what_raises_a_budget_that_was_lowered_by_hand()
    {
        var tree = await _world.BuiltAsync();
        var adSet = tree.AdSets[0].MetaId;
        await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId);
        await _world.NothingUnderWayAsync();
        await _world.ExecuteAsync("""UPDATE stub_graph.objects SET fields = fields || '{"daily_budget":"1000"}' WHERE id = @adSet""", new { adSet });
        var freeze = await FreezeAsync(null, hours: 5, null);

        Assert.That(await _world.RunEditAsync(await _world.AskAsync(EditKind.Update, adSet, """{"daily_budget_cents":8000}""")), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Until").EqualTo(freeze.Until));

        Assert.That(await _world.AtMetaAsync(adSet, "daily_budget"), Is.EqualTo("1000"));
    }

    [Test]
    public async Task A_run_is_built_and_activated_when_the_freeze_is_ended()
    {
        var asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        var freeze = await FreezeAsync(asked.AccountId, hours: 5, null);
        Assert.That(await _world.Get<RunOrchestration>().ExecuteAsync(asked.RequestId, CancellationToken.None), Is.EqualTo(new JobOutcome.Snoozed(freeze.Until!.Value, "frozen by bob")));

        Assert.That(await _world.Get<Freezes>().EndAsync(freeze.Id, "carol", CancellationToken.None), Is.True);
        Assert.That(await _world.Get<Freezes>().EndAsync(freeze.Id, "carol", CancellationToken.None), Is.False);
        Assert.That((await _world.QueryAsync<long>("SELECT count(*) FROM hangfire.job WHERE id > (SELECT min(id) FROM hangfire.job) AND invocationdata ->> 'Type' = 'orchestration'")).Single(), Is.EqualTo(1), "it is sent on at once");
        Assert.That((await _world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.SwitchedAsync(await _world.TreeAsync(asked)), Is.EqualTo("AAA"));
    }

    /// <summary>Else whoever else locks several of them may wait for one of these, while this waits for one of his.</summary>
    [Test]
    public async Task Runs_that_it_has_held_are_locked_in_the_order_of_their_ids()
    {
        var (first, second) = (await _world.AcceptAsync("""{"auto_publish":true}"""), await _world.AcceptAsync("""{"auto_publish":true}"""));
        var freeze = await FreezeAsync(null, hours: 5, null);
        // The row of the first comes last in the table.
        foreach (var asked in (Asked[])[second, first]) Assert.That(await _world.Get<RunOrchestration>().ExecuteAsync(asked.RequestId, CancellationToken.None), Is.InstanceOf<JobOutcome.Snoozed>());
        await using var connection = await _world.Database.DataSource.OpenConnectionAsync();
        await using var holds = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("SELECT 1 FROM orchestrations WHERE request_id = @RequestId FOR UPDATE", first);

        var ends = _world.Get<Freezes>().EndAsync(freeze.Id, "carol", CancellationToken.None);
        await Eventually.TrueAsync(async () => await _world.Database.DataSource.RowsAsync("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0, () => "it does not wait");

        Assert.That(await _world.QueryAsync<Guid>("SELECT request_id FROM orchestrations WHERE request_id = @RequestId FOR UPDATE SKIP LOCKED", second), Is.EqualTo([second.RequestId]), "it has none that comes later");
        await holds.CommitAsync();
        Assert.That(await ends, Is.True);
    }

    [Test]
    public async Task Of_another_account_it_holds_nothing()
    {
        var (asked, other) = (await _world.AcceptAsync("""{"auto_publish":true}"""), await _world.AcceptAsync());
        await FreezeAsync(other.AccountId, hours: 5, null);

        Assert.That((await _world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
    }

    [TestCase("2027-03-27T04:30:00Z", null, Description = "Saturday half past midnight in New York")]
    [TestCase("2027-03-27T03:59:00Z", "2027-03-27T04:00:00Z", Description = "Friday night there")]
    [TestCase("2027-03-26T16:59:00Z", null, Description = "before five in the afternoon")]
    [TestCase("2027-03-26T21:00:00Z", "2027-03-27T04:00:00Z")]
    [TestCase("2027-03-14T04:30:00Z", null, Description = "the night in which clocks are put forward")]
    public async Task A_weekly_freeze_is_in_the_accounts_own_zone(string at, string? until)
    {
        var asked = await _world.AcceptAsync();
        var body = $$"""{"social_account_id":"{{asked.AccountId}}","weekly":{"days":["friday"],"from":"17:00","until":"24:00"} }""";
        Assert.That(await _world.Get<Freezes>().AddAsync(JsonElement.Parse(body), "bob", CancellationToken.None), Is.InstanceOf<Saved<Freeze>.Done>());

        var ends = await _world.QueryAsync<DateTimeOffset>("SELECT ends_at FROM freeze_of(@AccountId, @at::timestamptz)", new { asked.AccountId, at });

        Assert.That(ends.Select(end => end.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", null)), Is.EqualTo(until is null ? [] : new[] { until }));
    }

    /// <summary>What was permitted before, and is repeated because it got no answer, is not sent any more; what is not on yet, neither.</summary>
    /// <param name="seconds">After which the freeze begins; none when it is set while an ad is being activated.</param>
    [TestCase("run", 8)]
    [TestCase("run", null)]
    [TestCase("publish", 8)]
    [TestCase("raise", 8)]
    public async Task A_freeze_that_begins_in_the_midst_of_it_ends_what_was_permitted(string what, int? seconds)
    {
        var asked = await _world.AcceptAsync(what == "run" ? """{"auto_publish":true}""" : "{}");
        if (what != "run") Assert.That((await _world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
        var tree = what == "run" ? null : await _world.TreeAsync(asked);
        if (what == "raise") await _world.EditAsync(EditKind.Publish, tree!.Campaign.MetaId);
        await _world.NothingUnderWayAsync();
        var freeze = seconds is { } after ? await FreezeAsync(null, hours: 5, null, after) : null;
        _world.Graph.Faults.Add(call => seconds is null ? call.Path.StartsWith("META_AD_", StringComparison.Ordinal) && call["status"] == "ACTIVE" : call["daily_budget"] == "20000" || call.Path.StartsWith("META_CAMPAIGN", StringComparison.Ordinal) && call["status"] == "ACTIVE", async (call, http, act) =>
        {
            // Within the lease.
            _world.Time.Advance(TimeSpan.FromSeconds(12));
            freeze ??= await FreezeAsync(null, hours: 5, null);
            return seconds is null ? await act() : await GraphFaults.DropBeforeActing(call, http, act);
        });

        var edit = what == "run" ? Guid.Empty : what == "publish" ? await _world.AskAsync(EditKind.Publish, tree!.Campaign.MetaId) : await _world.AskAsync(EditKind.Update, tree!.AdSets[0].MetaId, """{"daily_budget_cents":20000}""");
        Task<JobOutcome> RunAsync() => what == "run" ? _world.Get<RunOrchestration>().ExecuteAsync(asked.RequestId, CancellationToken.None) : _world.RunEditAsync(edit);
        Assert.That(await RunAsync(), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(freeze, Is.Not.Null);
        Assert.That(await RunAsync(), Is.InstanceOf<JobOutcome.Snoozed>());

        Assert.That(await _world.QueryAsync<string>("SELECT concat(status, ' ', fields ->> 'daily_budget') FROM stub_graph.objects WHERE kind = @kind", new { kind = what == "raise" ? "adset" : "campaign" }), Is.EqualTo([what == "raise" ? "ACTIVE 10000" : "PAUSED "]));
    }

    [TestCase("2027-03-26T20:00:00Z", """{"weekly":{"days":["friday"],"from":"17:00","until":"24:00"}""", "2027-03-26T21:00:00Z")]
    [TestCase("2027-03-26T21:00:00Z", """{"weekly":{"days":["friday"],"from":"17:00","until":"24:00"}""", null, Description = "it is in force")]
    [TestCase("2027-03-27T03:59:00Z", """{"weekly":{"days":["saturday"],"from":"00:00","until":"24:00"}""", "2027-03-27T04:00:00Z", Description = "the day after")]
    [TestCase("2099-01-01T00:00:00Z", """{"from":"2099-01-01T00:01:00Z","until":"2099-01-01T00:02:00Z" """, "2099-01-01T00:01:00Z")]
    [TestCase("2099-01-01T00:01:00Z", """{"from":"2099-01-01T00:01:00Z","until":"2099-01-01T00:02:00Z" """, null)]
    public async Task When_the_next_freeze_begins_is_known(string at, string body, string? begins)
    {
        var asked = await _world.AcceptAsync();
        Assert.That(await _world.Get<Freezes>().AddAsync(JsonElement.Parse($$"""{{body}},"social_account_id":"{{asked.AccountId}}"}"""), "bob", CancellationToken.None), Is.InstanceOf<Saved<Freeze>.Done>());

        Assert.That((await _world.QueryAsync<DateTimeOffset?>("SELECT next_freeze(@AccountId, @at::timestamptz)", new { asked.AccountId, at })).Single()?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", null), Is.EqualTo(begins));
    }

    [TestCase("""{}""", "from", "until")]
    [TestCase("""{"from":"2099-01-01T00:00","until":"2099-01-02T00:00"}""", "from", "until", Description = "of all accounts there is no one zone")]
    [TestCase("""{"from":"2099-01-02T00:00:00Z","until":"2099-01-01T00:00:00Z"}""", "until")]
    [TestCase("""{"from":"2001-01-02T00:00:00Z","until":"2001-02-01T00:00:00Z"}""", "until")]
    [TestCase("""{"weekly":{"days":["someday"],"from":"25:00","until":"1"}}""", "weekly.days[0]", "weekly.from", "weekly.until")]
    [TestCase("""{"weekly":{"days":["monday"],"from":"22:00","until":"06:00"}}""", "weekly.until")]
    [TestCase("""{"weekly":{"days":["monday"],"from":"22:00","until":"23:00"},"from":"2099-01-01T00:00:00Z"}""", "from")]
    public async Task What_is_wrong_is_told_by_its_field(string body, params string[] fields)
    {
        var refused = (Saved<Freeze>.Invalid)await _world.Get<Freezes>().AddAsync(JsonElement.Parse(body), "bob", CancellationToken.None);
        Assert.That(refused.Errors.ToDictionary().Keys, Is.EquivalentTo(fields));
    }

    private async Task<Freeze> FreezeAsync(Guid? account, int hours, string? reason, int secondsAhead = -3600)
    {
        var now = _world.Time.GetUtcNow();
        var body = JsonSerializer.SerializeToElement(new Dictionary<string, object?> { ["social_account_id"] = account, ["from"] = Text(now.AddSeconds(secondsAhead)), ["until"] = Text(now.AddHours(hours)), ["reason"] = reason });
        return ((Saved<Freeze>.Done)await _world.Get<Freezes>().AddAsync(body, "bob", CancellationToken.None)).Value;

        static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss'Z'", null);
    }
}
