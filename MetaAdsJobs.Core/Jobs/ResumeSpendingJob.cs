using MetaAdsJobs.Core.Spending;

namespace MetaAdsJobs.Core.Jobs;

/// <summary>Hangfire's way into <see cref="ResumeSpending"/>.</summary>
internal sealed class ResumeSpendingJob(ResumeSpending run)
{
    public const string Kind = "start";

    public async Task<JobOutcome?> RunAsync(Guid stopId, CancellationToken ct) => (await run.ExecuteAsync(stopId, ct)).Noteworthy();
}
