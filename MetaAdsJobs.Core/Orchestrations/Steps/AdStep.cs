using MetaAdsJobs.Core.Meta;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

internal sealed class AdStep(MetaAds meta) : ICreateStep
{
    public string Name => StepName.Ad;

    public Task<IReadOnlyList<string>> LookAsync(Attempt attempt, CancellationToken ct) =>
        meta.FindAsync(attempt.Credential, AdObject.Ad, attempt.MetaId(StepName.AdSet), attempt.MarkerOf(Name), ct);

    public Task<string> CreateAsync(Attempt attempt, CancellationToken ct) =>
        meta.CreateAdAsync(attempt.Credential, Spec(attempt, attempt.MetaId(StepName.AdSet), attempt.MetaId(StepName.Creative)), ct);

    public static AdSpec Spec(Attempt attempt, string adSetId, string creativeId) => new(ObjectName(attempt), adSetId, creativeId);

    public static string ReadableName(Attempt attempt) => $"{attempt.Request.CampaignName} - Ad";

    public static string ObjectName(Attempt attempt) => Marker.Name(ReadableName(attempt), attempt.MarkerOf(StepName.Ad));
}
