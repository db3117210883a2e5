using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Core.Orchestrations.Requests;
using Npgsql;

namespace MetaAdsJobs.Core.Batches;

/// <summary>
/// Lets rows in: so many of an account at a time, of all its batches together, the oldest first. A row that is let in becomes an orchestration like any other, by the same use case, and is
/// marked in the same commit. It is called when a batch is accepted, when one of its runs has ended, and now and then in between: whatever dies, the next call goes on.
/// </summary>
internal sealed class FeedBatches(NpgsqlDataSource dataSource, AcceptOrchestration accept, IJobQueue queue, BatchOptions options, TimeProvider time)
{
    // Only for what is not heard of at the end of a run: because somebody died, or since the run, or an earlier row, is of another batch.
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BetweenLaterLooks = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AtFirst = TimeSpan.FromMinutes(10);

    /// <summary>What can be done for a batch now.</summary>
    public async Task<JobOutcome> ExecuteAsync(Guid batchId, CancellationToken ct)
    {
        const string FindSql = """
            SELECT state, created_at, ARRAY(SELECT DISTINCT social_account_id FROM batch_rows r WHERE r.batch_id = b.batch_id AND r.state = 'waiting') AS accounts,
                EXISTS (SELECT 1 FROM batch_rows r JOIN batches p ON p.batch_id = r.of_batch JOIN batch_rows h ON h.batch_id = r.of_batch AND h.row = r.of_row
                        WHERE r.batch_id = b.batch_id AND r.state = 'again' AND p.state = 'paused' AND p.paused_by_itself AND h.state = 'waiting') AS is_behind
            FROM batches b WHERE batch_id = @BatchId AND completed_at IS NULL
            """;
        Found? found;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            found = await connection.QuerySingleOrDefaultAsync<Found>(new(FindSql, new { BatchId = batchId }, cancellationToken: ct));
        }

