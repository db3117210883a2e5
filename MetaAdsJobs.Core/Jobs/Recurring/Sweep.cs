using Dapper;
using MetaAdsJobs.Core.Accounts.Retiring;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Core.People;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs.Recurring;

/// <summary>
/// Finds stops, orchestrations and syncs that have not ended but whose job is gone: deleted in the dashboard, lost with a restored
/// database, or out of retries while the database was away. Each gets a new job, which goes on where the last one stopped. Of what became void
/// meanwhile nobody goes on: what it may have done is told. What nobody has approved in time ends, and what has changed is asked for anew. What was made by keys whose time is over ends with them.
/// </summary>
internal sealed partial class Sweep(NpgsqlDataSource dataSource, IJobQueue queue, VoidEdits voidEdits, ApprovalStore approvals, EndOfRetired retired, ApiKeyStore keys, TimeProvider time, ILogger<Sweep> logger)
{
    // Of a paused one nobody lets rows in: resuming brings its job.
    private const string BatchesSql = """
        SELECT b.batch_id, b.job_id FROM batches b
        WHERE b.completed_at IS NULL AND b.state <> 'paused' AND b.created_at < @Before
          AND NOT EXISTS (SELECT 1 FROM hangfire.job j WHERE j.id = b.job_id::bigint AND j.statename IN ('Enqueued', 'Scheduled', 'Processing', 'Awaiting'))
        ORDER BY b.batch_id LIMIT 500
        """;

    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    // What has a time gets its job before it: a sweep comes every minute, and a job that is too early waits.
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(3);

    /// <summary>Everything; stops first.</summary>
    public Task RescueAsync(CancellationToken ct) => EachAsync(() => RescueBrakesAsync(ct), () => RescueRunsAsync(ct));

    /// <summary>All parts, one after the other; what one of them throws is thrown at the end.</summary>
    public static async Task EachAsync(params Func<Task>[] parts)
    {
        var failures = new List<Exception>();
        foreach (var part in parts)
        {
            try
            {
                await part();
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                failures.Add(exception);
            }
        }

        if (failures.Count > 0) throw new AggregateException(failures);
    }

    /// <summary>The stop switch must not hang on one job: as long as there is something to pause, or to activate again, there is one.</summary>
    public Task RescueBrakesAsync(CancellationToken ct)
    {
        const string StopsSql = """
            SELECT s.id, s.job_id FROM stops s
            WHERE s.lifted_at IS NULL AND s.stopped_at < @Before
              AND (s.job_id IS NOT NULL OR EXISTS (
                  SELECT 1 FROM activations v WHERE v.state IN ('activating', 'active') AND (s.social_account_id IS NULL OR s.social_account_id = v.social_account_id)))
              AND NOT EXISTS (SELECT 1 FROM hangfire.job j
                              WHERE j.id = s.job_id::bigint AND j.statename IN ('Enqueued', 'Scheduled', 'Processing', 'Awaiting'))
            """;
        // From the few that are behind to the stop that was lifted last for them, not from all that were ever lifted to all that is active.
        const string StartsSql = """
            WITH behind AS (
                -- Paused by somebody who had not heard of the lifting, and died: the last stop to be lifted tells of it and activates it again.
                SELECT v.social_account_id FROM activations v WHERE v.untold_ids <> '{}'
                UNION
                -- Or activated again by one who died when nothing else was left to do for the lifting: as long as nobody goes on with it, its edits wait.
                SELECT v.social_account_id FROM activations v JOIN orchestrations o USING (request_id)
                WHERE v.state = 'activating' AND v.paused_ids <> '{}' AND (v.busy_until IS NULL OR v.busy_until < clock_timestamp()) AND o.status = 'succeeded'
                UNION
                -- Or to be left paused when an earlier start was at it.
                SELECT v.social_account_id FROM activations v WHERE v.is_left AND v.state = 'activating'),
            last AS (
                SELECT (SELECT s.id FROM stops s WHERE s.social_account_id IS NULL OR s.social_account_id = b.social_account_id
                        ORDER BY s.lifted_at DESC NULLS FIRST, s.id DESC LIMIT 1) AS id
                FROM behind b)
            SELECT s.id, s.job_id FROM stops s
            WHERE s.lifted_at < @Before AND (s.job_id IS NOT NULL OR s.id IN (SELECT id FROM last))
              AND NOT EXISTS (SELECT 1 FROM hangfire.job j
                              WHERE j.id = s.job_id::bigint AND j.statename IN ('Enqueued', 'Scheduled', 'Processing', 'Awaiting'))
            """;
        const string AdoptSql = "UPDATE stops SET job_id = @JobId WHERE id = @Id AND job_id IS NOT DISTINCT FROM @OldJobId";
        return EachAsync(() => RescueAsync(ClaimTable.Edits, id => queue.EnqueueEdit(id, goesFirst: true), ct, "AND r.kind = 'pause'"), () => RescueAsync(StopsSql, AdoptSql, queue.EnqueuePause, ct), () => RescueAsync(StartsSql, AdoptSql, queue.EnqueueResume, ct));
    }

