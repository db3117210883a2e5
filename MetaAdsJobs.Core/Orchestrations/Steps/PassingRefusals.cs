using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>
/// A create that Meta refused in a way that may pass is sent again, unchanged: some times, further and further apart, over about twenty
/// minutes. The refusal proves that nothing was created, so there is nothing to look for; waiting uses no retry and holds no thread. The
/// count stands in the journal and so survives crashes.
/// </summary>
internal static class PassingRefusals
{
    private static readonly TimeSpan[] Waits = [TimeSpan.FromSeconds(15), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(15)];

    /// <summary>How long to wait before the refused step is tried again, and all that were refused with it; null when it is not.</summary>
    public static TimeSpan? WaitAfter(Attempt attempt, MetaException refusal) => StepOf(attempt, refusal) is { } refused && WaitAfter(attempt, refused, refusal) is not null
        ? attempt.Begun.Values.Max(step => step.Refusal is { } other ? WaitAfter(attempt, step.Step, other) : null)
        : null;

    public static TimeSpan? WaitAfter(Attempt attempt, string step, MetaException refusal) =>
        refusal is { Proof: Proof.Rejected, MayPass: true } && attempt.RefusalsOf(step) < Waits.Length ? Waits[attempt.RefusalsOf(step)] : null;

    /// <summary>Meta's words, and how often it was tried when that was more than once.</summary>
    public static string Reason(Attempt attempt, MetaException refusal) =>
        refusal.MayPass && StepOf(attempt, refusal) is { } step && attempt.RefusalsOf(step) is > 0 and var earlier
            ? $"{refusal.ForUser}; the {step} was tried {earlier + 1} times, since such refusals often pass"
            : refusal.ForUser;

    private static string? StepOf(Attempt attempt, MetaException refusal) => attempt.Begun.Values.FirstOrDefault(step => step.Refusal == refusal)?.Step;
}
