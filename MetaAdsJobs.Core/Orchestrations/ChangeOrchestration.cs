using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations;

/// <summary>What became of a person's order to a running or failed orchestration.</summary>
public abstract record Change
{
    private Change() { }

    public sealed record Done : Change;

    public sealed record Unknown : Change;

    /// <summary>Not from the state it is in.</summary>
    public sealed record WrongState(string Status, string Reason) : Change;
}

/// <summary>Cancel: stops before the next step and undoes what was created.</summary>
public sealed class CancelOrchestration(NpgsqlDataSource dataSource, IJobQueue queue, TimeProvider time)
{
    /// <param name="orderedBy">Who cancels; named in the audit, also of what is undone.</param>
    public async Task<Change> ExecuteAsync(Guid requestId, string orderedBy, CancellationToken ct)
    {
        var cancelSql = $"""
            WITH found AS (
                SELECT request_id, NOT cancel_requested AS is_new FROM orchestrations
                WHERE request_id = @RequestId AND status IN ('queued', 'running', 'waiting') AND ending IS DISTINCT FROM 'failed' FOR NO KEY UPDATE),
            cancelled AS (
                UPDATE orchestrations o SET cancel_requested = true, job_id = @JobId, ordered_by = CASE WHEN is_new THEN @OrderedBy ELSE o.ordered_by END, ordered_key = CASE WHEN is_new THEN @OrderedKey ELSE o.ordered_key END
                FROM found WHERE o.request_id = found.request_id RETURNING o.social_account_id, o.campaign_name, found.is_new),
            -- Whoever cancels it once more changes nothing, but that it has a job.
            act AS ({ActLog.InsertFrom("cancelled WHERE cancelled.is_new", account: "cancelled.social_account_id", name: "cancelled.campaign_name")})
            SELECT count(*) FROM cancelled
            """;
        var act = new Act("run", $"{requestId}", null, "cancelled", null, []) { By = AccountScope.Caller ?? new(orderedBy, "", Sees: null, Spends: null) };
        using (var transaction = JobTransaction.Begin())
        {
            // A job of its own, since the present one may be snoozing for long. Two jobs are harmless: the claim lets one run.
            var jobId = queue.EnqueueOrchestration(requestId);
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            var parameters = ActLog.With(new { RequestId = requestId, JobId = jobId, OrderedBy = orderedBy, OrderedKey = AccountScope.Caller?.KeyName }, act, time.GetUtcNow());
            if (await connection.ExecuteScalarAsync<long>(new(cancelSql, parameters, cancellationToken: ct)) == 1)
            {
                transaction.Complete();
                return new Change.Done();
            }
        }

        return await ChangeRefused.WhyAsync(dataSource, requestId, "Only an orchestration that has not ended and is not failing can be cancelled", ct);
    }
}

