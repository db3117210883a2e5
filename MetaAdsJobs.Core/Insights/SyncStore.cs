using Dapper;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Insights.Storing;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using Npgsql;

namespace MetaAdsJobs.Core.Insights;

/// <summary>A claimed sync and what its run works with.</summary>
/// <param name="Abandoned">Runs in a row whose process died.</param>
/// <param name="StartedAt">When its first run began.</param>
/// <param name="OutageSince">Since when nothing was heard of Meta but that it does not answer; null while it does.</param>
/// <param name="StoredUntil">The last day that stands in the tables; null before the first.</param>
internal sealed record SyncClaim(
    Guid SyncId, int Attempt, int Failures, int Abandoned, Guid AccountId, string AdAccountId, string Currency, string TimezoneName, DayRange Range, bool IsNightly,
    DateTimeOffset StartedAt, DateTimeOffset? OutageSince, DateOnly? StoredUntil, GraphCredential Credential);

/// <summary>Rows of insight_syncs. Every transition names the state and attempt it leaves.</summary>
internal sealed class SyncStore(NpgsqlDataSource dataSource, AccountTokens tokens, TimeProvider time)
{
    private const string Progress = """
        pages_read = r.pages, rows_read = r.rows, reports = r.reports, reports_read = r.reports_read
        """;

    private const string ProgressFrom = """
        (SELECT COALESCE(sum(pages), 0) AS pages, COALESCE(sum(rows), 0) AS rows, count(*) FILTER (WHERE state <> 'split') AS reports,
                count(*) FILTER (WHERE state IN ('read', 'refused')) AS reports_read
         FROM insight_reports WHERE sync_id = @SyncId) r
        """;

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

    /// <summary>Null when it is finished, held, or has to wait; throws 23505 when another sync has the account.</summary>
    public async Task<SyncClaim?> ClaimAsync(Guid syncId, TimeSpan lease, CancellationToken ct)
    {
        const string ClaimSql = """
            UPDATE insight_syncs s SET state = 'running', holding = true, attempt = s.attempt + 1,
                -- A lease that nobody gave back: the run before died.
                abandoned = CASE WHEN s.lease_until IS NULL THEN 0 ELSE s.abandoned + 1 END, lease_until = clock_timestamp() + @Lease,
                started_at = COALESCE(s.started_at, @Now), wait_reason = NULL, next_attempt_at = NULL
            FROM social_accounts a
            WHERE s.sync_id = @SyncId AND a.id = s.social_account_id
              AND s.state IN ('queued', 'waiting', 'running') AND (s.lease_until IS NULL OR s.lease_until < clock_timestamp())
              AND a.token_rejected_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM account_pacing p
                              WHERE p.ad_account_id = a.ad_account_id AND p.use_case = 'ads_insights' AND p.blocked_until > @Now)
            RETURNING s.attempt, s.failures, s.abandoned, s.since, s.until, s.nightly_for IS NOT NULL AS is_nightly, s.started_at, s.outage_since, s.stored_until,
                      a.id AS account_id, a.ad_account_id, a.currency, a.timezone_name, a.access_token
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var row = await connection.QuerySingleOrDefaultAsync<ClaimRow>(new(ClaimSql, new { SyncId = syncId, Lease = lease, Now = time.GetUtcNow() }, cancellationToken: ct));
        if (row is null) return null;
        if (tokens.TryOpen(row.AccessToken) is not { } token)
        {
            await HandBackAsync(connection, syncId, row.Attempt);
            return null;
        }

        return new(syncId, row.Attempt, row.Failures, row.Abandoned, row.AccountId, row.AdAccountId, row.Currency, row.TimezoneName, new(row.Since, row.Until),
            row.IsNightly, row.StartedAt, row.OutageSince, row.StoredUntil, new(row.AdAccountId, token) { StoredAs = row.AccessToken });
    }

    private async Task HandBackAsync(NpgsqlConnection connection, Guid syncId, int attempt)
    {
        const string HandBackSql = """
            UPDATE insight_syncs SET state = 'waiting', lease_until = NULL, wait_reason = @Reason, next_attempt_at = @Until, abandoned = 0
            WHERE sync_id = @SyncId AND attempt = @Attempt AND state = 'running'
            """;
        await connection.ExecuteAsync(HandBackSql, new { SyncId = syncId, Attempt = attempt, Reason = AccountTokens.Unreadable, Until = time.GetUtcNow() + AccountTokens.UntilReadable });
    }

    /// <summary>Says in its row what the sync waits for. The longer it has waited, the longer until the next look.</summary>
    public async Task<(DateTimeOffset Until, string Reason)> WaitForOtherAsync(Guid syncId, CancellationToken ct)
    {
        const string WaitSql = """
            UPDATE insight_syncs s SET state = 'waiting', wait_reason = @Reason,
                next_attempt_at = @Now::timestamptz + LEAST(GREATEST((@Now - s.queued_at) / 4, interval '2 seconds'), interval '1 minute')
            WHERE s.sync_id = @SyncId AND s.state IN ('queued', 'waiting') AND NOT s.holding
            RETURNING next_attempt_at
            """;
        const string Reason = "another sync of this account is running";
        var now = time.GetUtcNow();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var until = await connection.QuerySingleOrDefaultAsync<DateTimeOffset?>(new(WaitSql, new { SyncId = syncId, Reason, Now = now }, cancellationToken: ct));
        return (until ?? now.AddSeconds(2), Reason);
    }

    /// <summary>Whether what was staged is still there: a crash of PostgreSQL takes it away.</summary>
    public async Task<bool> IsStagedAsync(SyncClaim claim, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await Staging.IsMarkedAsync(connection, claim.SyncId, ct);
    }

    public async Task<(string State, DateTimeOffset? LeaseUntil, DateTimeOffset? BlockedUntil, bool TokenRejected, string? WaitReason, DateTimeOffset? NextAttemptAt)?> FindReasonAsync(Guid syncId, CancellationToken ct)
    {
        const string ReasonSql = """
            SELECT s.state, s.lease_until, p.blocked_until, a.token_rejected_at IS NOT NULL AS token_rejected, s.wait_reason, s.next_attempt_at
            FROM insight_syncs s JOIN social_accounts a ON a.id = s.social_account_id
            LEFT JOIN account_pacing p ON p.ad_account_id = a.ad_account_id AND p.use_case = 'ads_insights' AND p.blocked_until > @Now
            WHERE s.sync_id = @SyncId
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<(string, DateTimeOffset?, DateTimeOffset?, bool, string?, DateTimeOffset?)?>(new(ReasonSql,
            new { SyncId = syncId, Now = time.GetUtcNow() }, cancellationToken: ct));
    }

