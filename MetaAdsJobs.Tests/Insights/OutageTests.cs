using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>A Meta that is away is waited for, whatever a sync's retries are: they are for what is wrong with the sync.</summary>
[TestFixture]
public sealed class OutageTests
{
    private SyncWorld _world = null!;
    private SyncedAccount _account = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await SyncWorld.StartAsync(("MAX_RETRIES", "0"));

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [SetUp]
    public async Task AddAccountAsync()
    {
        _world.Graph.Faults.Clear();
        _account = await _world.AddAccountAsync();
    }

    private static IEnumerable<TestCaseData> Outages() =>
    [
        new TestCaseData(GraphFaults.DropBeforeActing, "Meta's answer was lost").SetArgDisplayNames("every connection breaks"),
        new TestCaseData(GraphFaults.FailBeforeActing, "code 2").SetArgDisplayNames("HTTP 500 to everything"),
    ];

    [TestCaseSource(nameof(Outages))]
    public async Task A_minute_without_Meta_uses_no_retry_and_is_told(GraphFault outage, string words)
    {
        _world.Graph.Faults.Always(_ => true, outage);
        var syncId = await _world.QueueAsync(_account);

        var outcome = await _world.RunOnceAsync(syncId);

        var waiting = await _world.RowAsync(syncId);
        Assert.That((waiting.State, outcome is JobOutcome.Snoozed), Is.EqualTo(("waiting", true)));
        Assert.That(waiting.WaitReason, Does.StartWith("Meta does not answer since ").And.Contain(words));
        _world.Time.Advance(TimeSpan.FromMinutes(1));
        _world.Graph.Faults.Clear();
        Assert.That((await _world.RunAsync(syncId)).State, Is.EqualTo("succeeded"));
        await _world.AssertEqualsMetaAsync(_account);
    }

    /// <summary>Of what is there Meta says now and then that it is not (100/33), and shows it again minutes later.</summary>
    [TestCase(28, "POST", TestName = "An_account_that_Meta_does_not_show_for_minutes_is_synced_whole_afterwards(when a report is submitted)")]
    [TestCase(7, "GET", TestName = "An_account_that_Meta_does_not_show_for_minutes_is_synced_whole_afterwards(when it is read at once)")]
    public async Task An_account_that_Meta_does_not_show_for_minutes_is_synced_whole_afterwards(int days, string method)
    {
        _world.Graph.Faults.Always(call => call.Method == method && call.Edge == "insights", GraphFaults.Refused(100, 33));
        var syncId = await _world.QueueAsync(_account, days);

        Assert.That(await _world.RunOnceAsync(syncId), Is.InstanceOf<JobOutcome.Snoozed>());
        var waiting = await _world.RowAsync(syncId);
        Assert.That((waiting.State, waiting.Error), Is.EqualTo(("waiting", (string?)null)));
        Assert.That(waiting.WaitReason, Does.StartWith("Meta does not show what it is asked for since ").And.Contain("code 100/33"));
        _world.Time.Advance(TimeSpan.FromMinutes(3));
        Assert.That(await _world.RunOnceAsync(syncId), Is.InstanceOf<JobOutcome.Snoozed>());
        _world.Graph.Faults.Clear();

        Assert.That((await _world.RunAsync(syncId)).State, Is.EqualTo("succeeded"));
        await _world.AssertEqualsMetaAsync(_account, days);
    }

