using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs.Watching;

/// <summary>One thing that happened to a run's job.</summary>
/// <param name="State">enqueued, processing, scheduled, succeeded, failed or deleted.</param>
/// <param name="Reason">Why it waits, failed or was put back; null where there is nothing to say.</param>
/// <param name="Until">Of scheduled: when it runs again.</param>
/// <param name="Worker">Of processing: the process that ran it.</param>
public sealed record JobMoment(string State, string? Reason, DateTimeOffset At, DateTimeOffset? Until, string? Worker);

/// <summary>Every attempt and wait of a run's present job, in order, as long as Hangfire keeps it: a day after its end.</summary>
public sealed class JobHistory(NpgsqlDataSource dataSource)
{
    private const int Most = 200;

    public async Task<IReadOnlyList<JobMoment>> ListAsync(Guid requestId, CancellationToken ct)
    {
        // The latest ones, should there be very many, in the order in which they happened.
        const string HistorySql = """
            SELECT * FROM (
                SELECT s.id, lower(s.name), s.reason, s.createdat, CASE WHEN s.name = 'Scheduled' THEN s.data ->> 'EnqueueAt' END AS until,
                    CASE WHEN s.name = 'Processing' THEN s.data ->> 'ServerId' END AS worker
                FROM orchestrations o JOIN hangfire.state s ON s.jobid = o.job_id::bigint
                WHERE o.request_id = @RequestId
                ORDER BY s.id DESC LIMIT @Most) latest
            ORDER BY id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<(long Id, string State, string? Reason, DateTimeOffset At, string? Until, string? Worker)>(
            new(HistorySql, new { RequestId = requestId, Most }, cancellationToken: ct));
        return [.. rows.Select(row => new JobMoment(row.State, row.Reason, row.At, Moment(row.Until), row.Worker))];
    }

    // Hangfire writes moments as ISO 8601 or, in older rows, as milliseconds since 1970.
    private static DateTimeOffset? Moment(string? text) => text is null ? null : Hangfire.Common.JobHelper.DeserializeNullableDateTime(text);
}
