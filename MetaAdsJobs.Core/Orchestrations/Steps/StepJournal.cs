using Dapper;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Jobs;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>Why nothing new is begun.</summary>
/// <param name="Stopped">By whom, and why; null when a cancel was asked for.</param>
internal sealed record Held(string? Stopped);

/// <summary>
/// What exists at Meta, committed apart from the entity rows, so that a rollback never forgets it. Every write first touches
/// the orchestration's row under the attempt's number: that is the fence, and it extends the lease for nothing extra.
/// </summary>
internal sealed class StepJournal(NpgsqlDataSource dataSource, OrchestrationOptions options, TimeProvider time)
{
    // As long as the stop switch is on, nothing new is begun: what is under way at that moment may still come, and is paused.
    private const string StoppedCte = """
        stopped AS (
            SELECT concat('stopped by ', s.stopped_by, ': ' || s.reason) AS why FROM stops s
            WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = @AccountId) LIMIT 1)
        """;

    /// <summary>
    /// Commits the intent to create. A crash after this line leaves a step that may or may not exist at Meta: it is looked
    /// for before it is created. Also used to start again a step that was looked for and proven absent.
    /// </summary>
    /// <returns>Why nothing was started, if so.</returns>
    /// <exception cref="FencedException">Another attempt holds the orchestration.</exception>
    public Task<Held?> StartAsync(Attempt attempt, string step, CancellationToken ct)
    {
        const string StartSql = $"""
            WITH {ChangeLog.Cte}, {StoppedCte},
            fence AS (
                UPDATE orchestrations SET lease_until = clock_timestamp() + @Lease
                WHERE request_id = @RequestId AND attempt = @Attempt AND status = 'running'
                RETURNING request_id, cancel_requested),
            started AS (
                INSERT INTO orchestration_steps (request_id, step, state, attempt, started_at)
                SELECT request_id, @Next, 'started', @Attempt, @Now FROM fence
                WHERE NOT cancel_requested AND NOT EXISTS (SELECT 1 FROM stopped)
                ON CONFLICT (request_id, step) DO UPDATE SET state = 'started', attempt = @Attempt, started_at = @Now, error = NULL
                WHERE orchestration_steps.state IN ('pending', 'started')
                RETURNING step)
            SELECT (SELECT cancel_requested FROM fence) AS cancelled, (SELECT why FROM stopped) AS stopped, EXISTS (SELECT 1 FROM started) AS started
            """;
        return WriteAsync(attempt, StartSql, step: null, metaId: null, next: step, ct);
    }

    /// <summary>
    /// Commits Meta's id of a created or adopted step and, in the same commit, the intent to create the next one.
    /// </summary>
    /// <returns>Why the next step was not started, if so; the step is confirmed all the same.</returns>
    /// <exception cref="FencedException">Another attempt holds the orchestration.</exception>
    public Task<Held?> ConfirmAsync(Attempt attempt, string step, string? metaId, string? next, CancellationToken ct)
    {
        const string ConfirmSql = $"""
            WITH {ChangeLog.Cte}, {StoppedCte},
            fence AS (
                UPDATE orchestrations SET lease_until = clock_timestamp() + @Lease, abandoned = 0
                WHERE request_id = @RequestId AND attempt = @Attempt AND status = 'running'
                RETURNING request_id, cancel_requested),
            confirmed AS (
                UPDATE orchestration_steps s SET state = 'confirmed', meta_id = @MetaId, confirmed_at = @Now, error = NULL
                FROM fence WHERE s.request_id = fence.request_id AND s.step = @Step AND s.state = 'started'
                RETURNING s.step),
            started AS (
                INSERT INTO orchestration_steps (request_id, step, state, attempt, started_at)
                SELECT fence.request_id, @Next, 'started', @Attempt, @Now FROM fence, confirmed
                WHERE @Next IS NOT NULL AND NOT fence.cancel_requested AND NOT EXISTS (SELECT 1 FROM stopped)
                ON CONFLICT (request_id, step) DO UPDATE SET state = 'started', attempt = @Attempt, started_at = @Now, error = NULL
                WHERE orchestration_steps.state = 'pending'
                RETURNING step)
            SELECT (SELECT cancel_requested FROM fence) AS cancelled, (SELECT why FROM stopped) AS stopped, EXISTS (SELECT 1 FROM started) AS started,
                   EXISTS (SELECT 1 FROM confirmed) AS confirmed
            """;
        return WriteAsync(attempt, ConfirmSql, step, metaId, next, ct);
    }

    private async Task<Held?> WriteAsync(Attempt attempt, string sql, string? step, string? metaId, string? next, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var before = time.GetTimestamp();
        var (changes, changeCount) = attempt.Credential.Changes.ToJson();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var written = await connection.QuerySingleAsync<Written>(new(sql,
            new
            {
                attempt.RequestId, Attempt = attempt.Number, Step = step, MetaId = metaId, Next = next, Now = now, Lease = options.Lease,
                AccountId = attempt.Account.Id, attempt.AskedBy, Changes = changes,
            },
            cancellationToken: ct));
        attempt.Credential.Changes.Written(changeCount);
        if (written.Cancelled is null) throw new FencedException("a step was refused");
        if (step is not null && written.Confirmed != true) throw new FencedException($"step {step} was confirmed by another");

        attempt.Lease.Extended(before);
        if (step is not null) attempt.Steps[step] = new(step, StepState.Confirmed, metaId, attempt.Steps.GetValueOrDefault(step)?.StartedAt);
        (attempt.StartedByThisAttempt, attempt.IsSent) = (null, false);
        if (written.Started)
        {
            attempt.Steps[next!] = new(next!, StepState.Started, null, now, attempt.RefusalsOf(next!));
            attempt.StartedByThisAttempt = next;
        }
        else if (next is not null && !written.Cancelled.Value && written.Stopped is null && (step is null || attempt.StateOf(next) != StepState.Started))
        {
            // One that an earlier attempt had started is looked for. Any other must not be sent: nobody would know of it.
            throw new InvalidOperationException($"The {next} cannot be started: the journal has it neither as pending nor as started");
        }

        return written.Cancelled.Value ? new Held(null) : written is { Stopped: { } stopped, Started: false } && next is not null ? new Held(stopped) : null;
    }

    private sealed record Written
    {
        public bool? Cancelled { get; init; }
        public string? Stopped { get; init; }
        public bool Started { get; init; }
        public bool? Confirmed { get; init; }
    }
}
