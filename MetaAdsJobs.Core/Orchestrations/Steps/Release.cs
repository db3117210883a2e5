namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>How an attempt gives the orchestration back unfinished.</summary>
internal sealed record Release(string Status, string? Reason)
{
    /// <summary>When the next attempt is due; null when the queue decides.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>True when this attempt counts against MAX_RETRIES.</summary>
    public bool Failed { get; init; }

    public static Release Waiting(DateTimeOffset until, string reason) => new("waiting", reason) { Until = until };

    /// <summary>The process is stopping: anybody may go on at once.</summary>
    public static Release HandedBack { get; } = new("queued", "the worker was stopped");
}
