using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Spending;

/// <summary>
/// After a stop is lifted: what it held goes on, and what it paused is activated again, each with a permit of its own, so that a
/// new stop or a cap still counts. What is to be left paused, and an earlier start was activating, is paused until that is over. Repeatable like the pausing.
/// </summary>
internal sealed class ResumeSpending(
    Spenders spenders, StopStore store, PauseSpending pause, CampaignTrees trees, Activations activations, CountedCampaigns counted, MetaAds meta, MetaEdits edits, IJobQueue queue, SpendingOptions spending, TimeProvider time, ILogger<ResumeSpending> logger)
{
    private enum Resumed
    {
        Active,
        LeftPaused,
        TryAgain,

        /// <summary>When a person has seen to the account, or Meta shows what it called missing.</summary>
        TryLater,
    }

    public async Task<JobOutcome> ExecuteAsync(Guid stopId, CancellationToken ct)
    {
        if (await store.FindAsync(stopId, ct) is not { IsLifted: true } stop) return new JobOutcome.Completed();
        while (await store.TakeHeldAsync(stop, ct) is { Count: > 0 } held)
            foreach (var (requestId, isRow) in held) _ = isRow ? queue.EnqueueRow(requestId) : queue.EnqueueOrchestration(requestId);
        // What one that died has paused is told before it is activated again.
        await store.LiftAsync(stop, ct);
        var (again, later) = stop.Reactivate ? await ReactivateAsync(stop, ct) : (0, 0);
        var (busy, refused) = await pause.PauseLeftAsync(stop, ct);
        if (busy + refused > 0) return new JobOutcome.Snoozed(time.GetUtcNow().AddSeconds(busy > 0 ? 5 : 15), $"{busy + refused} campaigns that are to be left paused may still be activated by an earlier start");
        if (again + later > 0) return new JobOutcome.Snoozed(time.GetUtcNow().AddSeconds(again > 0 ? 15 : 300), $"{again + later} campaigns could not be activated again yet");
        await store.DoneAsync(stop, ct);
        return new JobOutcome.Completed();
    }

    /// <returns>How many have to be tried again soon, and how many when a while has passed.</returns>
    private async Task<(int Again, int Later)> ReactivateAsync(Stop stop, CancellationToken ct)
    {
        var (active, again, later) = (0, 0, 0);
        IReadOnlyList<Spender> page;
        Spender? after = null;
        do
        {
            page = await spenders.ListPausedAsync(stop, after, ct);
            await Parallel.ForEachAsync(page, new ParallelOptions { MaxDegreeOfParallelism = spending.PausesAtOnce, CancellationToken = ct }, async (spender, token) =>
            {
                var resumed = await ResumeAsync(spender, stop, token);
                if (resumed == Resumed.Active) Interlocked.Increment(ref active);
                if (resumed == Resumed.TryAgain) Interlocked.Increment(ref again);
                if (resumed == Resumed.TryLater) Interlocked.Increment(ref later);
            });
            if (page.Count > 0) after = page[^1];
        }
        while (page.Count == Spenders.PageSize);
        if (active > 0) SpendingLog.Reactivated(logger, active, stop.SocialAccountId, stop.LiftedBy ?? "");
        return (again, later);
    }

    private async Task<Resumed> ResumeAsync(Spender spender, Stop stop, CancellationToken ct)
    {
        var askedBy = stop.LiftedBy ?? stop.StoppedBy;
        try
        {
            return spender.IsBelowPaused ? await ActivateBelowAsync(spender, askedBy, ct) : await ActivateAsync(spender, askedBy, ct);
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected)
        {
            SpendingLog.LeftPaused(logger, spender.RequestId, spender.Account.Id, exception.ForUser);
            var mayPass = exception.IsMissingObject && await MayPassAsync(spender, ct);
            if (spender.IsBelowPaused && mayPass) return await TryLaterAsync(spender, askedBy, ct);
            if (spender.IsBelowPaused) return await store.LeftPausedAsync(spender, askedBy, ct) ? Resumed.LeftPaused : Resumed.TryAgain;
            var before = time.GetUtcNow();
            if (await TryPauseAsync(spender, askedBy, ct) is not { } stillThere)
            {
                // Perhaps a part of it is active: caps and stops go on seeing it.
                await store.AuditAsync(spender, askedBy, ct);
                return Resumed.TryAgain;
            }

            if (stillThere && mayPass) return await TryLaterAsync(spender, askedBy, ct);
            await store.TellActivatedAsync(spender, before, ct);
            // Changed by somebody else meanwhile: it is looked at again.
            return await (stillThere ? store.LeftPausedAsync(spender, askedBy, ct) : store.EndedAsync(spender, askedBy, isOwn: spender.PermittedUntil is not null, ct)) ? Resumed.LeftPaused : Resumed.TryAgain;
        }
        catch (FencedException exception)
        {
            // Paused or being edited by somebody since: who is at it decides.
            SpendingLog.LeftPaused(logger, spender.RequestId, spender.Account.Id, exception.Message);
            return await store.IsPausedAsync(spender, ct) ? Resumed.TryAgain : Resumed.LeftPaused;
        }
        catch (MetaException exception)
        {
            SpendingLog.LeftPaused(logger, spender.RequestId, spender.Account.Id, exception.ForUser);
            await store.AuditAsync(spender, askedBy, ct);
            return exception.Proof is Proof.TokenRejected or Proof.AccountBlocked ? Resumed.TryLater : Resumed.TryAgain;
        }
        catch (Exception)
        {
            // A stopping worker, or a database that is away: perhaps nobody comes back to it.
            await store.AuditAsync(spender, askedBy, CancellationToken.None);
            throw;
        }
    }

    private async Task<Resumed> TryLaterAsync(Spender spender, string askedBy, CancellationToken ct)
    {
        await store.AuditAsync(spender, askedBy, ct);
        return Resumed.TryLater;
    }

    private async Task<Resumed> ActivateAsync(Spender spender, string askedBy, CancellationToken ct)
    {
        if (spender.Credential is null) throw new MetaException(Proof.NotSent, "the account's access token cannot be opened; give it again");
        var now = time.GetUtcNow();
        // What has been activated in part is looked at whatever stands against it now.
        if (!spender.IsActivating && await FindRefusalAsync(spender, ct) is { } known) return Refused(spender, known);
        if (await TryAmountAsync(spender, now, ct) is not var (daily, lastEnd)) return await TryLaterAsync(spender, askedBy, ct);
        if (lastEnd <= now) throw new MetaException(Proof.Rejected, "its end_time has passed");
        var permittedFrom = time.GetTimestamp();
        async Task<Permit> AskAsync() => await activations.PermitAsync(spender.RequestId, spender.Account, daily, lastEnd?.ToUniversalTime(), PermitHolder.LiftedStop, ct);
        var permit = await AskAsync();
        if (permit.LacksRoom && await counted.RefreshAsync(spender.Account.Id, spender.Credential, ct)) (permittedFrom, permit) = (time.GetTimestamp(), await AskAsync());
        if (permit.Refusal is not null)
        {
            var refused = Refused(spender, permit);
            return refused == Resumed.LeftPaused && spender.IsActivating ? await PausedAgainAsync(spender, askedBy, ct) : refused;
        }

        spender.Permitted(permit);
        // A stop has noted more since it was listed: that was not counted.
        var isMore = permit.PausedIds.Any(id => !spender.PausedIds.Contains(id));
        if (isMore || !await ActivatePausedAsync(spender, permit, permittedFrom, ct))
        {
            await store.YieldedAsync(spender, askedBy, ct);
            return Resumed.TryAgain;
        }

        if (await store.ActivatedAsync(spender, askedBy, ct)) return Resumed.Active;
        return await store.IsPausedAsync(spender, ct) ? Resumed.TryAgain : Resumed.LeftPaused;
    }

    private async Task<Permit?> FindRefusalAsync(Spender spender, CancellationToken ct)
    {
        async Task<Permit?> FindAsync() => await activations.FindRefusalAsync(spender.RequestId, spender.Account, ct);
        var known = await FindAsync();
        // What was paused, archived or deleted by hand since spends nothing and makes room.
        return known is { LacksRoom: true } && await counted.RefreshAsync(spender.Account.Id, spender.Credential!, ct) ? await FindAsync() : known;
    }

    private Resumed Refused(Spender spender, Permit permit)
    {
        SpendingLog.LeftPaused(logger, spender.RequestId, spender.Account.Id, permit.Refusal!);
        return permit.AskAgainAt is not null ? Resumed.TryAgain : permit.FrozenUntil is not null ? Resumed.TryLater : Resumed.LeftPaused;
    }

    // An earlier run had a permit, and perhaps it is on: it is paused, again and again until that run's calls are over, and then it is as the stop has left it.
    private async Task<Resumed> PausedAgainAsync(Spender spender, string askedBy, CancellationToken ct)
    {
        var before = time.GetUtcNow();
        if (await TryPauseAsync(spender, askedBy, ct) is not { } isThere)
        {
            await store.AuditAsync(spender, askedBy, ct);
            return Resumed.TryAgain;
        }

        if (!spender.IsBusy) await store.TellActivatedAsync(spender, before, ct);
        return await (isThere ? store.PausedAgainAsync(spender, askedBy, ct) : store.EndedAsync(spender, askedBy, isOwn: false, ct)) ? Resumed.LeftPaused : Resumed.TryAgain;
    }

    // What the stop has paused below it is to be on when its campaign is resumed.
    private async Task<Resumed> ActivateBelowAsync(Spender spender, string askedBy, CancellationToken ct)
    {
        if (spender.Credential is null) throw new MetaException(Proof.NotSent, "the account's access token cannot be opened; give it again");
        var permittedFrom = time.GetTimestamp();
        var permit = await activations.MarkBusyAsync(spender.RequestId, spender.Account.Id, 0, PermitHolder.BelowPaused, ct);
        if (permit.Refusal is not null) return Resumed.TryAgain;
        spender.Permitted(permit);
        await ActivatePausedAsync(spender, permit, permittedFrom, ct);
        return await store.ActivatedAsync(spender, askedBy, ct) ? Resumed.LeftPaused : Resumed.TryAgain;
    }

    /// <returns>False when a stop has come since, and perhaps gone: whether its campaign is to be active again is for whoever lifts that.</returns>
    private async Task<bool> ActivatePausedAsync(Spender spender, Permit permit, long permittedFrom, CancellationToken ct)
    {
        var permitted = spender.Credential!.Permitted(activations.PermitFrom(permittedFrom, permit)).Patient();
        foreach (var metaId in spender.Switches.Where(permit.PausedIds.Contains))
        {
            if (metaId == spender.CampaignId && await store.IsNotedSinceAsync(spender, ct)) return false;
            await meta.ActivateAsync(permitted, metaId, ct);
            spenders.IsShown(metaId);
        }

        spenders.IsShown($"{spender.RequestId}");
        return true;
    }

    /// <returns>Null when Meta will not show it, which may pass: nobody knows what it would spend, and it stays paused until then.</returns>
    private async Task<(long DailyCents, DateTimeOffset? LastEnd)?> TryAmountAsync(Spender spender, DateTimeOffset now, CancellationToken ct)
    {
        try
        {
            return await AmountAsync(spender, now, ct);
        }
        catch (MetaException exception) when (exception.IsCalledMissing)
        {
            // Nobody knows what it would spend: believed to be gone it is not activated, else it is asked again soon.
            if (!await spenders.IsGoneAsync(spender.RequestId, spender.CampaignId!, ct)) throw;
            throw new MetaException(Proof.Rejected, exception.Message, exception);
        }
        catch (MetaException exception) when (exception.IsShown)
        {
            spenders.IsShown(spender.CampaignId!);
            throw;
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected)
        {
            if (!await MayPassAsync(spender, ct)) throw;
            SpendingLog.LeftPaused(logger, spender.RequestId, spender.Account.Id, exception.ForUser);
            return null;
        }
    }

    // What Meta will not show, or calls missing, of the tree: until it has done so for long.
    private async Task<bool> MayPassAsync(Spender spender, CancellationToken ct) => !await spenders.IsGoneAsync(spender.RequestId, $"{spender.RequestId}", ct);

    // As it stands, and not as it was asked for, or listed: edits go on meanwhile, and what a stop has paused nobody has compared with Meta since.
    private async Task<(long DailyCents, DateTimeOffset? LastEnd)> AmountAsync(Spender spender, DateTimeOffset now, CancellationToken ct)
    {
        if ((await trees.ListBudgetsAsync([spender.RequestId], ct)).SingleOrDefault() is not { } tree) return (spender.Request.DailyAmountCents(now), spender.Request.LastEnd);
        var (credential, campaignId) = (spender.Credential!, tree.Campaign.MetaId);
        // What is gone is not activated: Meta refuses that.
        if (await edits.ReadAsync(credential, AdObject.Campaign, campaignId, ct) is { Status: not ("DELETED" or "ARCHIVED") } campaign)
        {
            spenders.IsShown(campaignId);
            var seen = new Dictionary<string, ObjectValues>(await edits.ListAsync(credential.Patient(), AdObject.AdSet, campaignId, ct)) { [campaignId] = campaign };
            tree = tree.AsSeen(seen);
        }

        // All that a stop has paused is to be on, also what is known here as off: somebody had switched it on.
        tree = tree.With(spender.PausedIds, one => one.IsGone ? one : one with { Status = "ACTIVE" });

        return (tree.DailyAmountCents(now), tree.LastEnd);
    }

    /// <returns>True when it is paused, false when it is gone, null when that is not known, or for another to say.</returns>
    private async Task<bool?> TryPauseAsync(Spender spender, string askedBy, CancellationToken ct)
    {
        var notedAt = time.GetTimestamp();
        try
        {
            if (!await store.PausesItselfAsync(spender, ct)) return null;
            var isThere = await meta.PauseAsync(spender.Credential!.Urgent().Permitted(activations.PermitFrom(notedAt, permit: null)), spender.CampaignId!, ct) == "PAUSED";
            spenders.IsShown(spender.CampaignId!);
            return isThere;
        }
        catch (MetaException exception)
        {
            SpendingLog.CouldNotPause(logger, spender.RequestId, spender.Account.Id, exception.ForUser);
            if (exception.IsShown) spenders.IsShown(spender.CampaignId!);
            return exception.IsCalledMissing && await spenders.IsGoneAsync(spender.RequestId, spender.CampaignId!, ct) ? false : null;
        }
        catch (Exception)
        {
            // As of whatever comes from outside: perhaps nobody comes back to it.
            await store.AuditAsync(spender, askedBy, CancellationToken.None);
            throw;
        }
    }
}