/// <summary>Retry: a failed orchestration goes on from what still exists, with all its retries back.</summary>
public sealed class RetryOrchestration(NpgsqlDataSource dataSource, IJobQueue queue, TimeProvider time)
{
    // A new round has new markers, so that it never adopts what the old one deleted. A step whose outcome was never settled, or of which several
    // were found, keeps its round: it has to be found by the old marker. What could not be deleted is gone on with, if what it hangs on still
    // is there. Media is looked up anew: what was uploaded may be gone from Meta. What may be active goes on being taken for that.
    private const string RetrySql = """
        WITH retried AS (
            UPDATE orchestrations o SET status = 'queued', ending = NULL, cancel_requested = false, failures = 0, abandoned = 0, errors = '[]', validation = NULL,
                completed_at = NULL, wait_reason = NULL, next_attempt_at = NULL, job_id = COALESCE(@JobId, job_id),
                ordered_by = COALESCE(@OrderedBy, ordered_by), ordered_key = CASE WHEN @OrderedBy IS NULL THEN ordered_key ELSE @OrderedKey END,
                round = round + (NOT EXISTS (SELECT 1 FROM orchestration_steps s WHERE s.request_id = o.request_id AND split_part(s.step, ':', 1) NOT IN ('media', 'activate', 'validate')
                    AND (s.state = 'started' OR s.state = 'left' AND (s.meta_id IS NULL OR s.meta_id LIKE '%, %'))))::int
            WHERE request_id = @RequestId AND status = 'failed' AND replaced_by IS NULL AND NOT EXISTS (SELECT 1 FROM social_accounts a WHERE a.id = o.social_account_id AND a.retired_at IS NOT NULL)
            RETURNING request_id),
        -- Read as it was before this statement: what the row forgets now stays counted on its day.
        failures AS (
            INSERT INTO reopened_failures (request_id, social_account_id, completed_at, reopened_at)
            SELECT o.request_id, o.social_account_id, o.completed_at, @Now FROM orchestrations o JOIN retried USING (request_id)
            WHERE o.completed_at IS NOT NULL AND (o.request ->> 'validate_only') IS NULL
            ON CONFLICT DO NOTHING),
        next AS (
            SELECT s.step, CASE
                WHEN s.step = 'activate' AND s.state IN ('started', 'confirmed') THEN 'started'
                WHEN split_part(s.step, ':', 1) IN ('media', 'activate', 'validate') OR s.state <> 'left' THEN 'pending'
                WHEN s.meta_id IS NULL OR s.meta_id LIKE '%, %' THEN 'started'
                WHEN EXISTS (
                    SELECT 1 FROM orchestration_steps p WHERE p.request_id = s.request_id AND p.state NOT IN ('confirmed', 'left')
                        AND (split_part(s.step, ':', 1) IN ('adset', 'ad') AND p.step = 'campaign' OR p.step = ad_set_of(s.step))) THEN 'pending'
                ELSE 'confirmed' END AS state
            FROM orchestration_steps s WHERE s.request_id = @RequestId),
        steps AS (
            UPDATE orchestration_steps s SET state = n.state, meta_id = CASE WHEN n.state = 'confirmed' THEN s.meta_id END, error = NULL, refusals = 0
            FROM retried JOIN next n ON true WHERE n.step = s.step AND s.request_id = retried.request_id AND (s.state IN ('deleted', 'left') OR s.state = 'pending' AND s.refusals > 0 OR split_part(s.step, ':', 1) IN ('media', 'activate', 'validate')))
        SELECT count(*) FROM retried
        """;

    /// <param name="orderedBy">Who retries; named in the audit of what is changed from now on.</param>
    public async Task<Change> ExecuteAsync(Guid requestId, string orderedBy, CancellationToken ct)
    {
        using (var transaction = JobTransaction.Begin())
        {
            var jobId = queue.EnqueueOrchestration(requestId);
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            if (await connection.ExecuteScalarAsync<long>(new(RetrySql, new { RequestId = requestId, JobId = jobId, OrderedBy = orderedBy, OrderedKey = AccountScope.Caller?.KeyName, Now = time.GetUtcNow() }, cancellationToken: ct)) == 1)
            {
                transaction.Complete();
                return new Change.Done();
            }
        }

        return await ChangeRefused.WhyAsync(dataSource, requestId, "Only a failed orchestration can be retried", ct);
    }

    /// <summary>For a job that a person has requeued already: opens the orchestration again without another job, as the order of who is served.</summary>
    public void Reopen(Guid requestId)
    {
        using var connection = dataSource.OpenConnection();
        connection.ExecuteScalar<long>(RetrySql, new { RequestId = requestId, JobId = (string?)null, OrderedBy = AccountScope.Caller?.Name, OrderedKey = AccountScope.Caller?.KeyName, Now = time.GetUtcNow() });
    }
}

internal static class ChangeRefused
{
    public static async Task<Change> WhyAsync(NpgsqlDataSource dataSource, Guid requestId, string reason, CancellationToken ct)
    {
        const string StatusSql = "SELECT o.status, o.replaced_by, a.retired_at IS NOT NULL FROM orchestrations o JOIN social_accounts a ON a.id = o.social_account_id WHERE o.request_id = @RequestId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var (status, replacedBy, isRetired) = await connection.QuerySingleOrDefaultAsync<(string? Status, Guid? ReplacedBy, bool IsRetired)>(new(StatusSql, new { RequestId = requestId }, cancellationToken: ct));
        return status is null ? new Change.Unknown() : isRetired ? new Change.WrongState(status, "Its account is retired: nothing is begun in it any more") : new Change.WrongState(status, replacedBy is null ? $"{reason}; this one is {status}" : $"A mended row of batch {replacedBy} has taken its place");
    }
}
