using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>A report is asked for, looked at, read; whatever Meta does with it on the way, the table is what Meta says in the end.</summary>
[TestFixture]
public sealed class ReportTests
{
    private SyncWorld _world = null!;
    private SyncedAccount _account = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await SyncWorld.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [SetUp]
    public async Task AddAccountAsync()
    {
        _world.Graph.Faults.Clear();
        _account = await _world.AddAccountAsync(campaigns: 4, adsOfEach: 5);
        _world.Graph.ForgetCalls();
    }

    [Test]
    public async Task A_month_is_prepared_by_Meta_and_read_page_by_page_without_holding_a_worker()
    {
        _world.Graph.Faults.Add(IsPoll, GraphFaults.Says("""{"async_status":"Job Running","async_percent_completion":0,"is_running":true}"""), times: 6);
        var syncId = await _world.QueueAsync(_account);
        var first = await _world.RunOnceAsync(syncId);
        var waiting = await _world.RowAsync(syncId);

        var sync = await _world.RunAsync(syncId);

        Assert.That(first, Is.InstanceOf<JobOutcome.Snoozed>(), "the worker is free while Meta prepares");
        Assert.That((waiting.State, waiting.WaitReason), Is.EqualTo(("waiting", "Meta is preparing 1 of 1 reports: 0 %")));
        Assert.That((sync.State, sync.RowsRead, sync.PagesRead, sync.Reports, sync.ReportsRead), Is.EqualTo(("succeeded", 560L, 2, 1, 1)));
        Assert.That(Submissions(), Is.EqualTo(1));
        await _world.AssertEqualsMetaAsync(_account);
        await AssertNothingLeftAsync();
    }

    [Test]
    public async Task A_week_is_read_at_once()
    {
        var sync = await _world.RunAsync(await _world.QueueAsync(_account, days: 7), runs: 1);

        Assert.That((sync.State, sync.RowsRead), Is.EqualTo(("succeeded", 140L)));
        Assert.That(Submissions(), Is.Zero);
        Assert.That(_world.Graph.Calls.Count(call => call.Edge == "insights"), Is.EqualTo(2), "a page, and the account's own sum");
        await _world.AssertEqualsMetaAsync(_account, days: 7);
    }

    [Test]
    public async Task The_next_page_is_on_its_way_before_one_is_read()
    {
        _world.Graph.Faults.Add(call => IsPage(call) && call["after"] is null, GraphFaults.Changes(page => page.Replace("\"impressions\":\"", "\"impressions\":\"about ", StringComparison.Ordinal)));

        var sync = await _world.SyncAsync(_account);

        Assert.That((sync.State, sync.RowsRead), Is.EqualTo(("succeeded", 560L)));
        Assert.That(_world.Graph.Calls.Count(call => IsPage(call) && call["after"] is null), Is.EqualTo(2), "it could not be read");
        Assert.That(_world.Graph.Calls.Count(call => IsPage(call) && call["after"] is not null), Is.EqualTo(2), "and was behind nothing");
        await _world.AssertEqualsMetaAsync(_account);
    }

    /// <summary>There may be two then, of which one is never read.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task A_report_that_was_asked_for_without_an_answer_is_asked_for_again_and_one_is_read(bool isDone)
    {
        _world.Graph.Faults.Add(call => call.Method == "POST" && call.Edge == "insights", isDone ? GraphFaults.DropAfterActing : GraphFaults.DropBeforeActing);

        var sync = await _world.SyncAsync(_account);

        Assert.That((sync.State, sync.RowsRead, sync.Reports, Submissions()), Is.EqualTo(("succeeded", 560L, 1, 2)));
        await _world.AssertEqualsMetaAsync(_account);
    }

    [TestCase("""{"async_status":"Job Failed","async_percent_completion":30,"error_code":2,"error_message":"An unexpected error"}""")]
    [TestCase("""{"async_status":"Job Skipped","async_percent_completion":100}""")]
    public async Task A_report_that_fails_is_asked_for_again(string status)
    {
        _world.Graph.Faults.Add(IsPoll, GraphFaults.Says(status));

        var sync = await _world.SyncAsync(_account);

        Assert.That(sync.State, Is.EqualTo("succeeded"));
        Assert.That(Submissions(), Is.EqualTo(2));
        await _world.AssertEqualsMetaAsync(_account);
    }

    [Test]
    public async Task A_report_that_fails_time_and_again_is_cut_and_its_parts_are_read()
    {
        _world.Graph.Faults.Add(IsPoll, GraphFaults.Says("""{"async_status":"Job Failed"}"""), times: 3);

        var sync = await _world.SyncAsync(_account);

        Assert.That((sync.State, sync.Reports), Is.EqualTo(("succeeded", 2)), "two halves of the days");
        await _world.AssertEqualsMetaAsync(_account);
    }

