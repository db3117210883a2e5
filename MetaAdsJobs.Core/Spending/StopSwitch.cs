using Dapper;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using Npgsql;

namespace MetaAdsJobs.Core.Spending;

/// <summary>Whether an account, or the whole service, is stopped, and what of its own is active.</summary>
public sealed record SpendingState
{
    public required bool Stopped { get; init; }
    public DateTimeOffset? StoppedAt { get; init; }
    public string? StoppedBy { get; init; }
    public string? Reason { get; init; }

    /// <summary>Campaigns that are active or may be: after a stop, those not yet paused.</summary>
    public required long Active { get; init; }

    /// <summary>Campaigns that a stop has paused, or that were found paused by hand.</summary>
    public required long Paused { get; init; }
}

/// <summary>One stop, in force or lifted, as the jobs that carry it out see it.</summary>
internal sealed record Stop
{
    public Guid Id { get; init; }
    public Guid? SocialAccountId { get; init; }
    public string StoppedBy { get; init; } = "";
    public string? LiftedBy { get; init; }
    public DateTimeOffset StoppedAt { get; init; }
    public DateTimeOffset? LiftedAt { get; init; }
    public bool Reactivate { get; init; }

    public bool IsLifted => LiftedAt is not null;
}

/// <summary>What became of a person's hand on the stop switch.</summary>
public abstract record Switched
{
    private Switched() { }

    public sealed record Done(SpendingState State) : Switched;

    public sealed record Unknown : Switched;

    public sealed record Refused(string Reason, bool IsRetired = false) : Switched;
}

/// <summary>
/// The stop switch of one account, or of all: from its commit on nothing more is activated or created, and a job that goes before
/// all others pauses what is active.
/// </summary>
public sealed class StopSwitch(NpgsqlDataSource dataSource, IJobQueue queue, TimeProvider time)
{
    /// <param name="accountId">Null: every account.</param>
    public async Task<Switched> StopAsync(Guid? accountId, string stoppedBy, string? reason, CancellationToken ct)
    {
        // The account's row first, as every permit does: no permit is given between this commit and the one before it.
        var stopSql = $"""
            SELECT 1 FROM social_accounts WHERE @AccountId::uuid IS NULL OR id = @AccountId ORDER BY id FOR NO KEY UPDATE;
            WITH made AS (
                INSERT INTO stops (id, social_account_id, stopped_at, stopped_by, reason, job_id) VALUES (@StopId, @AccountId, @Now, @StoppedBy, @Reason, @JobId)
                ON CONFLICT DO NOTHING RETURNING 1),
            act AS ({ActLog.InsertFrom("made")})
            SELECT 1 FROM made;
            """;
        if (await NothingWrittenException.IfFailsAsync(ReadAsync(accountId, ct)) is null) return new Switched.Unknown();
        if (await IsRetiredAsync(accountId, ct)) return Retired;
        if (await FindInForceAsync(accountId, ct) is not null) return new Switched.Done((await ReadAsync(accountId, ct))!);
        var stopId = Guid.CreateVersion7(time.GetUtcNow());
        using (var transaction = JobTransaction.Begin())
        {
            var jobId = queue.EnqueuePause(stopId);
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            var now = time.GetUtcNow();
            await using var answers = await connection.QueryMultipleAsync(new(stopSql, ActLog.With(
                new { AccountId = accountId, StopId = stopId, Now = now, StoppedBy = stoppedBy, Reason = reason, JobId = jobId }, ActOf(accountId, "stopped", before: null, new { Stopped = true, Reason = reason }), now), cancellationToken: ct));
            await answers.ReadAsync<int>();
            if ((await answers.ReadAsync<int>()).Any()) transaction.Complete();
        }

        return new Switched.Done((await ReadAsync(accountId, ct))!);
    }

    /// <param name="reactivate">Whether what the stop paused is activated again; what it held goes on in any case.</param>
    public async Task<Switched> StartAsync(Guid? accountId, string liftedBy, bool reactivate, CancellationToken ct)
    {
        var liftSql = $"""
            WITH lifted AS (
                UPDATE stops SET lifted_at = @Now, lifted_by = @LiftedBy, reactivate = @Reactivate, job_id = @JobId WHERE id = @StopId AND lifted_at IS NULL
                RETURNING stopped_by),
            act AS ({ActLog.InsertFrom("lifted")})
            SELECT stopped_by FROM lifted
            """;
        if (await NothingWrittenException.IfFailsAsync(ReadAsync(accountId, ct)) is not { } state) return new Switched.Unknown();
        if (await IsRetiredAsync(accountId, ct)) return Retired;
        if (await FindInForceAsync(accountId, ct) is { } stopId)
        {
            using var transaction = JobTransaction.Begin();
            var jobId = queue.EnqueueResume(stopId);
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            var now = time.GetUtcNow();
            var act = ActOf(accountId, "started", new { Stopped = true, Reactivate = (bool?)null }, new { Stopped = false, Reactivate = (bool?)reactivate });
            if (await connection.QuerySingleOrDefaultAsync<string?>(new(liftSql,
                ActLog.With(new { StopId = stopId, Now = now, LiftedBy = liftedBy, Reactivate = reactivate, JobId = jobId }, act, now), cancellationToken: ct)) is { } stoppedBy)
            {
                // At once: a stop and a start that follow within the second must not find it.
                await LiftAsync(connection, accountId, stoppedBy, reactivate, now, now, ct);
                transaction.Complete();
            }
        }
        else if (state.Stopped && accountId is not null && await FindInForceAsync(null, ct) is not null)
        {
            return new Switched.Refused("All accounts are stopped, not this one alone: POST /meta/start lifts that.");
        }

        return new Switched.Done((await ReadAsync(accountId, ct))!);
    }

