using MetaAdsJobs.Core.Spending;

namespace MetaAdsJobs.Core.Jobs;

/// <summary>Hangfire's way into <see cref="PauseSpending"/>.</summary>
internal sealed class PauseSpendingJob(PauseSpending run)
{
    public const string Kind = "stop";

    public async Task<JobOutcome?> RunAsync(Guid stopId, CancellationToken ct) => (await run.ExecuteAsync(stopId, ct)).Noteworthy();
}
