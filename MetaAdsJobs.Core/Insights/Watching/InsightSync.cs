namespace MetaAdsJobs.Core.Insights.Watching;

public enum InsightSyncState
{
    Queued,
    Running,
    Waiting,
    Succeeded,
    Failed,
}

/// <summary>One fetching of one account's numbers, and how far it has got.</summary>
public sealed record InsightSync
{
    public required Guid SyncId { get; init; }
    public required Guid SocialAccountId { get; init; }
    public required DateOnly Since { get; init; }
    public required DateOnly Until { get; init; }
    public required string RequestedBy { get; init; }

    /// <summary>The account's night it belongs to; null when a person asked for it.</summary>
    public DateOnly? NightlyFor { get; init; }

    /// <summary>queued, running, waiting, succeeded or failed.</summary>
    public required string State { get; init; }

    /// <summary>How much of its reports Meta has prepared and we have read, 0-100.</summary>
    public int Percent { get; init; }
    public int Attempt { get; init; }
    public string? WaitReason { get; init; }
    public DateTimeOffset? NextAttemptAt { get; init; }
    public int Reports { get; init; }
    public int ReportsRead { get; init; }
    public int PagesRead { get; init; }
    public long RowsRead { get; init; }
    public long RowsRestated { get; init; }
    public long RowsVanished { get; init; }
    public int DaysSynced { get; init; }

    /// <summary>The last day that stands in the tables.</summary>
    public DateOnly? StoredUntil { get; init; }

    /// <summary>What Meta would not tell even when asked for the least.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];
    public string? Error { get; init; }
    public DateTimeOffset QueuedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
}
