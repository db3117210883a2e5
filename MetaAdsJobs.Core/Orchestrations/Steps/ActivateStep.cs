using MetaAdsJobs.Core.Meta;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>
/// Only for auto_publish, and only when all four objects exist: ad, then ad set, then campaign, so that nothing can spend
/// before the last of the three calls. Activating twice is harmless.
/// </summary>
internal sealed class ActivateStep(MetaAds meta) : IRepeatableStep
{
    public string Name => StepName.Activate;

    public async Task<RepeatableResult> RunAsync(Attempt attempt, CancellationToken ct)
    {
        foreach (var step in (string[])[StepName.Ad, StepName.AdSet, StepName.Campaign])
        {
            attempt.Lease.ThrowIfOver();
            await meta.SetStatusAsync(attempt.Credential, attempt.MetaId(step), "ACTIVE", ct);
        }

        return new RepeatableResult.Done(null);
    }
}
