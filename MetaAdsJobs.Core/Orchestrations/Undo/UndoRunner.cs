using System.Runtime.ExceptionServices;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Orchestrations.Undo;

/// <summary>
/// Deletes at Meta what a failed or cancelled orchestration created: ad, creative, ad set, campaign. A step whose outcome is
/// not known is looked for first. Deleting is repeatable, so a crash anywhere here only means doing the last one again.
/// </summary>
internal sealed class UndoRunner(
    Creates creates, UndoJournal journal, MetaAds meta, OrchestrationOptions options, TimeProvider time, ILogger<UndoRunner> logger)
{
    // What is not shown this long after it was begun is not shown for another reason.
    private static readonly TimeSpan ShowsWithin = TimeSpan.FromMinutes(5);

    public async Task<Progress> RunAsync(Attempt attempt, CancellationToken ct)
    {
        await PauseAsync(attempt, ct);
        ExceptionDispatchInfo? unseen = null;
        foreach (var step in attempt.Tree.Shape.LastFirst)
        {
            ct.ThrowIfCancellationRequested();
            switch (attempt.StateOf(step))
            {
                case StepState.Confirmed:
                    if (await TryDeleteAsync(step, attempt.MetaId(step)) is { } young) return young;
                    break;
                case StepState.Started:
                    IReadOnlyList<string> found;
                    try
                    {
                        (found, var notYet) = await SettleAsync(attempt, step, ct);
                        if (notYet is not null) return notYet;
                    }
                    catch (MetaException exception) when (exception.IsCalledMissing || (StepName.KindOf(step) == StepName.Creative && exception.Proof is Proof.OutcomeUnknown or Proof.Rejected))
                    {
                        // A creative spends nothing and hangs on nothing: that nobody can look for it keeps campaign and ad set from nothing. Nor does it what hangs on something that is not shown.
                        unseen = ExceptionDispatchInfo.Capture(exception);
                        break;
                    }

                    if (found.Count == 0)
                    {
                        await journal.AbsentAsync(attempt, step, ct);
                        break;
                    }

                    if (found.Count > 1)
                    {
                        // One of them may be a person's copy: nobody can tell.
                        await journal.LeftAsync(attempt, step, string.Join(", ", found), "several objects carry its marker", ct);
                        break;
                    }

                    // Known before it is deleted: after a crash in between nobody could find it any more, and the audit would lack it.
                    await journal.FoundAsync(attempt, step, found[0], ct);
                    if (await TryDeleteAsync(step, found[0]) is { } tooYoung) return tooYoung;
                    break;
            }
        }

        unseen?.Throw();
        return new Progress.Undone();

        // The others are deleted all the same: with a campaign goes what hangs on it.
        async Task<Progress.NotYet?> TryDeleteAsync(string step, string metaId)
        {
            try
            {
                return await DeleteAsync(attempt, step, metaId, ct);
            }
            catch (MetaException exception) when (exception.IsCalledMissing)
            {
                unseen = ExceptionDispatchInfo.Capture(exception);
                return null;
            }
        }
    }

    /// <summary>
    /// For what is to be kept at Meta: paused, and everything known of it. What may have been created without our hearing of it is
    /// found first, or the result would not name it.
    /// </summary>
    public async Task<Progress> KeepAsync(Attempt attempt, CancellationToken ct)
    {
        // An activation that was given up may still be carried out: paused again until none can be any more. Asked before it is paused: what could still come by then, comes before the next pause.
        var mayComeUntil = attempt.StateOf(StepName.Activate) == StepState.Pending ? null : await journal.FindBusyUntilAsync(attempt, ct);
        (await PauseAsync(attempt, ct))?.Throw();
        if (mayComeUntil is { } busyUntil)
            return new Progress.NotYet(Earlier(busyUntil, time.GetUtcNow().AddSeconds(30)), "its activation may still be carried out; pausing it until it cannot");
        foreach (var step in attempt.Tree.Shape.LastFirst.Where(step => attempt.StateOf(step) == StepState.Started))
        {
            ct.ThrowIfCancellationRequested();
            var (found, notYet) = await SettleAsync(attempt, step, ct);
            if (notYet is not null) return notYet;
            if (found.Count == 0) await journal.AbsentAsync(attempt, step, ct);
            else if (found.Count == 1) await journal.FoundAsync(attempt, step, found[0], ct);
            else await journal.LeftAsync(attempt, step, string.Join(", ", found), "several objects carry its marker", ct);
        }

        return new Progress.Undone();
    }

    /// <summary>What may have been activated stops spending before anything else is done with it.</summary>
    /// <returns>That something is called missing, and was not paused: it may be there.</returns>
    private async Task<ExceptionDispatchInfo?> PauseAsync(Attempt attempt, CancellationToken ct)
    {
        ExceptionDispatchInfo? unseen = null;
        if (attempt.StateOf(StepName.Activate) == StepState.Pending) return unseen;
        foreach (var step in attempt.Tree.Shape.Switches)
        {
            if (attempt.StateOf(step) != StepState.Confirmed) continue;
            try
            {
                // An earlier attempt may have died after it had activated it, and its audit with it.
                if (!attempt.Activated.Contains(attempt.MetaId(step)) && attempt.StateOf(StepName.Activate) == StepState.Started)
                    attempt.Credential.Changes.AddPerhapsActivated(attempt.MetaId(step), time.GetUtcNow());
                // Below a paused campaign nothing spends: hundreds of ads are not paused one by one before the first is deleted. The next attempt begins with the first of them again.
                if (attempt.Request.AdSets is null || step == StepName.Campaign) await meta.PauseAsync(attempt.Credential.Unyielding().Patient(), attempt.MetaId(step), ct);
            }
            catch (MetaException exception) when (exception.Proof == Proof.Rejected || exception.IsCalledMissing)
            {
                // Deleting comes next and may well be allowed; what is kept instead is told, and counts as active.
                attempt.IsPaused = false;
                if (exception.IsCalledMissing) unseen = ExceptionDispatchInfo.Capture(exception);
                OrchestrationLog.StepNotPaused(logger, step, attempt.MetaId(step), exception.ForUser);
            }
        }

        return unseen;
    }

    /// <summary>What carries the marker of a step whose outcome is not known; or, as long as it may be there unseen, when to look again.</summary>
    private async Task<(IReadOnlyList<string> Found, Progress.NotYet? NotYet)> SettleAsync(Attempt attempt, string step, CancellationToken ct)
    {
        // Before the look, as in the StepRunner.
        var now = time.GetUtcNow();
        var found = await LookAsync(attempt, step, ct);
        if (found.Count == 0 && now < attempt.SettledAt)
            return (found, new(NextLook(attempt), $"the {step} may have been created; looking for it before it is undone"));
        foreach (var metaId in found) attempt.Credential.Changes.AddAdopted(step, metaId, now);
        return (found, null);
    }

    /// <returns>When to try again, if Meta does not know yet what it has only just made.</returns>
    private async Task<Progress.NotYet?> DeleteAsync(Attempt attempt, string step, string metaId, CancellationToken ct)
    {
        try
        {
            await meta.DeleteAsync(attempt.Credential.Unyielding().Patient(), metaId, ct);
            await journal.DeletedAsync(attempt, step, metaId, ct);
            OrchestrationLog.StepUndone(logger, step, metaId);
        }
        catch (MetaException exception) when (exception.IsCalledMissing && time.GetUtcNow() is var now && now < attempt.Steps[step].StartedAt + ShowsWithin)
        {
            return new(now.AddSeconds(15), $"Meta does not show the {step} that was just made; deleting it until it is shown as deleted");
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected)
        {
            // Meta will not delete it, now or later: the result tells the person who has to.
            await journal.LeftAsync(attempt, step, metaId, exception.ForUser, ct);
            OrchestrationLog.StepLeft(logger, step, metaId, exception.ForUser);
        }

        return null;
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private async Task<IReadOnlyList<string>> LookAsync(Attempt attempt, string step, CancellationToken ct)
    {
        try
        {
            return await creates.LookAsync(attempt, step, attempt.Credential.Patient(), ct);
        }
        catch (MetaException exception) when (exception.IsMissingObject && attempt.Tree.Shape.ParentOf(step) is { } parent && attempt.FindMetaId(parent) is { } parentId)
        {
            // The parent is gone, by hand or by an earlier undo, and its children with it; if it really is.
            await meta.ProveDeletedAsync(attempt.Credential, parentId, exception, ct);
            return [];
        }
    }

    private DateTimeOffset NextLook(Attempt attempt)
    {
        var next = time.GetUtcNow().AddSeconds(Math.Clamp(options.SettleDelaySeconds / 8.0, 0.5, 15));
        return next < attempt.SettledAt ? next : attempt.SettledAt;
    }
}
