using MetaAdsJobs.Core.Orchestrations.Outcomes;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Bench.Support;

/// <summary>
/// A service that has been used for fourteen months: a million runs of 200 accounts, one of which has a sixth of them, ten million rows of
/// insights, and a queue that has seen much. Deterministic, so that a page can be asked for what is there.
/// </summary>
internal static class PageWorld
{
    public const int Runs = 1_000_000;
    public const int Unfinished = 20;
    public const int Accounts = 200;
    public const int Days = 420;
    private const int Campaigns = 24;
    private const int Ads = 5;

    /// <summary>The n-th account's id; 1 is the largest.</summary>
    public static Guid Account(int n) => Guid.Parse(Md5($"account {n}"));

    /// <summary>The n-th clip's id.</summary>
    public static Guid Clip(int n) => Guid.Parse(Md5($"clip {n}"));

    /// <summary>The id of one of an account's campaigns.</summary>
    public static string Campaign(int account, int n) => $"12031{account:0000}{n:0000}";

    /// <summary>The id Meta gave to the campaign of the n-th run.</summary>
    public static string MetaId(int run) => $"{120_210_000_000_000_000 + (run * 10L)}";

    // Skips triggers, so that a million foreign keys are not looked up one by one: all rows are of one making.
    public const string Quick = "SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '256MB'; SET maintenance_work_mem = '1GB'; ";

    public static async Task FillAsync(BenchService service, CancellationToken ct)
    {
        var database = service.Database;
        await service.NewRequestAsync(ct);
        await database.ExecuteAsync("ALTER SYSTEM SET max_wal_size = '16GB'");
        await database.ExecuteAsync("ALTER SYSTEM SET checkpoint_timeout = '1h'");
        await database.ExecuteAsync("SELECT pg_reload_conf()");
        await database.ExecuteAsync(Quick + AccountsSql);
        await Task.WhenAll(FillRunsAsync(database), FillInsightsAsync(database));
        // All of it, so that no vacuuming of what was filled in falls into the measuring.
        await database.ExecuteAsync("VACUUM (ANALYZE, PARALLEL 2)");
        await database.ExecuteAsync("CHECKPOINT");
        // As the sweep does, until it has caught up.
        for (var last = -1L; last != (last = await database.ScalarAsync<long>("SELECT count(*) FROM run_days"));)
            await service.Services.GetRequiredService<RunDays>().CountAsync(ct);
        await database.ExecuteAsync("VACUUM (ANALYZE) run_days");
    }

    private static async Task FillRunsAsync(BenchDatabase database)
    {
        await WithoutIndexesAsync(database, ["orchestrations", "orchestration_steps"], async () =>
        {
            await database.ExecuteAsync(Quick + RunsSql);
            await database.ExecuteAsync(Quick + StepsSql);
        });
        await database.ExecuteAsync(Quick + "INSERT INTO run_clips (clip_id, request_id, social_account_id) SELECT clip_id, request_id, social_account_id FROM orchestrations WHERE clip_id IS NOT NULL ORDER BY 1, 2; INSERT INTO clip_accounts (clip_id, social_account_id) SELECT DISTINCT clip_id, social_account_id FROM run_clips");
        await database.ExecuteAsync(Quick + CampaignsSql);
        await database.ExecuteAsync(Quick + JobsSql);
    }

    private static async Task FillInsightsAsync(BenchDatabase database)
    {
        await database.ExecuteAsync($"SELECT ensure_insight_partitions(current_date - {Days}, current_date)");
        foreach (var partition in await database.ListAsync<string>("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'meta_ad_insights'::regclass"))
            await database.ExecuteAsync($"ALTER TABLE {partition} SET UNLOGGED");
        await WithoutIndexesAsync(database, ["meta_ad_insights"], () => database.ExecuteAsync(Quick + InsightsSql));
        await database.ExecuteAsync(Quick + SyncsSql);
        await database.ExecuteAsync(Quick + CampaignDaysSql);
    }

