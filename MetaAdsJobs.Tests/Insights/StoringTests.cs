using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>What a second report changes, and what it may not: vanished rows stay, days agree with the account or say so.</summary>
[TestFixture]
public sealed class StoringTests
{
    private SyncWorld _world = null!;
    private SyncedAccount _account = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await SyncWorld.StartAsync(("Insights:RowsPerCommit", "100"));

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [SetUp]
    public async Task AddAccountAsync()
    {
        _world.Graph.Faults.Clear();
        _account = await _world.AddAccountAsync(campaigns: 2, adsOfEach: 3);
    }

    [Test]
    public async Task A_report_that_says_the_same_changes_nothing()
    {
        await _world.SyncAsync(_account);
        var before = await RowVersionsAsync();

        var sync = await _world.SyncAsync(_account);

        Assert.That((sync.State, sync.RowsRestated, sync.RowsVanished), Is.EqualTo(("succeeded", 0L, 0L)));
        Assert.That(await RowVersionsAsync(), Is.EqualTo(before), "no row was written again");
    }

    [Test]
    public async Task Days_of_which_nothing_was_known_are_stored_as_those_are_of_which_something_was()
    {
        await _world.SyncAsync(_account);
        var first = await ValuesAsync();
        var kept = (await _world.ListAsync<string>("SELECT ad_meta_id FROM meta_ad_insights WHERE social_account_id = @Id ORDER BY 1 LIMIT 1", new { _account.Id })).Single();
        await _world.ExecuteAsync("DELETE FROM meta_ad_insights WHERE social_account_id = @Id AND ad_meta_id <> @kept", new { _account.Id, kept });

        await _world.SyncAsync(_account);

        Assert.That(await ValuesAsync(), Is.EqualTo(first).And.Count.EqualTo(6 * 28));
    }

    [Test]
    public async Task An_attempt_that_finds_days_stored_by_another_while_it_stores_them_leaves_without_a_failure()
    {
        var syncId = await _world.QueueAsync(_account);
        await using var other = await _world.Database.DataSource.OpenConnectionAsync();
        await using var transaction = await other.BeginTransactionAsync();
        await other.ExecuteAsync("""
            INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, currency, raw, is_partial, synced_at)
            SELECT s.social_account_id, s.until, o.id, o.parent_id, 'a campaign', 'USD', '{}', false, now() - interval '1 hour'
            FROM insight_syncs s JOIN social_accounts a ON a.id = s.social_account_id JOIN stub_graph.objects o ON 'act_' || o.account_id = a.ad_account_id AND o.kind = 'ad'
            WHERE s.sync_id = @syncId
            """, new { syncId }, transaction);
        var run = Task.Run(async () =>
        {
            while (await _world.RunOnceAsync(syncId) is JobOutcome.Snoozed { Reason: var reason } snoozed)
            {
                if (reason.Contains("another attempt", StringComparison.Ordinal)) return reason;
                _world.Time.AdvanceTo(snoozed.Until);
            }

            return "it ended otherwise";
        });
        await Eventually.TrueAsync(async () => (await _world.ListAsync<bool>("""
            SELECT EXISTS (SELECT 1 FROM pg_locks l JOIN pg_stat_activity s USING (pid) WHERE l.locktype = 'transactionid' AND NOT l.granted AND s.datname = current_database())
            """)).Single(), () => "nobody waits");
        await transaction.CommitAsync();

        Assert.That(await run, Does.Contain("another attempt has stored the days"));
        Assert.That(await _world.ListAsync<int>("SELECT failures FROM insight_syncs WHERE sync_id = @syncId", new { syncId }), Is.EqualTo([0]));
        await _world.ExecuteAsync("UPDATE insight_syncs SET lease_until = now() - interval '1 minute' WHERE sync_id = @syncId", new { syncId });
        Assert.That((await _world.RunAsync(syncId)).State, Is.EqualTo("succeeded"));
        await _world.AssertEqualsMetaAsync(_account);
    }

