using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Core.Orchestrations;
using Npgsql;

namespace MetaAdsJobs.Core.Batches;

/// <summary>What people order of a batch. The order is written, a cancel with that of each run; what follows from it is done by the jobs.</summary>
public sealed class OrderBatch(NpgsqlDataSource dataSource, IJobQueue queue, TimeProvider time)
{
    /// <summary>No more rows are let in; what is begun goes on.</summary>
    public async Task<Change> PauseAsync(Guid batchId, string orderedBy, CancellationToken ct)
    {
        const string PauseSql = "UPDATE batches SET state = 'paused', paused_by_itself = false, ordered_by = @OrderedBy WHERE batch_id = @BatchId AND state = 'running' AND completed_at IS NULL";
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            if (await OrderedAsync(connection, PauseSql, "paused", new { BatchId = batchId, OrderedBy = orderedBy }, batchId, ct)) return new Change.Done();
        }

        return await WhyAsync(batchId, "Only a batch that is running and has not ended can be paused", ct);
    }

    /// <summary>Rows are let in again, for as long as who resumes it may: whoever has lost that since the call began finds it paused as before.</summary>
    public Task<Change> ResumeAsync(Guid batchId, string orderedBy, CancellationToken ct)
    {
        const string ResumeSql = "UPDATE batches SET state = 'running', ordered_by = @OrderedBy, resumed_by = @OrderedBy, resumed_key = @KeyId, job_id = @JobId WHERE batch_id = @BatchId AND state = 'paused'";
        return WithJobAsync(ResumeSql, "resumed", batchId, orderedBy, "Only a paused batch can be resumed", ct, resumes: true);
    }

    /// <summary>Rows that wait are never begun; runs that have not ended are cancelled, as each can be: they stop before their next step and are undone. What was made stays.</summary>
    public Task<Change> CancelAsync(Guid batchId, string orderedBy, CancellationToken ct)
    {
        // What dies from here on leaves runs that are cancelled and have no job that comes soon: the batch's, or the sweep's, gives each another.
        const string CancelSql = "UPDATE batches SET state = 'cancelled', ordered_by = @OrderedBy, job_id = @JobId WHERE batch_id = @BatchId AND state <> 'cancelled' AND completed_at IS NULL";
        // What another batch was sent again of it nobody has cancelled: there it waits from now on, if there is one in a batch that lets rows in. Files that come in this moment point to what stands then.
        var rowsSql = $"""
            {BatchStore.OneAtATimeSql};
            UPDATE batch_rows SET state = 'cancelled', holds = false WHERE batch_id = @BatchId AND state = 'waiting';
            WITH again AS (
                SELECT r.batch_id, r.row, r.of_row, first_value(r.batch_id) OVER w AS first_batch, first_value(r.row) OVER w AS first_row
                FROM batches b JOIN batch_rows r ON r.batch_id = b.batch_id JOIN batch_rows h ON h.batch_id = r.of_batch AND h.row = r.of_row
                WHERE b.completed_at IS NULL AND b.state <> 'cancelled' AND r.of_batch = @BatchId AND r.state = 'again' AND h.state = 'cancelled'
                WINDOW w AS (PARTITION BY r.of_row ORDER BY b.state = 'running' DESC, r.batch_id, r.row))
            UPDATE batch_rows r SET state = CASE WHEN is_first THEN 'waiting' ELSE 'again' END, holds = is_first, of_batch = CASE WHEN NOT is_first THEN first_batch END, of_row = CASE WHEN NOT is_first THEN first_row END
            FROM (SELECT *, (again.batch_id, again.row) = (first_batch, first_row) AS is_first FROM again) a WHERE r.batch_id = a.batch_id AND r.row = a.row;
            WITH cancelled AS (UPDATE orchestrations o SET cancel_requested = true, ordered_by = @OrderedBy, ordered_key = @OrderedKey, job_id = NULL
            FROM (
                SELECT n.request_id FROM batch_rows r JOIN orchestrations n ON n.request_id = r.request_id
                WHERE r.batch_id = @BatchId AND n.status IN ('queued', 'running', 'waiting') AND n.ending IS NULL AND NOT n.cancel_requested
                ORDER BY n.request_id FOR NO KEY UPDATE OF n) begun
            WHERE o.request_id = begun.request_id
            RETURNING o.request_id, o.social_account_id, o.campaign_name)
            """ + ActLog.InsertFrom("cancelled", account: "social_account_id", name: "campaign_name", id: "request_id::text");
        return WithJobAsync(CancelSql, "cancelled", batchId, orderedBy, "Only a batch that has not ended can be cancelled", ct, also: rowsSql);
    }

    private async Task<Change> WithJobAsync(string sql, string action, Guid batchId, string orderedBy, string reason, CancellationToken ct, string? also = null, bool resumes = false)
    {
        using (var transaction = JobTransaction.Begin())
        {
            var parameters = new { BatchId = batchId, OrderedBy = orderedBy, JobId = queue.EnqueueBatch(batchId), AccountScope.Caller?.KeyId, OrderedKey = AccountScope.Caller?.KeyName };
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            var maker = resumes ? await Maker.HoldAsync(connection, null, ct) : null;
            if (await OrderedAsync(connection, sql, action, parameters, batchId, ct))
            {
                var now = time.GetUtcNow();
                if (maker is not null) await maker.LookAgainAsync(users => BatchesOfUsers.PauseAsync(connection, null, users, now, ct), key => BatchesOfUsers.PauseOfKeyAsync(connection, null, key, now, ct));
                // A statement of its own: rows that were let in while the first waited for that are no longer among these.
                if (also is not null) await connection.ExecuteAsync(new(also, ActLog.With(parameters, new Act("run", "", null, action, null, []), now), cancellationToken: ct));
                transaction.Complete();
                return new Change.Done();
            }
        }

        return await WhyAsync(batchId, reason, ct);
    }

    /// <summary>One statement, with the line in the audit. Of a batch of several accounts only who sees them all is told.</summary>
    private async Task<bool> OrderedAsync(NpgsqlConnection connection, string sql, string action, object parameters, Guid batchId, CancellationToken ct)
    {
        var orderSql = $"""
            WITH ordered AS ({sql} RETURNING name, (SELECT (array_agg(DISTINCT r.social_account_id))[1] FROM batch_rows r WHERE r.batch_id = @BatchId HAVING count(DISTINCT r.social_account_id) = 1) AS account),
            act AS ({ActLog.InsertFrom("ordered", account: "account", name: "name")})
            SELECT count(*) FROM ordered
            """;
        var act = new Act("batch", $"{batchId}", null, action, null, new JsonObject { ["order"] = new JsonObject { ["old"] = null, ["new"] = action } });
        return await connection.ExecuteScalarAsync<long>(new(orderSql, ActLog.With(parameters, act, time.GetUtcNow()), cancellationToken: ct)) == 1;
    }

    private async Task<Change> WhyAsync(Guid batchId, string reason, CancellationToken ct)
    {
        const string StateSql = "SELECT CASE WHEN state <> 'cancelled' AND completed_at IS NOT NULL THEN 'completed' ELSE state END FROM batches WHERE batch_id = @BatchId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var state = await connection.ExecuteScalarAsync<string?>(new(StateSql, new { BatchId = batchId }, cancellationToken: ct));
        return state is null ? new Change.Unknown() : new Change.WrongState(state, $"{reason}; this one is {state}");
    }
}
