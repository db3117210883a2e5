using System.Diagnostics;
using MetaAdsJobs.Core.Experiments.Evaluating;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Experiments;

/// <summary>A night of many experiments: copies of one that was begun, among the numbers of other ads.</summary>
[TestFixture, Long, NonParallelizable]
public sealed class ExperimentsAtScaleTests
{
    private const int Accounts = 10;
    private const int EachAccount = 50;
    private const int Days = 30;

    [Test]
    public async Task A_night_of_500_experiments_over_450_000_rows_takes_less_than_a_minute()
    {
        await using var world = await RunWorld.StartAsync();
        var one = await world.BeginAsync();
        await world.NumbersAsync(one, Days, 2, (100, 40), (100, 44));
        for (var nth = 0; nth < Accounts; nth++)
        {
            var (account, _, _) = nth == 0 ? (one.Run.AccountId, "", Guid.Empty) : await world.AddAccountAsync();
            await CopyAsync(world, one, account, nth == 0 ? EachAccount - 1 : EachAccount);
        }

        var rows = (await world.QueryAsync<int>("SELECT count(*)::int FROM meta_ad_insights")).Single();
        await world.ExecuteAsync("ANALYZE meta_ad_insights, insight_days, experiments, experiment_variants, meta_adsets, meta_campaigns");
        var before = Process.GetCurrentProcess().WorkingSet64;
        var watch = Stopwatch.StartNew();
        await world.MinuteAsync();
        watch.Stop();

        var judged = (await world.QueryAsync<int>("SELECT count(DISTINCT experiment_id)::int FROM experiment_verdicts")).Single();
        var verdicts = (await world.QueryAsync<int>("SELECT count(*)::int FROM experiment_verdicts")).Single();
        TestContext.Out.WriteLine($"first night: {judged} experiments, {verdicts} verdicts, {rows} rows, {watch.Elapsed.TotalSeconds:0.0} s, {(Process.GetCurrentProcess().WorkingSet64 - before) / 1048576} MB more");
        Assert.That(judged, Is.EqualTo(Accounts * EachAccount));
        Assert.That(rows, Is.GreaterThan(440_000));
        Assert.That(watch.Elapsed.TotalSeconds, Is.LessThan(60));

        // A usual night: nothing new but that it was read again.
        await world.ExecuteAsync("INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, queued_at, completed_at) SELECT gen_random_uuid(), id, current_date, current_date, 'tests', 'succeeded', now(), @now FROM social_accounts", new { now = world.Time.GetUtcNow() });
        watch.Restart();
        await world.MinuteAsync();
        TestContext.Out.WriteLine($"the next: {watch.Elapsed.TotalSeconds:0.0} s");
        Assert.That(watch.Elapsed.TotalSeconds, Is.LessThan(60));
    }

    private static Task CopyAsync(RunWorld world, Begun one, Guid account, int experiments) => world.ExecuteAsync("""
        CREATE TEMP TABLE copies ON COMMIT DROP AS SELECT n, gen_random_uuid() AS run, gen_random_uuid() AS id, 'c' || replace(gen_random_uuid()::text, '-', '') AS campaign FROM generate_series(1, @experiments) n;
        INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, request_hash, status, accepted_at, completed_at)
            SELECT c.run, @account, o.clip_id, o.campaign_name, o.request, o.requested_by, o.request_hash, 'succeeded', o.accepted_at, o.completed_at FROM orchestrations o, copies c WHERE o.request_id = @RequestId;
        INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at)
            SELECT c.run, @account, c.campaign, m.name, m.objective, m.status, m.created_at FROM meta_campaigns m, copies c WHERE m.request_id = @RequestId;
        INSERT INTO meta_adsets (request_id, step, campaign_db_id, meta_id, name, optimization_goal, billing_event, daily_budget, currency, targeting, status, created_at)
            SELECT c.run, s.step, m.id, c.campaign || s.step, s.name, s.optimization_goal, s.billing_event, s.daily_budget, s.currency, s.targeting, s.status, s.created_at
            FROM meta_adsets s, copies c JOIN meta_campaigns m ON m.request_id = c.run WHERE s.request_id = @RequestId;
        INSERT INTO experiments (id, social_account_id, request_id, name, thing, metric, smallest_difference, least_results, attribution_days, most_days, planned_results, plan, state, request_hash, created_by, created_at)
            SELECT c.id, @account, c.run, e.name, e.thing, e.metric, e.smallest_difference, e.least_results, e.attribution_days, 84, e.planned_results, e.plan, 'running', e.request_hash, e.created_by, e.created_at
            FROM experiments e, copies c WHERE e.id = @Id;
        INSERT INTO experiment_variants (experiment_id, nth, name, step, fields) SELECT c.id, v.nth, v.name, v.step, v.fields FROM experiment_variants v, copies c WHERE v.experiment_id = @Id;
        INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference, first_at)
            SELECT @account, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference, first_at FROM insight_days WHERE social_account_id = @AccountId ON CONFLICT DO NOTHING;
        -- Ads of an ad set each, and thirty more of the campaign beside them.
        INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, impressions, clicks, link_clicks, reach, spend, results, result_type, currency, raw, is_partial, synced_at)
            SELECT @account, (SELECT max(date_start) FROM insight_days WHERE social_account_id = @AccountId) - 1 - d, c.campaign || ad, CASE WHEN ad <= 2 THEN c.campaign || CASE ad WHEN 1 THEN 'adset' ELSE 'adset:2' END ELSE c.campaign || 'other' END, c.campaign, 1000, 50, 40, 900,
                100, 35 + mod(d * 7 + ad * 3, 11), 'landing_page_view', 'USD', '{"actions":[{"action_type":"link_click","value":"40"}]}', false, now()
            FROM copies c, generate_series(0, @Days) d, generate_series(1, 30) ad;
        INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, queued_at, completed_at) SELECT gen_random_uuid(), @account, current_date, current_date, 'tests', 'succeeded', now(), now() + interval '1 minute'
        """, new { account, experiments, one.Id, one.Run.RequestId, one.Run.AccountId, Days });
}
