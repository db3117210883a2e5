using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Storing;

/// <summary>The monthly partitions of the numbers: there before the first row of their month.</summary>
internal sealed class InsightMonths(NpgsqlDataSource dataSource, TimeProvider time)
{
    private const int MonthsAhead = 3;

    /// <summary>Made at each start of a worker and each night, so that writing never meets a missing month.</summary>
    public Task EnsureAheadAsync(CancellationToken ct)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        return EnsureAsync(new(today.AddMonths(-1), today.AddMonths(MonthsAhead)), ct);
    }

    public async Task EnsureAsync(DayRange days, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new("SELECT ensure_insight_partitions(@Since, @Until)", new { days.Since, days.Until }, cancellationToken: ct));
    }
}
