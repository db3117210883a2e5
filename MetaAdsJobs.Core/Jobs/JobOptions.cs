using System.ComponentModel.DataAnnotations;

namespace MetaAdsJobs.Core.Jobs;

public sealed class JobOptions
{
    public const string Section = "Jobs";

    /// <summary>WORKER_THREADS: jobs that one worker process runs at a time; each holds a thread for as long as it runs. Default 20.</summary>
    [Range(1, 200)]
    public int WorkerThreads { get; set; } = 20;

    /// <summary>Of <see cref="WorkerThreads"/>, one in ten: they take no rows of batches.</summary>
    internal int ReservedThreads => WorkerThreads / 10;

    /// <summary>Threads of one worker process that carry out stops and nothing else. Default 4: one account's stop pauses many campaigns at once.</summary>
    [Range(1, 50)]
    public int BrakeThreads { get; set; } = 4;

    /// <summary>Milliseconds between two looks of an idle worker process at the queue. Default 100.</summary>
    [Range(50, 15000)]
    public int PollMilliseconds { get; set; } = 100;

    /// <summary>TAKE_OVER_SECONDS: how long after its worker's death a job is run by another. Default 30.</summary>
    [Range(3, 3600)]
    public int TakeOverSeconds { get; set; } = 30;

    /// <summary>Seconds between two looks for snoozed jobs and retries that are due. Default 1.</summary>
    [Range(1, 60)]
    public int SchedulePollSeconds { get; set; } = 1;

    /// <summary>Seconds a stopping worker gives its running jobs to end or hand back. Default 40: more than one call to Meta.</summary>
    [Range(1, 600)]
    public int StopTimeoutSeconds { get; set; } = 40;

    /// <summary>WORKER_METRICS_PORT: where a worker process answers /metrics and /health/live. Default 0: nowhere.</summary>
    [Range(0, 65535)]
    public int MetricsPort { get; set; }
}
