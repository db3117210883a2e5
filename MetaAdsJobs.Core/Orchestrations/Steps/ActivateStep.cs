using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Spending;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>
/// Only for auto_publish, and only when all four objects exist, Meta has processed the ad, and the caps and the stop switch permit
/// it: ad, then ad set, then campaign, so that nothing can spend before the last of the three calls. Activating twice is harmless.
/// </summary>
internal sealed class ActivateStep(MetaAds meta, Activations activations, CountedCampaigns counted, TimeProvider time) : IRepeatableStep
{
    private static readonly TimeSpan LongestProcessing = TimeSpan.FromMinutes(10);

    public string Name => StepName.Activate;

    public async Task<StepOutcome> RunAsync(Attempt attempt, CancellationToken ct)
    {
        if (attempt.Request.EndTime <= time.GetUtcNow()) throw new MetaException(Proof.Rejected, "end_time had passed before it could be activated");
        if (await meta.ReadStateAsync(attempt.Credential, AdObject.Ad, attempt.MetaId(StepName.Ad), ct) is { Status: "IN_PROCESS" })
        {
            // Meta lets an ad be activated meanwhile, too; after so long it may have forgotten to tell.
            var age = time.GetUtcNow() - attempt.Steps[Name].StartedAt!.Value;
            if (age < LongestProcessing) return Later(Math.Clamp(age.TotalSeconds / 2, 2, 30), "Meta is still processing the ad");
        }

        // A crash after the permit leaves something that may be active: the stop switch pauses it, the next attempt goes on.
        var askedAt = time.GetTimestamp();
        if (await PermitAsync(attempt, ct) is { } refusal) return Later(300, refusal);
        var permitted = attempt.Credential.Permitted(activations.PermitFrom(askedAt));
        try
        {
            foreach (var step in (string[])[StepName.Ad, StepName.AdSet, StepName.Campaign])
            {
                attempt.Lease.ThrowIfOver();
                attempt.Activated.Add(attempt.MetaId(step));
                await meta.ActivateAsync(permitted, attempt.MetaId(step), ct);
            }
        }
        catch (MetaException exception) when (exception.IsMissingObject && time.GetUtcNow() - attempt.Steps[Name].StartedAt < LongestProcessing)
        {
            // Made a moment ago: another of Meta's servers may not know it yet.
            return Later(15, exception.ForUser);
        }

        return new StepOutcome.Done(null);
    }

    private async Task<string?> PermitAsync(Attempt attempt, CancellationToken ct)
    {
        var (daily, endsAt) = (attempt.Request.DailyAmountCents(time.GetUtcNow()), attempt.Request.EndTime?.ToUniversalTime());
        var refusal = await activations.PermitAsync(attempt.RequestId, attempt.Account, daily, endsAt, attempt.Number, ct);
        // What was paused, archived or deleted by hand since spends nothing and makes room.
        return refusal is not null && await counted.RefreshAsync(attempt.Account.Id, attempt.Credential, ct)
            ? await activations.PermitAsync(attempt.RequestId, attempt.Account, daily, endsAt, attempt.Number, ct)
            : refusal;
    }

    private StepOutcome.NotYet Later(double seconds, string reason) => new(time.GetUtcNow().AddSeconds(seconds), reason);
}
