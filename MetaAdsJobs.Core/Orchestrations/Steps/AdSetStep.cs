using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

internal sealed class AdSetStep(MetaAds meta, CurrencyCheck currency) : ICreateStep
{
    public string Name => StepName.AdSet;

    public Task<IReadOnlyList<string>> LookAsync(Attempt attempt, CancellationToken ct) =>
        meta.FindAsync(attempt.Credential, AdObject.AdSet, attempt.MetaId(StepName.Campaign), attempt.MarkerOf(Name), ct);

    public async Task<string> CreateAsync(Attempt attempt, CancellationToken ct)
    {
        // The campaign may be older than this check, or adopted.
        await currency.ConfirmAsync(attempt, ct);
        return await meta.CreateAdSetAsync(attempt.Credential, Spec(attempt, attempt.MetaId(StepName.Campaign)), ct);
    }

    public static AdSetSpec Spec(Attempt attempt, string campaignId)
    {
        var (request, account, targeting) = (attempt.Request, attempt.Account, Targeting(attempt));
        return new(
            ObjectName(attempt), campaignId, Goal(attempt), ObjectiveGoals.Find(request.CampaignObjective, request.OptimizationGoal)!,
            DailyBudget(attempt), targeting, account.PageId, request.PixelId ?? account.PixelId)
        {
            LifetimeBudget = LifetimeBudget(attempt),
            Bid = BidOf(attempt),
            StartTime = request.StartTime,
            EndTime = request.EndTime,
            ConversionEvent = request.ConversionEvent,
            Dsa = EuReach.IsPossible(targeting)
                ? new(request.DsaBeneficiary ?? account.DsaBeneficiary ?? account.Name, request.DsaPayor ?? account.DsaPayor ?? account.Name)
                : null,
        };
    }

    public static string ReadableName(Attempt attempt) => $"{attempt.Request.CampaignName} - Ad set";

    public static string ObjectName(Attempt attempt) => Marker.Name(ReadableName(attempt), attempt.MarkerOf(StepName.AdSet));

    public static string Goal(Attempt attempt) => ObjectiveGoals.MetaGoal(attempt.Request.OptimizationGoal);

    /// <summary>In Meta's units; that the amount divides was checked when the request was accepted.</summary>
    public static long? DailyBudget(Attempt attempt) => Units(attempt, attempt.Request.DailyBudgetCents, "daily_budget_cents");

    public static long? LifetimeBudget(Attempt attempt) => Units(attempt, attempt.Request.LifetimeBudgetCents, "lifetime_budget_cents");

    /// <summary>What a day comes to in Meta's units.</summary>
    public static long DailyUnits(Attempt attempt, DateTimeOffset now) => DailyBudget(attempt)
        ?? LifetimeBudget(attempt)!.Value / Schedule.Days(attempt.Request.StartTime, attempt.Request.EndTime!.Value, now);

    public static Bid BidOf(Attempt attempt) => new(
        attempt.Request.BidStrategy ?? Bid.Automatic, Units(attempt, attempt.Request.BidAmountCents, "bid_amount_cents"), attempt.Request.RoasAverageFloor);

    /// <summary>The request's targeting; without places, the account's default countries; without platforms, what the account can be shown on.</summary>
    public static JsonObject Targeting(Attempt attempt)
    {
        var targeting = attempt.Request.Targeting?.DeepClone().AsObject() ?? [];
        if (!targeting.ContainsKey("geo_locations"))
            targeting["geo_locations"] = new JsonObject { ["countries"] = new JsonArray([.. attempt.Account.DefaultCountries.Select(code => (JsonNode)code)]) };
        if (attempt.Account.InstagramUserId is null) AdSetSpec.WithoutInstagram(targeting);
        return AdSetSpec.WithoutWidening(targeting);
    }

    /// <summary>The countries among the places.</summary>
    public static IReadOnlyList<string> Countries(Attempt attempt) =>
        Targeting(attempt)["geo_locations"]!["countries"] is JsonArray countries ? [.. countries.Select(country => (string)country!)] : [];

    private static long? Units(Attempt attempt, long? hundredths, string field) => hundredths is null ? null
        : Currency.FromHundredths(attempt.Account.Currency, hundredths.Value)
            ?? throw new MetaException(Proof.Rejected, $"{field} is not a whole amount of {attempt.Account.Currency}");
}
