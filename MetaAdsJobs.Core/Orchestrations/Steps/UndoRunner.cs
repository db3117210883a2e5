using System.Runtime.ExceptionServices;
using MetaAdsJobs.Core.Meta;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>
/// Deletes at Meta what a failed or cancelled orchestration created: ad, creative, ad set, campaign. A step whose outcome is
/// not known is looked for first. Deleting is repeatable, so a crash anywhere here only means doing the last one again.
/// </summary>
internal sealed class UndoRunner(
    IEnumerable<ICreateStep> createSteps, UndoJournal journal, MetaAds meta, OrchestrationOptions options, TimeProvider time, ILogger<UndoRunner> logger)
{
    private static readonly string[] Order = [StepName.Ad, StepName.Creative, StepName.AdSet, StepName.Campaign];
    private readonly Dictionary<string, ICreateStep> _creates = createSteps.ToDictionary(step => step.Name);

    public async Task<Progress> RunAsync(Attempt attempt, CancellationToken ct)
    {
        await PauseAsync(attempt, ct);
        ExceptionDispatchInfo? unseen = null;
        foreach (var step in Order)
        {
            ct.ThrowIfCancellationRequested();
            switch (attempt.StateOf(step))
            {
                case StepState.Confirmed:
                    await DeleteAsync(attempt, step, [attempt.MetaId(step)], ct);
                    break;
                case StepState.Started:
                    IReadOnlyList<string> found;
                    try
                    {
                        found = await LookAsync(attempt, step, ct);
                    }
                    catch (MetaException exception) when (step == StepName.Creative && exception.Proof is Proof.OutcomeUnknown or Proof.Rejected)
                    {
                        // A creative spends nothing and hangs on nothing: that nobody can look for it keeps campaign and ad set from nothing.
                        unseen = ExceptionDispatchInfo.Capture(exception);
                        break;
                    }

                    if (found.Count == 0 && time.GetUtcNow() < attempt.SettledAt)
                        return new Progress.NotYet(NextLook(attempt), $"the {step} may have been created; looking for it before it is undone");
                    if (found.Count == 0) await journal.AbsentAsync(attempt, step, ct);
                    else await DeleteAsync(attempt, step, found, ct);
                    break;
            }
        }

        unseen?.Throw();
        return new Progress.Undone();
    }

    /// <summary>What may have been activated stops spending before anything else is done with it; for what is kept, that is all.</summary>
    public async Task PauseAsync(Attempt attempt, CancellationToken ct)
    {
        if (attempt.StateOf(StepName.Activate) == StepState.Pending) return;
        foreach (var step in (string[])[StepName.Campaign, StepName.AdSet, StepName.Ad])
        {
            if (attempt.StateOf(step) != StepState.Confirmed) continue;
            try
            {
                await meta.PauseAsync(attempt.Credential, attempt.MetaId(step), ct);
            }
            catch (MetaException exception) when (exception.Proof == Proof.Rejected)
            {
                // Deleting comes next and may well be allowed; what is kept instead is told by this line.
                OrchestrationLog.StepNotPaused(logger, step, attempt.MetaId(step), exception.ForUser);
            }
        }
    }

    private async Task DeleteAsync(Attempt attempt, string step, IReadOnlyList<string> metaIds, CancellationToken ct)
    {
        try
        {
            foreach (var metaId in metaIds) await meta.DeleteAsync(attempt.Credential, metaId, ct);
            await journal.DeletedAsync(attempt, step, metaIds[^1], ct);
            OrchestrationLog.StepUndone(logger, step, metaIds[^1]);
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected)
        {
            // Meta will not delete it, now or later: the result tells the person who has to.
            await journal.LeftAsync(attempt, step, string.Join(", ", metaIds), exception.ForUser, ct);
            OrchestrationLog.StepLeft(logger, step, string.Join(", ", metaIds), exception.ForUser);
        }
    }

    private async Task<IReadOnlyList<string>> LookAsync(Attempt attempt, string step, CancellationToken ct)
    {
        try
        {
            return await _creates[step].LookAsync(attempt, ct);
        }
        catch (MetaException exception) when (exception.IsMissingObject)
        {
            return []; // The parent is gone, by hand or by an earlier undo, and its children with it.
        }
    }

    private DateTimeOffset NextLook(Attempt attempt)
    {
        var next = time.GetUtcNow().AddSeconds(Math.Clamp(options.SettleDelaySeconds / 8.0, 0.5, 15));
        return next < attempt.SettledAt ? next : attempt.SettledAt;
    }
}