    /// <summary>
    /// What a lifted stop leaves behind; part of the commit that lifts it. Without <paramref name="reactivate"/> what it has paused stays so,
    /// and no later start finds it; what an earlier start is activating again is paused until it is over with that. What it had noted and nobody has told of may have been paused by a process that
    /// died: nobody else would.
    /// </summary>
    internal static Task LiftAsync(NpgsqlConnection connection, Guid? accountId, string stoppedBy, bool reactivate, DateTimeOffset liftedAt, DateTimeOffset now, CancellationToken ct)
    {
        // What a later start is to activate is not this one's to leave, when its job comes late.
        const string LeavesSql = "(NOT @Reactivate AND NOT EXISTS (SELECT 1 FROM stops s WHERE s.lifted_at > @LiftedAt AND s.reactivate AND (s.social_account_id IS NULL OR s.social_account_id = v.social_account_id)))";
        const string TellSql = $$"""
            WITH left_behind AS (
                SELECT v.request_id, v.social_account_id, v.untold_ids,
                    v.state IN ('active', 'idle') AND {{LeavesSql}} OR v.state = 'activating' AND o.status <> 'succeeded' AS is_over,
                    v.state = 'activating' AND o.status = 'succeeded' AND {{LeavesSql}} AS is_left
                FROM activations v JOIN orchestrations o ON o.request_id = v.request_id
                WHERE (v.untold_ids <> '{}' OR v.state IN ('active', 'activating', 'idle') AND v.paused_ids <> '{}')
                  AND (@AccountId::uuid IS NULL OR v.social_account_id = @AccountId)
                  AND NOT EXISTS (SELECT 1 FROM stops s WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = v.social_account_id))
                ORDER BY v.request_id FOR UPDATE OF v),
            told AS (
                INSERT INTO meta_changes (social_account_id, request_id, asked_by, method, path, sent, sent_at, outcome, answer)
                SELECT social_account_id, request_id, @StoppedBy, 'POST', meta_id, jsonb_build_object('status', 'PAUSED'), @Now, 'outcome_unknown', 'a stop whose process died may have paused it'
                FROM left_behind, unnest(untold_ids) AS meta_id)
            UPDATE activations v SET untold_ids = '{}', paused_ids = CASE WHEN l.is_over OR l.is_left THEN '{}' ELSE v.paused_ids END, is_left = v.is_left OR l.is_left
            FROM left_behind l WHERE v.request_id = l.request_id
            """;
        const string LeaveSql = $$"""
            UPDATE activations l SET state = 'idle', paused_ids = '{}'
            FROM (SELECT v.request_id FROM activations v JOIN orchestrations o ON o.request_id = v.request_id
                  WHERE o.status = 'succeeded' AND v.state = 'paused' AND (@AccountId::uuid IS NULL OR v.social_account_id = @AccountId) AND {{LeavesSql}}
                    AND NOT EXISTS (SELECT 1 FROM stops s WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = v.social_account_id))
                  ORDER BY v.request_id FOR UPDATE OF v) paused
            WHERE l.request_id = paused.request_id
            """;
        return connection.ExecuteAsync(new(reactivate ? TellSql : $"{TellSql};\n{LeaveSql}",
            new { AccountId = accountId, StoppedBy = stoppedBy, Reactivate = reactivate, LiftedAt = liftedAt, Now = now }, cancellationToken: ct));
    }

    /// <returns>Null for an unknown account.</returns>
    public async Task<SpendingState?> ReadAsync(Guid? accountId, CancellationToken ct)
    {
        const string StateSql = """
            SELECT s.id IS NOT NULL AS stopped, s.stopped_at, s.stopped_by, s.reason,
                   (SELECT count(*) FROM activations v WHERE v.state IN ('activating', 'active') AND (@AccountId::uuid IS NULL OR v.social_account_id = @AccountId)) AS active,
                   (SELECT count(*) FROM activations v WHERE v.state IN ('paused', 'idle') AND (@AccountId::uuid IS NULL OR v.social_account_id = @AccountId)) AS paused
            FROM (SELECT 1) AS one
            LEFT JOIN LATERAL (
                SELECT * FROM stops WHERE lifted_at IS NULL AND (social_account_id IS NULL OR social_account_id = @AccountId)
                ORDER BY social_account_id NULLS LAST LIMIT 1) s ON true
            WHERE @AccountId::uuid IS NULL OR EXISTS (SELECT 1 FROM social_accounts WHERE id = @AccountId)
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<SpendingState>(new(StateSql, new { AccountId = accountId }, cancellationToken: ct));
    }

    private static Switched.Refused Retired { get; } = new("The account is retired: nothing of it is reached from here any more.", IsRetired: true);

    private async Task<bool> IsRetiredAsync(Guid? accountId, CancellationToken ct)
    {
        if (accountId is null) return false;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new("SELECT retired_at IS NOT NULL FROM social_accounts WHERE id = @AccountId", new { AccountId = accountId }, cancellationToken: ct));
    }

    // Of all accounts it is one of the service.
    private static Act ActOf(Guid? accountId, string action, object? before, object after) =>
        accountId is { } one ? new("account", $"{one}", null, action, one, ActLog.Differences(before, after)) : new("all accounts", "all", null, action, null, ActLog.Differences(before, after));

    private async Task<Guid?> FindInForceAsync(Guid? accountId, CancellationToken ct)
    {
        const string InForceSql = "SELECT id FROM stops WHERE lifted_at IS NULL AND social_account_id IS NOT DISTINCT FROM @AccountId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<Guid?>(new(InForceSql, new { AccountId = accountId }, cancellationToken: ct));
    }
}