        // Of a paused one nothing is let in: resuming puts a new job on the queue.
        if (found is null or { State: "paused" }) return new JobOutcome.Completed();
        if (found.State == "cancelled") await RingAsync(batchId, ct);
        else if (found.IsBehind) await TakePlacesAsync(batchId, ct);
        await FeedEachAsync(found.Accounts, ct);
        if (await CompleteAsync(batchId, ct)) return new JobOutcome.Completed();
        var now = time.GetUtcNow();
        return new JobOutcome.Snoozed(now + (now - found.CreatedAt < AtFirst ? BetweenLooks : BetweenLaterLooks), found.Accounts.Length > 0 ? "rows wait for runs to end" : "the last runs, or the same rows of other batches, have not ended");
    }

    /// <summary>After the run of a row: the next of its account is let in. A run that has not ended, or is of no batch, changes nothing.</summary>
    public async Task AfterAsync(Guid requestId, CancellationToken ct)
    {
        const string FindSql = """
            SELECT r.batch_id, r.social_account_id FROM batch_rows r JOIN orchestrations o USING (request_id)
            WHERE r.request_id = @RequestId AND o.status IN ('succeeded', 'failed', 'cancelled', 'waiting')
            """;
        (Guid BatchId, Guid AccountId) row;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            row = await connection.QuerySingleOrDefaultAsync<(Guid, Guid)>(new(FindSql, new { RequestId = requestId }, cancellationToken: ct));
        }

        if (row == default || (await FeedAsync(row.AccountId, ct)).Any(let => let.BatchId == row.BatchId)) return;
        await CompleteAsync(row.BatchId, ct);
    }

    // An account whose rows cannot be judged keeps no other from its turn; what it throws is thrown at the end.
    private async Task FeedEachAsync(Guid[] accounts, CancellationToken ct)
    {
        Exception? first = null;
        foreach (var account in accounts)
        {
            try
            {
                await FeedAsync(account, ct);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                first ??= exception;
            }
        }

        if (first is not null) ExceptionDispatchInfo.Throw(first);
    }

    /// <returns>The rows that were let in.</returns>
    private async Task<IReadOnlyList<NextRow>> FeedAsync(Guid accountId, CancellationToken ct)
    {
        // One at a time for an account: who comes second counts what the first has let in.
        const string AloneSql = "SELECT pg_advisory_xact_lock(hashtextextended(@AccountId::text, 7301552412))";
        // Locked: a pause or a cancel of the batch waits until these rows are let in, or comes before.
        const string NextSql = """
            SELECT r.batch_id, r.row, r.sent::text, r.campaign_name, b.requested_by, (SELECT k.name FROM api_keys k WHERE k.id = b.requested_key) AS requested_key FROM batch_rows r JOIN batches b USING (batch_id)
            WHERE r.social_account_id = @AccountId AND r.state = 'waiting' AND b.state = 'running' ORDER BY r.batch_id, r.row
            LIMIT GREATEST(0, (
                SELECT LEAST(@RunsAtOnce - count(*) FILTER (WHERE o.status IN ('queued', 'running')), @MostUnended - count(*))
                FROM batches u JOIN batch_rows n ON n.batch_id = u.batch_id JOIN orchestrations o ON o.request_id = n.request_id
                WHERE u.completed_at IS NULL AND n.social_account_id = @AccountId AND n.state = 'begun' AND o.status IN ('queued', 'running', 'waiting')))
            FOR SHARE OF b
            """;
        const string BegunSql = "UPDATE batch_rows SET state = 'begun', request_id = @RequestId WHERE batch_id = @BatchId AND row = @Row AND state = 'waiting'";
        const string RefusedSql = "UPDATE batch_rows SET state = 'refused', refusal = @Refusal::jsonb, holds = false WHERE batch_id = @BatchId AND row = @Row AND state = 'waiting'";
        using var transaction = JobTransaction.Begin();
        List<NextRow> rows;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            await connection.ExecuteAsync(new(AloneSql, new { AccountId = accountId }, cancellationToken: ct));
            rows = (await connection.QueryAsync<NextRow>(new(NextSql, new { AccountId = accountId, options.RunsAtOnce, options.MostUnended }, cancellationToken: ct))).AsList();
        }

        if (rows.Count == 0) return rows;
        foreach (var row in rows)
        {
            // Judged once more: its account, its caps and the time are others than when the file came. Asked for by the key that sent the file.
            using var sender = AccountScope.Enter(new(row.RequestedBy, "", Sees: null, Spends: null) { KeyName = row.RequestedKey }, accounts: null);
            var accepted = await accept.ExecuteAsync(CheckRows.BodyOf(JsonNode.Parse(row.Sent)!.AsObject(), row.CampaignName), row.RequestedBy, idempotencyKey: null, queue.EnqueueRow, ct);
            var (sql, requestId, refusal) = accepted is Acceptance.Accepted let ? (BegunSql, let.RequestId, null) : (RefusedSql, (Guid?)null, RefusalOf(accepted));
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            if (await connection.ExecuteAsync(new(sql, new { row.BatchId, row.Row, RequestId = requestId, Refusal = refusal }, cancellationToken: ct)) != 1)
                throw new InvalidOperationException($"Row {row.Row} of batch {row.BatchId} was let in by somebody else");
        }

        transaction.Complete();
        return rows;
    }

    // What this batch was sent again waits in one that was paused by itself, perhaps for ever. It waits here from now on, and there, and wherever else it was sent, it is the same as here.
    private async Task TakePlacesAsync(Guid batchId, CancellationToken ct)
    {
        // The batches first, as who cancels one has it first: meanwhile nobody resumes, pauses or cancels any of them.
        const string TakeSql = $"""
            SELECT 1 FROM batches WHERE batch_id = @BatchId OR batch_id IN (SELECT of_batch FROM batch_rows WHERE batch_id = @BatchId AND state = 'again') ORDER BY batch_id FOR SHARE;
            {BatchStore.OneAtATimeSql};
            UPDATE batch_rows h SET state = 'again', holds = false, of_batch = r.batch_id, of_row = r.row
            FROM batch_rows r JOIN batches b ON b.batch_id = r.batch_id JOIN batches p ON p.batch_id = r.of_batch
            WHERE r.batch_id = @BatchId AND r.state = 'again' AND b.state = 'running' AND p.state = 'paused' AND p.paused_by_itself AND h.batch_id = r.of_batch AND h.row = r.of_row AND h.state = 'waiting';
            UPDATE batch_rows r SET state = 'waiting', holds = true, of_batch = NULL, of_row = NULL
            FROM batch_rows h WHERE r.batch_id = @BatchId AND r.state = 'again' AND h.batch_id = r.of_batch AND h.row = r.of_row AND h.of_batch = r.batch_id AND h.of_row = r.row;
            UPDATE batch_rows r SET of_batch = h.of_batch, of_row = h.of_row
            FROM batches b, batch_rows h
            WHERE b.completed_at IS NULL AND r.batch_id = b.batch_id AND r.state = 'again' AND h.batch_id = r.of_batch AND h.row = r.of_row AND h.state = 'again' AND h.of_batch = @BatchId
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.ExecuteAsync(new(TakeSql, new { BatchId = batchId }, transaction, cancellationToken: ct));
        await transaction.CommitAsync(ct);
    }

    // The job that a run had when its batch was cancelled may be snoozing for long: each gets another, once.
    private async Task RingAsync(Guid batchId, CancellationToken ct)
    {
        const string RunsSql = """
            SELECT request_id FROM batch_rows r JOIN orchestrations o USING (request_id)
            WHERE r.batch_id = @BatchId AND o.status IN ('queued', 'running', 'waiting') AND o.cancel_requested AND o.job_id IS NULL
            """;
        const string RungSql = "UPDATE orchestrations SET job_id = @JobId WHERE request_id = @RequestId AND status IN ('queued', 'running', 'waiting') AND job_id IS NULL";
        List<Guid> runs;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            runs = (await connection.QueryAsync<Guid>(new(RunsSql, new { BatchId = batchId }, cancellationToken: ct))).AsList();
        }

        foreach (var run in runs)
        {
            using var transaction = JobTransaction.Begin();
            var jobId = queue.EnqueueOrchestration(run);
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            if (await connection.ExecuteAsync(new(RungSql, new { RequestId = run, JobId = jobId }, cancellationToken: ct)) == 1) transaction.Complete();
        }
    }

    /// <returns>True when every row has ended.</returns>
    private async Task<bool> CompleteAsync(Guid batchId, CancellationToken ct)
    {
        const string CompleteSql = $"""
            UPDATE batches b SET completed_at = COALESCE(completed_at, @Now)
            WHERE batch_id = @BatchId AND NOT EXISTS (SELECT 1 FROM {BatchStore.RowsSql} WHERE r.batch_id = @BatchId AND {BatchStore.StateSql} IN ('waiting', 'running'))
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new(CompleteSql, new { BatchId = batchId, Now = time.GetUtcNow() }, cancellationToken: ct)) == 1;
    }

    private static string RefusalOf(Acceptance refused) => JsonSerializer.Serialize(refused switch
    {
        Acceptance.Invalid invalid => invalid.Errors.ToDictionary(),
        Acceptance.UnknownAccount unknown => new Dictionary<string, string[]> { ["social_account_id"] = [$"there is no social account {unknown.Id}"] },
        Acceptance.UnknownClip unknown => new Dictionary<string, string[]> { ["clip_id"] = [$"there is no clip {unknown.Id}"] },
        _ => throw new InvalidOperationException("unreachable: there is no key to be reused"),
    });

    private sealed record Found
    {
        public string State { get; init; } = "";
        public DateTimeOffset CreatedAt { get; init; }
        public Guid[] Accounts { get; init; } = [];
        public bool IsBehind { get; init; }
    }

    private sealed record NextRow
    {
        public Guid BatchId { get; init; }
        public int Row { get; init; }
        public string Sent { get; init; } = "";
        public string? CampaignName { get; init; }
        public string RequestedBy { get; init; } = "";
        public string? RequestedKey { get; init; }
    }
}
