using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations.Judging;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Core.Orchestrations.Undo;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Orchestrations;

/// <summary>
/// One run of one orchestration: claims it, goes forward or undoes, and says how the run ended. A throw leaves the
/// orchestration waiting for the queue's next retry; the last one permitted begins the undo instead.
/// </summary>
internal sealed class RunOrchestration(
    OrchestrationClaims claims, WorkClaims work, StepJournal journal, StepRunner steps, UndoRunner undo, UndoJournal undoJournal, Completion completion, ValidationStore validations, CampaignInsights campaignInsights,
    SnoozeRun snooze, OrchestrationOptions options, TimeProvider time, ILogger<RunOrchestration> logger)
{
    private static readonly JobOutcome Completed = new JobOutcome.Completed();

    public async Task<JobOutcome> ExecuteAsync(Guid requestId, CancellationToken ct)
    {
        using var scope = logger.BeginScope(new Dictionary<string, object> { ["OrchestrationId"] = requestId });
        Attempt? attempt;
        try
        {
            attempt = await claims.ClaimAsync(requestId, ct);
        }
        catch (UnreadableException exception)
        {
            if (exception.Until is { } until)
            {
                OrchestrationLog.Waits(logger, until, exception.Message);
                return new JobOutcome.Snoozed(until, exception.Message);
            }

            OrchestrationLog.Ended(logger, "failed", exception.Message);
            return new JobOutcome.Stopped($"{exception.Message} Requeue to retry it.");
        }

        if (attempt is null) return await work.WhyUnclaimedAsync(ClaimTable.Orchestrations, requestId, ct);
        return await work.RunAsync(
            ClaimTable.Orchestrations, requestId, attempt.Number, attempt.Lease, token => RunAsync(attempt, token),
            overtaken: reason => snooze.OvertakenAsync(attempt, reason), handBack: () => claims.ReleaseAsync(attempt, Release.HandedBack, CancellationToken.None), ct);
    }

    private async Task<JobOutcome> RunAsync(Attempt attempt, CancellationToken ct)
    {
        if (attempt.Ending is null)
        {
            var outcome = await ForwardAsync(attempt, ct);
            if (outcome is not null) return outcome;
        }

        return await UndoAsync(attempt, ct);
    }

    /// <returns>Null when the end has begun and undoing is next.</returns>
    private async Task<JobOutcome?> ForwardAsync(Attempt attempt, CancellationToken ct)
    {
        if (attempt.CancelRequested) return await BeginEndAsync(attempt, "cancelled", "cancelled on request", ct);
        if (attempt.Abandoned > options.MaxAbandonedAttempts)
            return await BeginEndAsync(attempt, "failed", $"{attempt.Abandoned} attempts in a row ended with the death of their process", ct);
        try
        {
            var progress = await steps.RunAsync(attempt, ct);
            if (progress is Progress.Built && attempt.Request.ValidateOnly) return await FinishValidationAsync(attempt, ct);
            if (progress is Progress.Built built)
            {
                var finished = await FinishAsync(attempt, built, ct);
                if (finished == Finished.Done) return Completed;
                // With the last step's id in hand: what is undone must be known first, and what is activated anew is not done.
                var last = finished == Finished.CancelRequested ? built.Last : built.Made;
                if (last.Count > 0) await journal.AdvanceAsync(attempt, last, [], [], CancellationToken.None);
                progress = finished == Finished.CancelRequested ? new Progress.CancelRequested()
                    : new Progress.NotYet(time.GetUtcNow().AddSeconds(1), "a stop has paused some of it since, and was lifted: it is activated anew");
            }

            return progress switch
            {
                Progress.NotYet notYet => await snooze.ForAsync(attempt, Release.Waiting(notYet.Until, notYet.Reason), ct),
                Progress.CancelRequested => await BeginEndAsync(attempt, "cancelled", "cancelled on request", ct),
                Progress.SeveralFound several => await StopForPersonAsync(attempt, several, ct),
                _ => throw new InvalidOperationException("unreachable: the set is closed"),
            };
        }
        catch (MetaException exception) when (exception.Proof is Proof.Throttled or Proof.TokenRejected or Proof.AccountBlocked)
        {
            return await snooze.ForMetaAsync(attempt, exception, ct);
        }
        catch (MetaException exception) when (PassingRefusals.WaitAfter(attempt, exception) is not null)
        {
            return await snooze.ForPassingAsync(attempt, exception, PassingRefusals.WaitAfter(attempt, exception)!.Value, ct);
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected)
        {
            return await BeginEndAsync(attempt, "failed", PassingRefusals.Reason(attempt, exception), ct);
        }
        catch (Exception exception) when (exception is not (FencedException or OperationCanceledException))
        {
            var meta = exception as MetaException;
            if (attempt.Failures >= options.MaxRetries)
            {
                OrchestrationLog.AttemptFailed(logger, exception, attempt.Number, attempt.Failures + 1);
                return await BeginEndAsync(attempt, "failed",
                    meta?.ForUser ?? $"gave up after {attempt.Failures + 1} attempts: {exception.Message}", CancellationToken.None);
            }

            // A large tree may meet more failures than a job has retries, and get on all the same: each step has its own.
            if (attempt.Request.AdSets is not null)
            {
                OrchestrationLog.AttemptFailed(logger, exception, attempt.Number, attempt.Failures + 1);
                return await snooze.ForAsync(attempt, Release.Waiting(RetryAt(attempt), meta?.ForUser ?? exception.Message) with { Failed = true }, CancellationToken.None);
            }

            var failures = await claims.ReleaseAsync(attempt,
                new("waiting", meta?.ForUser ?? exception.Message) { Failed = true },
                CancellationToken.None);
            OrchestrationLog.AttemptFailed(logger, exception, attempt.Number, failures);
            throw; // The queue's automatic retry backs off and runs it again.
        }
    }

    private async Task<Finished> FinishAsync(Attempt attempt, Progress.Built built, CancellationToken ct)
    {
        InsightsSyncResult first;
        try
        {
            first = await campaignInsights.ReadAsync(attempt, ct);
        }
        catch (OperationCanceledException) when (built.Made.Count > 0)
        {
            await journal.AdvanceAsync(attempt, built.Made, [], [], CancellationToken.None);
            throw;
        }

        var finished = await completion.FinishAsync(attempt, built, first, CancellationToken.None);
        if (finished == Finished.Done) OrchestrationLog.Succeeded(logger, attempt.Number);
        return finished;
    }

    /// <returns>Null when something was refused, or a cancel was asked for: the end has begun, and there is nothing to undo.</returns>
    private async Task<JobOutcome?> FinishValidationAsync(Attempt attempt, CancellationToken ct)
    {
        var refused = attempt.Validation.Where(finding => finding.Ok == false).Select(finding => $"{finding.Object}: {finding.Error}").ToList();
        OrchestrationLog.Validated(logger, refused.Count, attempt.Validation.Count(finding => finding.Checked));
        if (refused.Count == 0)
            return await validations.FinishAsync(attempt, ct) ? Completed : await BeginEndAsync(attempt, "cancelled", "cancelled on request", ct);

        await validations.RecordAsync(attempt, ct);
        attempt.Begun.Clear();
        attempt.Begun[StepName.Validate] = new(StepName.Validate);
        await undoJournal.BeginAsync(attempt, "failed", refused, ct);
        return null;
    }

    private async Task<JobOutcome> UndoAsync(Attempt attempt, CancellationToken ct)
    {
        // Until it is paused, what may have been activated counts as that.
        attempt.IsPaused = attempt.StateOf(StepName.Activate) == StepState.Pending;
        try
        {
            if (attempt.Abandoned > options.MaxAbandonedAttempts)
                return await LeaveTheRestAsync(attempt, new InvalidOperationException($"{attempt.Abandoned} attempts at undoing ended with the death of their process"), ct);
            var progress = options.OnFailure == OnFailure.Keep && attempt.Ending == "failed" ? await undo.KeepAsync(attempt, ct) : await undo.RunAsync(attempt, ct);
            if (progress is Progress.NotYet notYet) return await snooze.ForAsync(attempt, Release.Waiting(notYet.Until, notYet.Reason), ct);
            return await FinishUndoneAsync(attempt, ct);
        }
        catch (MetaException exception) when (exception.Proof is Proof.Throttled or Proof.TokenRejected or Proof.AccountBlocked)
        {
            return await snooze.ForMetaAsync(attempt, exception, ct);
        }
        catch (Exception exception) when (exception is not (FencedException or OperationCanceledException))
        {
            // A failure to undo must not use up the retries of the forward way: it snoozes by a backoff of its own.
            OrchestrationLog.AttemptFailed(logger, exception, attempt.Number, attempt.Failures + 1);
            // Waiting for a Meta that is away costs nothing; leaving what is there costs a person's time, and money if it is on.
            if (attempt.Failures + 1 >= Math.Max(options.MaxUndoTries, attempt.IsPaused ? UndoFailures.TriesOf(exception) : UndoFailures.MostTries)) return await LeaveTheRestAsync(attempt, exception, ct);
            return await snooze.ForAsync(attempt, Release.Waiting(RetryAt(attempt), $"undoing failed: {exception.Message}") with { Failed = true }, ct);
        }
    }

    private DateTimeOffset RetryAt(Attempt attempt) => time.GetUtcNow() + TimeSpan.FromSeconds(Math.Min(300, Math.Max(1, options.RetryDelaySeconds) * Math.Pow(2, attempt.Failures)));

    private async Task<JobOutcome> LeaveTheRestAsync(Attempt attempt, Exception exception, CancellationToken ct)
    {
        foreach (var step in attempt.Steps.Values.Where(step => step.State is StepState.Started or StepState.Confirmed && StepName.KindOf(step.Step) is not (StepName.Media or StepName.Activate)).ToList())
        {
            await undoJournal.LeftAsync(attempt, step.Step, step.MetaId, exception.Message, ct);
            OrchestrationLog.StepLeft(logger, step.Step, step.MetaId, exception.Message);
        }

        return await FinishUndoneAsync(attempt, ct);
    }

    private async Task<JobOutcome> FinishUndoneAsync(Attempt attempt, CancellationToken ct)
    {
        var left = attempt.Steps.Values.Where(step => step.State == StepState.Left).ToList();
        var kept = attempt.Steps.Values.Where(step => step.State == StepState.Confirmed && step.MetaId is not null && StepName.KindOf(step.Step) != StepName.Media).ToList();
        var errors = left.Select(step => $"left at Meta, delete it by hand: {step.Step} {step.MetaId ?? NotFound(attempt, step.Step)}{(attempt.IsPaused || StepName.KindOf(step.Step) is StepName.Creative or StepName.Media ? "" : " (perhaps active)")}")
            .Concat(kept.Select(step => $"kept at Meta, {(attempt.IsPaused ? "paused" : "perhaps active, since Meta would not pause it")}: {step.Step} {step.MetaId}")).ToList();
        var reason = await undoJournal.FinishAsync(attempt, errors, ct);
        OrchestrationLog.Ended(logger, attempt.Ending!, errors.Count == 0 ? "nothing is left at Meta" : string.Join("; ", errors));
        return attempt.Ending == "cancelled" ? Completed : new JobOutcome.Stopped($"{reason} Requeue to retry it.");
    }

    // What a person searches for in Ads Manager.
    private static string NotFound(Attempt attempt, string step) =>
        $"(id not known{(StepName.IsCreate(step) ? $", its name is \"{attempt.Tree.NameOf(step)}\"; perhaps it was never made" : "")})";

    private async Task<JobOutcome?> BeginEndAsync(Attempt attempt, string ending, string reason, CancellationToken ct)
    {
        await undoJournal.BeginAsync(attempt, ending, ending == "failed" ? [reason] : [], ct);
        OrchestrationLog.Ended(logger, $"will be {attempt.Ending}", reason);
        return null;
    }

    /// <returns>Null when a cancel was asked for: the end has begun, and undoing is next.</returns>
    private async Task<JobOutcome?> StopForPersonAsync(Attempt attempt, Progress.SeveralFound several, CancellationToken ct)
    {
        var ids = string.Join(", ", several.MetaIds);
        var error = $"several objects at Meta carry the marker of the {several.Step}: {ids}. Delete all but one in Ads Manager, then retry";
        OrchestrationLog.SeveralFound(logger, several.Step, ids);
        if (!await undoJournal.TryStopAsync(attempt, error, ct)) return await BeginEndAsync(attempt, "cancelled", "cancelled on request", ct);
        return new JobOutcome.Stopped(error);
    }
}
