using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Undo;

/// <summary>The journal's other direction. Every write is fenced like those of <see cref="StepJournal"/>.</summary>
internal sealed class UndoJournal(NpgsqlDataSource dataSource, OrchestrationOptions options, TimeProvider time)
{
    /// <summary>
    /// Decides how the orchestration ends. From this commit on it is undone, whatever crashes: the next attempt goes on undoing.
    /// A step proven not done need not be looked for; whatever else this attempt has sent counts as that of an earlier one.
    /// </summary>
    public async Task BeginAsync(Attempt attempt, string ending, IReadOnlyList<string> errors, CancellationToken ct)
    {
        const string BeginSql = $"""
            WITH {ChangeLog.Cte},
            fence AS (
                UPDATE orchestrations SET ending = @Ending, errors = errors || @Errors::jsonb, failures = 0, abandoned = 0,
                    quiet_since = CASE WHEN @Sent THEN clock_timestamp() ELSE quiet_since END, lease_until = clock_timestamp() + @Lease
                WHERE request_id = @RequestId AND attempt = @Attempt AND status = 'running' AND ending IS NULL
                RETURNING request_id, COALESCE(quiet_since, '-infinity') AS quiet_since),
            {BegunStep.NotDoneCte}
            SELECT quiet_since, {StepRecord.AllSql} AS steps FROM fence
            """;
        var (changes, changeCount) = attempt.Credential.Changes.ToJson();
        var notDone = BegunStep.Columns(attempt.NotDone);
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var (quietSince, steps) = await connection.QuerySingleOrDefaultAsync<(DateTimeOffset?, string?)>(new(BeginSql, new
        {
            attempt.RequestId, Attempt = attempt.Number, Ending = ending, Errors = JsonSerializer.Serialize(errors), Reason = errors.FirstOrDefault(),
            NotDone = notDone.Steps, NotDoneErrors = notDone.Errors, NotDoneRefusals = notDone.Refusals, Sent = attempt.MayHaveSent, Lease = options.Lease,
            AccountId = attempt.Account.Id, attempt.AskedBy, Changes = changes,
        }, cancellationToken: ct));
        attempt.Credential.Changes.Written(changeCount);
        if (quietSince is null) throw new FencedException("the end was begun by another");
        if (attempt.MayHaveSent) attempt.SettledAt = quietSince.Value + options.SettleDelay;
        // A commit whose answer was lost may have confirmed a step, and started the next.
        attempt.Steps = StepRecord.ReadAll(steps);
        foreach (var step in notDone.Steps.Where(step => attempt.StateOf(step) == StepState.Started)) attempt.Steps[step] = attempt.Steps[step] with { State = StepState.Pending };
        attempt.Begun.Clear();
        (attempt.Ending, attempt.Abandoned, attempt.Failures) = (ending, 0, 0);
    }

    /// <summary>Ends the orchestration as failed with everything as it is: a person has to choose first.</summary>
    public async Task StopAsync(Attempt attempt, string error, CancellationToken ct)
    {
        const string StopSql = $"""
            WITH {ChangeLog.Cte},
            stopped AS (
                UPDATE orchestrations SET status = 'failed', ending = 'failed', lease_until = NULL, completed_at = @Now, errors = errors || @Errors::jsonb
                WHERE request_id = @RequestId AND attempt = @Attempt AND status = 'running' AND ending IS NULL
                RETURNING 1)
            SELECT count(*) FROM stopped
            """;
        var (changes, changeCount) = attempt.Credential.Changes.ToJson();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var stopped = await connection.ExecuteScalarAsync<long>(new(StopSql, new
        {
            attempt.RequestId, Attempt = attempt.Number, Now = time.GetUtcNow(), Errors = JsonSerializer.Serialize((string[])[error]),
            AccountId = attempt.Account.Id, attempt.AskedBy, Changes = changes,
        }, cancellationToken: ct));
        attempt.Credential.Changes.Written(changeCount);
        if (stopped != 1) throw new FencedException("the end was begun by another");
    }

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