    /// <summary>Most of the tries in one leap; one by one when long tests are asked for.</summary>
    [TestCase(297)]
    [TestCase(0, Category = LongAttribute.Category, Explicit = true)]
    public async Task A_Meta_that_fails_every_report_is_not_asked_for_ever(int leap)
    {
        _world.Graph.Faults.Always(IsPoll, GraphFaults.Says("""{"async_status":"Job Failed"}"""));
        var syncId = await _world.QueueAsync(_account);
        await _world.RunOnceAsync(syncId);
        Assert.That((await _world.RowAsync(syncId)).State, Is.EqualTo("waiting"));
        await _world.ListAsync<int>("UPDATE insight_reports SET submissions = submissions + @leap WHERE sync_id = @syncId AND no = (SELECT min(no) FROM insight_reports WHERE sync_id = @syncId AND state <> 'split')", new { leap, syncId });

        var sync = await _world.RunAsync(syncId, runs: 5000);

        Assert.That(sync.State, Is.EqualTo("failed"));
        Assert.That(sync.Error, Does.Contain("too many reports"));
        Assert.That(Submissions(), Is.LessThanOrEqualTo(500));
    }

    [Test]
    public async Task A_report_that_stands_still_is_asked_for_again()
    {
        _world.Graph.Faults.Add(IsPoll, GraphFaults.Says("""{"async_status":"Job Running","async_percent_completion":40,"is_running":true}"""), times: 32);
        var began = _world.Time.GetUtcNow();

        var sync = await _world.SyncAsync(_account);

        Assert.That(sync.State, Is.EqualTo("succeeded"));
        Assert.That(Submissions(), Is.EqualTo(2));
        Assert.That(_world.Time.GetUtcNow() - began, Is.InRange(TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(14)));
    }

    [Test]
    public async Task A_report_at_a_hundred_percent_that_still_runs_is_waited_for()
    {
        _world.Graph.Faults.Add(IsPoll, GraphFaults.Says("""{"async_status":"Job Running","async_percent_completion":100,"is_running":true}"""), times: 2);
        _world.Graph.Faults.Add(IsPoll, GraphFaults.Says("""{"async_status":"Job Completed","async_percent_completion":100,"is_running":true}"""));

        var sync = await _world.SyncAsync(_account);

        Assert.That((sync.State, Submissions()), Is.EqualTo(("succeeded", 1)));
        await _world.AssertEqualsMetaAsync(_account);
    }

    [Test]
    public async Task A_report_not_visible_right_after_it_was_asked_for_is_looked_for_again()
    {
        _world.Graph.Faults.Add(IsPoll, GraphFaults.Refused(100, 33), times: 3);

        var sync = await _world.SyncAsync(_account);

        Assert.That((sync.State, Submissions()), Is.EqualTo(("succeeded", 1)));
    }

    [Test]
    public async Task A_report_that_Meta_has_thrown_away_while_it_was_read_is_read_anew_from_another()
    {
        _world.Graph.Faults.Add(call => IsPage(call) && call["after"] is not null, GraphFaults.Refused(100, 33));

        var sync = await _world.SyncAsync(_account);

        Assert.That((sync.State, sync.RowsRead, Submissions()), Is.EqualTo(("succeeded", 560L, 2)));
        await _world.AssertEqualsMetaAsync(_account);
    }

    [Test]
    public async Task A_throttle_between_two_pages_costs_no_page()
    {
        _world.Graph.Faults.Add(call => IsPage(call) && call["after"] is not null, GraphFaults.ThrottledFor(TimeSpan.FromSeconds(90)));
        var syncId = await _world.QueueAsync(_account);

        var sync = await _world.RunAsync(syncId);

        Assert.That((sync.State, Submissions()), Is.EqualTo(("succeeded", 1)));
        Assert.That(_world.Graph.Calls.Count(call => IsPage(call) && call["after"] is null), Is.EqualTo(1), "the first page was read once");
        await _world.AssertEqualsMetaAsync(_account);
    }

    [Test]
    public async Task A_direct_reading_that_breaks_off_becomes_a_report()
    {
        _world.Graph.Faults.Add(call => call.Edge == "insights" && call["after"] is not null, GraphFaults.ThrottledFor(TimeSpan.FromSeconds(30)));
        _account = await _world.AddAccountAsync(campaigns: 10, adsOfEach: 10);

        var sync = await _world.SyncAsync(_account, days: 7);

        Assert.That((sync.State, sync.RowsRead, Submissions()), Is.EqualTo(("succeeded", 700L, 1)));
        await _world.AssertEqualsMetaAsync(_account, days: 7);
    }

