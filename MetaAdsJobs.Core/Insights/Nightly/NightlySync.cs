using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Insights.Storing;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Insights.Nightly;

/// <summary>
/// Fans one time zone's night out into one sync per account. Safe to run twice: an account's night is queued once, by a
/// unique index, so a crash in the middle only means going through the list again, which a sweep does.
/// </summary>
internal sealed class NightlySync(NightlyAccounts accounts, SyncStore store, InsightMonths months, IJobQueue queue, InsightsOptions options, TimeProvider time, ILogger<NightlySync> logger)
{
    // So many one after the other fail of the database, and not of themselves: the rest is left to the next run.
    private const int MostFailuresInARow = 5;

    // So long the schedule's own run may be at it.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(5);

    /// <summary>The zones in which an account has no night though its time has come some minutes ago: the fan-out was missed or broke off, or the account's night before was not over then.</summary>
    public async Task<IReadOnlyList<string>> ListBehindAsync(CancellationToken ct) =>
        [.. (await accounts.ListZonesBehindAsync(time.GetUtcNow() - Grace, options.NightlyTime, ct)).Where(AccountZones.IsKnown)];

    /// <exception cref="AggregateException">Some of the accounts could not be queued; the others are.</exception>
    public async Task<JobOutcome> ExecuteAsync(string timezoneName, CancellationToken ct)
    {
        await months.EnsureAheadAsync(ct);
        var now = time.GetUtcNow();
        // Before its time it is none, whenever somebody triggers it: minutes after midnight Meta does not yet tell all of the day that is over.
        var night = AccountDays.Night(timezoneName, now, options.NightlyTime);
        var range = new DayRange(night.AddDays(-options.LookbackDays), night.AddDays(-1));
        var nights = await accounts.ListAsync(timezoneName, night, ct);
        var (queued, failedInARow, failures) = (0, 0, new List<Exception>());
        foreach (var account in nights)
        {
            ct.ThrowIfCancellationRequested();
            try
            {
                if (await QueueAsync(account.AccountId, AccountDays.CatchUp(range, account.SyncedUntil), night, now, ct)) queued++;
                failedInARow = 0;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                failures.Add(exception);
                if (++failedInARow == MostFailuresInARow) break;
            }
        }

        InsightLog.FannedOut(logger, timezoneName, queued, nights.Count);
        return failures.Count == 0 ? new JobOutcome.Completed() : throw new AggregateException(failures);
    }

    /// <returns>False when another run of this job has queued it since the list was read: the transaction ends without either.</returns>
    private async Task<bool> QueueAsync(Guid accountId, DayRange range, DateOnly night, DateTimeOffset now, CancellationToken ct)
    {
        var syncId = Guid.CreateVersion7(now);
        using var transaction = JobTransaction.Begin();
        var jobId = queue.EnqueueSync(syncId);
        if (!await store.InsertAsync(syncId, accountId, range, "nightly", night, jobId, ct)) return false;
        transaction.Complete();
        return true;
    }
}
