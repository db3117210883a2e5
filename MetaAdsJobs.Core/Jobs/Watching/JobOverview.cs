using MetaAdsJobs.Core.Jobs.Recurring;

namespace MetaAdsJobs.Core.Jobs.Watching;

/// <summary>How the engine stands at a moment: what waits, runs, is due later, has failed, and who is there to work.</summary>
public sealed record JobOverview
{
    public required IReadOnlyList<QueueDepth> Queues { get; init; }

    /// <summary>Those that have run longest first.</summary>
    public required SomeJobs Running { get; init; }

    /// <summary>The next ones first.</summary>
    public required SomeJobs Scheduled { get; init; }

    /// <summary>The latest first.</summary>
    public required SomeJobs Failed { get; init; }

    /// <summary>Since the database was made.</summary>
    public required long Succeeded { get; init; }

    /// <summary>Since the database was made.</summary>
    public required long Deleted { get; init; }
    public required IReadOnlyList<WorkerProcess> Workers { get; init; }
    public required IReadOnlyList<JobSchedule> Schedules { get; init; }
}

/// <param name="Jobs">That no worker has taken yet; one more than <see cref="JobReader.MostCounted"/> stands for "more than that".</param>
/// <param name="Oldest">For how long the first of them has waited; null without one.</param>
public sealed record QueueDepth(string Name, int Jobs, TimeSpan? Oldest);

/// <param name="Count">One more than <see cref="JobReader.MostCounted"/> stands for "more than that".</param>
/// <param name="First">Some of them.</param>
public sealed record SomeJobs(int Count, IReadOnlyList<ListedJob> First);

/// <param name="Id">The queue's own.</param>
/// <param name="Name">For people.</param>
/// <param name="RequestId">The run it works for, if any.</param>
/// <param name="At">Since when it is as it is, or, when it is scheduled, until when.</param>
/// <param name="Worker">Who runs it; see <see cref="WorkerProcess.Name"/>.</param>
/// <param name="Reason">Why it waits, or has failed.</param>
public sealed record ListedJob(string Id, string Name, Guid? RequestId, DateTimeOffset? At, string? Worker, string? Reason);

/// <param name="Name">Machine and process id.</param>
/// <param name="IsSilent">Its heartbeat is overdue: it is dead, or cut off from the database.</param>
public sealed record WorkerProcess(string Name, int Threads, IReadOnlyList<string> Queues, DateTimeOffset? StartedAt, DateTimeOffset HeartbeatAt, bool IsSilent);

/// <param name="Cron">In the zone.</param>
/// <param name="LastState">succeeded, failed, processing, enqueued, scheduled, deleted; null when it never ran, or is forgotten by now.</param>
/// <param name="Error">Why it could not be put on the queue.</param>
public sealed record JobSchedule(string Name, string Cron, string Timezone, DateTimeOffset? LastRunAt, DateTimeOffset? NextRunAt, string? LastState, string? Error);
