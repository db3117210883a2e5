using MetaAdsJobs.Core.Insights.Storing;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Insights.Nightly;

/// <summary>
/// Fans one time zone's night out into one sync per account. Safe to run twice: an account's night is queued once, by a
/// unique index, so a crash in the middle only means going through the list again.
/// </summary>
internal sealed class NightlySync(NightlyAccounts accounts, SyncStore store, InsightMonths months, IJobQueue queue, InsightsOptions options, TimeProvider time, ILogger<NightlySync> logger)
{
    public async Task<JobOutcome> ExecuteAsync(string timezoneName, CancellationToken ct)
    {
        await months.EnsureAheadAsync(ct);
        var now = time.GetUtcNow();
        var night = AccountDays.Today(timezoneName, now);
        var range = AccountDays.LastComplete(timezoneName, now, options.LookbackDays);
        var nights = await accounts.ListAsync(timezoneName, night, ct);
        var queued = 0;
        foreach (var (accountId, syncedUntil) in nights)
        {
            ct.ThrowIfCancellationRequested();
            var syncId = Guid.CreateVersion7(now);
            using var transaction = JobTransaction.Begin();
            var jobId = queue.EnqueueSync(syncId);
            // Queued by another run of this job since the list was read: the transaction ends without either.
            if (!await store.InsertAsync(syncId, accountId, AccountDays.CatchUp(range, syncedUntil), "nightly", night, jobId, ct)) continue;
            transaction.Complete();
            queued++;
        }

        InsightLog.FannedOut(logger, timezoneName, queued, nights.Count);
        return new JobOutcome.Completed();
    }
}
