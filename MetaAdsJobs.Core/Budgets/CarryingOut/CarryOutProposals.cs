using Dapper;
using MetaAdsJobs.Core.Budgets.Deciding;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Budgets.Proposing;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Proposed;
using MetaAdsJobs.Core.Jobs;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Budgets.CarryingOut;

/// <summary>
/// Carries accepted proposals out: by edits, as anybody's, under the same caps, permits, approvals and freezes. First what is taken, then, once that is done at Meta, what is given, and never more of it: so a pool never spends
/// more than it had. Whoever dies leaves a proposal that the next run brings further.
/// </summary>
internal sealed class CarryOutProposals(NpgsqlDataSource dataSource, PictureReader reader, BudgetPoolStore pools, ProposedEdits edits, CancelEdit cancel, TimeProvider time, ILogger<CarryOutProposals> logger)
{
    // Once it has ended, whoever is late with a change of it is too late.
    internal static readonly ProposedTable Moves = new("""
        UPDATE budget_moves m SET edit_id = @EditId FROM budget_proposals q
        WHERE m.proposal_id = @ProposalId AND m.meta_id = @MetaId AND m.edit_id IS NULL AND m.refused IS NULL AND q.id = m.proposal_id AND q.state = 'accepted' RETURNING 1
        """, "UPDATE budget_moves SET refused = @Why WHERE proposal_id = @ProposalId AND meta_id = @MetaId AND edit_id IS NULL AND refused IS NULL");

    // From the decision to begin to the first edit it is a moment.
    internal static readonly TimeSpan Beginning = TimeSpan.FromMinutes(10);

    public async Task<JobOutcome> ExecuteAsync(CancellationToken ct)
    {
        IReadOnlyList<Guid> open;
        await using (var connection = await dataSource.OpenConnectionAsync(ct)) open = await OpenProposal.ListAsync(connection, ct);
        var failures = new List<Exception>();
        foreach (var id in open)
        {
            try
            {
                await AdvanceAsync(id, ct);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // It keeps no other from going on.
                BudgetLog.NotCarriedOn(logger, exception, id);
                failures.Add(exception);
            }
        }

        return failures.Count == 0 ? new JobOutcome.Completed() : throw new AggregateException(failures);
    }

    internal async Task AdvanceAsync(Guid id, CancellationToken ct)
    {
        if (await FindAsync(id, ct) is not { } proposal) return;
        // Whoever has just begun goes on with it; what nobody has gone on with for a while is looked at as if it had not begun.
        if (!proposal.Moves.Any(move => move.IsAsked) && !(proposal.BegunAt > time.GetUtcNow() - Beginning) && !await MayBeginAsync(proposal, ct)) return;
        foreach (var lowering in proposal.Lowerings.Where(move => !move.IsAsked && !move.IsOver)) await AskAsync(proposal, lowering, ct);
        if (await FindAsync(id, ct) is not { } lowered) return;
        if (lowered.Lowerings.Any(move => !move.IsOver))
        {
            await GiveUpAsync(lowered, ct);
            return;
        }

        var left = lowered.GivenBack - lowered.Lowerings.Where(move => move.IsDone).Sum(move => move.Raise);
        foreach (var raise in lowered.Raises)
        {
            if (!raise.IsAsked && raise.IsOver) continue;
            if (!raise.IsAsked && raise.Raise > left)
            {
                await edits.RefuseAsync(Moves, lowered.Id, raise.MetaId, "what was to be taken for it from others was not taken", ct);
                continue;
            }

            if (!raise.IsAsked) await AskAsync(lowered, raise, ct);
            // What was asked for has its money, whatever becomes of it.
            left -= raise.Raise;
        }

        await GiveUpAsync(lowered, ct);
        if (await FindAsync(id, ct) is { } asked && asked.Moves.All(move => move.IsOver)) await FinishAsync(asked, ct);
    }

    /// <summary>What it rests on must still be so: the numbers, the pool, and that nobody has changed anything since.</summary>
    private async Task<bool> MayBeginAsync(OpenProposal proposal, CancellationToken ct)
    {
        if (proposal.Day != proposal.Today)
        {
            await DropAsync(proposal, "lapsed", "its day was over before it could begin", ct);
            return false;
        }

        if (await pools.FindAsync(proposal.PoolId, ct) is not { } pool) return false;
        SeenPool seen;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        await using (var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct))
        {
            seen = (await reader.ReadAsync(connection, transaction, [pool], time.GetUtcNow(), daysBack: 0, ct))[0][^1];
        }

