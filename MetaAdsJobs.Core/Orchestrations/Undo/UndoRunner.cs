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
        // Asked before it is paused: what could still come by then, comes before the next pause.
        var mayComeUntil = await FindMayComeUntilAsync(attempt, ct);
        var (failed, isGone) = (await PauseAsync(attempt, ct), attempt.StateOf(StepName.Campaign) == StepState.Deleted);
        foreach (var step in attempt.Tree.Shape.LastFirst)
        {
            ct.ThrowIfCancellationRequested();
            // Hundreds would be waited for in vain; with the campaign goes what hangs on it.
            if (failed.IsAway(isGone) && step != StepName.Campaign) continue;
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
                        failed.Answered();
                        if (notYet is not null) return notYet;
                    }
                    catch (MetaException exception) when (!UndoFailures.IsOfAccount(exception))
                    {
                        // That nobody can look for it keeps campaign and ad set from nothing: with them goes what hangs on them, and a creative spends nothing.
                        failed.Add(exception);
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

        failed.Throw();
        // What Meta will not delete may yet be switched on.
        if (mayComeUntil is { } busyUntil && attempt.StateOf(StepName.Campaign) != StepState.Deleted && attempt.Tree.Shape.Switches.Any(step => attempt.StateOf(step) == StepState.Left)) return PausedAgain(busyUntil);
        return new Progress.Undone();

        // The others are deleted all the same: with a campaign goes what hangs on it.
        async Task<Progress.NotYet?> TryDeleteAsync(string step, string metaId)
        {
            try
            {
                var young = await DeleteAsync(attempt, step, metaId, ct);
                failed.Answered();
                return young;
            }
            catch (MetaException exception) when (!UndoFailures.IsOfAccount(exception))
            {
                failed.Add(exception);
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
        // Asked before it is paused, as above.
        var mayComeUntil = await FindMayComeUntilAsync(attempt, ct);
        (await PauseAsync(attempt, ct)).Throw();
        if (mayComeUntil is { } busyUntil) return PausedAgain(busyUntil);
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

    /// <summary>Until when an activation that was given up may still be carried out: what is not deleted is paused again until none can be any more.</summary>
    private async Task<DateTimeOffset?> FindMayComeUntilAsync(Attempt attempt, CancellationToken ct) =>
        attempt.StateOf(StepName.Activate) == StepState.Pending ? null : await journal.FindBusyUntilAsync(attempt, ct);

    private Progress.NotYet PausedAgain(DateTimeOffset busyUntil) =>
        new(Earlier(busyUntil, time.GetUtcNow().AddSeconds(30)), "its activation may still be carried out; pausing it until it cannot");

    /// <summary>What may have been activated stops spending before anything else is done with it; also what Meta would not delete before.</summary>
    /// <returns>What was not paused, and may be on: but for what Meta refuses to pause.</returns>
    private async Task<UndoFailures> PauseAsync(Attempt attempt, CancellationToken ct)
    {
        var (failed, isPaused) = (new UndoFailures(), true);
        var isBegun = attempt.StateOf(StepName.Activate) != StepState.Pending && attempt.StateOf(StepName.Campaign) != StepState.Deleted;
        foreach (var step in isBegun ? attempt.Tree.Shape.Switches : [])
        {
            if (attempt.StateOf(step) is not (StepState.Confirmed or StepState.Left) || attempt.FindMetaId(step) is not { } id || id.Contains(',', StringComparison.Ordinal)) continue;
            try
            {
                // An earlier attempt may have died after it had activated it, and its audit with it.
                if (!attempt.Activated.Contains(id) && attempt.StateOf(StepName.Activate) == StepState.Started)
                    attempt.Credential.Changes.AddPerhapsActivated(id, time.GetUtcNow());
                // Below a paused campaign nothing spends: hundreds of ads are not paused one by one before the first is deleted. The next attempt begins with the first of them again.
                if (attempt.Request.AdSets is null || step == StepName.Campaign)
                {
                    await meta.PauseAsync(attempt.Credential.Unyielding().Patient(), id, ct);
                    failed.Answered();
                }
            }
            catch (MetaException exception) when (!UndoFailures.IsOfAccount(exception))
            {
                // Deleting comes next and may well be allowed; what is kept instead is told, and counts as active.
                isPaused = false;
                if (exception.Proof != Proof.Rejected) failed.Add(exception);
                OrchestrationLog.StepNotPaused(logger, step, id, exception.ForUser);
                if (failed.IsAway(isGone: false)) break;
            }
        }

        attempt.IsPaused = isPaused;
        return failed;
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
            var credential = attempt.Credential.Unyielding().Patient();
            if (StepName.KindOf(step) == StepName.Creative && await creates.WhyKeptAsync(attempt, step, credential, metaId, ct) is { } why)
            {
                await journal.NotOwnAsync(attempt, step, why, ct);
                OrchestrationLog.StepKept(logger, step, metaId, why);
                return null;
            }

            await meta.DeleteAsync(credential, metaId, ct);
            await journal.DeletedAsync(attempt, step, metaId, ct);
            OrchestrationLog.StepUndone(logger, step, metaId);
        }
        catch (MetaException exception) when (exception.IsCalledMissing && time.GetUtcNow() is var now && now < attempt.Steps[step].StartedAt + ShowsWithin)
        {
            return new(now.AddSeconds(15), $"Meta does not show the {step} that was just made; deleting it until it is shown as deleted");
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected && !IsShownByOwnAd(attempt, step))
        {
            // Meta will not delete it, now or later: the result tells the person who has to.
            await journal.LeftAsync(attempt, step, metaId, exception.ForUser, ct);
            OrchestrationLog.StepLeft(logger, step, metaId, exception.ForUser);
        }

        return null;
    }

    // It is refused as long as an ad shows it that could not be deleted before.
    private static bool IsShownByOwnAd(Attempt attempt, string step) =>
        StepName.KindOf(step) == StepName.Creative && attempt.StateOf(attempt.Tree.Shape.AdOf(step).Step) is StepState.Confirmed or StepState.Started;

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private async Task<IReadOnlyList<string>> LookAsync(Attempt attempt, string step, CancellationToken ct)
    {
        // What it was to hang on is not there, after a retry: with that it went.
        if (attempt.Tree.Shape.ParentOf(step) is { } on && attempt.FindMetaId(on) is null) return [];
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

/// <summary>What has failed in a pass that goes on with the rest all the same.</summary>
internal sealed class UndoFailures
{
    /// <summary>Some hours of Meta being away, and more than an hour: in the end tries are five minutes apart.</summary>
    public const int MostTries = 80;
    private const int TriesOfAnHour = 20;

    // In a row: so often Meta may answer with an error of its own, which costs less time than no answer.
    private const int MostAnsweredWrong = 5;

    private ExceptionDispatchInfo? _first;
    private int _unanswered;
    private int _wrong;

    /// <summary>Meta has not answered twice in a row, or with its own errors again and again: it is away, and whoever else is asked for waits as long.</summary>
    /// <param name="isGone">Once the campaign is, nothing more important comes after those that are answered wrong: the rest is tried all the same.</param>
    public bool IsAway(bool isGone) => _unanswered > 1 || (!isGone && _wrong >= MostAnsweredWrong);

    /// <summary>What is refused to one is refused to all of them.</summary>
    public static bool IsOfAccount(MetaException exception) => exception.Proof is Proof.Throttled or Proof.TokenRejected or Proof.AccountBlocked;

    /// <summary>How often it is tried again at least, where nothing may be on.</summary>
    public static int TriesOf(Exception exception) => exception switch
    {
        MetaException { Proof: Proof.NotSent } or MetaException { IsOutage: true, HttpStatus: null or 502 or 503 or 504 } => MostTries,
        // For ever it may be answered so of one object alone; so long Meta may call something missing that is there.
        MetaException { IsOutage: true } or MetaException { IsCalledMissing: true } => TriesOfAnHour,
        _ => 0,
    };

    public void Add(MetaException exception)
    {
        (_unanswered, _wrong) = exception switch
        {
            { IsOutage: true, HttpStatus: null } => (_unanswered + 1, _wrong),
            { IsOutage: true } => (0, _wrong + 1),
            _ => (0, 0),
        };
        // What is waited for longest decides.
        if (_first is null || TriesOf(exception) > TriesOf(_first.SourceException)) _first = ExceptionDispatchInfo.Capture(exception);
    }

    public void Answered() => (_unanswered, _wrong) = (0, 0);

    public void Throw() => _first?.Throw();
}
