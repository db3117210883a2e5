using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Undo;

/// <summary>The journal's other direction: the end that was decided on, and what becomes of each step on the way there.</summary>
internal sealed class UndoJournal(NpgsqlDataSource dataSource, FencedWrites writes, OrchestrationOptions options)
{
    // Whoever was told that a cancel is accepted counts on it, whatever else the run has come to since.
    private const string EndingSql = "CASE WHEN cancel_requested THEN 'cancelled' ELSE @Ending END";

    private static readonly FencedSqlOfBoth BeginSql = new(table => FencedSql.Holds(
        $"""
        {(table == ClaimTable.Edits ? "ending = @Ending, error = @Reason" : $"ending = {EndingSql}, errors = CASE WHEN cancel_requested THEN errors ELSE errors || @Errors::jsonb END")}, failures = 0, abandoned = 0,
                    quiet_since = CASE WHEN @Sent THEN clock_timestamp() ELSE quiet_since END
        """,
        only: "ending IS NULL", also: BegunStep.NotDoneOf(table), tell: $"COALESCE(quiet_since, '-infinity') AS quiet_since, {StepRecord.AllOf(table)} AS steps, {EndingSql} AS ending", locksFirst: true, of: table));

    private static readonly FencedSql StopSql = FencedSql.Ends(
        "status = 'failed', ending = 'failed', completed_at = @Now, errors = errors || @Errors::jsonb", only: "ending IS NULL AND NOT cancel_requested");

    private static readonly FencedSqlOfBoth StepSql = new(table => FencedSql.Holds(
        // Of a tree hundreds are deleted: each has its tries.
        $"abandoned = 0, failures = CASE WHEN {table.HasManySteps} THEN 0 ELSE failures END", only: "ending IS NOT NULL",
        also: $"""
            step AS (
                UPDATE {table.Steps} s SET state = @State, meta_id = CASE WHEN @State <> 'pending' THEN COALESCE(@MetaId, s.meta_id) END, error = COALESCE(@Error, s.error),
                    deleted_at = CASE WHEN @State = 'deleted' THEN @Now END
                FROM fence WHERE s.{table.Key} = fence.{table.Key} AND s.step = @Step RETURNING 1)
            """,
        tell: "EXISTS (SELECT 1 FROM step)", of: table));

    private static readonly FencedSql FinishSql = FencedSql.Ends(
        "status = ending, completed_at = @Now, errors = errors || @Errors::jsonb", only: "ending IS NOT NULL",
        also: """
            -- What still is at Meta stays visible: to caps and stops when it may be active, to stops when it was paused. No start gives back what of it a stop has paused.
            ended AS (
                UPDATE activations v SET changed_at = @Now, paused_ids = '{}',
                    state = CASE WHEN s.state = 'left' OR s.state = 'confirmed' AND NOT @IsPaused THEN 'active' WHEN s.state = 'confirmed' THEN 'idle' ELSE 'ended' END,
                    busy_until = CASE WHEN s.state = 'left' OR s.state = 'confirmed' AND NOT @IsPaused THEN v.busy_until END
                FROM fence, orchestration_steps s
                WHERE v.request_id = fence.request_id AND s.request_id = v.request_id AND s.step = 'campaign')
            """,
        tell: "COALESCE(errors ->> 0, '')");

