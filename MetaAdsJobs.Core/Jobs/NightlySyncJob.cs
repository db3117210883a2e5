using MetaAdsJobs.Core.Insights.Nightly;

namespace MetaAdsJobs.Core.Jobs;

/// <summary>Hangfire's way into <see cref="NightlySync"/>: one run per time zone and night.</summary>
internal sealed class NightlySyncJob(NightlySync run)
{
    public const string Kind = "nightly";

    public async Task<JobOutcome?> RunAsync(string timezoneName, CancellationToken ct) => (await run.ExecuteAsync(timezoneName, ct)).Noteworthy();
}
