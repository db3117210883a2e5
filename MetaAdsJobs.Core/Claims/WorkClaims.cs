using Dapper;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations;
using Npgsql;

namespace MetaAdsJobs.Core.Claims;

/// <summary>
/// What every claim has in common: it is renewed while its work goes on and given back when it cannot, and who did not get it is told why and
/// until when. The queue only rings the bell, as often as it likes.
/// </summary>
internal sealed class WorkClaims(NpgsqlDataSource dataSource, OrchestrationOptions options, TimeProvider time)
{
    private static readonly TimeSpan UntilSomebodySees = TimeSpan.FromMinutes(5);

    // Whoever ends calls the next; this is for when that call was lost.
    private static readonly TimeSpan UntilAnotherEnds = TimeSpan.FromSeconds(30);

    /// <summary>Does the work while the claim is renewed.</summary>
    /// <param name="overtaken">Another attempt holds the row now; told why that is known.</param>
    /// <param name="handBack">This process is stopping: anybody may go on at once.</param>
    public async Task<JobOutcome> RunAsync(
        ClaimTable table, Guid id, int attempt, Lease claimed, Func<CancellationToken, Task<JobOutcome>> work, Func<string, Task> overtaken, Func<Task> handBack, CancellationToken ct)
    {
        await using var lease = claimed;
        lease.KeepRenewed(token => RenewAsync(table, id, attempt, token));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, lease.Lost);
        try
        {
            return await work(either.Token);
        }
        catch (FencedException exception)
        {
            return await LeaveAsync(exception.Message);
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested)
        {
            return await LeaveAsync("the lease was taken over");
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await handBack();
            throw;
        }

