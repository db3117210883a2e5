using System.Collections.Concurrent;
using System.Data.Common;
using Dapper;
using Hangfire.Server;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs.Storage;

/// <summary>
/// Takes jobs from the queue, each together with all that running it needs to know, in one statement; and says of all that this process has taken, as long as
/// they are not done, that it lives: a killed process's jobs are taken over soon, a long one is never run twice at once.
/// </summary>
/// <param name="takeOver">After which a job that was taken and not heard of again is to be taken once more.</param>
internal sealed class TakenJobs(NpgsqlDataSource dataSource, TimeSpan takeOver) : IBackgroundProcess
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<TakenJob, bool> _taken = new();

    /// <summary>Marks the next job of these queues as taken. Null when there is none.</summary>
    public TakenJob? Take(string[] queues)
    {
        const string TakeSql = """
            WITH taken AS (
                UPDATE hangfire.jobqueue SET fetchedat = now() WHERE id = (
                    -- One whose worker died has its place among those that nobody has taken, and not behind them all. The order is the index's: else all that waits would be sorted.
                    SELECT id FROM (
                        SELECT * FROM (SELECT id, queue, jobid FROM hangfire.jobqueue WHERE queue = ANY (@Queues) AND fetchedat IS NULL ORDER BY fetchedat NULLS FIRST, queue, jobid FOR UPDATE SKIP LOCKED LIMIT 1) fresh
                        UNION ALL
                        SELECT * FROM (SELECT id, queue, jobid FROM hangfire.jobqueue WHERE queue = ANY (@Queues) AND fetchedat < now() - @TakeOver ORDER BY queue, jobid FOR UPDATE SKIP LOCKED LIMIT 1) dead) next
                    ORDER BY queue, jobid LIMIT 1)
                RETURNING id, jobid, fetchedat)
            SELECT t.id AS queue_id, t.jobid AS job_id, t.fetchedat AS fetched_at,
                   j.stateid AS state_id, j.statename AS state, j.invocationdata::text AS invocation, j.arguments::text AS arguments, j.createdat AS created_at
            FROM taken t LEFT JOIN hangfire.job j ON j.id = t.jobid
            """;
        using var connection = dataSource.OpenConnection();
        var row = connection.QuerySingleOrDefault<TakenRow>(TakeSql, new { Queues = queues, TakeOver = takeOver });
        if (row is null) return null;
        var job = new TakenJob(dataSource, row, gone => _taken.TryRemove(gone, out _));
        _taken.TryAdd(job, true);
        return job;
    }

    /// <summary>Whether a queue holds a job to be taken, asked so that what waits in other queues is not read: by the index that begins with the queue.</summary>
    public bool IsAnythingIn(string[] queues)
    {
        // The order leaves the planner no other index. Prepared for any queues, it would else take them for as full as the fullest, and read the table.
        const string PeekSql = """
            SELECT EXISTS (SELECT 1 FROM unnest(@Queues) n (name) CROSS JOIN LATERAL (
                SELECT 1 FROM hangfire.jobqueue q WHERE q.queue = n.name AND (q.fetchedat IS NULL OR q.fetchedat < now() - @TakeOver) ORDER BY q.fetchedat LIMIT 1) q)
            """;
        using var connection = dataSource.OpenConnection();
        return connection.ExecuteScalar<bool>(PeekSql, new { Queues = queues, TakeOver = takeOver });
    }

    public void Execute(BackgroundProcessContext context)
    {
        KeepAlive();
        context.Wait(BetweenLooks);
    }

    /// <summary>Five times within the time after which a job is taken over.</summary>
    public void KeepAlive()
    {
        foreach (var job in _taken.Keys)
        {
            try
            {
                job.KeepAlive(takeOver / 5);
            }
            catch (DbException)
            {
                // The database is away: the next look, in a second, tries again.
            }
        }
    }
}
