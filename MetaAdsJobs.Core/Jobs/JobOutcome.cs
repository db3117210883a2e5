namespace MetaAdsJobs.Core.Jobs;

/// <summary>How a job's run ended. The set is closed; a throw means "unforeseen, back off and retry".</summary>
public abstract record JobOutcome
{
    private JobOutcome() { }

    public sealed record Completed : JobOutcome;

    /// <summary>Runs again at a known time; uses up no retry.</summary>
    public sealed record Snoozed(DateTimeOffset Until, string Reason) : JobOutcome;

    /// <summary>Not again unless a person acts.</summary>
    public sealed record Stopped(string Reason) : JobOutcome;
}