    private Task RescueRunsAsync(CancellationToken ct) =>
        EachAsync(() => keys.EndExpiredAsync(ct), () => RescueAsync(ClaimTable.Edits, id => queue.EnqueueEdit(id, goesFirst: false), ct, "AND r.kind <> 'pause'", "OR r.due_at BETWEEN @Before AND @Soon AND NOT EXISTS (SELECT 1 FROM approvals p WHERE p.edit_id = r.edit_id AND p.state = 'asked')"), () => RescueAsync(BatchesSql, "UPDATE batches SET job_id = @JobId WHERE batch_id = @Id AND job_id IS NOT DISTINCT FROM @OldJobId", queue.EnqueueBatch, ct), () => RescueAsync(ClaimTable.Orchestrations, queue.EnqueueOrchestration, ct, $"AND NOT {Queues.IsRow("r")}"), () => RescueAsync(ClaimTable.Orchestrations, queue.EnqueueRow, ct, $"AND {Queues.IsRow("r")}"), () => RescueAsync(ClaimTable.Syncs, queue.EnqueueSync, ct), () => voidEdits.TellAsync(ct), () => approvals.SettleAsync(null, ct), () => retired.ExecuteAsync(ct));

    private Task RescueAsync(ClaimTable table, Func<Guid, string> enqueue, CancellationToken ct, string only = "", string orSoon = "")
    {
        var findSql = $"""
            SELECT r.{table.Key}, r.job_id FROM {table.Name} r
            WHERE r.{table.Unfinished} AND r.{table.Since} < @Before {only}
              AND (r.lease_until IS NULL OR r.lease_until < @Before) AND (r.next_attempt_at IS NULL OR r.next_attempt_at < @Before {orSoon})
              AND NOT EXISTS (SELECT 1 FROM hangfire.job j
                              WHERE j.id = r.job_id::bigint AND j.statename IN ('Enqueued', 'Scheduled', 'Processing', 'Awaiting'))
            ORDER BY r.{table.Since}, r.social_account_id, r.job_id::bigint LIMIT 500
            """;
        return RescueAsync(findSql, $"UPDATE {table.Name} SET job_id = @JobId WHERE {table.Key} = @Id AND job_id IS NOT DISTINCT FROM @OldJobId", enqueue, ct);
    }

    private async Task RescueAsync(string findSql, string adoptSql, Func<Guid, string> enqueue, CancellationToken ct)
    {
        List<(Guid Id, string? JobId)> orphans;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            orphans = (await connection.QueryAsync<(Guid, string?)>(new(findSql, new { Before = time.GetUtcNow() - Grace, Soon = time.GetUtcNow() + Ahead }, cancellationToken: ct))).AsList();
        }

        foreach (var (id, oldJobId) in orphans)
        {
            using var transaction = JobTransaction.Begin();
            var jobId = enqueue(id);
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            if (await connection.ExecuteAsync(new(adoptSql, new { Id = id, JobId = jobId, OldJobId = oldJobId }, cancellationToken: ct)) != 1) continue;
            transaction.Complete();
            // The first numbers of new campaigns are asked for without one.
            if (oldJobId is not null) LogRescued(logger, id, oldJobId, jobId);
        }
    }

    [LoggerMessage(4000, LogLevel.Warning, "Job {OldJobId} of {Id} is gone: job {JobId} goes on with it")]
    private static partial void LogRescued(ILogger logger, Guid id, string? oldJobId, string jobId);
}
