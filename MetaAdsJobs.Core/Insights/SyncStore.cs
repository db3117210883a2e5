using Dapper;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Insights.Storing;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations;
using Npgsql;

namespace MetaAdsJobs.Core.Insights;

/// <summary>A claimed sync and what its run works with.</summary>
/// <param name="Abandoned">Runs in a row whose process died.</param>
/// <param name="Currency">In which Meta bills and tells its numbers, once it has told that; until then the one that the account is registered in.</param>
/// <param name="StartedAt">When its first run began.</param>
/// <param name="OutageSince">Since when nothing was heard of Meta but that it does not answer; null while it does.</param>
/// <param name="StoredUntil">The last day that stands in the tables; null before the first.</param>
internal sealed record SyncClaim(
    Guid SyncId, int Attempt, int Failures, int Abandoned, Guid AccountId, string AdAccountId, string Currency, string TimezoneName, DayRange Range, bool IsNightly,
    DateTimeOffset StartedAt, DateTimeOffset? OutageSince, DateOnly? StoredUntil, GraphCredential Credential)
{
    /// <summary>Meta has told its currency.</summary>
    public bool IsCurrencyTold { get; init; }
}

/// <summary>Rows of insight_syncs. Every transition names the state and attempt it leaves.</summary>
internal sealed class SyncStore(NpgsqlDataSource dataSource, WorkClaims work, AccountTokens tokens, OrchestrationOptions options, TimeProvider time)
{
    private static readonly ClaimTable Table = ClaimTable.Syncs;

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
    public async Task<SyncClaim?> ClaimAsync(Guid syncId, CancellationToken ct)
    {
        var claimSql = $"""
            UPDATE insight_syncs r SET {Table.Taken}, holding = true
            FROM social_accounts a
            WHERE {Table.Claimable}
            RETURNING r.attempt, r.failures, r.abandoned, r.since, r.until, r.nightly_for IS NOT NULL AS is_nightly, r.started_at, r.outage_since, r.stored_until,
                      a.id AS account_id, a.ad_account_id, COALESCE(a.meta_currency, a.currency) AS currency, a.meta_currency IS NOT NULL AS is_currency_told, a.timezone_name, a.access_token
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var row = await connection.QuerySingleOrDefaultAsync<ClaimRow>(new(claimSql, new { SyncId = syncId, options.Lease, Now = time.GetUtcNow() }, cancellationToken: ct));
        if (row is null) return null;
        if (tokens.TryOpen(row.AccessToken) is not { } token)
        {
            await work.HandBackAsync(connection, Table, syncId, row.Attempt);
            return null;
        }

        return new(syncId, row.Attempt, row.Failures, row.Abandoned, row.AccountId, row.AdAccountId, row.Currency, row.TimezoneName, new(row.Since, row.Until),
            row.IsNightly, row.StartedAt, row.OutageSince, row.StoredUntil, new(row.AdAccountId, token) { StoredAs = row.AccessToken }) { IsCurrencyTold = row.IsCurrencyTold };
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

    /// <summary>Some more days stand in the tables; after the last the sync has ended. In the transaction that stores them.</summary>
    /// <param name="leftOut">What Meta did not tell beside the reports, which say so themselves; null: nothing.</param>
    /// <exception cref="FencedException">Another attempt holds the sync, or PostgreSQL has lost what was staged: nothing may be stored.</exception>
    public async Task StoredAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, SyncClaim claim, DateOnly until, long restated, long vanished, string? leftOut, bool isLast, CancellationToken ct)
    {
        var storedSql = $"""
            UPDATE insight_syncs SET abandoned = 0, stored_until = @Until, days_synced = @Until::date - since + 1, rows_restated = rows_restated + @Restated, rows_vanished = rows_vanished + @Vanished,
                left_out = CASE WHEN @LeftOut::text IS NULL THEN left_out ELSE array_append(ARRAY(SELECT l FROM unnest(left_out) l WHERE NOT starts_with(l, @LeftOutOf)), @LeftOut) END{Table.Progress}
            WHERE {Table.Held} AND EXISTS (SELECT 1 FROM insight_staging_marks m WHERE m.sync_id = @SyncId)
            """;
        var endSql = $"""
            UPDATE insight_syncs SET state = 'succeeded', holding = false, lease_until = NULL, completed_at = @Now, failures = 0,
                left_out = left_out || ARRAY(SELECT r.error FROM insight_reports r WHERE r.sync_id = @SyncId AND r.error IS NOT NULL AND r.state IN ('read', 'refused') ORDER BY r.no)
            WHERE {Table.Held};
            DELETE FROM insight_reports WHERE sync_id = @SyncId;
            """;
        if (await connection.ExecuteAsync(new(storedSql, new { claim.SyncId, claim.Attempt, Until = until, Restated = restated, Vanished = vanished, LeftOut = leftOut, AccountSpend.LeftOutOf }, transaction, cancellationToken: ct)) != 1)
            throw new FencedException("another attempt holds the sync, or what was staged is gone");
        if (isLast) await connection.ExecuteAsync(new(endSql, new { claim.SyncId, claim.Attempt, Now = time.GetUtcNow() }, transaction, cancellationToken: ct));
    }

    /// <summary>Gives the sync back. Whoever got as far as to wait for Meta has not failed: the count of failures begins anew.</summary>
    public Task ReleaseAsync(SyncClaim claim, string state, string reason, DateTimeOffset? until, bool failed, CancellationToken ct) =>
        ReleaseAsync(claim, state, reason, until, failed, failed ? claim.OutageSince : null, ct);

    /// <summary>Gives the sync back until Meta may answer again. That is no failure, and no success either.</summary>
    public Task WaitForOutageAsync(SyncClaim claim, string reason, DateTimeOffset until, DateTimeOffset since, CancellationToken ct) =>
        ReleaseAsync(claim, "waiting", reason, until, failed: false, since, ct);

    private async Task ReleaseAsync(SyncClaim claim, string state, string reason, DateTimeOffset? until, bool failed, DateTimeOffset? outageSince, CancellationToken ct)
    {
        var releaseSql = $"""
            UPDATE insight_syncs SET state = @State, holding = @State <> 'failed', lease_until = NULL, abandoned = 0, next_attempt_at = @Until,
                failures = CASE WHEN @Failed THEN failures + 1 WHEN @OutageSince::timestamptz IS NULL THEN 0 ELSE failures END, outage_since = @OutageSince,
                wait_reason = CASE WHEN @State = 'failed' THEN NULL ELSE @Reason END,
                error = CASE WHEN @State = 'failed' THEN @Reason END,
                completed_at = CASE WHEN @State = 'failed' THEN @Now END{Table.Progress}
            WHERE {Table.Held}
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(releaseSql,
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
                WHERE sync_id = @SyncId AND state = 'failed' AND NOT EXISTS (SELECT 1 FROM social_accounts a WHERE a.id = social_account_id AND a.retired_at IS NOT NULL) RETURNING sync_id),
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
        public bool IsCurrencyTold { get; init; }
        public string TimezoneName { get; init; } = "";
        public DateTimeOffset StartedAt { get; init; }
        public DateTimeOffset? OutageSince { get; init; }
        public DateOnly? StoredUntil { get; init; }
        public string AccessToken { get; init; } = "";
    }
}
