using Dapper;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Proposed;
using MetaAdsJobs.Core.Meta.Ads;
using Npgsql;

namespace MetaAdsJobs.Core.Experiments.Proposing;

/// <summary>
/// Does what was accepted, by edits like any other. First the pauses, and only once all of them are done at Meta the raise that they pay for: money is freed before it is given. A raise that waits, as for room or the end of a freeze,
/// is taken back when what it rests on is no longer so. Whoever dies leaves changes that are planned still, and the next minute goes on.
/// </summary>
internal sealed class CarryOutProposal(NpgsqlDataSource dataSource, ProposedEdits edits, CancelEdit cancel)
{
    private const string Restated = "Meta has changed the numbers that it rested on";

    private static readonly ProposedTable Changes = new("""
        UPDATE experiment_changes SET state = 'asked', edit_id = @EditId WHERE proposal_id = @ProposalId AND meta_id = @MetaId AND state = 'planned' RETURNING 1
        """, "UPDATE experiment_changes SET state = 'refused', refusal = @Why WHERE proposal_id = @ProposalId AND meta_id = @MetaId AND state = 'planned'");

    /// <summary>What was accepted, and not all asked for; and of which a raise is asked for, and waits.</summary>
    public async Task<IReadOnlyList<(Guid Proposal, Guid Experiment)>> UnfinishedAsync(CancellationToken ct)
    {
        const string UnfinishedSql = """
            SELECT p.id, p.experiment_id FROM experiment_changes c JOIN experiment_proposals p ON p.id = c.proposal_id WHERE c.state = 'planned' AND p.state = 'accepted'
            UNION
            SELECT p.id, p.experiment_id FROM campaign_edits e JOIN experiment_changes c ON c.edit_id = e.edit_id JOIN experiment_proposals p ON p.id = c.proposal_id
            WHERE e.state IN ('queued', 'running', 'waiting') AND c.action = 'budget' AND p.state = 'accepted'
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(Guid, Guid)>(new(UnfinishedSql, cancellationToken: ct))).AsList();
    }

    public async Task ExecuteAsync(Guid proposalId, CancellationToken ct)
    {
        foreach (var pause in (await ListAsync(proposalId, ct)).Where(change => change is { IsPause: true, IsPlanned: true }))
            await (pause.IsTakenBack ? edits.RefuseAsync(Changes, proposalId, pause.MetaId, Restated, ct) : edits.AskAsync(Edit(proposalId, pause), ct));
        var changes = await ListAsync(proposalId, ct);
        var pauses = changes.Where(change => change.IsPause).ToList();
        // What pays for it is waited for.
        if (changes.FirstOrDefault(change => change is { IsPause: false, IsOver: false }) is not { } raise || pauses.Exists(pause => !pause.IsOver)) return;
        var why = raise.IsTakenBack ? Restated : WhyNot(pauses);
        if (raise.IsPlanned) await (why is null ? edits.AskAsync(Edit(proposalId, raise), ct) : edits.RefuseAsync(Changes, proposalId, raise.MetaId, why, ct));
        else if (why is not null && !raise.IsCarriedOut) await TakeBackAsync(proposalId, raise, why, ct);
    }

    // What is being carried out at this moment ends by itself, or waits again by the next minute. Of a call whose answer was lost the comparison tells what became of it.
    private async Task TakeBackAsync(Guid proposalId, AcceptedChange raise, string why, CancellationToken ct)
    {
        const string TakenBackSql = "UPDATE experiment_changes SET refusal = @Why WHERE proposal_id = @ProposalId AND meta_id = @MetaId AND state = 'asked'";
        if (await cancel.ExecuteAsync(raise.EditId!.Value, "its experiment", ct) is not true) return;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(TakenBackSql, new { ProposalId = proposalId, raise.MetaId, Why = why }, cancellationToken: ct));
    }

    // Only what was freed is given: what others had when it was decided, and have had until now.
    private static string? WhyNot(List<AcceptedChange> pauses) =>
        pauses.Find(pause => !pause.IsDone) is { } running ? $"what was to be paused for it was not: {running.MetaId}"
        : pauses.Find(pause => pause.Status == "ACTIVE") is { } again ? $"what was paused for it is on again: {again.MetaId}"
        : pauses.Find(pause => pause.NowCents is { } cents && pause.BudgetCents != cents) is { } changed ? $"the budget of {changed.MetaId}, which was to be given to it, has been changed since"
        : null;

    private static ProposedEdit Edit(Guid proposalId, AcceptedChange change) => new(Changes, proposalId, change.Level == ExperimentLevel.Ad ? EditLevel.Ad : EditLevel.Adset, change.MetaId, change.IsPause ? EditKind.Pause : EditKind.Update,
        change.DailyBudgetCents is { } cents ? ProposedEdit.Budget(cents, change.NowCents) : null, change.AcceptedBy, change.AcceptedKey);

    private async Task<List<AcceptedChange>> ListAsync(Guid proposalId, CancellationToken ct)
    {
        const string ListSql = """
            SELECT c.meta_id, x.level, c.action, c.state, c.edit_id, c.daily_budget_cents, c.now_cents, p.accepted_by, p.accepted_key, e.state AS edit_state, EXISTS (SELECT 1 FROM meta_changes m WHERE m.request_id = e.request_id AND m.path = c.meta_id AND m.outcome = 'done' AND m.sent ? 'daily_budget' AND m.sent_at >= e.asked_at) AS is_carried_out, s.daily_budget, s.currency, s.status,
                COALESCE((SELECT CASE WHEN c.action = 'pause' THEN NOT c.variant = ANY (v.losers) ELSE v.winner IS DISTINCT FROM c.variant END FROM experiment_verdicts v WHERE v.experiment_id = x.id AND v.no > p.verdict_no ORDER BY v.no DESC LIMIT 1), false) AS is_taken_back
            FROM experiment_changes c JOIN experiment_proposals p ON p.id = c.proposal_id JOIN experiments x ON x.id = p.experiment_id LEFT JOIN campaign_edits e ON e.edit_id = c.edit_id LEFT JOIN meta_adsets s ON s.meta_id = c.meta_id
            WHERE c.proposal_id = @ProposalId AND p.state = 'accepted' ORDER BY c.meta_id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<AcceptedChange>(new(ListSql, new { ProposalId = proposalId }, cancellationToken: ct))).AsList();
    }

    private sealed record AcceptedChange
    {
        public string MetaId { get; init; } = "";
        public string Level { get; init; } = "";
        public string Action { get; init; } = "";
        public string State { get; init; } = "";
        public Guid? EditId { get; init; }
        public bool IsCarriedOut { get; init; }
        public long? DailyBudgetCents { get; init; }
        public long? NowCents { get; init; }
        public string AcceptedBy { get; init; } = "";
        public string? AcceptedKey { get; init; }
        public string? EditState { get; init; }
        public long? DailyBudget { get; init; }
        public string? Currency { get; init; }

        /// <summary>What Meta has restated since says otherwise.</summary>
        public bool IsTakenBack { get; init; }

        /// <summary>Of the ad set as it is known here.</summary>
        public string? Status { get; init; }

        public bool IsPause => Action == ProposedChange.Pause;
        public bool IsPlanned => State == "planned";
        public bool IsDone => ProposedEdits.IsDone(EditState);
        public bool IsOver => State is "refused" or "left" || ProposedEdits.IsOver(EditState);
        public long? BudgetCents => DailyBudget is { } units && Currency is not null ? Meta.Ads.Currency.ToHundredths(Currency, units) : null;
    }
}
