using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Spending;

/// <summary>
/// After a stop is lifted: what it held goes on, and what it paused is activated again, each with a permit of its own, so that a
/// new stop or a cap still counts. Repeatable like the pausing.
/// </summary>
internal sealed class ResumeSpending(StopStore store, Activations activations, MetaAds meta, IJobQueue queue, TimeProvider time, ILogger<ResumeSpending> logger)
{
    private enum Resumed
    {
        Active,
        LeftPaused,
        TryAgain,
    }

    public async Task<JobOutcome> ExecuteAsync(Guid stopId, CancellationToken ct)
    {
        if (await store.FindAsync(stopId, ct) is not { IsLifted: true } stop) return new JobOutcome.Completed();
        foreach (var requestId in await store.ListHeldAsync(stop, ct)) queue.EnqueueOrchestration(requestId);
        if (!stop.Reactivate) return new JobOutcome.Completed();

        var (active, again) = (0, 0);
        IReadOnlyList<Spender> page;
        var after = Guid.Empty;
        do
        {
            page = await store.ListPausedAsync(stop, after, ct);
            await Parallel.ForEachAsync(page, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = ct }, async (spender, token) =>
            {
                var resumed = await ResumeAsync(spender, stop.LiftedBy ?? stop.StoppedBy, token);
                if (resumed == Resumed.Active) Interlocked.Increment(ref active);
                if (resumed == Resumed.TryAgain) Interlocked.Increment(ref again);
            });
            if (page.Count > 0) after = page[^1].RequestId;
        }
        while (page.Count == StopStore.PageSize);
        if (active > 0) SpendingLog.Reactivated(logger, active, stop.SocialAccountId, stop.LiftedBy ?? "");
        return again == 0 ? new JobOutcome.Completed() : new JobOutcome.Snoozed(time.GetUtcNow().AddSeconds(15), $"{again} campaigns could not be activated again yet");
    }

    private async Task<Resumed> ResumeAsync(Spender spender, string askedBy, CancellationToken ct)
    {
        try
        {
            if (await activations.PermitAsync(spender.RequestId, spender.Account, spender.DailyCents, spender.EndsAt, ct) is { } refusal)
            {
                SpendingLog.LeftPaused(logger, spender.RequestId, spender.Account.Id, refusal);
                return Resumed.LeftPaused;
            }

            foreach (var metaId in (string?[])[spender.AdId, spender.AdSetId, spender.CampaignId])
                if (metaId is not null) await meta.ActivateAsync(spender.Credential, metaId, ct);
            return await store.ActivatedAsync(spender, askedBy, ct) ? Resumed.Active : Resumed.LeftPaused;
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected)
        {
            SpendingLog.LeftPaused(logger, spender.RequestId, spender.Account.Id, exception.ForUser);
            await meta.PauseAsync(spender.Credential, spender.CampaignId!, ct);
            await store.EndedAsync(spender, askedBy, ct);
            return Resumed.LeftPaused;
        }
        catch (MetaException exception)
        {
            SpendingLog.LeftPaused(logger, spender.RequestId, spender.Account.Id, exception.ForUser);
            await store.AuditAsync(spender, askedBy, ct);
            return Resumed.TryAgain;
        }
    }
}
