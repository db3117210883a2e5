using MetaAdsJobs.Core.Insights;

namespace MetaAdsJobs.Core.Jobs;

/// <summary>Hangfire's way into <see cref="RunSync"/>.</summary>
internal sealed class InsightSyncJob(RunSync run)
{
    public const string Kind = "insights";

    public async Task<JobOutcome?> RunAsync(Guid syncId, CancellationToken ct) => (await run.ExecuteAsync(syncId, ct)).Noteworthy();
}