    [Test]
    public async Task A_row_that_a_page_repeats_is_stored_once_whatever_was_known()
    {
        _world.Graph.Faults.Always(call => call.Path.Contains("META_REPORT_", StringComparison.Ordinal) && call.Edge == "insights", GraphFaults.Changes(Twice));

        var first = await _world.SyncAsync(_account);
        await _world.AssertEqualsMetaAsync(_account);
        await _world.Database.DataSource.RestateAsync(_account.AdAccountId);
        var second = await _world.SyncAsync(_account);

        Assert.That((first.State, second.State), Is.EqualTo(("succeeded", "succeeded")));
        Assert.That(second.RowsRestated, Is.Positive);
        await _world.AssertEqualsMetaAsync(_account);

        static string Twice(string page)
        {
            var changed = JsonNode.Parse(page)!;
            var rows = changed["data"]!.AsArray();
            foreach (var row in rows.Take(10).ToList()) rows.Add(row!.DeepClone());
            return changed.ToJsonString();
        }
    }

    [Test]
    public async Task What_Meta_no_longer_tells_is_kept_and_marked_and_no_longer_when_it_comes_back()
    {
        await _world.SyncAsync(_account);
        var ad = (await _world.ListAsync<string>("SELECT ad_meta_id FROM meta_ad_insights WHERE social_account_id = @Id ORDER BY 1 LIMIT 1", new { _account.Id })).Single();
        var spend = await SpendAsync();

        await _world.ExecuteAsync("UPDATE stub_graph.objects SET deleted_at = now() WHERE id = @ad", new { ad });
        var gone = await _world.SyncAsync(_account);

        Assert.That((gone.State, gone.RowsRead, gone.RowsVanished), Is.EqualTo(("succeeded", 5 * 28L, 28L)));
        Assert.That(await VanishedAsync(), Is.EqualTo(Enumerable.Repeat(ad, 28)));
        Assert.That(await SpendAsync(), Is.EqualTo(spend), "the money was spent");
        Assert.That(await _world.ListAsync<long>("SELECT vanished_rows FROM insight_days WHERE social_account_id = @Id", new { _account.Id }), Is.All.EqualTo(1));

        await _world.ExecuteAsync("UPDATE stub_graph.objects SET deleted_at = NULL WHERE id = @ad", new { ad });
        await _world.SyncAsync(_account);

        Assert.That(await VanishedAsync(), Is.Empty);
        await _world.AssertEqualsMetaAsync(_account);
    }

    [Test]
    public async Task Days_that_agree_with_the_account_s_own_spend_say_so_and_the_others_by_how_much_they_do_not()
    {
        await _world.SyncAsync(_account);
        Assert.That(await _world.ListAsync<decimal?>("SELECT difference FROM insight_days WHERE social_account_id = @Id", new { _account.Id }), Is.EqualTo(Enumerable.Repeat<decimal?>(0m, 28)));

        var day = AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow()).AddDays(-3);
        _world.Graph.Faults.Add(call => call["level"] == "account", GraphFaults.Says($$"""{"data":[{"account_id":"1","spend":"100000.50","date_start":"{{day:yyyy-MM-dd}}"}]}"""));
        await _world.SyncAsync(_account, days: 1, untilDaysAgo: 3);

