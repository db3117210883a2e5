using Dapper;
using Hangfire;
using Hangfire.Storage;
using MetaAdsJobs.Core.Insights.Nightly;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Recurring;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MetaAdsJobs.Tests.Insights;

[TestFixture]
public sealed class NightlySyncTests
{
    private FakeTimeProvider _time = null!;
    private InProcess _core = null!;

    [SetUp]
    public async Task CreateAsync()
    {
        _time = new(new DateTimeOffset(2026, 11, 22, 8, 30, 0, TimeSpan.Zero));
        _core = await InProcess.CreateAsync(_time, ("NIGHTLY_SYNC_AT", "03:30"));
    }

    [TearDown]
    public async Task DisposeAsync() => await _core.DisposeAsync();

    [Test]
    public async Task A_night_is_fanned_out_into_one_job_per_account_of_its_zone_even_when_run_twice()
    {
        var first = await _core.AddAccountAsync("America/New_York");
        var second = await _core.AddAccountAsync("America/New_York");
        await _core.AddAccountAsync("Asia/Kathmandu");

        await Task.WhenAll(RunAsync("America/New_York"), RunAsync("America/New_York"));
        await RunAsync("America/New_York");

        var syncs = await SyncsAsync();
        Assert.That(syncs.Select(sync => sync.Account), Is.EquivalentTo([first, second]));
        Assert.That(syncs.Select(sync => (sync.Since, sync.Until)), Is.All.EqualTo((new DateOnly(2026, 10, 25), new DateOnly(2026, 11, 21))), "28 days up to yesterday");
        Assert.That(await _core.Database.DataSource.RowsAsync("hangfire.job"), Is.EqualTo(2));
    }

    [Test]
    public async Task The_days_are_those_of_the_account_even_where_it_is_tomorrow_already()
    {
        await _core.AddAccountAsync("Pacific/Kiritimati");
        _time.SetUtcNow(new DateTimeOffset(2026, 11, 22, 13, 30, 0, TimeSpan.Zero));

        await RunAsync("Pacific/Kiritimati");

        Assert.That((await SyncsAsync()).Single().Until, Is.EqualTo(new DateOnly(2026, 11, 22)), "there it is the 23rd");
    }

    [TestCase(6, 0, TestName = "{m}(an hour after midnight)")]
    [TestCase(8, 29, TestName = "{m}(by a worker whose clock is ahead)")]
    public async Task Before_its_time_there_is_no_night_but_the_one_before(int hour, int minute)
    {
        await _core.AddAccountAsync();
        _time.SetUtcNow(new DateTimeOffset(2026, 11, 23, hour, minute, 0, TimeSpan.Zero));
        foreach (var _ in (int[])[1, 2])
        {
            await RunAsync("America/New_York");
            await ExecuteAsync("UPDATE insight_syncs SET state = 'succeeded', completed_at = now()");
            Assert.That((await SyncsAsync()).Select(sync => sync.Until), Is.EqualTo([new DateOnly(2026, 11, 21)]), "Sunday's, which was missed");
        }

        _time.SetUtcNow(new DateTimeOffset(2026, 11, 23, 8, 30, 0, TimeSpan.Zero));
        await RunAsync("America/New_York");

        Assert.That((await SyncsAsync("state = 'queued'")).Select(sync => (sync.Since, sync.Until)), Is.EqualTo([(new DateOnly(2026, 10, 26), new DateOnly(2026, 11, 22))]));
    }

    [Test]
    public async Task What_the_schedule_has_not_fanned_out_the_sweep_does_once_its_time_has_come_and_once()
    {
        var (york, kathmandu) = (await _core.AddAccountAsync(), await _core.AddAccountAsync("Asia/Kathmandu"));
        await SweepAsync();
        Assert.That(await SyncsAsync(), Is.Empty, "their first nights are to come");

        _time.SetUtcNow(new DateTimeOffset(2026, 11, 23, 6, 0, 0, TimeSpan.Zero));
        await SweepAsync();
        Assert.That((await SyncsAsync()).Select(sync => (sync.Account, sync.Until)), Is.EqualTo([(kathmandu, new DateOnly(2026, 11, 22))]), "in New York it is one o'clock");

        _time.SetUtcNow(new DateTimeOffset(2026, 11, 23, 8, 36, 0, TimeSpan.Zero));
        foreach (var _ in (int[])[1, 2]) await SweepAsync();
        Assert.That((await SyncsAsync()).Select(sync => (sync.Account, sync.Until)), Is.EquivalentTo([(kathmandu, new DateOnly(2026, 11, 22)), (york, new DateOnly(2026, 11, 22))]));
    }

    [Test]
    public async Task A_night_that_waits_for_the_one_before_comes_when_that_is_over()
    {
        await _core.AddAccountAsync();
        await RunAsync("America/New_York");
        _time.Advance(TimeSpan.FromDays(1) + TimeSpan.FromMinutes(10));
        await SweepAsync();
        Assert.That(await SyncsAsync(), Has.Count.EqualTo(1));
        await ExecuteAsync("UPDATE insight_syncs SET state = 'failed', error = 'a test', completed_at = now()");

        await SweepAsync();

        Assert.That((await SyncsAsync("state = 'queued'")).Select(sync => sync.Until), Is.EqualTo([new DateOnly(2026, 11, 22)]));
    }

