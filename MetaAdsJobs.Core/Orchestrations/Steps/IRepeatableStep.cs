namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>Something that may be done again from the start after a crash.</summary>
internal interface IRepeatableStep
{
    string Name { get; }

    /// <exception cref="Meta.MetaException">Meta did not do it, or nobody can tell.</exception>
    Task<StepResult> RunAsync(Attempt attempt, CancellationToken ct);
}

/// <summary>Done, with Meta's id where there is one, or to be looked at again at a known time.</summary>
internal abstract record StepResult
{
    private StepResult() { }

    public sealed record Done(string? MetaId) : StepResult;

    public sealed record NotYet(DateTimeOffset Until, string Reason) : StepResult;

    /// <summary>What came instead of an answer, or the answer that it was not done.</summary>
    public sealed record Failed(Exception Exception) : StepResult;
}
