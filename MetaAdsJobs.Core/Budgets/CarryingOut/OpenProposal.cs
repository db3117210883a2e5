using Dapper;
using MetaAdsJobs.Core.Campaigns.Proposed;
using MetaAdsJobs.Core.Meta.Ads;
using Npgsql;

namespace MetaAdsJobs.Core.Budgets.CarryingOut;

/// <summary>A change that a proposal makes, and how far it is. Amounts are hundredths of the currency.</summary>
internal sealed record OpenMove
{
    public string MetaId { get; init; } = "";
    public long NowCents { get; init; }
    public long ProposedCents { get; init; }
    public double Marginal { get; init; }
    public string? Refused { get; init; }

    /// <summary>Of its edit; null: it was not asked for.</summary>
    public string? EditState { get; init; }
    public Guid? EditId { get; init; }

    /// <summary>It waits for somebody to approve it, or somebody has within a day: that is an answer of now.</summary>
    public bool IsHeld { get; init; }

    /// <summary>It has not succeeded, and Meta has done it all the same, or may have: what an attempt that died has sent is told later.</summary>
    public bool IsPerhapsDone { get; init; }

    public long Raise => ProposedCents - NowCents;
    public bool IsAsked => EditState is not null;
    public bool IsDone => ProposedEdits.IsDone(EditState);
    public bool IsOver => Refused is not null || ProposedEdits.IsOver(EditState);
}

/// <summary>A proposal that is being carried out.</summary>
internal sealed record OpenProposal
{
    public Guid Id { get; init; }
    public Guid PoolId { get; init; }
    public DateOnly Day { get; init; }
    public DateOnly Today { get; init; }
    public string Level { get; init; } = "";
    public string EvidenceHash { get; init; } = "";
    public long TotalNowCents { get; init; }
    public long TotalCents { get; init; }
    public string DecidedBy { get; init; } = "";
    public string? DecidedKey { get; init; }
    public DateTimeOffset? BegunAt { get; init; }
    public IReadOnlyList<OpenMove> Moves { get; init; } = [];

    /// <summary>What the pool was owed when it was made.</summary>
    public long OwedBeforeCents { get; init; }

    /// <summary>What is given more than is taken: of what the pool is owed, as much as there was room for.</summary>
    public long GivenBack => TotalCents - TotalNowCents;
    public IEnumerable<OpenMove> Lowerings => Moves.Where(move => move.Raise < 0);

    /// <summary>Those that bring most first.</summary>
    public IEnumerable<OpenMove> Raises => Moves.Where(move => move.Raise > 0).OrderByDescending(move => move.Marginal).ThenBy(move => move.MetaId, StringComparer.Ordinal);

    public static async Task<IReadOnlyList<Guid>> ListAsync(NpgsqlConnection connection, CancellationToken ct) =>
        (await connection.QueryAsync<Guid>(new("SELECT id FROM budget_proposals WHERE state = 'accepted' ORDER BY id", cancellationToken: ct))).AsList();

    public static async Task<OpenProposal?> FindAsync(NpgsqlConnection connection, Guid id, DateTimeOffset now, CancellationToken ct)
    {
        const string FindSql = """
            SELECT q.id, q.pool_id, q.day, (@Now AT TIME ZONE a.timezone_name)::date AS today, p.level, q.evidence_hash, q.total_now_cents, q.total_cents, q.owed_before_cents, q.decided_by, q.decided_key, q.begun_at
            FROM budget_proposals q JOIN budget_pools p ON p.id = q.pool_id JOIN social_accounts a ON a.id = p.social_account_id WHERE q.id = @Id AND q.state = 'accepted';
            SELECT m.meta_id, m.now_cents, m.proposed_cents, m.marginal, m.refused, e.state AS edit_state, e.edit_id, EXISTS (SELECT 1 FROM approvals p WHERE p.edit_id = e.edit_id AND (p.state = 'asked' OR p.state = 'approved' AND p.decided_at > @Now - interval '1 day')) AS is_held,
                COALESCE(e.state <> 'succeeded' AND (e.lease_until IS NOT NULL OR e.abandoned > 0 OR EXISTS (
                    SELECT 1 FROM meta_changes c WHERE c.request_id = e.request_id AND c.path = m.meta_id AND c.outcome IN ('done', 'outcome_unknown') AND c.sent_at >= e.asked_at
                        AND c.sent ->> 'daily_budget' = (m.proposed_cents / CASE WHEN a.currency = ANY (@WithoutMinorUnit) THEN 100 ELSE 1 END)::text)), false) AS is_perhaps_done
            FROM budget_moves m LEFT JOIN campaign_edits e ON e.edit_id = m.edit_id LEFT JOIN social_accounts a ON a.id = e.social_account_id WHERE m.proposal_id = @Id AND m.proposed_cents <> m.now_cents ORDER BY m.meta_id;
            """;
        await using var read = await connection.QueryMultipleAsync(new(FindSql, new { Id = id, Now = now, WithoutMinorUnit = Currency.WithoutMinorUnits }, cancellationToken: ct));
        return await read.ReadSingleOrDefaultAsync<OpenProposal>() is { } proposal ? proposal with { Moves = (await read.ReadAsync<OpenMove>()).AsList() } : null;
    }
}
