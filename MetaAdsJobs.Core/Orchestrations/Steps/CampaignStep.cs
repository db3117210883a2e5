using MetaAdsJobs.Core.Meta;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

internal sealed class CampaignStep(MetaAds meta, CurrencyCheck currency) : ICreateStep
{
    public string Name => StepName.Campaign;

    public Task<IReadOnlyList<string>> LookAsync(Attempt attempt, CancellationToken ct) =>
        meta.FindAsync(attempt.Credential, AdObject.Campaign, parentId: null, attempt.MarkerOf(Name), ct);

    public async Task<string> CreateAsync(Attempt attempt, CancellationToken ct)
    {
        await currency.ConfirmAsync(attempt, ct);
        return await meta.CreateCampaignAsync(attempt.Credential, Spec(attempt), ct);
    }

    public static CampaignSpec Spec(Attempt attempt) => new(ObjectName(attempt), attempt.Request.CampaignObjective)
    {
        SpecialAdCategories = attempt.Request.SpecialAdCategories ?? [],
        Countries = attempt.Request.SpecialAdCategoryCountries ?? AdSetStep.Countries(attempt),
    };

    public static string ObjectName(Attempt attempt) => Marker.Name(attempt.Request.CampaignName, attempt.MarkerOf(StepName.Campaign));
}
