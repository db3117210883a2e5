using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Meta.Ads;
using Npgsql;

namespace MetaAdsJobs.Core.Budgets.Proposing;

/// <summary>How a pool stands now, beside its members.</summary>
internal sealed record PoolStanding
{
    public Guid PoolId { get; init; }
    public DateOnly Today { get; init; }
    public bool IsFrozen { get; init; }
    public bool IsSyncing { get; init; }
    public bool IsStopped { get; init; }
    public bool IsUnderWay { get; init; }
    public long OwedCents { get; init; }

    /// <summary>When the night was decided that has left it owed: what was given by hand until then was no longer owed to it, and what was given since counts, also while it was being carried out.</summary>
    public DateTimeOffset? OwedSince { get; init; }
    public long? MinImpressions { get; init; }
    public long? MinFrequent { get; init; }
    public long? MinRare { get; init; }
    public long? MinVideoViews { get; init; }

    public MinimumBudgets Minimums => new(MinImpressions, MinFrequent, MinRare, MinVideoViews);
}

/// <summary>How a member stands now. Budgets are in Meta's units.</summary>
internal sealed record MemberStanding
{
    public string MetaId { get; init; } = "";
    public string CampaignId { get; init; } = "";
    public string Name { get; init; } = "";

    /// <summary>What an ad set is optimised for; of a campaign nothing is said.</summary>
    public string? Goal { get; init; }
    public string Status { get; init; } = "";
    public string CampaignStatus { get; init; } = "";
    public long? DailyBudget { get; init; }
    public long? LifetimeBudget { get; init; }

    /// <summary>What the campaign may spend a day by all its budgets that are for a day and on, and have not ended.</summary>
    public long CampaignDaily { get; init; }
    public DateTimeOffset? StartTime { get; init; }
    public DateTimeOffset? EndTime { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public bool IsBeingChanged { get; init; }

    public bool IsOn => Status == "ACTIVE" && CampaignStatus == "ACTIVE";

    public bool IsGone(DateTimeOffset now) => Status is "DELETED" or "ARCHIVED" || CampaignStatus is "DELETED" or "ARCHIVED" || EndTime <= now;
}

/// <summary>Rows that pictures of pools are made of: one statement each for all pools.</summary>
internal static class PoolFacts
{
    public static async Task<IReadOnlyDictionary<Guid, SocialAccount>> AccountsAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, Guid[] accounts, CancellationToken ct)
    {
        const string AccountsSql = $"SELECT {AccountStore.Columns} FROM social_accounts WHERE id = ANY (@Accounts)";
        return (await connection.QueryAsync<SocialAccount>(new(AccountsSql, new { Accounts = accounts }, transaction, cancellationToken: ct))).ToDictionary(account => account.Id);
    }

