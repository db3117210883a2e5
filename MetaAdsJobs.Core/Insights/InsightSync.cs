namespace MetaAdsJobs.Core.Insights;

/// <summary>One fetching of one account's numbers, and how far it has got.</summary>
public sealed record InsightSync
{
    public required Guid SyncId { get; init; }
    public required Guid SocialAccountId { get; init; }
    public required DateOnly Since { get; init; }
    public required DateOnly Until { get; init; }

    /// <summary>queued, running, waiting, succeeded or failed.</summary>
    public required string State { get; init; }
    public int Attempt { get; init; }
    public string? WaitReason { get; init; }
    public DateTimeOffset? NextAttemptAt { get; init; }
    public int PagesRead { get; init; }
    public long RowsRead { get; init; }
    public int DaysSynced { get; init; }
    public string? Error { get; init; }
    public DateTimeOffset QueuedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
}
