using MetaAdsJobs.Core.Orchestrations;

namespace MetaAdsJobs.Core.Jobs;

/// <summary>Hangfire's way into <see cref="RunOrchestration"/>.</summary>
internal sealed class OrchestrationJob(RunOrchestration run)
{
    public const string Kind = "orchestration";

    public async Task<JobOutcome?> RunAsync(Guid requestId, CancellationToken ct) => (await run.ExecuteAsync(requestId, ct)).Noteworthy();
}
