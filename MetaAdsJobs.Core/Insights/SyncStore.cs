using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta;
using Npgsql;

namespace MetaAdsJobs.Core.Insights;

/// <summary>A claimed sync and what its run works with.</summary>
internal sealed record SyncClaim(
    Guid SyncId, int Attempt, int Failures, Guid AccountId, string AdAccountId, string Currency, DayRange Range, bool IsNightly, GraphCredential Credential);

/// <summary>Rows of insight_syncs. Every transition names the state and attempt it leaves.</summary>
internal sealed class SyncStore(NpgsqlDataSource dataSource, AccountTokens tokens, TimeProvider time)
{
    /// <returns>False when this account's night has been queued already.</returns>
    public async Task<bool> InsertAsync(Guid syncId, Guid accountId, DayRange range, string requestedBy, DateOnly? nightlyFor, string jobId, CancellationToken ct)
    {
        const string InsertSql = """
            INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, nightly_for, job_id, state, queued_at)
            VALUES (@SyncId, @AccountId, @Since, @Until, @RequestedBy, @NightlyFor, @JobId, 'queued', @Now)
            ON CONFLICT DO NOTHING
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new(InsertSql, new
        {
            SyncId = syncId, AccountId = accountId, range.Since, range.Until, RequestedBy = requestedBy, NightlyFor = nightlyFor, JobId = jobId, Now = time.GetUtcNow(),
        }, cancellationToken: ct)) == 1;
    }

    /// <summary>Null when it is finished, held, or has to wait; throws 23505 when another sync of the account runs.</summary>
    public async Task<SyncClaim?> ClaimAsync(Guid syncId, TimeSpan lease, CancellationToken ct)
    {
        const string ClaimSql = """
            UPDATE insight_syncs s SET state = 'running', attempt = s.attempt + 1, lease_until = clock_timestamp() + @Lease,
                started_at = COALESCE(s.started_at, @Now), wait_reason = NULL, next_attempt_at = NULL, pages_read = 0, rows_read = 0
            FROM social_accounts a
            WHERE s.sync_id = @SyncId AND a.id = s.social_account_id
              AND s.state IN ('queued', 'waiting', 'running') AND (s.lease_until IS NULL OR s.lease_until < clock_timestamp())
              AND a.token_rejected_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM account_pacing p
                              WHERE p.ad_account_id = a.ad_account_id AND p.use_case = 'ads_insights' AND p.blocked_until > @Now)
            RETURNING s.attempt, s.failures, s.since, s.until, s.nightly_for IS NOT NULL AS is_nightly,
                      a.id AS account_id, a.ad_account_id, a.currency, a.access_token
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var row = await connection.QuerySingleOrDefaultAsync<ClaimRow>(new(ClaimSql, new { SyncId = syncId, Lease = lease, Now = time.GetUtcNow() }, cancellationToken: ct));
        return row is null ? null : new(syncId, row.Attempt, row.Failures, row.AccountId, row.AdAccountId, row.Currency, new(row.Since, row.Until),
            row.IsNightly, new(row.AdAccountId, tokens.Open(row.AccessToken)));
    }

    public async Task<(string State, DateTimeOffset? LeaseUntil, DateTimeOffset? BlockedUntil, bool TokenRejected)?> FindReasonAsync(Guid syncId, CancellationToken ct)
    {
        const string ReasonSql = """
            SELECT s.state, s.lease_until, p.blocked_until, a.token_rejected_at IS NOT NULL AS token_rejected
            FROM insight_syncs s JOIN social_accounts a ON a.id = s.social_account_id
            LEFT JOIN account_pacing p ON p.ad_account_id = a.ad_account_id AND p.use_case = 'ads_insights' AND p.blocked_until > @Now
            WHERE s.sync_id = @SyncId
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<(string, DateTimeOffset?, DateTimeOffset?, bool)?>(new(ReasonSql,
            new { SyncId = syncId, Now = time.GetUtcNow() }, cancellationToken: ct));
    }

    /// <returns>False when another attempt holds the sync.</returns>
    public async Task<bool> RenewAsync(SyncClaim claim, TimeSpan lease, int pages, long rows, CancellationToken ct)
    {
        const string RenewSql = """
            UPDATE insight_syncs SET lease_until = clock_timestamp() + @Lease, pages_read = @Pages, rows_read = @Rows
            WHERE sync_id = @SyncId AND attempt = @Attempt AND state = 'running'
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new(RenewSql, new { claim.SyncId, claim.Attempt, Lease = lease, Pages = pages, Rows = rows }, cancellationToken: ct)) == 1;
    }

    /// <exception cref="FencedException">Another attempt holds the sync.</exception>
    public async Task FinishAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, SyncClaim claim, int pages, long rows, CancellationToken ct)
    {
        const string FinishSql = """
            UPDATE insight_syncs SET state = 'succeeded', lease_until = NULL, pages_read = @Pages, rows_read = @Rows, days_synced = @Days, completed_at = @Now
            WHERE sync_id = @SyncId AND attempt = @Attempt AND state = 'running'
            """;
        if (await connection.ExecuteAsync(new(FinishSql, new { claim.SyncId, claim.Attempt, Pages = pages, Rows = rows, claim.Range.Days, Now = time.GetUtcNow() },
                transaction, cancellationToken: ct)) != 1)
            throw new FencedException("the sync was finished by another");
    }

    public async Task ReleaseAsync(SyncClaim claim, string state, string reason, DateTimeOffset? until, bool failed, CancellationToken ct)
    {
        const string ReleaseSql = """
            UPDATE insight_syncs SET state = @State, lease_until = NULL, next_attempt_at = @Until, failures = failures + @Failed::int,
                wait_reason = CASE WHEN @State = 'failed' THEN NULL ELSE @Reason END,
                error = CASE WHEN @State = 'failed' THEN @Reason END,
                completed_at = CASE WHEN @State = 'failed' THEN @Now END
            WHERE sync_id = @SyncId AND attempt = @Attempt AND state = 'running'
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(ReleaseSql,
            new { claim.SyncId, claim.Attempt, State = state, Reason = reason, Until = until, Failed = failed, Now = time.GetUtcNow() }, cancellationToken: ct));
    }

    /// <summary>Opens a failed sync again for a job that a person has requeued.</summary>
    public void Reopen(Guid syncId)
    {
        const string ReopenSql = """
            UPDATE insight_syncs SET state = 'queued', failures = 0, error = NULL, completed_at = NULL WHERE sync_id = @SyncId AND state = 'failed'
            """;
        using var connection = dataSource.OpenConnection();
        connection.Execute(ReopenSql, new { SyncId = syncId });
    }

    /// <summary>Removes what earlier attempts, or a finished one, have staged.</summary>
    public static Task ClearStagingAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, Guid syncId, CancellationToken ct) =>
        connection.ExecuteAsync(new("DELETE FROM insight_staging WHERE sync_id = @SyncId", new { SyncId = syncId }, transaction, cancellationToken: ct));

    public async Task SaveMinDailyBudgetAsync(Guid accountId, long? minimum, CancellationToken ct)
    {
        const string SaveSql = "UPDATE social_accounts SET min_daily_budget = @Minimum WHERE id = @Id AND min_daily_budget IS DISTINCT FROM @Minimum";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(SaveSql, new { Id = accountId, Minimum = minimum }, cancellationToken: ct));
    }

    private sealed record ClaimRow
    {
        public int Attempt { get; init; }
        public int Failures { get; init; }
        public DateOnly Since { get; init; }
        public DateOnly Until { get; init; }
        public bool IsNightly { get; init; }
        public Guid AccountId { get; init; }
        public string AdAccountId { get; init; } = "";
        public string Currency { get; init; } = "";
        public string AccessToken { get; init; } = "";
    }
}
