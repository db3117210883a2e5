using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using MetaAdsJobs.Core.Orchestrations.Requests.Ads;

namespace MetaAdsJobs.Core.Orchestrations.Requests;

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
        AttributionSpec = AttributionSpec, FrequencyControlSpecs = FrequencyControlSpecs, AdsetSchedule = AdsetSchedule, ClipId = ad.ClipId, CreativeTitle = ad.CreativeTitle,
        CreativeDescription = ad.CreativeDescription, LandingUrl = ad.LandingUrl, CallToAction = ad.CallToAction, Cards = ad.Cards, PostId = ad.PostId, InstagramMediaId = ad.InstagramMediaId,
        Titles = ad.Titles, Texts = ad.Texts, PlacementMedia = ad.PlacementMedia, LinkDescription = ad.LinkDescription, UrlTags = ad.UrlTags, InstagramUserId = ad.InstagramUserId,
        ConversionDomain = ad.ConversionDomain,
    };
}

/// <summary>One ad of several, in the same way.</summary>
public sealed record AdRequest : AdContent
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
        CallToAction = one.CallToAction, Cards = one.Cards, PostId = one.PostId, InstagramMediaId = one.InstagramMediaId, Titles = one.Titles, Texts = one.Texts,
        PlacementMedia = one.PlacementMedia, LinkDescription = one.LinkDescription, UrlTags = one.UrlTags, InstagramUserId = one.InstagramUserId, ConversionDomain = one.ConversionDomain,
    };
}