    [TestCase(100, 1504018)]
    [TestCase(2, 1504038)]
    public async Task A_direct_reading_that_takes_Meta_too_long_becomes_a_report(int code, int subcode)
    {
        _world.Graph.Faults.Add(call => call.Method == "GET" && call.Edge == "insights", GraphFaults.Refused(code, subcode));

        var sync = await _world.SyncAsync(_account, days: 7);

        Assert.That((sync.State, Submissions()), Is.EqualTo(("succeeded", 1)));
        await _world.AssertEqualsMetaAsync(_account, days: 7);
    }

    [Test]
    public async Task A_sync_that_was_opened_again_begins_anew_and_puts_nothing_old_over_what_is_newer()
    {
        var failed = await _world.QueueAsync(_account);
        _world.Graph.Faults.Add(call => IsPage(call) && call["after"] is not null, GraphFaults.Refused(190));
        while ((await _world.RowAsync(failed)).PagesRead == 0) await _world.RunOnceAsync(failed);
        await _world.ExecuteAsync("UPDATE insight_syncs SET state = 'failed', holding = false, lease_until = NULL WHERE sync_id = @failed; UPDATE social_accounts SET token_rejected_at = NULL", new { failed });
        await _world.Database.DataSource.RestateAsync(_account.AdAccountId);
        Assert.That((await _world.SyncAsync(_account)).State, Is.EqualTo("succeeded"));

        _world.Get<MetaAdsJobs.Core.Insights.SyncStore>().Reopen(failed);
        var again = await _world.RunAsync(failed);

        Assert.That((again.State, again.RowsRestated, again.RowsVanished), Is.EqualTo(("succeeded", 0L, 0L)));
        await _world.AssertEqualsMetaAsync(_account);
    }

    [Test]
    public async Task A_sync_whose_worker_dies_of_it_time_and_again_is_given_up()
    {
        var syncId = await _world.QueueAsync(_account);
        await _world.ExecuteAsync("UPDATE insight_syncs SET state = 'running', holding = true, abandoned = 20, lease_until = now() - interval '1 minute' WHERE sync_id = @syncId", new { syncId });

        var sync = await _world.RunAsync(syncId);

        Assert.That((sync.State, sync.Error), Is.EqualTo(("failed", "its worker process died 21 times in a row")));
    }

    [Test]
    public async Task A_page_too_large_for_Meta_is_asked_for_with_fewer_rows()
    {
        _world.Graph.Faults.Always(call => IsPage(call) && call["limit"] is "500" or "250", GraphFaults.Says(
            """{"error":{"code":1,"message":"Please reduce the amount of data you're asking for, then retry your request","type":"OAuthException"}}"""));

        var sync = await _world.SyncAsync(_account);

        Assert.That((sync.State, sync.RowsRead, sync.Reports), Is.EqualTo(("succeeded", 560L, 1)));
        await _world.AssertEqualsMetaAsync(_account);
    }

    [Test]
    public async Task Staged_pages_that_PostgreSQL_has_lost_in_a_crash_are_read_again_and_nothing_is_taken_for_vanished()
    {
        await _world.SyncAsync(_account);
        var syncId = await _world.QueueAsync(_account);
        _world.Graph.Faults.Add(call => IsPage(call) && call["after"] is not null, GraphFaults.ThrottledFor(TimeSpan.FromSeconds(30)));
        while ((await _world.RowAsync(syncId)).PagesRead == 0 && await _world.RunOnceAsync(syncId) is JobOutcome.Snoozed snoozed) _world.Time.AdvanceTo(snoozed.Until);
        // What PostgreSQL does to unlogged tables after a crash.
        await _world.ExecuteAsync("TRUNCATE insight_staging, insight_staging_marks");

        var sync = await _world.RunAsync(syncId);

        Assert.That((sync.State, sync.RowsRead, sync.RowsVanished), Is.EqualTo(("succeeded", 560L, 0L)));
        await _world.AssertEqualsMetaAsync(_account);
    }

    private int Submissions() => _world.Graph.Calls.Count(call => call.Method == "POST" && call.Edge == "insights");

    private static bool IsPoll(RecordedCall call) => call.Method == "GET" && call.Edge.StartsWith("META_REPORT_", StringComparison.Ordinal);

    private static bool IsPage(RecordedCall call) => call.Method == "GET" && call.Edge == "insights" && call.Path.Contains("META_REPORT_", StringComparison.Ordinal);

    private async Task AssertNothingLeftAsync()
    {
        Assert.That(await _world.Database.DataSource.RowsAsync("insight_staging"), Is.Zero);
        Assert.That(await _world.Database.DataSource.RowsAsync("insight_reports WHERE sync_id IN (SELECT sync_id FROM insight_syncs WHERE state = 'succeeded')"), Is.Zero);
    }
}
