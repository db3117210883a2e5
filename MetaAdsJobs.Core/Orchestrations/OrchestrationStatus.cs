namespace MetaAdsJobs.Core.Orchestrations;

/// <summary>Where an orchestration stands. The last three are final; only a person's retry leads out of <see cref="Failed"/>.</summary>
public enum OrchestrationStatus
{
    Queued,
    Running,
    Waiting,
    Succeeded,
    Failed,
    Cancelled,
}

internal static class OrchestrationStatusNames
{
    /// <summary>As the database and the API write it.</summary>
    public static string ToName(this OrchestrationStatus status) => status switch
    {
        OrchestrationStatus.Queued => "queued",
        OrchestrationStatus.Running => "running",
        OrchestrationStatus.Waiting => "waiting",
        OrchestrationStatus.Succeeded => "succeeded",
        OrchestrationStatus.Failed => "failed",
        OrchestrationStatus.Cancelled => "cancelled",
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };
}
