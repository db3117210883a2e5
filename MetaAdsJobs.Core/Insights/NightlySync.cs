using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Jobs;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Insights;

/// <summary>
/// Fans one time zone's night out into one sync per account. Safe to run twice: an account's night is queued once, by a
/// unique index, so a crash in the middle only means going through the list again.
/// </summary>
internal sealed class NightlySync(NightlyAccounts accounts, SyncStore store, IJobQueue queue, InsightsOptions options, TimeProvider time, ILogger<NightlySync> logger)
{
    public async Task<JobOutcome> ExecuteAsync(string timezoneName, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var night = AccountDays.Today(timezoneName, now);
        var range = AccountDays.LastComplete(timezoneName, now, options.LookbackDays);
        var ids = await accounts.ListAsync(timezoneName, night, ct);
        var queued = 0;
        foreach (var accountId in ids)
        {
            ct.ThrowIfCancellationRequested();
            var syncId = Guid.CreateVersion7(now);
            using var transaction = JobTransaction.Begin();
            var jobId = queue.EnqueueSync(syncId);
            // Queued by another run of this job since the list was read: the transaction ends without either.
            if (!await store.InsertAsync(syncId, accountId, range, "nightly", night, jobId, ct)) continue;
            transaction.Complete();
            queued++;
        }

        InsightLog.FannedOut(logger, timezoneName, queued, ids.Count);
        return new JobOutcome.Completed();
    }
}
