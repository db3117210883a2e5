using System.Globalization;
using Dapper;
using Hangfire.Common;
using Hangfire.Storage;
using MetaAdsJobs.Core.Jobs.Recurring;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs.Watching;

/// <summary>
/// Reads how the engine stands, for people. Nothing here goes through what has succeeded: Hangfire's own counters tell how many, and
/// every other count ends at <see cref="MostCounted"/>.
/// </summary>
public sealed class JobReader
{
    public const int MostCounted = 20_000;
    private const int MostRunning = 50;
    private const int MostListed = 10;
    private readonly NpgsqlDataSource _dataSource;
    private readonly JobNames _names;

    internal JobReader(NpgsqlDataSource dataSource, JobNames names) => (_dataSource, _names) = (dataSource, names);

    public async Task<JobOverview> ReadAsync(CancellationToken ct)
    {
        // A job is as old as its state: one that was snoozed for an hour has not waited in the queue for it. By the database's clock. The order
        // leaves the planner no way but the index that begins with the queue: an empty queue would else be looked for in the whole table.
        const string QueuesSql = """
            SELECT n.name, c.jobs::int, CASE WHEN clock_timestamp() > s.createdat THEN clock_timestamp() - s.createdat END AS oldest
            FROM unnest(@Queues) WITH ORDINALITY n (name, place)
            CROSS JOIN LATERAL (
                SELECT count(*) AS jobs, min(id) AS first FROM (SELECT id FROM hangfire.jobqueue q WHERE q.queue = n.name AND q.fetchedat IS NULL ORDER BY q.fetchedat LIMIT @MostCounted + 1) q) c
            LEFT JOIN hangfire.jobqueue f ON f.id = c.first LEFT JOIN hangfire.job j ON j.id = f.jobid LEFT JOIN hangfire.state s ON s.id = j.stateid
            ORDER BY n.place;
            """;
        const string CountsSql = """
            SELECT (SELECT count(*) FROM (SELECT 1 FROM hangfire.job WHERE statename = 'Processing' LIMIT @MostCounted + 1) j)::int AS running,
                   (SELECT count(*) FROM (SELECT 1 FROM hangfire.set WHERE key = 'schedule' LIMIT @MostCounted + 1) j)::int AS scheduled,
                   (SELECT count(*) FROM (SELECT 1 FROM hangfire.job WHERE statename = 'Failed' LIMIT @MostCounted + 1) j)::int AS failed,
                   COALESCE(sum(value) FILTER (WHERE key = 'stats:succeeded'), 0)::bigint AS succeeded, COALESCE(sum(value) FILTER (WHERE key = 'stats:deleted'), 0)::bigint AS deleted
            FROM (SELECT key, value FROM hangfire.counter WHERE key IN ('stats:succeeded', 'stats:deleted')
                  UNION ALL SELECT key, value FROM hangfire.aggregatedcounter WHERE key IN ('stats:succeeded', 'stats:deleted')) c;
            """;
        const string RunningSql = """
            SELECT j.id, j.invocationdata::text AS invocation, j.arguments::text AS arguments, s.createdat AS at, s.data ->> 'ServerId' AS server
            FROM hangfire.job j JOIN hangfire.state s ON s.id = j.stateid WHERE j.statename = 'Processing' ORDER BY j.stateid LIMIT @MostRunning;
            """;
        // A job that knows its queue stands there as queue:id.
        const string ScheduledSql = """
            SELECT j.id, j.invocationdata::text AS invocation, j.arguments::text AS arguments, to_timestamp(t.score) AS at, s.reason
            FROM (SELECT substring(value FROM '[0-9]+$')::bigint AS id, score FROM hangfire.set WHERE key = 'schedule' ORDER BY score LIMIT @MostListed) t
            JOIN hangfire.job j ON j.id = t.id LEFT JOIN hangfire.state s ON s.id = j.stateid ORDER BY t.score;
            """;
        // Failed jobs stay until a person acts, so that there may be very many: of the newest of them, those that failed last. With "id + 0" the
        // failed are read from the index of states; walked from the newest job backwards, a million that succeeded since would be read first.
        const string FailedSql = """
            SELECT j.id, j.invocationdata::text AS invocation, j.arguments::text AS arguments, s.createdat AS at, COALESCE(s.data ->> 'ExceptionMessage', s.reason) AS reason
            FROM (SELECT l.id, l.stateid FROM (SELECT id FROM hangfire.job WHERE statename = 'Failed' ORDER BY id + 0 DESC LIMIT 500) n
                  JOIN hangfire.job l ON l.id = n.id ORDER BY l.stateid DESC LIMIT @MostListed) f
            JOIN hangfire.job j ON j.id = f.id JOIN hangfire.state s ON s.id = f.stateid ORDER BY f.stateid DESC;
            """;
        const string WorkersSql = $"""
            SELECT id, (data ->> 'WorkerCount')::int, ARRAY(SELECT jsonb_array_elements_text(data -> 'Queues')), data ->> 'StartedAt', lastheartbeat, {WorkerHealth.IsSilentSql}
            FROM hangfire.server ORDER BY id;
            """;
        const string SchedulesSql = """
            SELECT t.value, (SELECT jsonb_object_agg(h.field, h.value)::text FROM hangfire.hash h WHERE h.key = 'recurring-job:' || t.value) AS fields,
                   (SELECT lower(j.statename) FROM hangfire.hash l JOIN hangfire.job j ON j.id = NULLIF(l.value, '')::bigint
                    WHERE l.key = 'recurring-job:' || t.value AND l.field = 'LastJobId') AS last_state
            FROM hangfire.set t WHERE t.key = 'recurring-jobs' ORDER BY t.value;
            """;
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        await using var read = await connection.QueryMultipleAsync(new(
            QueuesSql + CountsSql + RunningSql + ScheduledSql + FailedSql + WorkersSql + SchedulesSql,
            new { Queues = Queues.All, MostCounted, MostRunning, MostListed }, commandTimeout: 10, cancellationToken: ct));
        var queues = (await read.ReadAsync<(string Name, int Jobs, TimeSpan? Oldest)>()).Select(row => new QueueDepth(row.Name, row.Jobs, row.Oldest)).ToList();
        var counts = await read.ReadSingleAsync<(int Running, int Scheduled, int Failed, long Succeeded, long Deleted)>();
        var (running, scheduled, failed) = (await read.ReadAsync<JobRow>(), await read.ReadAsync<JobRow>(), await read.ReadAsync<JobRow>());
        var workers = (await read.ReadAsync<(string Id, int Threads, string[] Queues, string? StartedAt, DateTimeOffset Heartbeat, bool IsSilent)>())
            .Select(row => new WorkerProcess(NameOf(row.Id), row.Threads, row.Queues, Moment(row.StartedAt), row.Heartbeat, row.IsSilent)).GroupBy(server => server.Name).Select(Together).ToList();
        var schedules = (await read.ReadAsync<(string Name, string? Fields, string? LastState)>()).Select(row => ToSchedule(row.Name, row.Fields, row.LastState)).ToList();
        return new()
        {
            Queues = queues, Running = new(counts.Running, Listed(running)), Scheduled = new(counts.Scheduled, Listed(scheduled)), Failed = new(counts.Failed, Listed(failed)),
            Succeeded = counts.Succeeded, Deleted = counts.Deleted, Workers = workers, Schedules = schedules,
        };
    }

