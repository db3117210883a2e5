using System.Text.Json.Serialization;
using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Watching;

/// <summary>One night's syncs of all accounts: where they stand, and what they have brought.</summary>
public sealed record InsightNight
{
    public required DateOnly Night { get; init; }
    public required long Accounts { get; init; }
    public required long Queued { get; init; }
    public required long Running { get; init; }
    public required long Waiting { get; init; }
    public required long Succeeded { get; init; }
    public required long Failed { get; init; }

    /// <summary>Rows read.</summary>
    public required long Rows { get; init; }

    /// <summary>Added up over the accounts.</summary>
    public required long DaysSynced { get; init; }
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Null until all are over.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Of one night only: the failed ones first, then the waiting ones, at most 100.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<UnfinishedSync>? Unfinished { get; init; }
}

/// <summary>A sync of a night that has failed or waits, and why.</summary>
public sealed record UnfinishedSync
{
    public required Guid SyncId { get; init; }
    public required Guid SocialAccountId { get; init; }
    public required string Account { get; init; }
    public required string State { get; init; }
    public string? Reason { get; init; }
    public DateTimeOffset? NextAttemptAt { get; init; }
}

/// <summary>Reads nights, newest first.</summary>
public sealed class NightReader(NpgsqlDataSource dataSource)
{
    private const int MostUnfinished = 100;

    private const string Select = """
        SELECT nightly_for AS night, COUNT(*) AS accounts,
            COUNT(*) FILTER (WHERE state = 'queued') AS queued, COUNT(*) FILTER (WHERE state = 'running') AS running,
            COUNT(*) FILTER (WHERE state = 'waiting') AS waiting, COUNT(*) FILTER (WHERE state = 'succeeded') AS succeeded,
            COUNT(*) FILTER (WHERE state = 'failed') AS failed,
            SUM(rows_read)::bigint AS rows, SUM(days_synced)::bigint AS days_synced, MIN(started_at) AS started_at,
            CASE WHEN bool_and(state IN ('succeeded', 'failed')) THEN MAX(completed_at) END AS completed_at
        FROM insight_syncs
        """;

    public Task<IReadOnlyList<InsightNight>> ListAsync(DateOnly? before, int limit, CancellationToken ct) => ListAsync(since: null, until: null, before, limit, ct);

    /// <param name="since">The first night.</param>
    /// <param name="until">The last one.</param>
    /// <param name="before">The last night of the page before.</param>
    public async Task<IReadOnlyList<InsightNight>> ListAsync(DateOnly? since, DateOnly? until, DateOnly? before, int limit, CancellationToken ct)
    {
        var nights = $"{(since is null ? "" : " AND nightly_for >= @Since")}{(until is null ? "" : " AND nightly_for <= @Until")}{(before is null ? "" : " AND nightly_for < @Before")}";
        var listSql = $"""
            {Select} WHERE nightly_for IS NOT NULL{AccountScope.And("social_account_id")}{nights}
            GROUP BY nightly_for ORDER BY nightly_for DESC LIMIT @Limit
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<InsightNight>(new(listSql, new { Since = since, Until = until, Before = before, Limit = limit, Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
    }

    public async Task<InsightNight?> FindAsync(DateOnly night, CancellationToken ct)
    {
        var findSql = $"{Select} WHERE nightly_for = @Night{AccountScope.And("social_account_id")} GROUP BY nightly_for";
        var unfinishedSql = $"""
            SELECT s.sync_id, s.social_account_id, a.name AS account, s.state, COALESCE(s.error, s.wait_reason) AS reason, s.next_attempt_at
            FROM insight_syncs s JOIN social_accounts a ON a.id = s.social_account_id
            WHERE s.nightly_for = @Night AND s.state IN ('failed', 'waiting'){AccountScope.And("s.social_account_id")}
            ORDER BY s.state, s.sync_id LIMIT @Limit
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var found = await connection.QuerySingleOrDefaultAsync<InsightNight>(new(findSql, new { Night = night, Scope = AccountScope.Accounts }, cancellationToken: ct));
        if (found is null) return null;
        var unfinished = await connection.QueryAsync<UnfinishedSync>(new(unfinishedSql, new { Night = night, Limit = MostUnfinished, Scope = AccountScope.Accounts }, cancellationToken: ct));
        return found with { Unfinished = unfinished.AsList() };
    }
}