    // Indexes are faster made than kept up to date; the key stays, since rows come in its order.
    private static async Task WithoutIndexesAsync(BenchDatabase database, string[] tables, Func<Task> fill)
    {
        var quoted = string.Join(", ", tables.Select(table => $"'{table}'"));
        var indexes = await database.ListAsync<(string Name, string Definition)>($"""
            SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index i WHERE indrelid::regclass::text IN ({quoted}) AND NOT indisprimary AND NOT indisunique
            """);
        foreach (var (name, _) in indexes) await database.ExecuteAsync($"DROP INDEX {name}");
        await fill();
        // "ON ONLY" is how a partitioned table's index is described; made so it would have no parts.
        foreach (var (_, definition) in indexes) await database.ExecuteAsync($"SET maintenance_work_mem = '1GB'; {definition.Replace(" ON ONLY ", " ON ", StringComparison.Ordinal)}");
    }

    private static string Md5(string text) =>
#pragma warning disable CA5351 // Names the account as PostgreSQL's md5() does; nothing is to be kept secret.
        Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5351

    private static readonly string AccountsSql = $"""
        INSERT INTO social_accounts
        SELECT (jsonb_populate_record(a, jsonb_build_object('id', md5('account ' || n)::uuid, 'name', 'Shop ' || n, 'ad_account_id', 'act_' || 5000000 + n,
            'currency', CASE WHEN n % 4 = 0 THEN 'EUR' ELSE 'USD' END, 'timezone_name', CASE WHEN n % 4 = 0 THEN 'Europe/Madrid' ELSE 'America/New_York' END))).*
        FROM social_accounts a, generate_series(1, {Accounts}) n;
        INSERT INTO clips SELECT (jsonb_populate_record(c, jsonb_build_object('id', md5('clip ' || n)::uuid, 'title', 'Clip ' || n || CASE WHEN n % 3 = 0 THEN ' summer' ELSE ' winter' END))).*
        FROM clips c, generate_series(1, 2000) n;
        DELETE FROM social_accounts WHERE name = 'An account'; DELETE FROM clips WHERE title = 'A clip';
        INSERT INTO account_pacing (ad_account_id, use_case, usage_pct, usage_at, updated_at)
        SELECT 'act_' || 5000000 + n, u, n % 90, now(), now() FROM generate_series(1, {Accounts}) n, unnest(ARRAY['ads_management', 'ads_insights']) u
        """;

    // Names of words as they are: half of the runs are a "Sale", every December's are for "Christmas", few are a "Needle", each has its number.
    private static readonly string RunsSql = $$"""
        INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, request_hash, status, attempt, failures, errors, wait_reason, next_attempt_at,
            job_id, accepted_at, started_at, completed_at)
        SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
            md5('account ' || account)::uuid, md5('clip ' || 1 + n % 2000)::uuid,
            concat_ws(' ', CASE WHEN extract(month FROM at) = 12 THEN 'Christmas' ELSE to_char(at, 'FMMonth') END, (ARRAY['Bright', 'Soft', 'Early', 'Late', 'Grand', 'Small', 'Blue', 'Green'])[1 + n % 8],
                (ARRAY['Shoes', 'Bags', 'Coats', 'Hats', 'Rings', 'Lamps', 'Desks', 'Toys', 'Books', 'Games', 'Tents', 'Bikes', 'Soaps'])[1 + n % 13], CASE WHEN n % 2 = 0 THEN 'Sale' END,
                CASE WHEN n % 50000 = 0 THEN 'Needle' END, n),
            jsonb_build_object('social_account_id', md5('account ' || account)::uuid, 'clip_id', md5('clip ' || 1 + n % 2000)::uuid, 'campaign_objective', 'OUTCOME_SALES', 'daily_budget_cents', 10000,
                'creative_title', 'Amazing Product', 'creative_description', 'Get 50% off', 'landing_url', 'https://example.com/sale', 'auto_publish', n % 2 = 0,
                'targeting', jsonb_build_object('age_min', 18, 'age_max', 65, 'genders', '[1, 2]'::jsonb, 'geo_locations', '{"countries": ["US", "ES"]}'::jsonb), 'optimization_goal', 'LINK_CLICKS'),
            'manager@bench', '\x00', status, 1 + (status = 'failed')::int * 3, (status = 'failed')::int * 3,
            CASE WHEN status = 'failed' THEN '["campaign: refused by Meta (100, 1885183): the app is not in live mode"]'::jsonb ELSE '[]' END,
            CASE WHEN status = 'waiting' THEN 'The account is throttled' END, CASE WHEN status = 'waiting' THEN now() + interval '1 hour' END,
            n::text, at, CASE WHEN status <> 'queued' THEN at + interval '1 second' END, CASE WHEN n <= {{Runs - Unfinished}} THEN at + make_interval(secs => 3 + n % 97) END
        FROM (
            SELECT n, date_trunc('milliseconds', now() - interval '5 minutes' - make_interval(secs => ({{Runs}} - n) * ({{Days}} * 86400.0 / {{Runs}}))) AS at,
                1 + floor({{Accounts}} * power((hashint4(n)::bigint & 1048575) / 1048576.0, 3))::int AS account,
                CASE WHEN n > {{Runs - Unfinished}} THEN (ARRAY['queued', 'running', 'waiting'])[1 + n % 3] WHEN n % 25 = 0 THEN 'failed' WHEN n % 50 = 1 THEN 'cancelled' ELSE 'succeeded' END AS status
            FROM generate_series(1, {{Runs}}) n OFFSET 0) r
        """;