    /// <summary>Another text means that some job has moved; it is another one every ten seconds at least, since ages grow and workers fall silent by themselves.</summary>
    public async Task<string> MarkAsync(CancellationToken ct)
    {
        const string MarkSql = "SELECT concat((SELECT max(id) FROM hangfire.state), ' ', floor(extract(epoch FROM clock_timestamp()) / 10))";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return (await connection.ExecuteScalarAsync<string>(new(MarkSql, cancellationToken: ct)))!;
    }

    private List<ListedJob> Listed(IEnumerable<JobRow> rows) => [.. rows.Select(row =>
    {
        var job = row.ToJob();
        var requestId = job?.Type == typeof(OrchestrationJob) && job.Args is [Guid id, ..] ? id : (Guid?)null;
        return new ListedJob(row.Id.ToString(CultureInfo.InvariantCulture), job is null ? $"Job {row.Id}" : _names.Of(job), requestId, row.At, row.Server is null ? null : NameOf(row.Server), row.Reason);
    })];

    // The servers of one process, and of one that it may have had before its last start.
    private static WorkerProcess Together(IEnumerable<WorkerProcess> servers)
    {
        var alive = servers.Where(server => !server.IsSilent).ToList();
        var shown = alive.Count > 0 ? alive : [.. servers];
        return new(shown[0].Name, shown.Sum(server => server.Threads), [.. shown.SelectMany(server => server.Queues).Distinct().Order(StringComparer.Ordinal)],
            shown.Min(server => server.StartedAt), shown.Max(server => server.HeartbeatAt), IsSilent: alive.Count == 0);
    }

    private static JobSchedule ToSchedule(string name, string? json, string? lastState)
    {
        var fields = json is null ? [] : SerializationHelper.Deserialize<Dictionary<string, string?>>(json);
        return new(name, fields.GetValueOrDefault("Cron") ?? "", fields.GetValueOrDefault("TimeZoneId") ?? "UTC", Moment(fields.GetValueOrDefault("LastExecution")),
            Moment(fields.GetValueOrDefault("NextExecution")), lastState, fields.GetValueOrDefault("Error") is { Length: > 0 } error ? error : null);
    }

    private static DateTimeOffset? Moment(string? text) => string.IsNullOrEmpty(text) ? null : new DateTimeOffset(DateTime.SpecifyKind(JobHelper.DeserializeDateTime(text), DateTimeKind.Utc));

    // machine:process:guid; the last is for Hangfire alone.
    private static string NameOf(string server) => server.LastIndexOf(':') is > 0 and var end ? server[..end] : server;

    private sealed record JobRow
    {
        public long Id { get; init; }
        public string Invocation { get; init; } = "";
        public string Arguments { get; init; } = "";
        public DateTimeOffset? At { get; init; }
        public string? Server { get; init; }
        public string? Reason { get; init; }

        /// <summary>Null for a job that this version does not know, or cannot read.</summary>
        public Job? ToJob()
        {
            try
            {
                var invocation = SerializationHelper.Deserialize<InvocationData>(Invocation);
                invocation.Arguments = Arguments;
                return invocation.DeserializeJob();
            }
            catch (Exception)
            {
                return null;
            }
        }
    }
}
