using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace MetaAdsJobs.Core.Orchestrations.Requests;

/// <summary>What a caller asks for: a whole ad. Field names and meaning are the brief's.</summary>
public sealed record OrchestrationRequest
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

    /// <summary>What may be spent in a day, in hundredths: the daily budget, or the lifetime budget over its remaining days, rounded up.</summary>
    public long DailyAmountCents(DateTimeOffset now) => DailyBudgetCents ?? Schedule.PerDay(LifetimeBudgetCents!.Value, Schedule.Days(StartTime, EndTime!.Value, now));

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public static OrchestrationRequest FromJson(string json) => JsonSerializer.Deserialize<OrchestrationRequest>(json, Json)!;

    internal static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}