        async Task<JobOutcome> LeaveAsync(string reason)
        {
            await overtaken(reason);
            return new JobOutcome.Snoozed(time.GetUtcNow() + options.Lease, reason);
        }
    }

    /// <returns>False when another attempt holds the row, or the lease is over: who slept through it knows nothing of what was ordered meanwhile.</returns>
    public async Task<bool> RenewAsync(ClaimTable table, Guid id, int attempt, CancellationToken ct)
    {
        var renewSql = $"UPDATE {table.Name} SET lease_until = clock_timestamp() + @Lease{table.Progress} WHERE {table.Held} AND lease_until > clock_timestamp()";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new(renewSql, Parameters(table, id, new { Attempt = attempt, options.Lease }), cancellationToken: ct)) == 1;
    }

    /// <summary>The account's token is sealed with a key that this process does not have yet: the claim is given back as if it had not been made.</summary>
    public Task HandBackAsync(NpgsqlConnection connection, ClaimTable table, Guid id, int attempt) =>
        HandBackAsync(connection, table, id, attempt, AccountTokens.Unreadable, time.GetUtcNow() + AccountTokens.UntilReadable, failed: false);

    /// <summary>
    /// Reads what a claim works with, once that is committed. Where it cannot be read the claim is given back: the next attempt waits for no lease, and takes none for dead. That is an attempt
    /// that failed, against MAX_RETRIES, unless the database would not let it be read: else the job of a row that nobody can read would be begun anew for ever. What may have something at Meta
    /// does not end so: it waits, and is tried again from time to time, until somebody can read it.
    /// </summary>
    /// <exception cref="UnreadableException">It was the last attempt: the row has ended as failed, and a person may retry it; or it waits, until when the exception tells.</exception>
    public async Task<T> ReadAsync<T>(ClaimTable table, Guid id, int attempt, Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception exception)
        {
            // What the database has against the reading is no fault of the row's.
            var failed = exception is not (OperationCanceledException or NpgsqlException);
            var reason = exception is OperationCanceledException ? "the worker was stopped" : $"what it works with could not be read: {exception.Message}";
            try
            {
                await using var connection = await dataSource.OpenConnectionAsync(CancellationToken.None);
                if (failed && await GiveUpAsync(connection, table, id, attempt, reason)) throw new UnreadableException(reason, until: null, exception);
                if (await HandBackAsync(connection, table, id, attempt, reason, until: null, failed) is { } until) throw new UnreadableException(reason, until, exception);
            }
            catch (NpgsqlException)
            {
                // The lease ends by itself.
            }

            throw;
        }
    }

    /// <returns>False when there are attempts left.</returns>
    private async Task<bool> GiveUpAsync(NpgsqlConnection connection, ClaimTable table, Guid id, int attempt, string reason)
    {
        var giveUpSql = $"""
            WITH back AS (
                UPDATE {table.Name} SET {table.State} = {table.GivenUp}, lease_until = NULL, wait_reason = NULL, next_attempt_at = NULL, failures = failures + 1, completed_at = @Now, {table.WithGivenUp}
                WHERE {table.Held} AND failures >= @MaxRetries AND {table.HasNothing} RETURNING {table.Key}),
            beside AS ({table.WithHandedBack})
            SELECT count(*) FROM back
            """;
        return await connection.ExecuteScalarAsync<long>(giveUpSql, Parameters(table, id, new { Attempt = attempt, Reason = reason, options.MaxRetries, Now = time.GetUtcNow() })) == 1;
    }

    /// <returns>Until when it waits, if it does.</returns>
    private async Task<DateTimeOffset?> HandBackAsync(NpgsqlConnection connection, ClaimTable table, Guid id, int attempt, string reason, DateTimeOffset? until, bool failed)
    {
        var handBackSql = $"""
            WITH back AS (
                UPDATE {table.Name} SET {table.State} = 'waiting', lease_until = NULL, wait_reason = @Reason, next_attempt_at = CASE WHEN @Failed AND NOT ({table.HasNothing}) THEN @Later ELSE @Until END,
                    failures = failures + (@Failed AND {table.HasNothing})::int
                WHERE {table.Held} RETURNING {table.Key}, next_attempt_at),
            beside AS ({table.WithHandedBack})
            SELECT next_attempt_at FROM back
            """;
        return await connection.QuerySingleOrDefaultAsync<DateTimeOffset?>(handBackSql, Parameters(table, id, new { Attempt = attempt, Reason = reason, Until = until, Failed = failed, Later = time.GetUtcNow() + UntilSomebodySees }));
    }

    /// <summary>Why a row could not be claimed: it has ended, another holds it, or its account has to wait. What keeps the account is shown in the row.</summary>
    public async Task<JobOutcome> WhyUnclaimedAsync(ClaimTable table, Guid id, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        switch (await FindReasonAsync(table, id, ct))
        {
            case null or { IsUnfinished: false }:
                return new JobOutcome.Completed();
            case { TokenRejection: { } rejection }:
                return await ShowAsync(now + UntilSomebodySees, $"the account's access token was rejected: {rejection}");
            case { AccountBlock: { } block }:
                return await ShowAsync(now + UntilSomebodySees, $"the account is blocked by Meta: {block}");
            case { Stopped: { } stopped }:
                return await ShowAsync(now + UntilSomebodySees, stopped);
            // The freeze, or the stop, that holds it as well is waited for once that is over.
            case { WaitsFor: ClaimTable.BehindAnEarlier, HeldUntil: not null }:
                return await ShowAsync(now + UntilAnotherEnds, ClaimTable.BehindAnEarlier, isHeld: true);
            case { WaitsFor: { } why, HeldUntil: { } until }:
                return await ShowAsync(until, why, isHeld: true);
            case { WaitsFor: { } other }:
                return await ShowAsync(now + UntilAnotherEnds, other);
            case { BlockedUntil: { } blockedUntil } blocked:
                return await ShowAsync(blockedUntil, $"throttled by Meta: {blocked.BlockedReason}");
            case { NextAttemptAt: { } next, WaitReason: { } reason } when next > now:
                return new JobOutcome.Snoozed(next, reason);
            case { LeaseUntil: { } leaseUntil }:
                return new JobOutcome.Snoozed(leaseUntil > now ? leaseUntil : now.AddSeconds(1), "another attempt holds it");
            default:
                return new JobOutcome.Snoozed(now.AddSeconds(1), "it was busy");
        }

        async Task<JobOutcome> ShowAsync(DateTimeOffset until, string reason, bool isHeld = false)
        {
            // Changes nothing if somebody holds it by now. An attempt that died, and whose lease stays for the next one to see it, is not what it waits for.
            var showSql = $"""
                UPDATE {table.Name} r SET {table.State} = 'waiting', wait_reason = @Reason, next_attempt_at = @Until{(isHeld ? $", {table.IsHeld} = true{table.WithHeld}" : "")}
                WHERE {table.Key} = @{table.Parameter} AND {table.Unfinished} AND {ClaimTable.Free("r")}
                """;
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            await connection.ExecuteAsync(new(showSql, Parameters(table, id, new { Until = until, Reason = reason }), cancellationToken: ct));
            return new JobOutcome.Snoozed(until, reason);
        }
    }

    private async Task<Unclaimed?> FindReasonAsync(ClaimTable table, Guid id, CancellationToken ct)
    {
        var reasonSql = $"""
            SELECT r.{table.Unfinished} AS is_unfinished, r.lease_until, p.blocked_until, p.reason AS blocked_reason,
                   CASE WHEN a.token_rejected_at IS NOT NULL THEN COALESCE(a.token_rejection, 'rejected') END AS token_rejection,
                   CASE WHEN a.blocked_at IS NOT NULL AND @YieldsToPeople THEN COALESCE(a.block_reason, 'blocked') END AS account_block,
                   (SELECT concat('stopped by ', s.stopped_by, ': ' || s.reason) FROM stops s
                    WHERE @YieldsToPeople AND NOT {table.TakesBack} AND s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = a.id) LIMIT 1) AS stopped,
                   ({table.WaitsFor}) AS waits_for, ({table.HeldUntil}) AS held_until, r.wait_reason, r.next_attempt_at
            FROM {table.Name} r
            JOIN social_accounts a ON a.id = r.social_account_id
            LEFT JOIN account_pacing p ON p.ad_account_id = a.ad_account_id AND p.use_case = '{table.UseCase}' AND p.blocked_until > @Now AND NOT {table.GoesFirst}
            WHERE r.{table.Key} = @{table.Parameter}
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<Unclaimed>(new(reasonSql, Parameters(table, id, new { table.YieldsToPeople, Now = time.GetUtcNow() }), cancellationToken: ct));
    }

    private static DynamicParameters Parameters(ClaimTable table, Guid id, object more)
    {
        var parameters = new DynamicParameters(more);
        parameters.Add(table.Parameter, id);
        return parameters;
    }

    private sealed record Unclaimed
    {
        public bool IsUnfinished { get; init; }
        public DateTimeOffset? LeaseUntil { get; init; }
        public DateTimeOffset? BlockedUntil { get; init; }
        public string? BlockedReason { get; init; }
        public string? TokenRejection { get; init; }
        public string? AccountBlock { get; init; }
        public string? Stopped { get; init; }
        public string? WaitsFor { get; init; }
        public DateTimeOffset? HeldUntil { get; init; }
        public string? WaitReason { get; init; }
        public DateTimeOffset? NextAttemptAt { get; init; }
    }
}
