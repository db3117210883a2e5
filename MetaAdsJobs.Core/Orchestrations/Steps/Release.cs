namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>How an attempt gives the orchestration back unfinished.</summary>
internal sealed record Release(string Status, string? Reason)
{
    /// <summary>When the next attempt is due; null when the queue decides.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>True when this attempt counts against MAX_RETRIES.</summary>
    public bool Failed { get; init; }

    /// <summary>True when a create may have been sent and its outcome is not known: the settle delay counts from now.</summary>
    public bool Sent { get; init; }

    /// <summary>A started step of which the answer proved that nothing was created.</summary>
    public string? NotDone { get; init; }

    /// <summary>True when Meta refused <see cref="NotDone"/> in a way that may pass: counted, since it is tried again only some times.</summary>
    public bool Refused { get; init; }

    public static Release Waiting(DateTimeOffset until, string reason) => new("waiting", reason) { Until = until };

    /// <summary>The process is stopping: anybody may go on at once.</summary>
    public static Release HandedBack { get; } = new("queued", "the worker was stopped");
}
