using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using MetaAdsJobs.Core.Orchestrations.Requests.Ads;

namespace MetaAdsJobs.Core.Orchestrations.Requests;

/// <summary>What a caller asks for: a whole ad, or what is added to a campaign that is there. Field names and meaning are the brief's.</summary>
public sealed partial record OrchestrationRequest : AdContent
{
    public required Guid SocialAccountId { get; init; }

    /// <summary>What is shown; null of an existing post, and of a carousel, whose cards have one each.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? ClipId { get; init; }
    public required string CampaignName { get; init; }

    /// <summary>One of Meta's six OUTCOME_* objectives.</summary>
    public required string CampaignObjective { get; init; }

    /// <summary>
    /// Hundredths of a whole unit of the account's currency, whatever Meta's own units for it are. Exactly one of this and
    /// lifetime_budget_cents.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? DailyBudgetCents { get; init; }

    /// <summary>Null of an existing post, and where titles or cards have it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CreativeTitle { get; init; }
    public string? CreativeDescription { get; init; }

    /// <summary>Null only of an existing post that gets no button.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LandingUrl { get; init; }

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

    /// <summary>What may be spent in a day by all ad sets that are made, in hundredths: daily budgets, and lifetime budgets over their remaining days, rounded up.</summary>
    public long DailyAmountCents(DateTimeOffset now) => AddsNoBudget ? 0 : IsCampaignBudget ? DailyAmountCents(DailyBudgetCents, LifetimeBudgetCents, FirstStart, LatestEnd, now) : AdSets?.Sum(adSet => DailyAmountCents(adSet.DailyBudgetCents, adSet.LifetimeBudgetCents, adSet.StartTime, adSet.EndTime, now))
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
