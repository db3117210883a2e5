using System.Globalization;

namespace MetaAdsJobs.Bench.Support;

/// <summary>
/// Beside what <see cref="PageWorld"/> has: 5,000 accounts in 50 groups, 1,000 people who see one group each and some accounts besides, with ten keys each, and what such an agency leaves behind it: edits, approvals, alerts, and an audit of a million
/// lines. Of the accounts 200 have runs and numbers; a group has four of these.
/// </summary>
internal static class PeopleWorld
{
    public const int Accounts = 5000;
    public const int Groups = 50;
    public const int People = 1000;
    public const int Keys = 10_000;

    /// <summary>A key of somebody who sees the group with the largest account, and of somebody else's whose accounts have next to nothing.</summary>
    public static readonly IReadOnlyList<(string Name, string Bearer, int Account)> Seen = [("a group with the largest account", KeyOf(1), 1), ("a group of small accounts", KeyOf(Groups - 1), Groups - 1)];

    public static async Task FillAsync(BenchDatabase database)
    {
        await database.ExecuteAsync(PageWorld.Quick + AccountsSql);
        await database.ExecuteAsync(PageWorld.Quick + PeopleSql);
        await database.ExecuteAsync(PageWorld.Quick + WorkSql);
        foreach (var table in (string[])["social_accounts", "users", "api_keys", "access_grants", "account_groups", "account_group_members", "campaign_edits", "approvals", "alert_episodes", "alert_members", "meta_changes", "recorded_acts"])
            await database.ExecuteAsync($"VACUUM (ANALYZE) {table}");
    }

    // The n-th person's group is 1 + n % 50, and so is the n-th account's; the n-th key is the (1 + n % 1000)-th person's.
    private static string KeyOf(int person) => string.Create(CultureInfo.InvariantCulture, $"maj_bench{person - 1:D38}");

    private static readonly string AccountsSql = $"""
        INSERT INTO social_accounts
        SELECT (jsonb_populate_record(a, jsonb_build_object('id', md5('account ' || n)::uuid, 'name', 'Shop ' || n, 'ad_account_id', 'act_' || 5000000 + n))).*
        FROM social_accounts a, generate_series({PageWorld.Accounts + 1}, {Accounts}) n WHERE a.name = 'Shop 1'
        """;

    private static readonly string PeopleSql = $"""
        INSERT INTO account_groups (id, name, created_at) SELECT md5('group ' || n)::uuid, 'Client ' || n, now() FROM generate_series(1, {Groups}) n;
        INSERT INTO account_group_members (group_id, social_account_id) SELECT md5('group ' || 1 + n % {Groups})::uuid, md5('account ' || n)::uuid FROM generate_series(1, {Accounts}) n;
        INSERT INTO users (id, name, mail, role, all_accounts, created_by, created_at, updated_at)
        SELECT md5('user ' || n)::uuid, 'Person ' || n, 'person' || n || '@bench', 'manager', n % 100 = 0, 'bench', now(), now() FROM generate_series(1, {People}) n;
        INSERT INTO access_grants (holder, group_id, may_spend) SELECT md5('user ' || n)::uuid, md5('group ' || 1 + n % {Groups})::uuid, true FROM generate_series(1, {People}) n WHERE n % 100 <> 0;
        INSERT INTO access_grants (holder, social_account_id, may_spend)
        SELECT md5('user ' || n)::uuid, md5('account ' || 1000 + n + i)::uuid, false FROM generate_series(1, {People}) n, generate_series(1, 20) i WHERE n % 100 <> 0;
        INSERT INTO api_keys (id, user_id, name, hash, shown, role, all_accounts, created_by, created_at)
        SELECT md5('key ' || n)::uuid, md5('user ' || 1 + n % {People})::uuid, 'program ' || n, sha256(convert_to('maj_bench' || lpad(n::text, 38, '0'), 'UTF8')), 'maj_bench', 'manager', true, 'bench', now() FROM generate_series(0, {Keys - 1}) n
        """;