    public Task LeftAsync(Attempt attempt, string step, string? metaId, string error, CancellationToken ct) =>
        WriteStepAsync(attempt, step, StepState.Left, metaId, error, ct);

    /// <summary>Ends the orchestration as decided in <see cref="BeginAsync"/>.</summary>
    /// <returns>The first of its errors: why it ends so; empty when cancelled.</returns>
    public async Task<string> FinishAsync(Attempt attempt, IReadOnlyList<string> errors, CancellationToken ct)
    {
        const string FinishSql = $"""
            WITH {ChangeLog.Cte},
            finished AS (
                UPDATE orchestrations SET status = ending, lease_until = NULL, completed_at = @Now, errors = errors || @Errors::jsonb
                WHERE request_id = @RequestId AND attempt = @Attempt AND status = 'running' AND ending IS NOT NULL
                RETURNING request_id, errors),
            -- What still is at Meta stays visible: to caps and stops when it may be active, to stops when it was paused.
            ended AS (
                UPDATE activations v SET changed_at = @Now,
                    state = CASE WHEN s.state = 'left' OR s.state = 'confirmed' AND NOT @IsPaused THEN 'active' WHEN s.state = 'confirmed' THEN 'idle' ELSE 'ended' END,
                    busy_until = CASE WHEN s.state = 'left' OR s.state = 'confirmed' AND NOT @IsPaused THEN v.busy_until END
                FROM finished, orchestration_steps s
                WHERE v.request_id = finished.request_id AND s.request_id = v.request_id AND s.step = 'campaign')
            SELECT COALESCE(errors ->> 0, '') FROM finished
            """;
        var (changes, changeCount) = attempt.Credential.Changes.ToJson();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var reason = await connection.QuerySingleOrDefaultAsync<string?>(new(FinishSql, new
        {
            attempt.RequestId, Attempt = attempt.Number, Now = time.GetUtcNow(), Errors = JsonSerializer.Serialize(errors), attempt.IsPaused,
            AccountId = attempt.Account.Id, attempt.AskedBy, Changes = changes,
        }, cancellationToken: ct));
        attempt.Credential.Changes.Written(changeCount);
        return reason ?? throw new FencedException("ended by another");
    }

    private async Task WriteStepAsync(Attempt attempt, string step, string state, string? metaId, string? error, CancellationToken ct)
    {
        const string StepSql = $"""
            WITH {ChangeLog.Cte},
            fence AS (
                UPDATE orchestrations SET lease_until = clock_timestamp() + @Lease, abandoned = 0
                WHERE request_id = @RequestId AND attempt = @Attempt AND status = 'running' AND ending IS NOT NULL
                RETURNING request_id)
            UPDATE orchestration_steps s SET state = @State, meta_id = COALESCE(@MetaId, s.meta_id), error = COALESCE(@Error, s.error),
                deleted_at = CASE WHEN @State = 'deleted' THEN @Now END
            FROM fence WHERE s.request_id = fence.request_id AND s.step = @Step
            """;
        var before = time.GetTimestamp();
        var (changes, changeCount) = attempt.Credential.Changes.ToJson();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var written = await connection.ExecuteAsync(new(StepSql, new
        {
            attempt.RequestId, Attempt = attempt.Number, Step = step, State = state, MetaId = metaId, Error = error, Now = time.GetUtcNow(),
            Lease = options.Lease, AccountId = attempt.Account.Id, attempt.AskedBy, Changes = changes,
        }, cancellationToken: ct));
        attempt.Credential.Changes.Written(changeCount);
        if (written != 1) throw new FencedException("an undo was refused");
        attempt.Lease.Extended(before);
        attempt.Steps[step] = attempt.Steps[step] with { State = state, MetaId = metaId ?? attempt.FindMetaId(step) };
    }
}
