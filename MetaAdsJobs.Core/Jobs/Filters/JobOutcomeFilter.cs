using Hangfire.States;

namespace MetaAdsJobs.Core.Jobs.Filters;

/// <summary>
/// Turns the value a run ended in into Hangfire's states: snoozed becomes scheduled without touching the retry count, stopped
/// becomes failed without a retry. Runs after the automatic retry, which only looks at failures.
/// </summary>
internal sealed class JobOutcomeFilter : IElectStateFilter
{
    public void OnStateElection(ElectStateContext context)
    {
        if (context.CandidateState is not SucceededState { Result: JobOutcome outcome }) return;
        context.CandidateState = outcome switch
        {
            JobOutcome.Snoozed snoozed => new ScheduledState(snoozed.Until.UtcDateTime) { Reason = snoozed.Reason },
            JobOutcome.Stopped stopped => new FailedState(new JobStoppedException(stopped.Reason)) { Reason = stopped.Reason },
            _ => context.CandidateState,
        };
    }
}

/// <summary>Shown in the dashboard for a job that ended for good, and is not retried unless a person requeues it.</summary>
internal sealed class JobStoppedException(string reason) : Exception(reason);

internal static class JobOutcomes
{
    /// <summary>A plain success needs no result in Hangfire's tables.</summary>
    public static JobOutcome? Noteworthy(this JobOutcome outcome) => outcome is JobOutcome.Completed ? null : outcome;
}
