using Dapper;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Claims;
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
    /// Commits what is known and what is intended in one: Meta's ids of created or adopted steps, and the start of others. A crash after
    /// this line leaves steps that may or may not exist at Meta: they are looked for before they are created.
    /// </summary>
    /// <param name="absent">Those of <paramref name="next"/> that an earlier attempt had started, and that were proven absent.</param>
    /// <returns>Why nothing was started, if so; what was done is confirmed all the same.</returns>
    /// <exception cref="FencedException">Another attempt holds the orchestration.</exception>
    public async Task<Held?> AdvanceAsync(
        Attempt attempt, IReadOnlyList<DoneStep> done, IReadOnlyList<string> next, IReadOnlyList<string> absent, CancellationToken ct)
    {
        const string AdvanceSql = $"""
            WITH {ChangeLog.Cte}, {StoppedCte},
            fence AS (
                UPDATE orchestrations SET lease_until = clock_timestamp() + @Lease, abandoned = CASE WHEN @HasDone THEN 0 ELSE abandoned END
                WHERE request_id = @RequestId AND attempt = @Attempt AND status = 'running'
                RETURNING request_id, cancel_requested),
            confirmed AS (
                UPDATE orchestration_steps s SET state = 'confirmed', meta_id = d.meta_id, confirmed_at = @Now, error = NULL
                FROM fence, unnest(@Done::text[], @MetaIds::text[]) AS d(step, meta_id)
                WHERE s.request_id = fence.request_id AND s.step = d.step AND s.state = 'started'
                RETURNING s.step),
            started AS (
                INSERT INTO orchestration_steps (request_id, step, state, attempt, started_at)
                SELECT fence.request_id, n.step, 'started', @Attempt, @Now FROM fence, unnest(@Next::text[]) AS n(step)
                WHERE NOT fence.cancel_requested AND NOT EXISTS (SELECT 1 FROM stopped) AND (SELECT count(*) FROM confirmed) = cardinality(@Done::text[])
                ON CONFLICT (request_id, step) DO UPDATE SET state = 'started', attempt = @Attempt, started_at = @Now, error = NULL
                WHERE orchestration_steps.state = 'pending' OR orchestration_steps.state = 'started' AND orchestration_steps.step = ANY(@Absent::text[])
                RETURNING step)
            SELECT (SELECT cancel_requested FROM fence) AS cancelled, (SELECT why FROM stopped) AS stopped,
                   (SELECT count(*) FROM confirmed) AS confirmed, (SELECT count(*) FROM started) AS started
            """;
        var now = time.GetUtcNow();
        var before = time.GetTimestamp();
        var (changes, changeCount) = attempt.Credential.Changes.ToJson();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var written = await connection.QuerySingleAsync<Written>(new(AdvanceSql,
            new
            {
                attempt.RequestId, Attempt = attempt.Number, HasDone = done.Count > 0, Done = done.Select(one => one.Step).ToArray(), MetaIds = done.Select(one => one.MetaId).ToArray(),
                Next = next.ToArray(), Absent = absent.ToArray(), Now = now, Lease = options.Lease, AccountId = attempt.Account.Id, attempt.AskedBy, Changes = changes,
            },
            cancellationToken: ct));
        attempt.Credential.Changes.Written(changeCount);
        if (written.Cancelled is null) throw new FencedException("a step was refused");
        if (written.Confirmed != done.Count) throw new FencedException($"of {string.Join(", ", done.Select(one => one.Step))} another has confirmed some");

        attempt.Lease.Extended(before);
        foreach (var (step, metaId) in done)
        {
            attempt.Steps[step] = new(step, StepState.Confirmed, metaId, attempt.Steps.GetValueOrDefault(step)?.StartedAt);
            attempt.Begun.Remove(step);
        }

        if (written.Cancelled.Value) return new Held(null);
        if (written.Stopped is not null && next.Count > 0) return new Held(written.Stopped);
        // Any that was not started must not be sent: nobody would know of it.
        if (written.Started != next.Count) throw new InvalidOperationException($"Of {string.Join(", ", next)} not all can be started: the journal has one neither as pending nor as absent");
        foreach (var step in next)
        {
            attempt.Steps[step] = new(step, StepState.Started, null, now, attempt.RefusalsOf(step));
            attempt.Begun[step] = new(step);
        }

        return null;
    }

    private sealed record Written
    {
        public bool? Cancelled { get; init; }
        public string? Stopped { get; init; }
        public long Confirmed { get; init; }
        public long Started { get; init; }
    }
}
