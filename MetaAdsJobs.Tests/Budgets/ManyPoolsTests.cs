using Dapper;
using MetaAdsJobs.Core.Budgets.Proposing;
using MetaAdsJobs.Core.Experiments.Evaluating;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Insights.Storing;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Budgets;

/// <summary>A night of five hundred experiments and five hundred pools over 450,000 insight rows.</summary>
[TestFixture]
[Long, NonParallelizable]
public sealed class ManyPoolsTests
{
    private const int Accounts = 10;
    private const int Days = 90;
    private const int Each = 500;
    private const int MostMegabytes = 150;
    private InProcess _core = null!;
    private ShiftedTime _time = null!;
    private long _peak;

    [SetUp]
    public async Task StartAsync()
    {
        _time = new();
        _core = await InProcess.CreateAsync(_time, ("DATA_PROTECTION_KEY", Convert.ToBase64String(new byte[32])));
        for (var account = 0; account < Accounts; account++) await _core.AddAccountAsync("UTC");
        var today = DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime);
        await _core.Get<InsightMonths>().EnsureAsync(new(today.AddDays(-Days - 1), today), CancellationToken.None);
        // Of each account 450 campaigns: five for each of fifty pools, of which each second pool's hold the budget and of the others' their one ad set; one with two ad sets for each of fifty experiments, begun forty days ago; and
        // a hundred and fifty that are of neither. One ad for each ad set: 500 rows a day.
        await ExecuteAsync("""
            SET session_replication_role = replica;
            UPDATE social_accounts SET caps_off = true;
            CREATE TEMP TABLE a AS SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM social_accounts;
            INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at, daily_budget, requested_by)
            SELECT gen_random_uuid(), a.id, 'C' || (a.n * 500 + c), 'Campaign ' || c, 'OUTCOME_TRAFFIC', 'ACTIVE', now() - interval '200 days', CASE WHEN c < 250 AND c % 10 < 5 THEN 10000 END, 'x' FROM a, generate_series(0, 449) c;
            CREATE TEMP TABLE k AS SELECT c.*, substr(c.meta_id, 2)::int % 500 AS c, a.n FROM meta_campaigns c JOIN a ON a.id = c.social_account_id;
            INSERT INTO meta_adsets (request_id, step, campaign_db_id, meta_id, name, optimization_goal, billing_event, daily_budget, currency, targeting, status, created_at)
            SELECT k.request_id, CASE WHEN v = 0 THEN 'adset' ELSE 'adset:2' END, k.id, replace(k.meta_id, 'C', CASE WHEN v = 0 THEN 'S' ELSE 'T' END), k.name, 'LINK_CLICKS', 'IMPRESSIONS', CASE WHEN k.daily_budget IS NULL THEN 10000 END, 'USD', '{}', 'ACTIVE', k.created_at
            FROM k, generate_series(0, 1) v WHERE v = 0 OR k.c BETWEEN 250 AND 299;
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference, total_spend, currency, first_at)
            SELECT a.id, @today - d, now(), gen_random_uuid(), false, 500, 50000, 0, 0, 50000, 0, 50000, 'USD', now() FROM a, generate_series(1, @Days) d;
            INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, impressions, clicks, link_clicks, spend, results, result_type, currency, raw, is_partial, synced_at)
            SELECT k.social_account_id, @today - d, translate(s.meta_id, 'ST', 'AB'), s.meta_id, k.meta_id, 1000, 50, 40, 100,
                CASE WHEN k.c NOT BETWEEN 250 AND 299 THEN 5 + k.id % 20 WHEN k.c % 4 = 1 THEN 4 + mod(d + k.c, 2) ELSE 35 + mod(d * 7 + k.c, 11) + CASE WHEN s.step = 'adset' THEN 0 ELSE k.c % 4 * 5 END END, 'link_click', 'USD', '{}', false, now()
            FROM k JOIN meta_adsets s ON s.campaign_db_id = k.id, generate_series(1, @Days) d;
            INSERT INTO insight_campaign_days (social_account_id, date_start, campaign_meta_id, rows, vanished_rows, spend, results, result_type, currency, first_at, first_results)
            SELECT social_account_id, date_start, campaign_meta_id, count(*), 0, sum(spend), sum(results), min(result_type), 'USD', now(), sum(results) FROM meta_ad_insights GROUP BY 1, 2, 3;
            INSERT INTO budget_pools (id, social_account_id, name, level, mode, mode_by, max_step_percent, least_gain_percent, created_by, created_at, updated_at)
            SELECT gen_random_uuid(), a.id, a.n || ' ' || p, CASE WHEN p % 2 = 0 THEN 'campaign' ELSE 'adset' END, 'show', 'x', 20, 2, 'x', now(), now() FROM a, generate_series(0, 49) p;
            INSERT INTO budget_pool_members (pool_id, meta_id)
            SELECT p.id, CASE WHEN p.level = 'campaign' THEN 'C' ELSE 'S' END || (split_part(p.name, ' ', 1)::int * 500 + split_part(p.name, ' ', 2)::int * 5 + m) FROM budget_pools p, generate_series(0, 4) m;
            INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, request_hash, status, accepted_at, completed_at)
            SELECT k.request_id, k.social_account_id, gen_random_uuid(), k.name, '{}', 'x', '\x01', 'succeeded', now() - interval '41 days', now() - interval '41 days' FROM k WHERE k.c BETWEEN 250 AND 299;
            INSERT INTO experiments (id, social_account_id, request_id, name, thing, metric, smallest_difference, least_results, attribution_days, most_days, planned_results, plan, state, request_hash, created_by, created_at)
            SELECT gen_random_uuid(), k.social_account_id, k.request_id, k.name, 'text', 'cost_per_result', 0.2, 50, 1, 84, 400, '{}', 'running', '\x01', 'x', now() - interval '40 days' FROM k WHERE k.c BETWEEN 250 AND 299;
            INSERT INTO experiment_variants (experiment_id, nth, name, step, fields) SELECT e.id, v, 'V' || v, CASE WHEN v = 0 THEN 'adset' ELSE 'adset:2' END, '{}' FROM experiments e, generate_series(0, 1) v;
            """, new { today, Days });
        await SyncedAsync();
        await ExecuteAsync("ANALYZE;");
    }

    [TearDown]
    public ValueTask StopAsync() => _core.DisposeAsync();

    [Test]
    public async Task Five_hundred_experiments_and_five_hundred_pools_are_decided_within_a_minute()
    {
        GC.Collect();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var over = new CancellationTokenSource();
        var watching = Task.Run(() => WatchAsync(over.Token));
        // The first judges all the days that have come to count since they began; the next is as every night.
        var first = await NightAsync("the first night");
        await SyncedAsync();
        await ExecuteAsync("DELETE FROM budget_proposals");
        var next = await NightAsync("the next");
        await over.CancelAsync();
        await watching;

        await using var read = await _core.Database.DataSource.OpenConnectionAsync();
        var states = (await read.QueryAsync<(string State, long Count)>("SELECT concat_ws(' ', level, state, NULLIF(array_to_string(why, ' '), '')), count(*) FROM budget_proposals q JOIN budget_pools p ON p.id = q.pool_id GROUP BY 1 ORDER BY 1")).ToList();
        var (judged, verdicts, decided, rows) = await read.QuerySingleAsync<(int, int, int, int)>("""
            SELECT (SELECT count(DISTINCT experiment_id)::int FROM experiment_verdicts), (SELECT count(*)::int FROM experiment_verdicts), (SELECT count(*)::int FROM experiments WHERE state = 'decided'), (SELECT count(*)::int FROM meta_ad_insights)
            """);
        var most = (_peak - before) / 1e6;
        TestContext.Progress.WriteLine($"{rows:N0} rows, {judged} experiments with {verdicts} verdicts, {decided} decided; {string.Join(", ", states)}; at most {most:0} MB held more than before");
        Assert.That((rows, judged), Is.EqualTo((450_000, Each)));
        Assert.That(decided, Is.InRange(1, Each - 1), "both kinds are among them");
        Assert.That(states.Sum(state => state.Count), Is.EqualTo(Each));
        Assert.That(states.Select(state => state.State), Does.Contain("campaign shown").And.Contain("adset shown"));
        Assert.That(new[] { first, next }, Has.All.LessThan(TimeSpan.FromMinutes(1)));
        Assert.That(most, Is.LessThan(MostMegabytes));
    }

    private async Task<TimeSpan> NightAsync(string which)
    {
        var began = _time.GetTimestamp();
        await _core.Get<JudgeExperiments>().ExecuteAsync(CancellationToken.None);
        var judged = _time.GetElapsedTime(began);
        await _core.Get<ProposeBudgets>().ExecuteAsync(CancellationToken.None);
        var took = _time.GetElapsedTime(began);
        TestContext.Progress.WriteLine($"{which}: {took.TotalSeconds:0.0} s, of them {judged.TotalSeconds:0.0} s for {Each} experiments and {(took - judged).TotalSeconds:0.0} s for {Each} pools");
        return took;
    }

    // Also what the collector has not yet found to be garbage.
    private async Task WatchAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            _peak = Math.Max(_peak, GC.GetTotalMemory(forceFullCollection: false));
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }
    }

    private Task SyncedAsync() => ExecuteAsync("INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, queued_at, completed_at) SELECT gen_random_uuid(), id, @today, @today, 'tests', 'succeeded', @now, @now FROM social_accounts",
        new { today = DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime), now = _time.GetUtcNow() });

    private async Task ExecuteAsync(string sql, object? parameters = null)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(new(sql, parameters, commandTimeout: 600));
    }
}
