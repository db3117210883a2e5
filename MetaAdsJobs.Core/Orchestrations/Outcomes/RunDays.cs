using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Outcomes;

/// <summary>
/// Counts how runs end, per UTC day and account, into run_days. An end counts on the day it happened, whatever becomes of the run
/// later: a failure that is retried stays a failure of its day, and the end of the retry counts on the day of that one. Runs that
/// only validate are left out.
/// </summary>
internal sealed class RunDays(NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <summary>So long after midnight an end of yesterday may still be on its way: processes' clocks differ, and a commit takes its time.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(15);

    /// <summary>What one call gives to catching up; the next goes on.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private const int MostDays = 400;

    /// <summary>Counts today anew, and every day that was not counted since it ended: newest first, so that nobody waits for today's numbers.</summary>
    public async Task CountAsync(CancellationToken ct)
    {
        const string OpenSql = """
            WITH first AS (
                SELECT LEAST((SELECT min(completed_at) FROM orchestrations), (SELECT min(completed_at) FROM reopened_failures), @Now) AS at)
            SELECT d::date FROM first, generate_series((at AT TIME ZONE 'UTC')::date::timestamp, (@Now AT TIME ZONE 'UTC')::date::timestamp, interval '1 day') d
            WHERE NOT EXISTS (SELECT 1 FROM run_days r WHERE r.social_account_id IS NULL AND r.day = d::date AND r.is_closed)
            ORDER BY d DESC LIMIT @MostDays
            """;
        var (since, now) = (time.GetTimestamp(), time.GetUtcNow());
        List<DateOnly> days;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
            days = (await connection.QueryAsync<DateOnly>(new(OpenSql, new { Now = now, MostDays }, cancellationToken: ct))).AsList();

        foreach (var day in days)
        {
            if (time.GetElapsedTime(since) > Patience || !await CountAsync(day, now, ct)) return;
        }
    }

    /// <returns>False when another sweep is at it: it does the same.</returns>
    private async Task<bool> CountAsync(DateOnly day, DateTimeOffset now, CancellationToken ct)
    {
        // Of the transaction, so that a crash leaves neither the lock nor half a day.
        const string LockSql = "SELECT pg_try_advisory_xact_lock(hashtext('run_days'))";
        const string ForgetSql = "DELETE FROM run_days WHERE day = @Day AND NOT is_closed";

        // A retried run counts from its retry: what came before was another end, and a person's time.
        const string CountSql = """
            WITH ends AS (
                SELECT o.social_account_id, o.status,
                    extract(epoch FROM o.completed_at - GREATEST(o.accepted_at, r.at))::float8 AS asked, extract(epoch FROM o.completed_at - GREATEST(o.started_at, r.at))::float8 AS worked
                FROM orchestrations o
                LEFT JOIN (SELECT request_id, max(reopened_at) AS at FROM reopened_failures GROUP BY request_id) r ON r.request_id = o.request_id
                WHERE o.completed_at >= @From AND o.completed_at < @To AND (o.request ->> 'validate_only') IS NULL AND o.request -> 'ad_sets' IS DISTINCT FROM '[]'
                UNION ALL
                SELECT social_account_id, 'failed', NULL, NULL FROM reopened_failures WHERE completed_at >= @From AND completed_at < @To)
            INSERT INTO run_days (day, social_account_id, succeeded, failed, cancelled, asked_p50, asked_p95, worked_p50, worked_p95, counted_at, is_closed)
            SELECT @Day, social_account_id,
                count(*) FILTER (WHERE status = 'succeeded'), count(*) FILTER (WHERE status = 'failed'), count(*) FILTER (WHERE status = 'cancelled'),
                percentile_cont(0.5) WITHIN GROUP (ORDER BY asked) FILTER (WHERE status = 'succeeded'), percentile_cont(0.95) WITHIN GROUP (ORDER BY asked) FILTER (WHERE status = 'succeeded'),
                percentile_cont(0.5) WITHIN GROUP (ORDER BY worked) FILTER (WHERE status = 'succeeded'), percentile_cont(0.95) WITHIN GROUP (ORDER BY worked) FILTER (WHERE status = 'succeeded'),
                @Now, @IsClosed
            FROM ends GROUP BY GROUPING SETS ((social_account_id), ())
            """;
        var (from, to) = (Midnight(day), Midnight(day.AddDays(1)));
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (!await connection.ExecuteScalarAsync<bool>(new(LockSql, transaction: transaction, cancellationToken: ct))) return false;
        // Closed by another sweep since the days were listed: it stays.
        const string ClosedSql = "SELECT EXISTS (SELECT 1 FROM run_days WHERE social_account_id IS NULL AND day = @Day AND is_closed)";
        if (await connection.ExecuteScalarAsync<bool>(new(ClosedSql, new { Day = day }, transaction, cancellationToken: ct))) return true;
        await connection.ExecuteAsync(new(ForgetSql, new { Day = day }, transaction, cancellationToken: ct));
        await connection.ExecuteAsync(new(CountSql, new { Day = day, From = from, To = to, Now = now, IsClosed = now >= to + Grace }, transaction, commandTimeout: 120, cancellationToken: ct));
        await transaction.CommitAsync(ct);
        return true;
    }

    private static DateTimeOffset Midnight(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
}
