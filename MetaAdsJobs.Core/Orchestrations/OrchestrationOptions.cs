using System.ComponentModel.DataAnnotations;
using MetaAdsJobs.Core.Database;

namespace MetaAdsJobs.Core.Orchestrations;

public enum OnFailure
{
    /// <summary>What a failed orchestration created at Meta is deleted again.</summary>
    Delete,

    /// <summary>It stays there, paused, and a retry goes on from it.</summary>
    Keep,
}

public sealed class OrchestrationOptions
{
    public const string Section = "Orchestration";

    /// <summary>MAX_RETRIES: how often an unforeseen failure is retried before the orchestration is undone. Default 3.</summary>
    [Range(0, 20)]
    public int MaxRetries { get; set; } = 3;

    /// <summary>RETRY_DELAY_SECONDS: wait before the first retry; doubled for each further one, with jitter. Default 2.</summary>
    [Range(0, 3600)]
    public int RetryDelaySeconds { get; set; } = 2;

    /// <summary>
    /// SETTLE_DELAY_SECONDS: how long a create whose answer was lost may stay invisible to Meta's search. It is created
    /// again only when it was looked for, and not found, after this long. At least the call time-out. Default 60.
    /// </summary>
    [Range(1, 3600)]
    public int SettleDelaySeconds { get; set; } = 60;

    /// <summary>LEASE_SECONDS: how long an attempt may be silent before another takes over. Renewed while work goes on. Default 30.</summary>
    [Range(2, 600)]
    public int LeaseSeconds { get; set; } = 30;

    /// <summary>Attempts in a row that may end with the death of their process before the orchestration is undone. Default 20.</summary>
    [Range(1, 1000)]
    public int MaxAbandonedAttempts { get; set; } = 20;

    /// <summary>
    /// Tries at undoing before what is left is listed for a person. Default 8, over about five minutes. While Meta is away, or something may be active, it is tried for six hours at least; what
    /// Meta calls missing, or answers with an error of its own, for an hour.
    /// </summary>
    [Range(1, 100)]
    public int MaxUndoTries { get; set; } = 8;

    /// <summary>Minutes until a video must have been processed by Meta. Default 60.</summary>
    [Range(1, 1440)]
    public int VideoDeadlineMinutes { get; set; } = 60;

    /// <summary>Seconds until Meta is first asked what became of new objects; later looks come further apart. Default 5.</summary>
    [Range(1, 3600)]
    public int ReviewAfterSeconds { get; set; } = 5;

    /// <summary>REVIEW_DEADLINE_HOURS: until then Meta's own review of new objects must have ended, or it is told. Default 24.</summary>
    [Range(1, 720)]
    public int ReviewDeadlineHours { get; set; } = 24;

    /// <summary>What becomes of the objects of a failed orchestration. Default Delete.</summary>
    public OnFailure OnFailure { get; set; } = OnFailure.Delete;

    internal TimeSpan SettleDelay => TimeSpan.FromSeconds(SettleDelaySeconds);
    internal TimeSpan Lease => TimeSpan.FromSeconds(LeaseSeconds);

    /// <summary>When nothing can be unsettled any more for the clock's last jump. Who held a lease by the old time may send until his own counter ends it; only then does the settle delay count.</summary>
    internal DateTimeOffset SettledAfter(ServiceClock clock) => clock.SteadySince + Lease + SettleDelay;
}
