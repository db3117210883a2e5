using System.Globalization;

namespace MetaAdsJobs.Bench.Support;

/// <summary>
/// Copies of what jobs that really ran have left in Hangfire's tables, row by row, as many as are wanted: the same states, parameters and
/// texts, other ids, other times. What failed is spread over the year before and stands first, as it does where nobody cleans up; what
/// succeeded is spread over the last 27 hours, so that three of them are over and wait to be purged.
/// </summary>
internal static class JobMultiples
{
    /// <summary>Of all jobs, that failed.</summary>
    public const double Failed = 0.05;
    private const int Hours = 27;

    /// <summary>Hangfire's tables, the largest first.</summary>
    public static readonly string[] Tables = ["state", "job", "counter", "jobparameter", "jobqueue", "aggregatedcounter", "hash", "set", "list", "lock", "server"];

    private const string Quick = "SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '256MB'; ";

    public static async Task FillAsync(BenchDatabase database, int jobs, CancellationToken ct)
    {
        await database.ExecuteAsync("ALTER SYSTEM SET max_wal_size = '16GB'");
        await database.ExecuteAsync("ALTER SYSTEM SET checkpoint_timeout = '1h'");
        await database.ExecuteAsync("SELECT pg_reload_conf()");
        await database.ExecuteAsync(TemplatesSql);
        var widest = await database.ScalarAsync<int>("SELECT max(states)::int FROM bench_templates");
        // Behind those that processes have taken from the sequence for jobs to come, too.
        var firstJob = 1 + await database.ScalarAsync<long>("SELECT GREATEST((SELECT max(id) FROM hangfire.job), (SELECT last_value FROM hangfire.job_id_seq))");
        var firstState = 1 + await database.ScalarAsync<long>("SELECT max(id) FROM hangfire.state");
        ct.ThrowIfCancellationRequested();
        await database.ExecuteAsync(Quick + CopiesSql(jobs, (int)(jobs * Failed)));
        ct.ThrowIfCancellationRequested();
        await database.ExecuteAsync(Quick + Numbered(RowsSql, firstJob, firstState, widest));
        await database.ExecuteAsync("DROP TABLE bench_copies, bench_templates");
        await TidyAsync(database);
    }

    /// <summary>The rows that a job leaves in counter when it succeeds, for each that has, as if nobody had added any of them up.</summary>
    public static async Task CountAsync(BenchDatabase database)
    {
        await database.ExecuteAsync(Quick + CountersSql);
        await database.ExecuteAsync("VACUUM (ANALYZE) hangfire.counter");
        await database.ExecuteAsync("CHECKPOINT");
    }

    /// <summary>Puts so many of the jobs on the queue of campaigns once more: a queue in which all of them wait.</summary>
    public static async Task QueueAsync(BenchDatabase database, int jobs)
    {
        await database.ExecuteAsync(Quick + string.Create(CultureInfo.InvariantCulture, $"INSERT INTO hangfire.jobqueue (jobid, queue) SELECT id, 'campaigns' FROM hangfire.job ORDER BY id DESC LIMIT {jobs}"));
        await database.ExecuteAsync("VACUUM (ANALYZE) hangfire.jobqueue");
    }

    /// <summary>So that no vacuuming of what was filled in falls into the measuring.</summary>
    public static async Task TidyAsync(BenchDatabase database)
    {
        foreach (var table in Tables) await database.ExecuteAsync($"VACUUM (ANALYZE) hangfire.{table}");
        await database.ExecuteAsync("CHECKPOINT");
    }

    private static string Numbered(string sql, long firstJob, long firstState, int widest) => sql
        .Replace("@FirstJob", firstJob.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("@FirstState", firstState.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("@Widest", widest.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private const string TemplatesSql = """
        CREATE TABLE bench_templates AS
        SELECT j.id, j.statename, row_number() OVER (PARTITION BY j.statename ORDER BY j.id) - 1 AS no, count(*) OVER (PARTITION BY j.statename) AS alike,
            (SELECT count(*) FROM hangfire.state s WHERE s.jobid = j.id) AS states
        FROM hangfire.job j WHERE j.statename IN ('Succeeded', 'Failed') AND j.invocationdata ->> 'Type' = 'orchestration';
        ANALYZE bench_templates
        """;

    private static string CopiesSql(int jobs, int failed) => string.Create(CultureInfo.InvariantCulture, $"""
        CREATE TABLE bench_copies AS
        SELECT g.n, t.id AS template, t.states, g.at
        FROM (SELECT n, CASE WHEN n < {failed} THEN 'Failed' ELSE 'Succeeded' END AS statename,
                  CASE WHEN n < {failed} THEN now() - interval '365 days' + n * interval '364 days' / {failed}
                       ELSE now() - interval '{Hours} hours' + (n - {failed}) * interval '{Hours} hours' / {jobs - failed} END AS at
              FROM generate_series(0, {jobs - 1}) n) g
        JOIN (SELECT statename, min(alike) AS alike FROM bench_templates GROUP BY statename) a ON a.statename = g.statename
        JOIN bench_templates t ON t.statename = g.statename AND t.no = g.n % a.alike;
        ANALYZE bench_copies
        """);

    private const string RowsSql = """
        INSERT INTO hangfire.job (id, stateid, statename, invocationdata, arguments, createdat, expireat)
        SELECT @FirstJob + c.n, @FirstState + c.n * @Widest + c.states - 1, j.statename, j.invocationdata, j.arguments, c.at, c.at + (j.expireat - j.createdat)
        FROM bench_copies c JOIN hangfire.job j ON j.id = c.template ORDER BY c.n;
        INSERT INTO hangfire.state (id, jobid, name, reason, createdat, data)
        SELECT @FirstState + c.n * @Widest + s.rank, @FirstJob + c.n, s.name, s.reason, c.at + (s.createdat - s.jobcreatedat), s.data
        FROM bench_copies c
        JOIN (SELECT s.*, j.createdat AS jobcreatedat, row_number() OVER (PARTITION BY s.jobid ORDER BY s.id) - 1 AS rank
              FROM hangfire.state s JOIN bench_templates t ON t.id = s.jobid JOIN hangfire.job j ON j.id = s.jobid) s ON s.jobid = c.template
        ORDER BY c.n, s.rank;
        INSERT INTO hangfire.jobparameter (jobid, name, value)
        SELECT @FirstJob + c.n, p.name, p.value FROM bench_copies c JOIN hangfire.jobparameter p ON p.jobid = c.template ORDER BY c.n;
        SELECT setval('hangfire.job_id_seq', (SELECT max(id) FROM hangfire.job)), setval('hangfire.state_id_seq', (SELECT max(id) FROM hangfire.state))
        """;

    private const string CountersSql = """
        INSERT INTO hangfire.counter (key, value, expireat)
        SELECT concat(k.key, to_char(j.createdat AT TIME ZONE 'UTC', k.format)), 1, CASE k.format WHEN '' THEN NULL WHEN ':YYYY-MM-DD' THEN now() + interval '1 month' ELSE now() + interval '1 day' END
        FROM hangfire.job j, (VALUES ('stats:succeeded', ''), ('stats:succeeded', ':YYYY-MM-DD'), ('stats:succeeded', ':YYYY-MM-DD-HH24')) k (key, format)
        WHERE j.statename = 'Succeeded' ORDER BY j.id
        """;
}
