using Dapper;
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

/// <summary>What became of a person's hand on the stop switch.</summary>
public abstract record Switched
{
    private Switched() { }

    public sealed record Done(SpendingState State) : Switched;

    public sealed record Unknown : Switched;

    public sealed record Refused(string Reason) : Switched;
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
        const string StopSql = """
            SELECT 1 FROM social_accounts WHERE @AccountId::uuid IS NULL OR id = @AccountId ORDER BY id FOR NO KEY UPDATE;
            INSERT INTO stops (id, social_account_id, stopped_at, stopped_by, reason, job_id) VALUES (@StopId, @AccountId, @Now, @StoppedBy, @Reason, @JobId)
            ON CONFLICT DO NOTHING RETURNING 1;
            """;
        if (await NothingWrittenException.IfFailsAsync(ReadAsync(accountId, ct)) is null) return new Switched.Unknown();
        if (await FindInForceAsync(accountId, ct) is not null) return new Switched.Done((await ReadAsync(accountId, ct))!);
        var stopId = Guid.CreateVersion7(time.GetUtcNow());
        using (var transaction = JobTransaction.Begin())
        {
            var jobId = queue.EnqueuePause(stopId);
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            await using var answers = await connection.QueryMultipleAsync(new(StopSql,
                new { AccountId = accountId, StopId = stopId, Now = time.GetUtcNow(), StoppedBy = stoppedBy, Reason = reason, JobId = jobId }, cancellationToken: ct));
            await answers.ReadAsync<int>();
            if ((await answers.ReadAsync<int>()).Any()) transaction.Complete();
        }

        return new Switched.Done((await ReadAsync(accountId, ct))!);
    }

    /// <param name="reactivate">Whether what the stop paused is activated again; what it held goes on in any case.</param>
    public async Task<Switched> StartAsync(Guid? accountId, string liftedBy, bool reactivate, CancellationToken ct)
    {
        const string LiftSql = """
            UPDATE stops SET lifted_at = @Now, lifted_by = @LiftedBy, reactivate = @Reactivate, job_id = @JobId WHERE id = @StopId AND lifted_at IS NULL
            RETURNING stopped_by
            """;
        if (await NothingWrittenException.IfFailsAsync(ReadAsync(accountId, ct)) is not { } state) return new Switched.Unknown();
        if (await FindInForceAsync(accountId, ct) is { } stopId)
        {
            using var transaction = JobTransaction.Begin();
            var jobId = queue.EnqueueResume(stopId);
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            var now = time.GetUtcNow();
            if (await connection.QuerySingleOrDefaultAsync<string?>(new(LiftSql,
                new { StopId = stopId, Now = now, LiftedBy = liftedBy, Reactivate = reactivate, JobId = jobId }, cancellationToken: ct)) is { } stoppedBy)
            {
                // At once: a stop and a start that follow within the second must not find it.
                await StopStore.LiftAsync(connection, accountId, stoppedBy, reactivate, now, now, ct);
                transaction.Complete();
            }
        }
        else if (state.Stopped && accountId is not null && await FindInForceAsync(null, ct) is not null)
        {
            return new Switched.Refused("All accounts are stopped, not this one alone: POST /meta/start lifts that.");
        }

        return new Switched.Done((await ReadAsync(accountId, ct))!);
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

    private async Task<Guid?> FindInForceAsync(Guid? accountId, CancellationToken ct)
    {
        const string InForceSql = "SELECT id FROM stops WHERE lifted_at IS NULL AND social_account_id IS NOT DISTINCT FROM @AccountId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<Guid?>(new(InForceSql, new { AccountId = accountId }, cancellationToken: ct));
    }
}
