using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

internal sealed class AdSetStep(MetaAds meta) : ICreateStep
{
    public string Name => StepName.AdSet;

    public Task<IReadOnlyList<string>> LookAsync(Attempt attempt, CancellationToken ct) =>
        meta.FindAsync(attempt.Credential, AdObject.AdSet, attempt.MetaId(StepName.Campaign), attempt.MarkerOf(Name), ct);

    public Task<string> CreateAsync(Attempt attempt, CancellationToken ct) =>
        meta.CreateAdSetAsync(attempt.Credential, new(
            ObjectName(attempt), attempt.MetaId(StepName.Campaign), Goal(attempt),
            ObjectiveGoals.Find(attempt.Request.CampaignObjective, attempt.Request.OptimizationGoal)!,
            DailyBudget(attempt), Targeting(attempt), attempt.Account.PageId, attempt.Account.PixelId), ct);

    public static string ObjectName(Attempt attempt) => Marker.Name($"{attempt.Request.CampaignName} - Ad set", attempt.MarkerOf(StepName.AdSet));

    public static string Goal(Attempt attempt) => ObjectiveGoals.MetaGoal(attempt.Request.OptimizationGoal);

    /// <summary>In Meta's units; that the budget divides was checked when the request was accepted.</summary>
    public static long DailyBudget(Attempt attempt) =>
        Currency.FromHundredths(attempt.Account.Currency, attempt.Request.DailyBudgetCents)
        ?? throw new MetaException(Proof.Rejected, $"daily_budget_cents is not a whole amount of {attempt.Account.Currency}");

    /// <summary>The request's targeting; without places, the account's default countries.</summary>
    public static JsonObject Targeting(Attempt attempt)
    {
        var targeting = attempt.Request.Targeting?.DeepClone().AsObject() ?? [];
        if (!targeting.ContainsKey("geo_locations"))
            targeting["geo_locations"] = new JsonObject { ["countries"] = new JsonArray([.. attempt.Account.DefaultCountries.Select(code => (JsonNode)code)]) };
        return AdSetSpec.WithoutWidening(targeting);
    }
}
