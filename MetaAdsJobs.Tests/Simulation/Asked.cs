namespace MetaAdsJobs.Tests.Simulation;

/// <summary>One thing that was asked for, as its caller knows it.</summary>
internal sealed class Asked(int number, Guid accountId, bool publishes)
{
    public required Guid ClipId { get; init; }
    public string Name { get; } = $"R{number}";
    public Guid AccountId { get; } = accountId;
    public bool Publishes { get; } = publishes;
    public string Key { get; } = $"{Guid.NewGuid()}";
    public Guid? RequestId { get; set; }

    /// <summary>How many ads each of its ad sets has; empty for a request without ad sets.</summary>
    public IReadOnlyList<int> AdSets { get; init; } = [];
}
