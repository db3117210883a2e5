using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>What Meta refuses of a report costs that, is told, and costs no other number.</summary>
[TestFixture]
public sealed class RefusedPartTests
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
        _account = await _world.AddAccountAsync();
        _world.Graph.ForgetCalls();
    }

    [TestCase(28, "reach", TestName = "A_field_that_Meta_refuses_is_left_out_of_a_prepared_report")]
    [TestCase(3, "reach", TestName = "A_field_that_Meta_refuses_is_left_out_of_what_is_read_at_once")]
    [TestCase(3, "objective", TestName = "A_word_that_Meta_refuses_is_left_out_too")]
    public async Task Field(int days, string field)
    {
        await _world.SyncAsync(_account, days);
        var before = await InsightTruth.InTableAsync(_world.Database.DataSource, _account);
        await _world.Database.DataSource.RestateAsync(_account.AdAccountId);
        var now = await _world.AtMetaAsync(_account, days);
        _world.Graph.Faults.Always(call => HasField(call, field), GraphFaults.Refused(100));
        _world.Graph.ForgetCalls();

        var sync = await _world.SyncAsync(_account, days);

        Assert.That((sync.State, sync.Error), Is.EqualTo(("succeeded", (string?)null)));
        Assert.That(sync.LeftOut, Has.Length.EqualTo(1));
        Assert.That(sync.LeftOut[0], Does.StartWith("report ads of ").And.Contain($", without {field}: (#100) Refused by the test").And.Contain("code 100"));
        Assert.That(_world.Graph.Calls.Count(call => HasField(call, field)), Is.LessThan(10));
        var after = await InsightTruth.InTableAsync(_world.Database.DataSource, _account);
        Assert.That(after.Keys, Is.EquivalentTo(before.Keys));
        foreach (var (key, row) in after)
        {
            Assert.That(FormattableString.Invariant($"{row.Impressions}"), Is.EqualTo(now[key].GetProperty("impressions").GetString()), "what it tells is new");
            if (field == "reach") Assert.That(row.Reach, Is.EqualTo(before[key].Reach), "what it does not tell is as it was");
        }
    }

    [Test]
    public async Task Fields_that_Meta_refuses_together_cost_the_least_and_in_the_background_too()
    {
        var refusal = GraphFaults.Says("""{"id":"1","async_status":"Job Failed","error_code":100,"error_message":"These do not go together"}""");
        _world.Graph.Faults.Add(call => call.Method == "GET" && call.Edge.StartsWith("META_REPORT_", StringComparison.Ordinal), refusal);
        _world.Graph.Faults.Always(call => call.Method == "GET" && HasField(call, "actions") && HasField(call, "clicks"), GraphFaults.Refused(100));

        var sync = await _world.SyncAsync(_account);

        Assert.That(sync.State, Is.EqualTo("succeeded"));
        Assert.That(sync.LeftOut, Has.Length.EqualTo(1));
        Assert.That(sync.LeftOut[0], Does.Contain(", without actions: These do not go together"));
    }

    [Test]
    public async Task A_field_of_somebody_s_report_costs_that_field_of_that_report()
    {
        await _world.ExecuteAsync("""
            INSERT INTO report_definitions (social_account_id, name, level, fields, breakdowns, attribution_windows, created_at) VALUES (@Id, 'people', 'ad', '{impressions,reach}', '{age}', '{}', now())
            """, new { _account.Id });
        _world.Graph.Faults.Always(call => call["breakdowns"] is not null && HasField(call, "reach"), GraphFaults.Refused(100));

        var sync = await _world.SyncAsync(_account);

        Assert.That(sync.State, Is.EqualTo("succeeded"));
        Assert.That(sync.LeftOut, Has.Length.EqualTo(1));
        Assert.That(sync.LeftOut[0], Does.StartWith("report people of ").And.Contain(", without reach: "));
        Assert.That(await _world.Database.DataSource.RowsAsync($"meta_report_rows WHERE social_account_id = '{_account.Id}' AND impressions > 0 AND reach IS NULL"), Is.Positive);
        await _world.AssertEqualsMetaAsync(_account);
    }

    [Test]
    public async Task Days_that_Meta_keeps_no_longer_stay_as_they_are_and_the_others_are_read()
    {
        var edge = AccountDays.Oldest(AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow()));
        var ago = AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow()).DayNumber - edge.DayNumber;
        await _world.SyncAsync(_account, days: 12, untilDaysAgo: ago - 11);
        var before = await InsightTruth.InTableAsync(_world.Database.DataSource, _account);
        var read = await DaysAsync();
        Assert.That(before.Keys.Select(key => key.Day).Min(), Is.EqualTo(edge));
        _world.Time.Advance(TimeSpan.FromDays(3));
        var today = AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow());
        var kept = AccountDays.Oldest(today);
        Assert.That(kept, Is.GreaterThan(edge));

        var sync = await _world.SyncAsync(_account, days: 12, untilDaysAgo: today.DayNumber - edge.DayNumber - 11);

        Assert.That((sync.State, sync.RowsVanished), Is.EqualTo(("succeeded", 0L)));
        Assert.That(sync.LeftOut, Has.Length.EqualTo(1));
        Assert.That(sync.LeftOut[0], Does.Contain($", without {edge:yyyy-MM-dd} to {kept.AddDays(-1):yyyy-MM-dd}: ").And.Contain("code 3018"));
        Assert.That((await InsightTruth.InTableAsync(_world.Database.DataSource, _account)).Keys, Is.EquivalentTo(before.Keys));
        var now = await DaysAsync();
        Assert.That(now.Where(day => day.Key < kept), Is.EqualTo(read.Where(day => day.Key < kept)), "when they were read is as it was");
        Assert.That(now.Where(day => day.Key >= kept).Select(day => day.Value), Is.All.Not.EqualTo(read[kept]));
        Assert.That(sync.RowsRead, Is.EqualTo(before.Keys.Count(key => key.Day >= kept)));
    }

    /// <summary>As when the account's day ends while a sync of all that Meta keeps, cut by days, is under way.</summary>
    [Test]
    public async Task A_part_of_which_Meta_keeps_no_day_any_more_costs_its_days_and_no_other_part()
    {
        const int Days = 8;
        await _world.SyncAsync(_account, Days);
        var (before, read) = (await InsightTruth.InTableAsync(_world.Database.DataSource, _account), await DaysAsync());
        DateOnly[] gone = [.. read.Keys.Order().Take(2)];
        await _world.Database.DataSource.LimitInsightsAsync(_account.AdAccountId, 2 * 4 * 17);
        _world.Graph.Faults.Always(call => call.Edge == "insights" && gone.Any(day => call["time_range"]?.Contains($"\"since\":\"{day:yyyy-MM-dd}\"", StringComparison.Ordinal) == true)
            && gone.Any(day => call["time_range"]!.Contains($"\"until\":\"{day:yyyy-MM-dd}\"", StringComparison.Ordinal)), GraphFaults.Refused(3018));
        _world.Time.Advance(TimeSpan.FromMinutes(1));

        var sync = await _world.SyncAsync(_account, Days);

        Assert.That((sync.State, sync.Error, sync.RowsVanished), Is.EqualTo(("succeeded", (string?)null, 0L)));
        Assert.That(sync.LeftOut, Has.Length.EqualTo(1));
        Assert.That(sync.LeftOut[0], Does.Contain($", without {gone[0]:yyyy-MM-dd} to {gone[1]:yyyy-MM-dd}: ").And.Contain("code 3018"));
        Assert.That((await InsightTruth.InTableAsync(_world.Database.DataSource, _account)).Keys, Is.EquivalentTo(before.Keys));
        Assert.That((await DaysAsync()).Where(day => day.Value == read[day.Key]).Select(day => day.Key), Is.EquivalentTo(gone), "when they were read is as it was");
    }

    [Test]
    public async Task What_is_refused_for_no_field_fails_as_before()
    {
        _world.Graph.Faults.Always(call => call.Edge == "insights", GraphFaults.Refused(100));

        var sync = await _world.SyncAsync(_account);

        Assert.That(sync.State, Is.EqualTo("failed"));
        Assert.That(sync.Error, Does.Contain("Refused by the test"));
        Assert.That(_world.Graph.Calls, Has.Count.LessThan(10));
    }

    private static bool HasField(RecordedCall call, string field) => call.Edge == "insights" && call["fields"]?.Split(',').Contains(field) == true;

    private async Task<Dictionary<DateOnly, DateTimeOffset>> DaysAsync() =>
        (await _world.ListAsync<(DateOnly Day, DateTimeOffset At)>("SELECT date_start, synced_at FROM insight_days WHERE social_account_id = @Id", new { _account.Id })).ToDictionary(day => day.Day, day => day.At);

    /// <summary>Whoever moves budgets has to know it; the night's numbers do not depend on it.</summary>
    [Test]
    public async Task Metas_least_for_a_day_by_goal_is_read_where_there_is_a_pool_and_a_refusal_keeps_no_number_back()
    {
        const string LeastSql = "SELECT concat_ws(' ', min_impressions, min_frequent, min_rare, min_video_views) FROM social_accounts WHERE id = @Id";
        var account = await _world.AddAccountAsync(campaigns: 1, adsOfEach: 1);
        await NightAsync(account, 2);
        Assert.That(await _world.ListAsync<string>(LeastSql, new { account.Id }), Is.EqualTo([""]));
        await _world.ExecuteAsync("""
            INSERT INTO budget_pools (id, social_account_id, name, level, mode, mode_by, max_step_percent, least_gain_percent, created_by, created_at, updated_at) VALUES (gen_random_uuid(), @Id, 'P', 'adset', 'show', 'ann', 20, 2, 'ann', now(), now())
            """, new { account.Id });
        await NightAsync(account, 1);
        Assert.That(await _world.ListAsync<string>(LeastSql, new { account.Id }), Is.EqualTo(["100 500 4000 100"]));

        _world.Graph.Faults.Add(call => call.Edge == "minimum_budgets", GraphFaults.Refused(100, null));
        Assert.That((await NightAsync(account, 0)).State, Is.EqualTo("succeeded"));
        Assert.That(await _world.ListAsync<string>(LeastSql, new { account.Id }), Is.EqualTo(["100 500 4000 100"]));
    }

    private async Task<SyncRow> NightAsync(SyncedAccount account, int daysAgo)
    {
        var sync = await _world.QueueAsync(account, days: 1);
        await _world.ExecuteAsync("UPDATE insight_syncs SET nightly_for = current_date - @daysAgo WHERE sync_id = @sync", new { sync, daysAgo });
        return await _world.RunAsync(sync);
    }
}
