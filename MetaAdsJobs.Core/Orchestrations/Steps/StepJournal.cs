using MetaAdsJobs.Core.Claims;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>Why nothing new is begun.</summary>
/// <param name="Stopped">By whom, and why; null when a cancel was asked for.</param>
internal sealed record Held(string? Stopped);

/// <summary>What exists at Meta, committed apart from the entity rows, so that a rollback never forgets it.</summary>
internal sealed class StepJournal(FencedWrites writes, TimeProvider time)
{
    // As long as the stop switch is on, nothing new is begun: what is under way at that moment may still come, and is paused.
    private const string StoppedCte = """
        stopped AS (
            SELECT concat('stopped by ', s.stopped_by, ': ' || s.reason) AS why FROM stops s
            WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = @AccountId) LIMIT 1)
        """;

    // What an edit makes spends nothing: whether it may begin was decided when it was claimed.
    private const string NeverStoppedCte = "stopped AS (SELECT NULL::text AS why WHERE false)";

    private static readonly FencedSqlOfBoth AdvanceSql = new(table => FencedSql.Holds(
        // A tree of many steps has its retries for each of them.
        $"""
        abandoned = CASE WHEN cardinality(@Done::text[]) > 0 THEN 0 ELSE abandoned END,
                    failures = CASE WHEN cardinality(@Done::text[]) > 0 AND {table.HasManySteps} THEN 0 ELSE failures END
        """,
        // A confirm that arrives when the undo has begun comes too late: what it tells of is looked for.
        only: "ending IS NULL",
        before: table == ClaimTable.Edits ? NeverStoppedCte : StoppedCte,
        also: $"""
            confirmed AS (
                UPDATE {table.Steps} s SET state = 'confirmed', meta_id = d.meta_id, confirmed_at = @Now, error = NULL
                FROM fence, unnest(@Done::text[], @MetaIds::text[]) AS d(step, meta_id)
                WHERE s.{table.Key} = fence.{table.Key} AND s.step = d.step AND s.state = 'started'
                RETURNING s.step),
            started AS (
                INSERT INTO {table.Steps} ({table.Key}, step, state, attempt, started_at)
                SELECT fence.{table.Key}, n.step, 'started', @Attempt, @Now FROM fence, unnest(@Next::text[]) AS n(step)
                WHERE NOT fence.cancel_requested AND NOT EXISTS (SELECT 1 FROM stopped) AND (SELECT count(*) FROM confirmed) = cardinality(@Done::text[])
                ON CONFLICT ({table.Key}, step) DO UPDATE SET state = 'started', attempt = @Attempt, started_at = @Now, error = NULL
                WHERE {table.Steps}.state = 'pending' OR {table.Steps}.state = 'started' AND {table.Steps}.step = ANY(@Absent::text[])
                RETURNING step)
            """,
        tell: "cancel_requested AS is_cancelled, (SELECT why FROM stopped) AS stopped, (SELECT count(*) FROM confirmed) AS confirmed, (SELECT count(*) FROM started) AS started", of: table));

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
        var written = await writes.WriteAsync<Written>(attempt, AdvanceSql.Of(attempt),
            new { Done = done.Select(one => one.Step).ToArray(), MetaIds = done.Select(one => one.MetaId).ToArray(), Next = next.ToArray(), Absent = absent.ToArray() }, ct);
        if (written.Confirmed != done.Count) throw new FencedException($"of {string.Join(", ", done.Select(one => one.Step))} another has confirmed some");
        var now = time.GetUtcNow();
        foreach (var (step, metaId) in done)
        {
            attempt.Steps[step] = new(step, StepState.Confirmed, metaId, attempt.Steps.GetValueOrDefault(step)?.StartedAt);
            attempt.Begun.Remove(step);
        }

        if (done.Count > 0 && attempt.Request.AdSets is not null) attempt.Failures = 0;
        if (written.IsCancelled) return new Held(null);
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
        public bool IsCancelled { get; init; }
        public string? Stopped { get; init; }
        public long Confirmed { get; init; }
        public long Started { get; init; }
    }
}
