using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace MetaAdsJobs.Core.Orchestrations.Requests;

/// <summary>What a caller asks for: a whole ad. Field names and meaning are the brief's.</summary>
public sealed partial record OrchestrationRequest
{
    public required Guid SocialAccountId { get; init; }
    public required Guid ClipId { get; init; }
    public required string CampaignName { get; init; }

    /// <summary>One of Meta's six OUTCOME_* objectives.</summary>
    public required string CampaignObjective { get; init; }

    /// <summary>
    /// Hundredths of a whole unit of the account's currency, whatever Meta's own units for it are. Exactly one of this and
    /// lifetime_budget_cents.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? DailyBudgetCents { get; init; }
    public required string CreativeTitle { get; init; }
    public string? CreativeDescription { get; init; }
    public required string LandingUrl { get; init; }

    /// <summary>Whom to reach, in Meta's targeting fields. Without geo_locations the account's default countries are used.</summary>
    public JsonObject? Targeting { get; init; }

    /// <summary>One of Meta's goals that fit the objective; CONVERSIONS means OFFSITE_CONVERSIONS.</summary>
    public required string OptimizationGoal { get; init; }

    /// <summary>True: activated as the last step. False (default): everything stays paused.</summary>
    public bool AutoPublish { get; init; }

    // What came later is left out of the JSON when it is not given: the hash of a request, and so its idempotency key, stays.

    /// <summary>For the whole run until end_time, in hundredths like daily_budget_cents.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? LifetimeBudgetCents { get; init; }

    /// <summary>ISO 8601 with its offset; at once when absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>ISO 8601 with its offset; without end when absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? EndTime { get; init; }

    /// <summary>LOWEST_COST_WITHOUT_CAP (default), LOWEST_COST_WITH_BID_CAP, COST_CAP or LOWEST_COST_WITH_MIN_ROAS.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? BidStrategy { get; init; }

    /// <summary>Hundredths; for LOWEST_COST_WITH_BID_CAP and COST_CAP.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? BidAmountCents { get; init; }

    /// <summary>Revenue per spend, such as 1.5; for LOWEST_COST_WITH_MIN_ROAS.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? RoasAverageFloor { get; init; }

    /// <summary>CREDIT, EMPLOYMENT, FINANCIAL_PRODUCTS_SERVICES, HOUSING, ISSUES_ELECTIONS_POLITICS, ONLINE_GAMBLING_AND_GAMING.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? SpecialAdCategories { get; init; }

    /// <summary>Where the special ad category applies; the countries of the targeting when absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? SpecialAdCategoryCountries { get; init; }

    /// <summary>Instead of the account's pixel.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PixelId { get; init; }

    /// <summary>The pixel's event to optimise for, instead of the goal's usual one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ConversionEvent { get; init; }

    /// <summary>The button; LEARN_MORE when absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CallToAction { get; init; }

    /// <summary>On whose behalf the ad is shown in the EU; the account's when absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DsaBeneficiary { get; init; }

    /// <summary>Who pays for the ad in the EU; the account's when absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DsaPayor { get; init; }

    /// <summary>True: Meta judges the request, nothing is created, and auto_publish is ignored.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ValidateOnly { get; init; }

    /// <summary>campaign: the budget and the bid strategy are the campaign's, and Meta divides it among the ad sets. Else each ad set has its own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? BudgetAt { get; init; }

    /// <summary>What an ad set is to spend at least of the campaign's budget, in hundredths.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MinSpendCents { get; init; }

    /// <summary>What an ad set may spend at most of the campaign's budget, in hundredths.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MaxSpendCents { get; init; }

    [JsonIgnore]
    public bool IsCampaignBudget => BudgetAt is not null;

    /// <summary>
    /// The ad sets and their ads, with everything that holds for each; null for the usual one ad set with one ad, of which all stands above.
    /// When there are some, what stands above is that of the first ad.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<AdSetRequest>? AdSets { get; init; }

    /// <summary>What may be spent in a day by all ad sets, in hundredths: daily budgets, and lifetime budgets over their remaining days, rounded up.</summary>
    public long DailyAmountCents(DateTimeOffset now) => IsCampaignBudget ? DailyAmountCents(DailyBudgetCents, LifetimeBudgetCents, FirstStart, LatestEnd, now) : AdSets?.Sum(adSet => DailyAmountCents(adSet.DailyBudgetCents, adSet.LifetimeBudgetCents, adSet.StartTime, adSet.EndTime, now))
        ?? DailyAmountCents(DailyBudgetCents, LifetimeBudgetCents, StartTime, EndTime, now);

    /// <summary>When the last ad set ends; null when any has no end.</summary>
    [JsonIgnore]
    public DateTimeOffset? LastEnd => AdSets is null ? EndTime : AdSets.Any(adSet => adSet.EndTime is null) ? null : AdSets.Max(adSet => adSet.EndTime);

    /// <summary>When the first ad set ends; null when none has an end.</summary>
    [JsonIgnore]
    public DateTimeOffset? FirstEnd => AdSets is null ? EndTime : AdSets.Min(adSet => adSet.EndTime);