    [Test]
    public async Task An_account_that_cannot_be_queued_keeps_none_behind_it_from_its_night()
    {
        for (var account = 0; account < 3; account++) await _core.AddAccountAsync();
        await ExecuteAsync("""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.social_account_id = (SELECT id FROM social_accounts ORDER BY id LIMIT 1) THEN RAISE EXCEPTION 'not this one'; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON insight_syncs FOR EACH ROW EXECUTE FUNCTION refuse()
            """);

        await Assert.ThrowsAsync<AggregateException>(() => RunAsync("America/New_York"));
        Assert.That(await SyncsAsync(), Has.Count.EqualTo(2));
        Assert.That(await _core.Database.DataSource.RowsAsync("hangfire.job"), Is.EqualTo(2));

        await ExecuteAsync("DROP TRIGGER refuse ON insight_syncs");
        await RunAsync("America/New_York");
        Assert.That(await SyncsAsync(), Has.Count.EqualTo(3));
    }

    [Test]
    public async Task A_night_does_not_pile_up_on_a_sync_that_is_not_over()
    {
        await _core.AddAccountAsync();
        await RunAsync("America/New_York");
        _time.Advance(TimeSpan.FromDays(1));

        await RunAsync("America/New_York");

        Assert.That(await SyncsAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_night_makes_up_for_the_ones_that_were_missed_and_no_more_than_Meta_keeps()
    {
        var (recent, late, away, gone, never) = (await _core.AddAccountAsync(), await _core.AddAccountAsync(), await _core.AddAccountAsync(), await _core.AddAccountAsync(), await _core.AddAccountAsync());
        await EndedAsync(recent, new(2026, 11, 20));
        await EndedAsync(late, new(2026, 11, 18));
        await EndedAsync(away, new(2026, 9, 30));
        await EndedAsync(gone, new(2020, 1, 1));
        await EndedAsync(never, new(2026, 11, 10), "failed");
        await EndedAsync(never, new(2026, 11, 11), "failed");

        await RunAsync("America/New_York");

        var since = (await SyncsAsync("state = 'queued'")).ToDictionary(sync => sync.Account, sync => sync.Since);
        Assert.That(since, Is.EqualTo(new Dictionary<Guid, DateOnly>
        {
            [recent] = new(2026, 10, 25), [late] = new(2026, 10, 23), [away] = new(2026, 9, 4), [gone] = new(2023, 10, 22), [never] = new(2026, 10, 14),
        }), "from where the first that was missed would have begun: of the days before it Meta had not told all yet");
    }

    [Test]
    public async Task A_night_sees_to_the_months_ahead()
    {
        _time.SetUtcNow(new DateTimeOffset(2031, 3, 31, 8, 0, 0, TimeSpan.Zero));

        await RunAsync("America/New_York");

        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        foreach (var table in (string[])["meta_ad_insights", "meta_report_rows", "insight_changes"])
        {
            foreach (var month in (string[])["203102", "203103", "203104", "203105", "203106"])
                Assert.That(await connection.ExecuteScalarAsync<bool>("SELECT to_regclass(@name) IS NOT NULL", new { name = $"{table}_{month}" }), Is.True, $"{table}_{month}");
        }
    }

    [Test]
    public async Task Every_zone_with_an_account_has_a_schedule_at_its_own_time_and_no_other_has()
    {
        await _core.AddAccountAsync("Asia/Kathmandu");
        _core.Get<Schedules>().Ensure("Europe/Berlin");

        await _core.Get<Schedules>().EnsureAllAsync(CancellationToken.None);

        using var connection = _core.Get<JobStorage>().GetConnection();
        var nightly = connection.GetRecurringJobs().Where(job => job.Id.StartsWith("nightly", StringComparison.Ordinal)).ToList();
        Assert.That(nightly.Select(job => (job.Id, job.Cron, job.TimeZoneId, job.Job.Queue)), Is.EqualTo([("nightly insights Asia/Kathmandu", "30 3 * * *", "Asia/Kathmandu", "insights")]));
        Assert.That(nightly[0].NextExecution!.Value.TimeOfDay, Is.EqualTo(new TimeSpan(21, 45, 0)), "03:30 at +05:45");
    }

    private Task<JobOutcome> RunAsync(string zone) => _core.Get<NightlySync>().ExecuteAsync(zone, CancellationToken.None);

    private Task SweepAsync() => ActivatorUtilities.CreateInstance<SweepJob>(_core.Get<IServiceProvider>()).RunAsync(CancellationToken.None);

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }

    private async Task EndedAsync(Guid account, DateOnly until, string state = "succeeded")
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, nightly_for, state, queued_at)
            VALUES (gen_random_uuid(), @account, @until::date - 27, @until, 'nightly', @until::date + 1, @state, now())
            """, new { account, until, state });
    }

    private async Task<List<(Guid Account, DateOnly Since, DateOnly Until)>> SyncsAsync(string which = "true")
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        return (await connection.QueryAsync<(Guid, DateOnly, DateOnly)>($"SELECT social_account_id, since, until FROM insight_syncs WHERE {which}")).AsList();
    }
}
