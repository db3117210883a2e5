using Dapper;
using MetaAdsJobs.Core.Budgets.Proposing;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Insights.Storing;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Budgets;

/// <summary>A night of five hundred pools over 450,000 insight rows.</summary>
[TestFixture]
[Long, NonParallelizable]
public sealed class ManyPoolsTests
{
    private const int Accounts = 10;
    private const int Days = 90;
    private const int Pools = 500;

    [Test]
    public async Task Five_hundred_pools_are_decided_within_a_minute()
    {
        var time = new ShiftedTime();
        await using var core = await InProcess.CreateAsync(time, ("DATA_PROTECTION_KEY", Convert.ToBase64String(new byte[32])));
        for (var account = 0; account < Accounts; account++) await core.AddAccountAsync("UTC");
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        await core.Get<InsightMonths>().EnsureAsync(new(today.AddDays(-Days - 1), today), CancellationToken.None);
        await using (var connection = await core.Database.DataSource.OpenConnectionAsync())
        {
            // 500 campaigns an account, of which each second has its budget; of the others it is their one ad set's. One ad each: 450,000 rows.
            await connection.ExecuteAsync(new("""
                SET session_replication_role = replica;
                CREATE TEMP TABLE a AS SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM social_accounts;
                INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at, daily_budget)
                SELECT gen_random_uuid(), a.id, 'C' || (a.n * 500 + c), 'Campaign ' || c, 'OUTCOME_TRAFFIC', 'ACTIVE', now() - interval '200 days', CASE WHEN c % 10 < 5 THEN 10000 END FROM a, generate_series(0, 499) c;
                INSERT INTO meta_adsets (request_id, step, campaign_db_id, meta_id, name, optimization_goal, billing_event, daily_budget, currency, targeting, status, created_at)
                SELECT c.request_id, 'adset', c.id, replace(c.meta_id, 'C', 'S'), c.name, 'LINK_CLICKS', 'IMPRESSIONS', CASE WHEN c.daily_budget IS NULL THEN 10000 END, 'USD', '{}', 'ACTIVE', c.created_at FROM meta_campaigns c;
                INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference, total_spend, currency, first_at)
                SELECT a.id, @today - d, now(), gen_random_uuid(), false, 500, 50000, 0, 0, 50000, 0, 50000, 'USD', now() FROM a, generate_series(1, @Days) d;
                INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, spend, results, result_type, currency, raw, is_partial, synced_at)
                SELECT c.social_account_id, @today - d, replace(c.meta_id, 'C', 'A'), replace(c.meta_id, 'C', 'S'), c.meta_id, 100, 5 + c.id % 20, 'link_click', 'USD', '{}', false, now() FROM meta_campaigns c, generate_series(1, @Days) d;
                INSERT INTO insight_campaign_days (social_account_id, date_start, campaign_meta_id, rows, vanished_rows, spend, results, result_type, currency, first_at, first_results)
                SELECT social_account_id, date_start, campaign_meta_id, 1, 0, spend, results, result_type, currency, now(), results FROM meta_ad_insights;
                INSERT INTO budget_pools (id, social_account_id, name, level, mode, mode_by, max_step_percent, least_gain_percent, created_by, created_at, updated_at)
                SELECT gen_random_uuid(), a.id, a.n || ' ' || p, CASE WHEN p % 2 = 0 THEN 'campaign' ELSE 'adset' END, 'show', 'x', 20, 2, 'x', now(), now() FROM a, generate_series(0, 49) p;
                INSERT INTO budget_pool_members (pool_id, meta_id)
                SELECT p.id, CASE WHEN p.level = 'campaign' THEN 'C' ELSE 'S' END || (split_part(p.name, ' ', 1)::int * 500 + split_part(p.name, ' ', 2)::int * 5 + m) FROM budget_pools p, generate_series(0, 4) m;
                ANALYZE
                """, new { today, Days }, commandTimeout: 600));
        }

        var (began, before) = (time.GetTimestamp(), GC.GetTotalAllocatedBytes());
        await core.Get<ProposeBudgets>().ExecuteAsync(CancellationToken.None);
        var (took, held) = (time.GetElapsedTime(began), GC.GetTotalMemory(forceFullCollection: true));
        await using var read = await core.Database.DataSource.OpenConnectionAsync();
        var states = (await read.QueryAsync<(string, long)>("SELECT level || ' ' || state, count(*) FROM budget_proposals q JOIN budget_pools p ON p.id = q.pool_id GROUP BY 1 ORDER BY 1")).ToList();
        TestContext.Out.WriteLine($"{Pools} pools over {await read.ExecuteScalarAsync<long>("SELECT count(*) FROM meta_ad_insights"):N0} rows in {took.TotalSeconds:0.0} s, {(GC.GetTotalAllocatedBytes() - before) / 1e6:0} MB allocated, {held / 1e6:0} MB held; {string.Join(", ", states)}");
        Assert.That(states.Sum(state => state.Item2), Is.EqualTo(Pools));
        Assert.That(states.Select(state => state.Item1), Does.Contain("campaign shown").And.Contain("adset shown"));
        Assert.That(took, Is.LessThan(TimeSpan.FromMinutes(1)));
    }
}