    /// <summary>When the first ad set starts; null when any starts at once.</summary>
    [JsonIgnore]
    public DateTimeOffset? FirstStart => AdSets is null ? StartTime : AdSets.Any(adSet => adSet.StartTime is null) ? null : AdSets.Min(adSet => adSet.StartTime);

    /// <summary>The latest end of those ad sets that have one.</summary>
    [JsonIgnore]
    public DateTimeOffset? LatestEnd => AdSets is null ? EndTime : AdSets.Max(adSet => adSet.EndTime);

    private static long DailyAmountCents(long? daily, long? lifetime, DateTimeOffset? start, DateTimeOffset? end, DateTimeOffset now) =>
        daily ?? Schedule.PerDay(lifetime!.Value, Schedule.Days(start, end!.Value, now));

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public static OrchestrationRequest FromJson(string json) => JsonSerializer.Deserialize<OrchestrationRequest>(json, Json)!;

    internal static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}

/// <summary>
/// One ad set of several. The fields mean what they mean in <see cref="OrchestrationRequest"/>, whose are the defaults for what is absent. Once accepted,
/// all that holds stands here.
/// </summary>
public sealed partial record AdSetRequest
{
    /// <summary>Made of the campaign's when absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? DailyBudgetCents { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? LifetimeBudgetCents { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? StartTime { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? EndTime { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MinSpendCents { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MaxSpendCents { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonObject? Targeting { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? OptimizationGoal { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? BidStrategy { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? BidAmountCents { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? RoasAverageFloor { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PixelId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ConversionEvent { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DsaBeneficiary { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DsaPayor { get; init; }

    public required IReadOnlyList<AdRequest> Ads { get; init; }

    /// <summary>The ad set's part of a request for one ad.</summary>
    public static AdSetRequest Of(OrchestrationRequest one, string? name, IReadOnlyList<AdRequest> ads) => new()
    {
        Name = name, DailyBudgetCents = one.DailyBudgetCents, LifetimeBudgetCents = one.LifetimeBudgetCents, StartTime = one.StartTime, EndTime = one.EndTime,
        MinSpendCents = one.MinSpendCents, MaxSpendCents = one.MaxSpendCents, Targeting = one.Targeting, OptimizationGoal = one.OptimizationGoal, BidStrategy = one.BidStrategy, BidAmountCents = one.BidAmountCents,
        RoasAverageFloor = one.RoasAverageFloor, PixelId = one.PixelId, ConversionEvent = one.ConversionEvent, DsaBeneficiary = one.DsaBeneficiary,
        DsaPayor = one.DsaPayor, DestinationType = one.DestinationType, ApplicationId = one.ApplicationId, ObjectStoreUrl = one.ObjectStoreUrl, LeadGenFormId = one.LeadGenFormId,
        AttributionSpec = one.AttributionSpec, FrequencyControlSpecs = one.FrequencyControlSpecs, AdsetSchedule = one.AdsetSchedule, Ads = ads,
    };

    /// <summary>One of its ads as a request of its own.</summary>
    public OrchestrationRequest With(OrchestrationRequest campaign, AdRequest ad) => campaign with
    {
        AdSets = null, DailyBudgetCents = DailyBudgetCents, LifetimeBudgetCents = LifetimeBudgetCents, StartTime = StartTime, EndTime = EndTime, MinSpendCents = MinSpendCents, MaxSpendCents = MaxSpendCents, Targeting = Targeting,
        OptimizationGoal = OptimizationGoal!, BidStrategy = BidStrategy, BidAmountCents = BidAmountCents, RoasAverageFloor = RoasAverageFloor, PixelId = PixelId,
        ConversionEvent = ConversionEvent, DsaBeneficiary = DsaBeneficiary, DsaPayor = DsaPayor,
        DestinationType = DestinationType, ApplicationId = ApplicationId, ObjectStoreUrl = ObjectStoreUrl, LeadGenFormId = LeadGenFormId,
        AttributionSpec = AttributionSpec, FrequencyControlSpecs = FrequencyControlSpecs, AdsetSchedule = AdsetSchedule, ClipId = ad.ClipId!.Value, CreativeTitle = ad.CreativeTitle!,
        CreativeDescription = ad.CreativeDescription, LandingUrl = ad.LandingUrl!, CallToAction = ad.CallToAction,
    };
}

/// <summary>One ad of several, in the same way.</summary>
public sealed record AdRequest
{
    /// <summary>Made of the campaign's when absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? ClipId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CreativeTitle { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CreativeDescription { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LandingUrl { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CallToAction { get; init; }

    /// <summary>The ad's part of a request for one ad.</summary>
    public static AdRequest Of(OrchestrationRequest one, string? name) => new()
    {
        Name = name, ClipId = one.ClipId, CreativeTitle = one.CreativeTitle, CreativeDescription = one.CreativeDescription, LandingUrl = one.LandingUrl,
        CallToAction = one.CallToAction,
    };
}