    private static readonly string StepsSql = """
        INSERT INTO orchestration_steps (request_id, step, state, meta_id, attempt, started_at, confirmed_at, error)
        SELECT o.request_id, s.step, CASE WHEN o.status IN ('failed', 'cancelled') THEN 'deleted' ELSE 'confirmed' END, (120210000000000000 + o.job_id::bigint * 10 + s.no)::text, 1,
            o.started_at + make_interval(secs => s.no * 0.2), o.started_at + make_interval(secs => s.no * 0.2 + 0.1), NULL
        FROM orchestrations o, (VALUES ('campaign', 0), ('adset', 1), ('creative', 2), ('ad', 3), ('activate', 4)) s (step, no)
        WHERE o.started_at IS NOT NULL AND (s.no < 4 OR (o.request ->> 'auto_publish')::boolean) AND (s.no < 2 OR o.status = 'succeeded')
        """;

    private static readonly string CampaignsSql = """
        INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at, told_at, requested_by)
        SELECT request_id, social_account_id, (120210000000000000 + job_id::bigint * 10)::text, campaign_name, 'OUTCOME_SALES', 'PAUSED', completed_at, completed_at, requested_by
        FROM orchestrations WHERE status = 'succeeded' ORDER BY request_id DESC LIMIT 300000;
        INSERT INTO activations (request_id, social_account_id, state, daily_cents, changed_at, told_at)
        SELECT request_id, social_account_id, CASE WHEN job_id::int % 20 = 0 THEN 'active' ELSE 'ended' END, 10000, completed_at, completed_at
        FROM orchestrations WHERE status = 'succeeded' AND (request ->> 'auto_publish')::boolean ORDER BY request_id DESC LIMIT 100000
        """;

    // The last 200,000 runs' jobs as Hangfire has them: most succeeded, what failed stays, and a queue that is not empty.
    private static readonly string JobsSql = $$"""
        INSERT INTO hangfire.job (id, stateid, statename, invocationdata, arguments, createdat, expireat)
        SELECT n, n, CASE WHEN n > 199500 THEN 'Enqueued' WHEN n > 199450 THEN 'Processing' WHEN n > 199000 THEN 'Scheduled' WHEN n % 25 = 0 THEN 'Failed' ELSE 'Succeeded' END,
            jsonb_build_object('Type', 'orchestration', 'Method', 'RunAsync', 'ParameterTypes', '["System.Guid","System.Threading.CancellationToken"]', 'Arguments', NULL),
            jsonb_build_array('"' || o.request_id || '"', NULL), o.accepted_at, CASE WHEN n % 25 <> 0 THEN now() + interval '1 day' END
        FROM generate_series(1, 200000) n JOIN orchestrations o ON o.job_id = (n + {{Runs}} - 200000)::text;
        INSERT INTO hangfire.state (id, jobid, name, reason, createdat, data)
        SELECT id, id, statename, CASE WHEN statename = 'Scheduled' THEN 'The account is throttled' END, createdat,
            CASE statename WHEN 'Failed' THEN '{"ExceptionMessage": "campaign: refused by Meta (100, 1885183)"}'::jsonb WHEN 'Processing' THEN '{"ServerId": "worker-1:7:0b5e"}' ELSE '{}' END FROM hangfire.job;
        INSERT INTO hangfire.jobqueue (jobid, queue) SELECT id, 'campaigns' FROM hangfire.job WHERE statename = 'Enqueued';
        INSERT INTO hangfire.set (key, value, score) SELECT 'schedule', id::text, extract(epoch FROM now()) + id % 3600 FROM hangfire.job WHERE statename = 'Scheduled';
        INSERT INTO hangfire.aggregatedcounter (key, value) VALUES ('stats:succeeded', 940000), ('stats:deleted', 12);
        INSERT INTO hangfire.server (id, data, lastheartbeat)
        SELECT 'worker-' || n || ':7:0b5e', '{"WorkerCount": 20, "Queues": ["brakes", "campaigns", "insights"], "StartedAt": "2026-11-22T10:00:00Z"}', now() FROM generate_series(1, 5) n;
        SELECT setval('hangfire.job_id_seq', 300000), setval('hangfire.state_id_seq', 300000)
        """;