        var picture = seen.Picture with { IsUnderWay = false };
        var gates = Rails.OfPool(picture);
        // These pass; the rest of the day is waited for.
        if (gates.Any(gate => gate is Reason.Frozen or Reason.Stopped or Reason.Syncing)) return false;
        var changed = picture.Members.Where(member => proposal.Moves.Any(move => move.MetaId == member.MetaId && (member.Budget is not { } units || seen.Cents(units) != move.NowCents || member.IsBeingChanged || member.IsGone || !member.IsOn
            || member.IsInExperiment || time.GetUtcNow() - member.ChangedByHandAt < TimeSpan.FromHours(48)))).Select(member => member.MetaId).ToList();
        var why = gates.Count > 0 ? $"its numbers do not bear it any more: {string.Join(", ", gates)}"
            : ProposalStore.HashOf(picture) != proposal.EvidenceHash ? "the numbers that it rests on were restated since"
            : proposal.GivenBack > 0 && seen.Cents(picture.Owed) < proposal.OwedBeforeCents ? "what it was to give back was given by hand since"
            : changed.Count > 0 ? $"changed since: {string.Join(", ", changed)}" : null;
        if (why is null) return await BeginAsync(proposal, ct);
        await DropAsync(proposal, "void", why, ct);
        return false;
    }

    private async Task<bool> BeginAsync(OpenProposal proposal, CancellationToken ct)
    {
        // Whoever takes the pool away, or changes its members, does so before or after: they hold its row.
        const string BeginSql = """
            WITH pool AS (SELECT id FROM budget_pools WHERE id = @PoolId FOR SHARE)
            UPDATE budget_proposals q SET begun_at = @Now FROM pool WHERE q.id = @Id AND q.pool_id = pool.id AND q.state = 'accepted' AND (q.begun_at IS NULL OR q.begun_at < @Now - @Beginning)
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new(BeginSql, new { proposal.Id, proposal.PoolId, Now = time.GetUtcNow(), Beginning }, cancellationToken: ct)) == 1;
    }

    /// <summary>Ends what has not begun. Another process may have begun meanwhile: then what looked like somebody's change is its own.</summary>
    private async Task DropAsync(OpenProposal proposal, string state, string why, CancellationToken ct)
    {
        const string DropSql = """
            UPDATE budget_proposals q SET state = @State, state_why = @Why, completed_at = @Now
            WHERE q.id = @Id AND q.state = 'accepted' AND (q.begun_at IS NULL OR q.begun_at < @Now - @Beginning)
              AND NOT EXISTS (SELECT 1 FROM budget_moves m WHERE m.proposal_id = q.id AND m.edit_id IS NOT NULL)
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        if (await connection.ExecuteAsync(new(DropSql, new { proposal.Id, State = state, Why = why, Now = time.GetUtcNow(), Beginning }, cancellationToken: ct)) == 1) BudgetLog.Ended(logger, proposal.Id, proposal.PoolId, state, why);
    }

    private Task AskAsync(OpenProposal proposal, OpenMove move, CancellationToken ct) => edits.AskAsync(new(Moves, proposal.Id, proposal.Level == BudgetPool.Campaigns ? EditLevel.Campaign : EditLevel.Adset, move.MetaId,
        EditKind.Update, ProposedEdit.Budget(move.ProposedCents, move.NowCents), proposal.DecidedBy, proposal.DecidedKey), ct);

    // What has waited until its day was over, such as for room under a cap, would be done by old numbers some day, and holds up whoever else would change its campaign. What it was to give is owed.
    private async Task GiveUpAsync(OpenProposal proposal, CancellationToken ct)
    {
        if (proposal.Day >= proposal.Today) return;
        foreach (var move in proposal.Moves.Where(move => move is { EditId: not null, IsOver: false, IsHeld: false })) await cancel.ExecuteAsync(move.EditId!.Value, "its pool, whose day is over", ct);
    }

    private async Task FinishAsync(OpenProposal proposal, CancellationToken ct)
    {
        // However it ends: what there was no room for tonight is given back some other night. What Meta may have given although nobody was told is not given once more.
        var owed = Math.Max(0, proposal.OwedBeforeCents - proposal.Moves.Where(move => move.IsDone || (move.Raise > 0 && move.IsPerhapsDone)).Sum(move => move.Raise));
        var failed = proposal.Moves.Count(move => !move.IsDone);
        if (failed == 0) await EndAsync(proposal, "done", null, owed, ct);
        else await EndAsync(proposal, "partly", $"{failed} of {proposal.Moves.Count} changes were not made", owed, ct);
    }

    private async Task EndAsync(OpenProposal proposal, string state, string? why, long owed, CancellationToken ct)
    {
        // Somebody may have had a failed change of it opened again in this moment, and holds it then: looked at once nobody does.
        const string EndSql = """
            SELECT 1 FROM budget_proposals WHERE id = @Id FOR NO KEY UPDATE;
            UPDATE budget_proposals SET state = @State, state_why = @Why, owed_cents = @Owed, completed_at = @Now WHERE id = @Id AND state = 'accepted'
              AND NOT EXISTS (SELECT 1 FROM budget_moves m JOIN campaign_edits e ON e.edit_id = m.edit_id WHERE m.proposal_id = @Id AND e.state IN ('queued', 'running', 'waiting'))
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        if (await connection.ExecuteAsync(new(EndSql, new { proposal.Id, State = state, Why = why, Owed = owed, Now = time.GetUtcNow() }, cancellationToken: ct)) == 1) BudgetLog.Ended(logger, proposal.Id, proposal.PoolId, state, why);
    }

    private async Task<OpenProposal?> FindAsync(Guid id, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await OpenProposal.FindAsync(connection, id, time.GetUtcNow(), ct);
    }
}