        var stored = (await _world.ListAsync<(decimal Spend, decimal? Told, decimal? Difference)>(
            "SELECT spend, account_spend, difference FROM insight_days WHERE social_account_id = @Id AND date_start = @day", new { _account.Id, day })).Single();
        Assert.That(stored.Told, Is.EqualTo(100000.50m));
        Assert.That(stored.Difference, Is.EqualTo(100000.50m - stored.Spend));
    }

    [Test]
    public async Task A_sync_does_not_fail_because_Meta_does_not_tell_the_account_s_spend()
    {
        _world.Graph.Faults.Always(call => call["level"] == "account", GraphFaults.Refused(200));

        var sync = await _world.SyncAsync(_account);

        Assert.That(sync.State, Is.EqualTo("succeeded"));
        Assert.That(sync.LeftOut, Has.Length.EqualTo(1), "told once, in however many commits");
        Assert.That(await _world.ListAsync<decimal?>("SELECT difference FROM insight_days WHERE social_account_id = @Id", new { _account.Id }), Is.All.Null);
    }

    [Test]
    public async Task What_was_known_of_the_account_s_spend_stays_when_Meta_does_not_tell_it_any_more()
    {
        var day = AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow()).AddDays(-3);
        _world.Graph.Faults.Add(call => call["level"] == "account", GraphFaults.Says($$"""{"data":[{"account_id":"1","spend":"100000.50","date_start":"{{day:yyyy-MM-dd}}"}]}"""));
        await _world.SyncAsync(_account, days: 1, untilDaysAgo: 3);
        // As if the ads had added up to something else by then.
        await _world.ExecuteAsync("UPDATE insight_days SET difference = 7 WHERE social_account_id = @Id AND date_start = @day", new { _account.Id, day });
        var known = await ReconciledAsync(day);
        _world.Graph.Faults.Always(call => call["level"] == "account", GraphFaults.Refused(200));

        await _world.SyncAsync(_account, days: 1, untilDaysAgo: 3);

        Assert.That(known.Difference, Is.Positive);
        Assert.That(await ReconciledAsync(day), Is.EqualTo(known));
    }

    [Test]
    public async Task What_Meta_told_of_the_account_before_a_day_was_over_says_nothing_of_the_whole_day()
    {
        var day = AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow());
        await _world.SyncAsync(_account, days: 2, untilDaysAgo: 0);
        await _world.ExecuteAsync("UPDATE insight_days SET account_spend = 1 WHERE social_account_id = @Id AND date_start = @day", new { _account.Id, day });
        _world.Time.Advance(TimeSpan.FromDays(1));
        _world.Graph.Faults.Always(call => call["level"] == "account", GraphFaults.Refused(200));

        await _world.SyncAsync(_account, days: 1);

        Assert.That(await ReconciledAsync(day), Is.EqualTo(((decimal?)null, (decimal?)null)));
    }

    [Test]
    public async Task A_report_that_is_refused_leaves_the_numbers_as_they_were_and_lets_the_account_go()
    {
        await _world.SyncAsync(_account);
        var before = await RowVersionsAsync();
        _world.Graph.Faults.Add(call => call.Method == "POST" && call.Edge == "insights", GraphFaults.Refused(100));

        var sync = await _world.SyncAsync(_account);

        Assert.That(sync.State, Is.EqualTo("failed"));
        Assert.That(sync.Error, Does.Contain("Refused by the test"));
        Assert.That(await RowVersionsAsync(), Is.EqualTo(before));
        Assert.That((await _world.SyncAsync(_account)).State, Is.EqualTo("succeeded"), "the next one runs");
    }

    [Test]
    public async Task A_day_that_is_not_over_is_marked_so_until_it_is()
    {
        var sync = await _world.SyncAsync(_account, days: 2, untilDaysAgo: 0);
        Assert.That(sync.State, Is.EqualTo("succeeded"));
        var today = AccountDays.Today(_account.Timezone, _world.Time.GetUtcNow());
        Assert.That(await _world.ListAsync<DateOnly>("SELECT date_start FROM insight_days WHERE social_account_id = @Id AND is_partial", new { _account.Id }), Is.EqualTo([today]));
    }

    [Test]
    public async Task Two_syncs_of_one_account_one_runs_and_the_other_says_so_and_waits_even_while_Meta_prepares()
    {
        var (first, second) = (await _world.QueueAsync(_account), await _world.QueueAsync(_account));
        _world.Graph.Faults.Add(call => call.Method == "GET" && call["fields"]?.Contains("async_status", StringComparison.Ordinal) == true, GraphFaults.Says("""{"async_status":"Job Running","async_percent_completion":0,"is_running":true}"""), times: 6);
        Assert.That(await _world.RunOnceAsync(first), Is.InstanceOf<JobOutcome.Snoozed>(), "Meta is preparing the report");

        var outcome = await _world.RunOnceAsync(second);

        Assert.That(outcome, Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").EqualTo("another sync of this account is running"));
        var waiting = await _world.RowAsync(second);
        Assert.That((waiting.State, waiting.WaitReason), Is.EqualTo(("waiting", "another sync of this account is running")));
        Assert.That((await _world.RunAsync(first)).State, Is.EqualTo("succeeded"));
        Assert.That((await _world.RunAsync(second)).State, Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task A_nightly_sync_takes_the_time_zone_from_Meta_which_cuts_the_days_by_it()
    {
        await _world.ExecuteAsync("INSERT INTO stub_graph.ad_accounts (account_id, name, currency, timezone_name) VALUES (@account, 'Shop', 'USD', 'Asia/Kathmandu')", new { account = _account.AdAccountId[4..] });
        var syncId = await _world.QueueAsync(_account);
        await _world.ExecuteAsync("UPDATE insight_syncs SET nightly_for = current_date WHERE sync_id = @syncId", new { syncId });

        Assert.That((await _world.RunAsync(syncId)).State, Is.EqualTo("succeeded"));

        Assert.That(await _world.ListAsync<string>("SELECT timezone_name FROM social_accounts WHERE id = @Id", new { _account.Id }), Is.EqualTo(["Asia/Kathmandu"]));
        Assert.That(await _world.ListAsync<string>("SELECT meta_currency FROM social_accounts WHERE id = @Id AND meta_currency_at IS NOT NULL", new { _account.Id }), Is.EqualTo(["USD"]), "no run has to ask");
    }

    [Test]
    public async Task A_month_that_two_processes_make_at_once_is_made_once()
    {
        await using var first = await _world.Database.DataSource.OpenConnectionAsync();
        await using var transaction = await first.BeginTransactionAsync();
        await first.ExecuteAsync("SELECT ensure_insight_partitions('2040-01-01', '2040-01-02')", transaction: transaction);
        var second = _world.ExecuteAsync("SELECT ensure_insight_partitions('2040-01-01', '2040-01-02')");
        await Eventually.TrueAsync(async () => (await _world.ListAsync<bool>("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")).Single(), () => "nobody waits");
        await transaction.CommitAsync();

        await second;
        Assert.That((await _world.ListAsync<bool>("SELECT to_regclass('meta_ad_insights_204001') IS NOT NULL")).Single(), Is.True);
    }

    [Test]
    public async Task Three_years_back_find_their_months()
    {
        var sync = await _world.SyncAsync(_account, days: 3, untilDaysAgo: 3 * 365);

        Assert.That((sync.State, sync.RowsRead), Is.EqualTo(("succeeded", 18L)));
        await _world.AssertEqualsMetaAsync(_account, days: 3, untilDaysAgo: 3 * 365);
    }

    private async Task<(decimal? Told, decimal? Difference)> ReconciledAsync(DateOnly day) => (await _world.ListAsync<(decimal? Told, decimal? Difference)>(
        "SELECT account_spend, difference FROM insight_days WHERE social_account_id = @Id AND date_start = @day", new { _account.Id, day })).Single();

    private Task<IReadOnlyList<string>> RowVersionsAsync() => _world.ListAsync<string>(
        "SELECT tableoid::regclass || ' ' || ctid || ' ' || xmin FROM meta_ad_insights WHERE social_account_id = @Id ORDER BY 1", new { _account.Id });

    private Task<IReadOnlyList<string>> ValuesAsync() => _world.ListAsync<string>(
        "SELECT (to_jsonb(i) - 'synced_at')::text FROM meta_ad_insights i WHERE social_account_id = @Id ORDER BY date_start, ad_meta_id", new { _account.Id });

    private Task<IReadOnlyList<string>> VanishedAsync() => _world.ListAsync<string>(
        "SELECT ad_meta_id FROM meta_ad_insights WHERE social_account_id = @Id AND vanished_at IS NOT NULL", new { _account.Id });

    private async Task<decimal> SpendAsync() => (await _world.ListAsync<decimal>("SELECT sum(spend) FROM meta_ad_insights WHERE social_account_id = @Id", new { _account.Id })).Single();
}
