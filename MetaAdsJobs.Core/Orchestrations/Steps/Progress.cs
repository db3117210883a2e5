namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>How far one run of the steps, or of their undoing, got. The set is closed.</summary>
internal abstract record Progress
{
    private Progress() { }

    /// <summary>Everything exists; what was done last is still to be confirmed, by the commit that ends the orchestration.</summary>
    public sealed record Built(IReadOnlyList<DoneStep> Last) : Progress
    {
        /// <summary>What is there once for all. What is switched on is confirmed by that commit alone: a stop may come before it.</summary>
        public IReadOnlyList<DoneStep> Made { get; } = [.. Last.Where(one => one.Step != StepName.Activate)];
    }

    /// <summary>Nothing is left to undo.</summary>
    public sealed record Undone : Progress;

    public sealed record NotYet(DateTimeOffset Until, string Reason) : Progress;

    public sealed record CancelRequested : Progress;

    /// <summary>More than one object carries the step's marker: a person has to look, nothing is touched.</summary>
    public sealed record SeveralFound(string Step, IReadOnlyList<string> MetaIds) : Progress;
}

/// <summary>A step that is done at Meta, and its id there, if it has one.</summary>
internal sealed record DoneStep(string Step, string? MetaId);

/// <summary>Something that may be done again from the start after a crash.</summary>
internal interface IRepeatableStep
{
    /// <summary>Of the steps that it does.</summary>
    string Kind { get; }

    /// <exception cref="Meta.Graph.MetaException">Meta did not do it, or nobody can tell.</exception>
    Task<StepOutcome> RunAsync(Attempt attempt, string step, CancellationToken ct);
}

/// <summary>Done, with Meta's id where there is one, or to be looked at again at a known time.</summary>
internal abstract record StepOutcome
{
    private StepOutcome() { }

    public sealed record Done(string? MetaId) : StepOutcome;

    public sealed record NotYet(DateTimeOffset Until, string Reason) : StepOutcome;

    /// <summary>What came instead of an answer, or the answer that it was not done.</summary>
    public sealed record Failed(Exception Exception) : StepOutcome;
}