    public static async Task<IReadOnlyDictionary<Guid, PoolStanding>> StandingAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, IReadOnlyList<BudgetPool> pools, DateTimeOffset now, CancellationToken ct)
    {
        const string StandingSql = """
            SELECT p.id AS pool_id, (@Now AT TIME ZONE a.timezone_name)::date AS today, EXISTS (SELECT 1 FROM freeze_of(a.id, @Now)) AS is_frozen,
                EXISTS (SELECT 1 FROM stops s WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = a.id)) AS is_stopped,
                EXISTS (SELECT 1 FROM insight_syncs s WHERE s.social_account_id = a.id AND s.holding) AS is_syncing,
                EXISTS (SELECT 1 FROM budget_proposals q WHERE q.pool_id = p.id AND q.state = 'accepted') AS is_under_way,
                COALESCE(o.owed_cents, 0) + COALESCE(k.cents, 0) AS owed_cents, o.made_at AS owed_since,
                a.min_impressions, a.min_frequent, a.min_rare, a.min_video_views
            FROM unnest(@Pools, @Accounts) AS p (id, account) JOIN social_accounts a ON a.id = p.account
            LEFT JOIN LATERAL (SELECT q.id, q.owed_cents, q.made_at FROM budget_proposals q WHERE q.pool_id = p.id AND q.state IN ('done', 'partly') ORDER BY q.id DESC LIMIT 1) o ON true
            -- Taken without an answer, as it has turned out since, or by an edit whose end could not be written: nothing was given for it. To other members it is not owed, as what is known to be owed is not.
            LEFT JOIN LATERAL (
                SELECT sum(m.now_cents - m.proposed_cents)::bigint AS cents FROM budget_moves m JOIN campaign_edits e ON e.edit_id = m.edit_id LEFT JOIN meta_adsets s ON s.meta_id = m.meta_id LEFT JOIN meta_campaigns c ON c.meta_id = m.meta_id
                WHERE m.proposal_id = o.id AND m.proposed_cents < m.now_cents AND e.state <> 'succeeded'
                    AND COALESCE(s.daily_budget, c.daily_budget) * CASE WHEN a.currency = ANY (@WithoutMinorUnit) THEN 100 ELSE 1 END = m.proposed_cents
                    AND EXISTS (SELECT 1 FROM meta_changes x WHERE x.request_id = e.request_id AND x.path = m.meta_id AND (x.outcome = 'outcome_unknown' OR x.outcome = 'done' AND x.sent_at <= e.completed_at) AND x.sent ? 'daily_budget' AND x.sent_at >= e.asked_at)
                    AND (SELECT array_agg(b.meta_id ORDER BY b.meta_id) FROM budget_pool_members b WHERE b.pool_id = p.id) = (SELECT array_agg(y.meta_id ORDER BY y.meta_id) FROM budget_moves y WHERE y.proposal_id = o.id)) k ON true
            """;
        return (await connection.QueryAsync<PoolStanding>(new(StandingSql, new { WithoutMinorUnit = Currency.WithoutMinorUnits, Pools = pools.Select(pool => pool.Id).ToArray(), Accounts = pools.Select(pool => pool.SocialAccountId).ToArray(), Now = now }, transaction, cancellationToken: ct)))
            .ToDictionary(standing => standing.PoolId);
    }

    public static async Task<IReadOnlyDictionary<string, MemberStanding>> MembersAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, string[] ids, CancellationToken ct)
    {
        const string MembersSql = """
            SELECT o.meta_id, o.campaign_id, o.goal, o.status, o.campaign_status, o.daily_budget, o.lifetime_budget, o.campaign_daily, o.created_at, o.start_time, o.end_time, regexp_replace(o.name, ' \[[a-z0-9]{20}\]$', '') AS name,
                EXISTS (SELECT 1 FROM campaign_edits e WHERE e.request_id = o.request_id AND e.state IN ('queued', 'running', 'waiting') AND e.meta_id IN (o.meta_id, o.campaign_id)) AS is_being_changed
            FROM (
                SELECT c.meta_id, c.meta_id AS campaign_id, NULL AS goal, c.request_id, c.name, c.status, c.status AS campaign_status, c.daily_budget, c.lifetime_budget, COALESCE(c.daily_budget, 0) AS campaign_daily, c.created_at,
                    (SELECT min(s.start_time) FROM meta_adsets s WHERE s.campaign_db_id = c.id) AS start_time,
                    (SELECT CASE WHEN count(s.end_time) = count(*) THEN max(s.end_time) END FROM meta_adsets s WHERE s.campaign_db_id = c.id AND s.status NOT IN ('DELETED', 'ARCHIVED')) AS end_time
                FROM meta_campaigns c WHERE c.meta_id = ANY (@Ids)
                UNION ALL
                SELECT s.meta_id, c.meta_id, s.optimization_goal, c.request_id, s.name, s.status, c.status, s.daily_budget, s.lifetime_budget,
                    (SELECT COALESCE(sum(n.daily_budget), 0)::bigint FROM meta_adsets n WHERE n.campaign_db_id = c.id AND n.status = 'ACTIVE' AND (n.end_time IS NULL OR n.end_time > clock_timestamp())), s.created_at, s.start_time, s.end_time
                FROM meta_adsets s JOIN meta_campaigns c ON c.id = s.campaign_db_id WHERE s.meta_id = ANY (@Ids)) o
            """;
        return (await connection.QueryAsync<MemberStanding>(new(MembersSql, new { Ids = ids }, transaction, cancellationToken: ct))).ToDictionary(member => member.MetaId);
    }

    /// <summary>Since then, done, with what they did.</summary>
    public static async Task<ILookup<string, MemberChange>> ChangesAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, string[] ids, DateTimeOffset since, CancellationToken ct)
    {
        const string ChangesSql = """
            WITH members AS (
                SELECT c.meta_id, c.request_id, c.meta_id AS campaign_id, NULL::bigint AS adset_db_id, c.id AS campaign_db_id, a.currency FROM meta_campaigns c JOIN social_accounts a ON a.id = c.social_account_id WHERE c.meta_id = ANY (@Ids)
                UNION ALL
                SELECT s.meta_id, c.request_id, c.meta_id, s.id, c.id, s.currency FROM meta_adsets s JOIN meta_campaigns c ON c.id = s.campaign_db_id WHERE s.meta_id = ANY (@Ids)),
            objects AS (
                SELECT m.meta_id AS member, m.meta_id, m.request_id, m.currency FROM members m
                UNION ALL SELECT m.meta_id, m.campaign_id, m.request_id, m.currency FROM members m WHERE m.adset_db_id IS NOT NULL
                UNION ALL SELECT m.meta_id, s.meta_id, m.request_id, m.currency FROM members m JOIN meta_adsets s ON s.campaign_db_id = m.campaign_db_id WHERE m.adset_db_id IS NULL
                UNION ALL SELECT m.meta_id, d.meta_id, m.request_id, m.currency FROM members m JOIN meta_adsets s ON s.campaign_db_id = m.campaign_db_id AND (m.adset_db_id IS NULL OR s.id = m.adset_db_id) JOIN meta_ads d ON d.adset_db_id = s.id)
            SELECT o.member, e.completed_at AS at, EXISTS (SELECT 1 FROM budget_moves v WHERE v.edit_id = e.edit_id) AS is_by_pool,
                CASE WHEN o.meta_id = o.member THEN COALESCE(e.found ->> 'daily_budget_cents', e.found ->> 'lifetime_budget_cents')::bigint END AS was_cents,
                CASE WHEN o.meta_id = o.member THEN COALESCE(e.fields ->> 'daily_budget_cents', e.fields ->> 'lifetime_budget_cents')::bigint END AS became_cents,
                e.kind IN ('publish', 'resume') OR e.fields ?| ARRAY['targeting', 'bid_amount_cents', 'creative'] AS is_big
            FROM objects o JOIN campaign_edits e ON e.request_id = o.request_id AND e.meta_id = o.meta_id
            WHERE e.state = 'succeeded' AND e.completed_at > @Since
            UNION ALL
            SELECT o.member, x.found_at, false,
                CASE WHEN o.meta_id = o.member AND x.field IN ('daily_budget', 'lifetime_budget') THEN x.was::bigint * CASE WHEN o.currency = ANY (@WithoutMinorUnit) THEN 100 ELSE 1 END END,
                CASE WHEN o.meta_id = o.member AND x.field IN ('daily_budget', 'lifetime_budget') THEN x."is"::bigint * CASE WHEN o.currency = ANY (@WithoutMinorUnit) THEN 100 ELSE 1 END END, x.field = 'bid_amount'
            FROM objects o JOIN outside_changes x ON x.request_id = o.request_id AND x.meta_id = o.meta_id
            WHERE x.found_at > @Since
            """;
        return (await connection.QueryAsync<MemberChange>(new(ChangesSql, new { Ids = ids, Since = since, WithoutMinorUnit = Currency.WithoutMinorUnits }, transaction, cancellationToken: ct))).ToLookup(change => change.Member);
    }
}
