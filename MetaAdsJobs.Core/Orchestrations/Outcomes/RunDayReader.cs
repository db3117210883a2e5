using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Outcomes;

/// <summary>How the runs that ended on one UTC day ended. Durations are of those that succeeded, in seconds; null without one.</summary>
public sealed record RunDay
{
    public required DateOnly Day { get; init; }
    public long Succeeded { get; init; }
    public long Failed { get; init; }
    public long Cancelled { get; init; }

    /// <summary>From being asked for to the end, all waiting included.</summary>
    public double? AskedP50 { get; init; }
    public double? AskedP95 { get; init; }

    /// <summary>From the first start to the end.</summary>
    public double? WorkedP50 { get; init; }
    public double? WorkedP95 { get; init; }

    /// <summary>Null for a day before anything had ever ended: it was empty.</summary>
    public DateTimeOffset? CountedAt { get; init; }

    /// <summary>False while the day is not over.</summary>
    public bool IsClosed { get; init; }
}

/// <summary>Reads what <see cref="RunDays"/> has counted.</summary>
public sealed class RunDayReader(NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <summary>The first day on which anything may be: an answer holds no day after it.</summary>
    public DateOnly Today => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    /// <param name="accountId">Null: all accounts together.</param>
    /// <returns>In order. A day that has yet to be counted is missing.</returns>
    public async Task<IReadOnlyList<RunDay>> ListAsync(Guid? accountId, DateOnly since, DateOnly until, CancellationToken ct)
    {
        const string DaysSql = """
            SELECT day, succeeded, failed, cancelled, asked_p50, asked_p95, worked_p50, worked_p95, counted_at, is_closed
            FROM run_days WHERE social_account_id IS NULL AND day BETWEEN @Since AND @Until
            """;
        // That a day was counted is told by the row of all; an account on which nothing ended has none.
        const string AccountDaysSql = """
            SELECT r.day, COALESCE(a.succeeded, 0) AS succeeded, COALESCE(a.failed, 0) AS failed, COALESCE(a.cancelled, 0) AS cancelled,
                a.asked_p50, a.asked_p95, a.worked_p50, a.worked_p95, r.counted_at, r.is_closed
            FROM run_days r LEFT JOIN run_days a ON a.social_account_id = @AccountId AND a.day = r.day AND a.day BETWEEN @Since AND @Until
            WHERE r.social_account_id IS NULL AND r.day BETWEEN @Since AND @Until
            """;
        // Of some accounts together: how many ended how is added up, how long it took is not.
        var scopedDaysSql = $"""
            SELECT r.day, COALESCE(a.succeeded, 0) AS succeeded, COALESCE(a.failed, 0) AS failed, COALESCE(a.cancelled, 0) AS cancelled, r.counted_at, r.is_closed
            FROM run_days r LEFT JOIN (
                SELECT day, sum(succeeded)::bigint AS succeeded, sum(failed)::bigint AS failed, sum(cancelled)::bigint AS cancelled
                FROM run_days WHERE day BETWEEN @Since AND @Until AND {AccountScope.Is("social_account_id")} GROUP BY day) a USING (day)
            WHERE r.social_account_id IS NULL AND r.day BETWEEN @Since AND @Until
            """;
        if (accountId is not null && !AccountScope.Holds(accountId)) return [];
        const string FirstSql = "SELECT (LEAST((SELECT min(completed_at) FROM orchestrations), (SELECT min(completed_at) FROM reopened_failures)) AT TIME ZONE 'UTC')::date";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var first = await connection.ExecuteScalarAsync<DateOnly?>(new(FirstSql, cancellationToken: ct));
        var counted = (await connection.QueryAsync<RunDay>(new(accountId is not null ? AccountDaysSql : AccountScope.IsAll ? DaysSql : scopedDaysSql, new { Scope = AccountScope.Accounts, AccountId = accountId, Since = since, Until = until }, cancellationToken: ct)))
            .ToDictionary(day => day.Day);
        return [.. Days(since, until < Today ? until : Today).Select(day => counted.GetValueOrDefault(day) ?? (first is null || day < first ? new RunDay { Day = day, IsClosed = true } : null)).OfType<RunDay>()];
    }

    private static IEnumerable<DateOnly> Days(DateOnly since, DateOnly until)
    {
        for (var day = since; day <= until; day = day.AddDays(1)) yield return day;
    }
}
