using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Orchestrations.Listing;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Watching;

/// <summary>Which syncs to list. Days are UTC, of when one was asked for.</summary>
/// <param name="ChangedSince">Those that have not ended, and those that have ended since.</param>
/// <param name="RequestedBy">Who asked for it, as the audit names it.</param>
public sealed record SyncFilter(Guid? AccountId, InsightSyncState? State, DateOnly? Since = null, DateOnly? Until = null, DateTimeOffset? ChangedSince = null, string? RequestedBy = null);

/// <summary>Tells how syncs stand, newest first: their ids are in the order of time.</summary>
public sealed class SyncReader(NpgsqlDataSource dataSource)
{
    // A report that was split is counted by its parts; one that was refused asks for nothing more.
    private const string Select = """
        SELECT s.sync_id, s.social_account_id, s.since, s.until, s.requested_by, s.nightly_for, s.state, s.attempt, s.wait_reason, s.next_attempt_at,
            s.reports, s.reports_read, s.pages_read, s.rows_read, s.rows_restated, s.rows_vanished, s.days_synced, s.stored_until, s.left_out, s.error,
            s.queued_at, s.started_at, s.completed_at,
            CASE WHEN s.state = 'succeeded' THEN 100 ELSE COALESCE(
                (SELECT floor(AVG(CASE WHEN r.state IN ('read', 'refused') THEN 100 ELSE r.percent END))::int
                 FROM insight_reports r WHERE r.sync_id = s.sync_id AND r.state <> 'split'), 0) END AS percent
        FROM insight_syncs s
        """;

    public async Task<InsightSync?> FindAsync(Guid syncId, CancellationToken ct)
    {
        var findSql = $"{Select} WHERE s.sync_id = @SyncId{AccountScope.And("s.social_account_id")}";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<InsightSync>(new(findSql, new { SyncId = syncId, Scope = AccountScope.Accounts }, cancellationToken: ct));
    }

    public Task<IReadOnlyList<InsightSync>> ListAsync(Guid? accountId, InsightSyncState? state, Guid? before, int limit, CancellationToken ct) => ListAsync(new(accountId, state), before, limit, ct);

    /// <param name="before">The last id of the page before.</param>
    public async Task<IReadOnlyList<InsightSync>> ListAsync(SyncFilter filter, Guid? before, int limit, CancellationToken ct)
    {
        var conditions = new List<string> { "true" };
        var (accountId, state) = (filter.AccountId, filter.State);
        if (accountId is not null) conditions.Add("s.social_account_id = @AccountId");
        // The state stands in the text so that the index of the unfinished ones serves.
        if (state is not null) conditions.Add($"s.state = '{state.Value.ToString().ToLowerInvariant()}'");
        if (filter.Since is not null) conditions.Add("s.sync_id >= @From");
        if (filter.Until is not null) conditions.Add("s.sync_id < @Until");
        if (filter.ChangedSince is not null) conditions.Add("(s.state IN ('queued', 'running', 'waiting') OR s.completed_at >= @ChangedSince)");
        if (filter.RequestedBy is not null) conditions.Add("s.requested_by = @RequestedBy");
        if (before is not null) conditions.Add("s.sync_id < @Before");
        AccountScope.AddTo(conditions, "s.social_account_id");
        var listSql = $"{Select} WHERE {string.Join(" AND ", conditions)} ORDER BY s.sync_id DESC LIMIT @Limit";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<InsightSync>(new(listSql, new
        {
            AccountId = accountId, Before = before, Limit = limit, Scope = AccountScope.Accounts, From = RunFilter.FirstOf(filter.Since), Until = RunFilter.FirstAfter(filter.Until), filter.ChangedSince, filter.RequestedBy,
        }, cancellationToken: ct))).AsList();
    }
}