    [Test]
    public async Task So_it_is_when_a_night_asks_for_the_account_itself()
    {
        var syncId = await _world.QueueAsync(_account);
        await _world.ExecuteAsync("UPDATE insight_syncs SET nightly_for = until WHERE sync_id = @syncId", new { syncId });
        _world.Graph.Faults.Add(call => call.Method == "GET" && call.Edge == _account.AdAccountId, GraphFaults.Refused(100, 33));

        Assert.That(await _world.RunOnceAsync(syncId), Is.InstanceOf<JobOutcome.Snoozed>());

        Assert.That(_world.Graph.Faults.Left, Is.Zero, "nobody has asked for it");
        Assert.That((await _world.RunAsync(syncId)).State, Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task An_account_that_Meta_shows_no_more_all_night_fails_its_sync()
    {
        _world.Graph.Faults.Always(_ => true, GraphFaults.Refused(100, 33));
        var syncId = await _world.QueueAsync(_account);
        await _world.RunOnceAsync(syncId);
        _world.Time.Advance(TimeSpan.FromHours(7));

        Assert.That(await _world.RunOnceAsync(syncId), Is.InstanceOf<JobOutcome.Stopped>());

        var failed = await _world.RowAsync(syncId);
        Assert.That((failed.State, failed.Attempt), Is.EqualTo(("failed", 2)));
        Assert.That(failed.Error, Does.Contain("code 100/33"));
    }

    [Test]
    public async Task A_report_of_somebody_s_that_Meta_does_not_show_once_is_not_left_out()
    {
        await _world.ExecuteAsync("""
            INSERT INTO report_definitions (social_account_id, name, level, fields, breakdowns, attribution_windows, created_at) VALUES (@Id, 'passing', 'ad', '{impressions}', '{age}', '{}', now())
            """, new { _account.Id });
        _world.Graph.Faults.Add(call => call["breakdowns"] is not null, GraphFaults.Refused(100, 33));

        var sync = await _world.SyncAsync(_account);

        Assert.That(_world.Graph.Faults.Left, Is.Zero, "nobody has asked for it");
        Assert.That((sync.State, sync.LeftOut.Length), Is.EqualTo(("succeeded", 0)));
        await _world.AssertEqualsMetaAsync(_account);
    }

    /// <summary>All is read; then Meta has the sync wait for days before it is stored.</summary>
    [Test]
    public async Task Numbers_that_were_read_days_ago_are_as_old_as_that()
    {
        _world.Graph.Faults.Always(call => call["level"] == "account", GraphFaults.Throttled());
        var (syncId, readAt) = (await _world.QueueAsync(_account), _world.Time.GetUtcNow());
        for (var run = 0; run < 50 && (await _world.ListAsync<int>("SELECT 1 FROM insight_reports WHERE sync_id = @syncId AND state <> 'read' UNION ALL SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM insight_reports WHERE sync_id = @syncId)", new { syncId })).Count > 0; run++)
            if (await _world.RunOnceAsync(syncId) is JobOutcome.Snoozed snoozed) _world.Time.AdvanceTo(snoozed.Until);
        _world.Time.Advance(TimeSpan.FromDays(3));
        _world.Graph.Faults.Clear();

        Assert.That((await _world.RunAsync(syncId)).State, Is.EqualTo("succeeded"));
        Assert.That(await _world.ListAsync<DateTimeOffset>("SELECT synced_at FROM insight_days WHERE social_account_id = @Id", new { _account.Id }), Has.Count.EqualTo(28).And.All.LessThan(readAt.AddHours(1)));
    }

    [Test]
    public async Task An_outage_that_outlasts_the_night_ends_the_sync()
    {
        _world.Graph.Faults.Always(_ => true, GraphFaults.DropBeforeActing);
        var syncId = await _world.QueueAsync(_account);
        await _world.RunOnceAsync(syncId);
        _world.Time.Advance(TimeSpan.FromHours(5));
        Assert.That(await _world.RunOnceAsync(syncId), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").Contain("is asked again until"));
        _world.Time.Advance(TimeSpan.FromHours(2));

        Assert.That(await _world.RunOnceAsync(syncId), Is.InstanceOf<JobOutcome.Stopped>());

        Assert.That((await _world.RowAsync(syncId)).State, Is.EqualTo("failed"));
    }

    [Test]
    public async Task A_report_of_somebody_s_that_Meta_always_fails_keeps_no_other_number_back()
    {
        await _world.ExecuteAsync("""
            INSERT INTO report_definitions (social_account_id, name, level, fields, breakdowns, attribution_windows, created_at) VALUES (@Id, 'odd', 'ad', '{impressions}', '{age}', '{}', now())
            """, new { _account.Id });
        _world.Graph.Faults.Always(call => call["breakdowns"] is not null, GraphFaults.FailBeforeActing);
        var syncId = await _world.QueueAsync(_account);
        await _world.RunOnceAsync(syncId);
        _world.Time.Advance(TimeSpan.FromMinutes(3));

        var sync = await _world.RunAsync(syncId);

        Assert.That(sync.State, Is.EqualTo("succeeded"));
        Assert.That(sync.LeftOut, Has.Length.EqualTo(1));
        Assert.That(sync.LeftOut[0], Does.StartWith("report odd: "));
        await _world.AssertEqualsMetaAsync(_account);
    }
}
