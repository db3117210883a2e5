using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs.Watching;

/// <summary>How the queue stands at a moment.</summary>
/// <param name="Waiting">Per queue: jobs that no worker has taken yet, and for how long the first of them has waited.</param>
/// <param name="States">Jobs that run, wait for their time, or have failed.</param>
internal sealed record QueueNumbers(IReadOnlyDictionary<string, (long Jobs, TimeSpan Oldest)> Waiting, IReadOnlyDictionary<string, long> States, int WorkersAlive);

internal sealed class QueueReader(NpgsqlDataSource dataSource)
{
    /// <summary>Not asynchronous: measurements are asked for by code that cannot wait otherwise.</summary>
    public QueueNumbers Read()
    {
        // A job is as old as its state: one that was snoozed for an hour has not waited in the queue for it. By the database's clock.
        const string Sql = """
            SELECT q.queue, q.jobs, GREATEST(clock_timestamp() - s.createdat, interval '0')
            FROM (SELECT queue, count(*) AS jobs, min(id) AS first FROM hangfire.jobqueue WHERE fetchedat IS NULL GROUP BY queue) q
            LEFT JOIN hangfire.jobqueue f ON f.id = q.first LEFT JOIN hangfire.job j ON j.id = f.jobid LEFT JOIN hangfire.state s ON s.id = j.stateid;

            SELECT lower(statename), count(*) FROM hangfire.job WHERE statename IN ('Processing', 'Scheduled', 'Failed') GROUP BY statename;

            """;
        using var connection = dataSource.OpenConnection();
        using var read = connection.QueryMultiple(Sql + WorkerHealth.CountSql, commandTimeout: 5);
        var waiting = read.Read<(string Queue, long Jobs, TimeSpan? Oldest)>().ToDictionary(row => row.Queue, row => (row.Jobs, row.Oldest ?? TimeSpan.Zero));
        var states = read.Read<(string State, long Jobs)>().ToDictionary(row => row.State, row => row.Jobs);
        return new(waiting, states, read.ReadSingle<int>());
    }
}
