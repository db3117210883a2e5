namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>Something created at Meta by one POST that must never be repeated blindly.</summary>
internal interface ICreateStep
{
    string Name { get; }

    /// <summary>Ids of what carries this step's marker at Meta; for a step whose outcome is not known.</summary>
    /// <exception cref="Meta.MetaException">Meta did not answer.</exception>
    Task<IReadOnlyList<string>> LookAsync(Attempt attempt, CancellationToken ct);

    /// <summary>Sends the one POST.</summary>
    /// <returns>Meta's id.</returns>
    /// <exception cref="Meta.MetaException">Meta did not do it, or nobody can tell.</exception>
    Task<string> CreateAsync(Attempt attempt, CancellationToken ct);
}

/// <summary>Something that may be done again from the start after a crash.</summary>
internal interface IRepeatableStep
{
    string Name { get; }

    /// <exception cref="Meta.MetaException">Meta did not do it, or nobody can tell.</exception>
    Task<RepeatableResult> RunAsync(Attempt attempt, CancellationToken ct);
}

/// <summary>Done, with Meta's id where there is one, or to be looked at again at a known time.</summary>
internal abstract record RepeatableResult
{
    private RepeatableResult() { }

    public sealed record Done(string? MetaId) : RepeatableResult;

    public sealed record NotYet(DateTimeOffset Until, string Reason) : RepeatableResult;
}