    private static readonly string InsightsSql = $$"""
        INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, impressions, clicks, link_clicks, reach, spend, results, result_type, currency,
            raw, is_partial, synced_at)
        SELECT a.id, d::date, c.id || lpad(x::text, 2, '0'), c.id || '00', c.id, 900 + x * 10, 20 + x, 10 + x, 800, 1.5 + x, 2, 'purchase', a.currency, '{}', d::date = current_date, d + interval '1 day'
        FROM generate_series(current_date - {{Days - 1}}, current_date, interval '1 day') d,
            (SELECT id, currency, substr(name, 6)::int AS no FROM social_accounts ORDER BY id) a,
            LATERAL (SELECT '12031' || lpad(a.no::text, 4, '0') || lpad(n::text, 4, '0') AS id FROM generate_series(1, {{Campaigns}}) n) c, generate_series(1, {{Ads}}) x
        """;

    private static readonly string SyncsSql = $$"""
        INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, nightly_for, state, attempt, pages_read, rows_read, days_synced, reports, reports_read, queued_at, started_at, completed_at)
        SELECT (lpad(to_hex((extract(epoch FROM d + interval '3 hours') * 1000)::bigint), 12, '0') || '7' || substr(md5(a.id || d::text), 1, 3) || '8' || substr(md5(a.id || d::text), 4, 15))::uuid,
            a.id, d::date - 28, d::date - 1, 'night', d::date, 'succeeded', 1, 30, 3360, 28, 1, 1, d + interval '3 hours', d + interval '3 hours', d + interval '3 hours 40 seconds'
        FROM generate_series(current_date - {{Days - 1}}, current_date, interval '1 day') d, social_accounts a;
        INSERT INTO insight_reports (sync_id, no, definition_id, since, until, scope, mode, state, percent, pages, rows)
        SELECT sync_id, 1, 0, since, until, 'account', 'async', 'read', 100, 30, 3360 FROM insight_syncs
        """;

    private static readonly string CampaignDaysSql = $$"""
        INSERT INTO insight_campaign_days (social_account_id, date_start, campaign_meta_id, rows, vanished_rows, impressions, clicks, link_clicks, spend, results, result_type, currency,
            first_at, first_impressions, first_clicks, first_spend, first_results)
        SELECT s.social_account_id, s.nightly_for, '12031' || substr(lpad(substr(a.name, 6), 4, '0'), 1, 4) || lpad(n::text, 4, '0'), 5, 0, 4650, 115, 65, 22.5, 10, 'purchase', a.currency,
            s.completed_at, 4600, 110, 22, 9
        FROM insight_syncs s JOIN social_accounts a ON a.id = s.social_account_id, generate_series(1, {{Campaigns}}) n ORDER BY s.social_account_id, s.nightly_for, 3;
        INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference,
            campaigns, impressions, clicks, link_clicks, total_spend, results, result_type, currency, first_at, first_impressions, first_clicks, first_spend, first_results)
        SELECT s.social_account_id, s.nightly_for, s.completed_at, s.sync_id, s.nightly_for = current_date, 120, 540, 0, 0, 540, 0,
            {{Campaigns}}, 111600, 2760, 1560, 540, 240, 'purchase', a.currency, s.completed_at, 110400, 2640, 528, 216
        FROM insight_syncs s JOIN social_accounts a ON a.id = s.social_account_id
        """;
}