    /// <returns>False when another attempt holds the sync.</returns>
    public async Task<bool> RenewAsync(SyncClaim claim, TimeSpan lease, CancellationToken ct)
    {
        const string RenewSql = $"""
            UPDATE insight_syncs SET lease_until = clock_timestamp() + @Lease, {Progress} FROM {ProgressFrom}
            WHERE sync_id = @SyncId AND attempt = @Attempt AND state = 'running'
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new(RenewSql, new { claim.SyncId, claim.Attempt, Lease = lease }, cancellationToken: ct)) == 1;
    }

    /// <summary>Some more days stand in the tables; after the last the sync has ended. In the transaction that stores them.</summary>
    /// <exception cref="FencedException">Another attempt holds the sync, or PostgreSQL has lost what was staged: nothing may be stored.</exception>
    public async Task StoredAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, SyncClaim claim, DateOnly until, long restated, long vanished, bool isLast, CancellationToken ct)
    {
        const string StoredSql = $"""
            UPDATE insight_syncs SET stored_until = @Until, days_synced = @Until::date - since + 1, rows_restated = rows_restated + @Restated, rows_vanished = rows_vanished + @Vanished,
                {Progress}
            FROM {ProgressFrom}
            WHERE sync_id = @SyncId AND attempt = @Attempt AND state = 'running' AND EXISTS (SELECT 1 FROM insight_staging_marks m WHERE m.sync_id = @SyncId)
            """;
        const string EndSql = """
            UPDATE insight_syncs SET state = 'succeeded', holding = false, lease_until = NULL, completed_at = @Now, failures = 0,
                left_out = left_out || ARRAY(SELECT r.error FROM insight_reports r WHERE r.sync_id = @SyncId AND r.error IS NOT NULL AND r.state IN ('read', 'refused') ORDER BY r.no)
            WHERE sync_id = @SyncId AND attempt = @Attempt AND state = 'running';
            DELETE FROM insight_reports WHERE sync_id = @SyncId;
            """;
        if (await connection.ExecuteAsync(new(StoredSql, new { claim.SyncId, claim.Attempt, Until = until, Restated = restated, Vanished = vanished }, transaction, cancellationToken: ct)) != 1)
            throw new FencedException("another attempt holds the sync, or what was staged is gone");
        if (isLast) await connection.ExecuteAsync(new(EndSql, new { claim.SyncId, claim.Attempt, Now = time.GetUtcNow() }, transaction, cancellationToken: ct));
    }

    /// <summary>Gives the sync back. Whoever got as far as to wait for Meta has not failed: the count of failures begins anew.</summary>
    public Task ReleaseAsync(SyncClaim claim, string state, string reason, DateTimeOffset? until, bool failed, CancellationToken ct) =>
        ReleaseAsync(claim, state, reason, until, failed, failed ? claim.OutageSince : null, ct);

    /// <summary>Gives the sync back until Meta may answer again. That is no failure, and no success either.</summary>
    public Task WaitForOutageAsync(SyncClaim claim, string reason, DateTimeOffset until, DateTimeOffset since, CancellationToken ct) =>
        ReleaseAsync(claim, "waiting", reason, until, failed: false, since, ct);

    private async Task ReleaseAsync(SyncClaim claim, string state, string reason, DateTimeOffset? until, bool failed, DateTimeOffset? outageSince, CancellationToken ct)
    {
        const string ReleaseSql = $"""
            UPDATE insight_syncs SET state = @State, holding = @State <> 'failed', lease_until = NULL, next_attempt_at = @Until,
                failures = CASE WHEN @Failed THEN failures + 1 WHEN @OutageSince::timestamptz IS NULL THEN 0 ELSE failures END, outage_since = @OutageSince,
                wait_reason = CASE WHEN @State = 'failed' THEN NULL ELSE @Reason END,
                error = CASE WHEN @State = 'failed' THEN @Reason END,
                completed_at = CASE WHEN @State = 'failed' THEN @Now END, {Progress}
            FROM {ProgressFrom}
            WHERE sync_id = @SyncId AND attempt = @Attempt AND state = 'running'
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(ReleaseSql,
            new { claim.SyncId, claim.Attempt, State = state, Reason = reason, Until = until, Failed = failed, OutageSince = outageSince, Now = time.GetUtcNow() }, cancellationToken: ct));
    }

    /// <summary>Opens a failed sync again for a job that a person has requeued.</summary>
    public void Reopen(Guid syncId)
    {
        // Begun anew: others may have stored newer numbers since, and what was asked for then is old.
        const string ReopenSql = """
            WITH reopened AS (
                UPDATE insight_syncs SET state = 'queued', failures = 0, abandoned = 0, outage_since = NULL, error = NULL, completed_at = NULL, started_at = NULL, stored_until = NULL,
                    rows_restated = 0, rows_vanished = 0, days_synced = 0, left_out = '{}'
                WHERE sync_id = @SyncId AND state = 'failed' RETURNING sync_id),
            reports AS (DELETE FROM insight_reports r USING reopened WHERE r.sync_id = reopened.sync_id),
            marks AS (DELETE FROM insight_staging_marks m USING reopened WHERE m.sync_id = reopened.sync_id)
            DELETE FROM insight_staging t USING reopened WHERE t.sync_id = reopened.sync_id
            """;
        using var connection = dataSource.OpenConnection();
        connection.Execute(ReopenSql, new { SyncId = syncId }, commandTimeout: 600);
    }

    private sealed record ClaimRow
    {
        public int Attempt { get; init; }
        public int Failures { get; init; }
        public int Abandoned { get; init; }
        public DateOnly Since { get; init; }
        public DateOnly Until { get; init; }
        public bool IsNightly { get; init; }
        public Guid AccountId { get; init; }
        public string AdAccountId { get; init; } = "";
        public string Currency { get; init; } = "";
        public string TimezoneName { get; init; } = "";
        public DateTimeOffset StartedAt { get; init; }
        public DateTimeOffset? OutageSince { get; init; }
        public DateOnly? StoredUntil { get; init; }
        public string AccessToken { get; init; } = "";
    }
}