    private static readonly string WorkSql = $$"""
        INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, asked_by, asked_key, state, attempt, asked_at, started_at, completed_at)
        SELECT md5('edit ' || c.request_id)::uuid, c.social_account_id, c.request_id, 'campaign', c.meta_id, 'publish', 'person' || 1 + c.id % {{People}} || '@bench', 'program', 'succeeded', 1, c.created_at, c.created_at, c.created_at
        FROM (SELECT * FROM meta_campaigns ORDER BY id DESC LIMIT 200000) c;
        INSERT INTO approvals (id, edit_id, request_id, social_account_id, state, asked_by, asked_at, expires_at, content, content_hash, daily_cents, decided_by, decided_at)
        SELECT e.edit_id, e.edit_id, e.request_id, e.social_account_id, CASE WHEN e.number % 200 = 0 THEN 'asked' ELSE 'approved' END, e.asked_by, e.asked_at, now() + interval '3 days', jsonb_build_object('kind', 'publish', 'objects', '{}'::jsonb), 'x', 10000,
            CASE WHEN e.number % 200 = 0 THEN NULL ELSE 'person7@bench' END, CASE WHEN e.number % 200 = 0 THEN NULL ELSE e.asked_at END
        FROM campaign_edits e WHERE e.number % 2 = 0;
        INSERT INTO alert_episodes (id, rule_id, rule_name, metric, level, severity, social_account_id, opened_at, closed_at, messages)
        SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - n * 600000::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid, md5('rule ' || n)::uuid, 'Spend', 'spend', 'account', 'info',
            CASE WHEN n % 10 > 0 THEN md5('account ' || 1 + n % {{Accounts}})::uuid END, now() - n * interval '10 minutes', CASE WHEN n > 500 THEN now() - n * interval '9 minutes' END, 1
        FROM generate_series(1, 50000) n;
        INSERT INTO alert_members (episode_id, social_account_id, object, name, fired_at, recovered_at, has_data, times)
        SELECT e.id, a, a::text, 'Shop', e.opened_at, e.closed_at, true, 1 FROM alert_episodes e, LATERAL (SELECT e.social_account_id WHERE e.social_account_id IS NOT NULL
            UNION ALL SELECT md5('account ' || 1 + (hashint8(extract(epoch FROM e.opened_at)::bigint)::bigint & 1023) + i)::uuid FROM generate_series(1, 3) i WHERE e.social_account_id IS NULL) m (a) ON CONFLICT DO NOTHING;
        UPDATE alert_episodes e SET account_ids = (SELECT array_agg(DISTINCT m.social_account_id) FROM alert_members m WHERE m.episode_id = e.id) WHERE social_account_id IS NULL;
        INSERT INTO meta_changes (social_account_id, request_id, asked_by, asked_key, method, path, sent, sent_at, outcome, http_status)
        SELECT o.social_account_id, o.request_id, 'person' || 1 + o.job_id::bigint % {{People}} || '@bench', 'program', 'POST', 'act_1/campaigns', '{"name": "Sale", "status": "PAUSED"}', o.accepted_at, 'done', 200
        FROM (SELECT * FROM orchestrations WHERE status = 'succeeded' ORDER BY request_id DESC LIMIT 700000) o ORDER BY o.request_id;
        INSERT INTO recorded_acts (at, person, key_name, social_account_id, kind, object, object_name, action, fields)
        SELECT now() - ({{3 * 100_000}} - n) * interval '1 minute', 'person' || 1 + n % {{People}} || '@bench', 'program', CASE WHEN n % 3 > 0 THEN md5('account ' || 1 + n % {{Accounts}})::uuid END, 'account', md5('account ' || 1 + n % {{Accounts}}), 'Shop', 'changed',
            jsonb_build_object('daily_cap_cents', jsonb_build_object('old', 100, 'new', 200))
        FROM generate_series(1, {{3 * 100_000}}) n
        """;
}