    /// <summary>
    /// Decides how the orchestration ends: as cancelled, if that was asked for before this commit. From it on it is undone, whatever crashes: the next attempt goes on undoing.
    /// A step proven not done need not be looked for; whatever else this attempt has sent counts as that of an earlier one.
    /// </summary>
    public async Task BeginAsync(Attempt attempt, string ending, IReadOnlyList<string> errors, CancellationToken ct)
    {
        var notDone = BegunStep.Columns(attempt.NotDone);
        var (quietSince, steps, decided) = await writes.WriteAsync<(DateTimeOffset, string?, string)>(attempt, BeginSql.Of(attempt), new
        {
            Ending = ending, Errors = JsonSerializer.Serialize(errors), Reason = errors.FirstOrDefault(),
            NotDone = notDone.Steps, NotDoneErrors = notDone.Errors, NotDoneRefusals = notDone.Refusals, Sent = attempt.MayHaveSent,
        }, ct);
        if (attempt.MayHaveSent) attempt.SettledAt = quietSince + options.SettleDelay;
        // A commit whose answer was lost may have confirmed a step, and started the next.
        attempt.Steps = StepRecord.ReadAll(steps);
        foreach (var step in notDone.Steps.Where(step => attempt.StateOf(step) == StepState.Started)) attempt.Steps[step] = attempt.Steps[step] with { State = StepState.Pending };
        attempt.Begun.Clear();
        (attempt.Ending, attempt.Abandoned, attempt.Failures) = (decided, 0, 0);
    }

    /// <summary>Ends the orchestration as failed with everything as it is: a person has to choose first.</summary>
    /// <returns>False when a cancel was asked for, or another attempt holds it: nothing has ended.</returns>
    public Task<bool> TryStopAsync(Attempt attempt, string error, CancellationToken ct) =>
        writes.TryWriteAsync(attempt, StopSql, new { Errors = JsonSerializer.Serialize((string[])[error]) }, ct);

    /// <summary>Until when a call that activates may still have an effect; null when none can.</summary>
    public async Task<DateTimeOffset?> FindBusyUntilAsync(Attempt attempt, CancellationToken ct)
    {
        const string BusySql = "SELECT busy_until FROM activations WHERE request_id = @RequestId AND state <> 'ended' AND busy_until > clock_timestamp()";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<DateTimeOffset?>(new(BusySql, new { attempt.RequestId }, cancellationToken: ct));
    }

    public Task DeletedAsync(Attempt attempt, string step, string metaId, CancellationToken ct) =>
        WriteStepAsync(attempt, step, StepState.Deleted, metaId, error: null, ct);

    /// <summary>Found, and kept.</summary>
    public Task FoundAsync(Attempt attempt, string step, string metaId, CancellationToken ct) =>
        WriteStepAsync(attempt, step, StepState.Confirmed, metaId, error: null, ct);

    public Task AbsentAsync(Attempt attempt, string step, CancellationToken ct) =>
        WriteStepAsync(attempt, step, StepState.Pending, metaId: null, error: null, ct);

    /// <summary>What Meta has answered with was there before, or is another's as well: nothing of it is the step's.</summary>
    public Task NotOwnAsync(Attempt attempt, string step, string why, CancellationToken ct) =>
        WriteStepAsync(attempt, step, StepState.Pending, metaId: null, why, ct);

    public Task LeftAsync(Attempt attempt, string step, string? metaId, string error, CancellationToken ct) =>
        WriteStepAsync(attempt, step, StepState.Left, metaId, error, ct);

    /// <summary>Ends the orchestration as decided in <see cref="BeginAsync"/>.</summary>
    /// <returns>The first of its errors: why it ends so; empty when cancelled.</returns>
    public Task<string> FinishAsync(Attempt attempt, IReadOnlyList<string> errors, CancellationToken ct) =>
        writes.WriteAsync<string>(attempt, FinishSql, new { Errors = JsonSerializer.Serialize(errors), attempt.IsPaused }, ct);

    private async Task WriteStepAsync(Attempt attempt, string step, string state, string? metaId, string? error, CancellationToken ct)
    {
        if (!await writes.WriteAsync<bool>(attempt, StepSql.Of(attempt), new { Step = step, State = state, MetaId = metaId, Error = error }, ct))
            throw new InvalidOperationException($"The journal knows no step {step} to undo");
        if (attempt.Request.AdSets is not null) attempt.Failures = 0;
        attempt.Steps[step] = attempt.Steps[step] with { State = state, MetaId = state == StepState.Pending ? null : metaId ?? attempt.FindMetaId(step) };
    }
}
