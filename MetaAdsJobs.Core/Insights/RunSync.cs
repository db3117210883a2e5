using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Orchestrations;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Insights;

/// <summary>
/// Fetches one account's days and puts them in place of the old ones, but only when every page has been read: a crash
/// before the last commit leaves the table as it was.
/// </summary>
internal sealed class RunSync(
    NpgsqlDataSource dataSource, SyncStore store, InsightStore insights, MetaInsights meta, MetaAds ads, AccountStore accounts,
    OrchestrationOptions options, TimeProvider time, ILogger<RunSync> logger)
{
    public async Task<JobOutcome> ExecuteAsync(Guid syncId, CancellationToken ct)
    {
        using var scope = logger.BeginScope(new Dictionary<string, object> { ["SyncId"] = syncId });
        var lease = new Lease(time, options.Lease);
        await using var released = lease;
        SyncClaim? claim;
        try
        {
            claim = await store.ClaimAsync(syncId, options.Lease, ct);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return new JobOutcome.Snoozed(time.GetUtcNow().AddSeconds(5), "another sync of this account is running");
        }

        if (claim is null) return await WaitOrLeaveAsync(syncId, ct);
        try
        {
            return await FetchAsync(claim, lease, ct);
        }
        catch (FencedException exception)
        {
            InsightLog.Fenced(logger, exception.Message);
            return new JobOutcome.Snoozed(time.GetUtcNow() + options.Lease, exception.Message);
        }
        catch (MetaException exception) when (exception.Proof is Proof.Throttled or Proof.TokenRejected)
        {
            return await WaitForMetaAsync(claim, exception, ct);
        }
        catch (MetaException exception) when (exception.Proof is Proof.Rejected or Proof.AccountBlocked)
        {
            return await FailAsync(claim, exception.ForUser);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested && !lease.Lost.IsCancellationRequested)
        {
            await store.ReleaseAsync(claim, "queued", "the worker was stopped", until: null, failed: false, CancellationToken.None);
            throw;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            InsightLog.AttemptFailed(logger, exception, claim.Attempt, claim.Failures + 1);
            var reason = exception is MetaException metaException ? metaException.ForUser : exception.Message;
            if (claim.Failures >= options.MaxRetries) return await FailAsync(claim, reason);
            await store.ReleaseAsync(claim, "waiting", reason, until: null, failed: true, CancellationToken.None);
            throw; // The queue's automatic retry backs off and runs it again.
        }
    }

    private async Task<JobOutcome> FetchAsync(SyncClaim claim, Lease lease, CancellationToken ct)
    {
        int pages = 0;
        long rows = 0;
        lease.KeepRenewed(token => store.RenewAsync(claim, options.Lease, pages, rows, token));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, lease.Lost);
        if (claim.IsNightly) await store.SaveMinDailyBudgetAsync(claim.AccountId, await ads.ReadMinDailyBudgetAsync(claim.Credential, either.Token), either.Token);

        var page = await meta.ReadPageAsync(claim.Credential, claim.AdAccountId, claim.Range.Since, claim.Range.Until, after: null, either.Token);
        (pages, rows) = (1, page.Rows.Count);
        var single = page.Next is null ? page.Rows : null;
        if (single is null)
        {
            await using var staging = await dataSource.OpenConnectionAsync(either.Token);
            await SyncStore.ClearStagingAsync(staging, null, claim.SyncId, either.Token);
            await InsightStore.StageAsync(staging, claim.SyncId, claim.Attempt, claim.Currency, page.Rows, either.Token);
            while (page.Next is not null)
            {
                page = await meta.ReadPageAsync(claim.Credential, claim.AdAccountId, claim.Range.Since, claim.Range.Until, page.Next, either.Token);
                await InsightStore.StageAsync(staging, claim.SyncId, claim.Attempt, claim.Currency, page.Rows, either.Token);
                (pages, rows) = (pages + 1, rows + page.Rows.Count);
            }
        }

        await using var connection = await dataSource.OpenConnectionAsync(either.Token);
        await using var transaction = await connection.BeginTransactionAsync(either.Token);
        await store.FinishAsync(connection, transaction, claim, pages, rows, either.Token);
        if (single is not null)
        {
            await insights.UpsertAsync(connection, transaction, claim.AccountId, claim.Currency, single, either.Token);
        }
        else
        {
            await insights.UpsertStagedAsync(connection, transaction, claim.SyncId, claim.Attempt, claim.AccountId, either.Token);
            await SyncStore.ClearStagingAsync(connection, transaction, claim.SyncId, either.Token);
        }

        await transaction.CommitAsync(either.Token);
        InsightLog.Synced(logger, claim.AccountId, rows, pages, claim.Range.Since, claim.Range.Until);
        return new JobOutcome.Completed();
    }

    private async Task<JobOutcome> WaitForMetaAsync(SyncClaim claim, MetaException exception, CancellationToken ct)
    {
        var until = time.GetUtcNow().AddMinutes(5);
        if (exception.Proof == Proof.Throttled)
        {
            until = time.GetUtcNow() + (exception.RetryAfter ?? TimeSpan.FromMinutes(1));
        }
        else
        {
            await accounts.RejectTokenAsync(claim.AccountId, exception.ForUser, ct);
            OrchestrationLog.TokenRejected(logger, claim.AccountId, exception.ForUser);
        }

        await store.ReleaseAsync(claim, "waiting", exception.ForUser, until, failed: false, ct);
        InsightLog.Waits(logger, until, exception.ForUser);
        return new JobOutcome.Snoozed(until, exception.ForUser);
    }

    private async Task<JobOutcome> FailAsync(SyncClaim claim, string reason)
    {
        await store.ReleaseAsync(claim, "failed", reason, until: null, failed: true, CancellationToken.None);
        InsightLog.Failed(logger, reason);
        return new JobOutcome.Stopped(reason);
    }

    private async Task<JobOutcome> WaitOrLeaveAsync(Guid syncId, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        return await store.FindReasonAsync(syncId, ct) switch
        {
            null or { State: "succeeded" or "failed" } => new JobOutcome.Completed(),
            { TokenRejected: true } => new JobOutcome.Snoozed(now.AddMinutes(5), "the account's access token was rejected"),
            { BlockedUntil: { } until } => new JobOutcome.Snoozed(until, "throttled by Meta"),
            { LeaseUntil: { } leaseUntil } when leaseUntil > now => new JobOutcome.Snoozed(leaseUntil, "another attempt holds the sync"),
            _ => new JobOutcome.Snoozed(now.AddSeconds(1), "the sync was busy"),
        };
    }
}
