using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Ads;

internal enum AdObject
{
    Campaign,
    AdSet,
    Creative,
    Ad,
}

/// <summary>What a campaign is created with. Either it carries the budget, or its ad sets do, and Meta wants to hear so.</summary>
internal sealed record CampaignSpec(string Name, string Objective)
{
    public IReadOnlyList<string> SpecialAdCategories { get; init; } = [];

    /// <summary>In Meta's units of the account's currency.</summary>
    public long? DailyBudget { get; init; }

    /// <inheritdoc cref="DailyBudget"/>
    public long? LifetimeBudget { get; init; }

    /// <summary>Whether ad sets run at hours of their own; with a lifetime budget only.</summary>
    public bool IsByHours { get; init; }

    /// <summary>With a budget only.</summary>
    public string? BidStrategy { get; init; }

    /// <summary>Where the ad will be shown; told only together with a category.</summary>
    public IReadOnlyList<string> Countries { get; init; } = [];

    public GraphFields ToFields() => new GraphFields()
        .Add("name", Name)
        .Add("objective", Objective)
        .Add("special_ad_categories", Words(SpecialAdCategories))
        .Add("special_ad_category_country", SpecialAdCategories.Count == 0 ? null : Words(Countries))
        .Add("buying_type", "AUCTION")
        .Add("daily_budget", DailyBudget)
        .Add("lifetime_budget", LifetimeBudget)
        .Add("bid_strategy", BidStrategy)
        .Add("pacing_type", IsByHours ? Delivery.PacingByHours : null)
        .Add("is_adset_budget_sharing_enabled", DailyBudget is null && LifetimeBudget is null ? false : null)
        .Add("status", "PAUSED");

    private static JsonArray Words(IEnumerable<string> words) => [.. words.Select(word => (JsonNode)word)];
}

/// <param name="DailyBudget">In Meta's units of the account's currency; null when there is a lifetime budget.</param>
internal sealed record AdSetSpec(string Name, string CampaignId, string Goal, GoalRule Rule, long? DailyBudget, JsonObject Targeting, Promotion Promotion)
{
    public long? LifetimeBudget { get; init; }
    public Bid Bid { get; init; } = new(Bid.Automatic);

    /// <summary>Whether <see cref="MinSpend"/> and <see cref="MaxSpend"/> are of a day, as the campaign's budget is; else of its whole run.</summary>
    public bool IsOfDays { get; init; }

    /// <summary>Of the campaign's budget, in Meta's units.</summary>
    public long? MinSpend { get; init; }

    /// <inheritdoc cref="MinSpend"/>
    public long? MaxSpend { get; init; }
    public DateTimeOffset? StartTime { get; init; }
    public DateTimeOffset? EndTime { get; init; }

    public Delivery Delivery { get; init; } = new(null, null, null);
    public DsaDeclaration? Dsa { get; init; }

    public GraphFields ToFields() => Delivery.AddTo(new GraphFields(), hasBudget: LifetimeBudget is not null)
        .Add("name", Name)
        .Add("campaign_id", CampaignId)
        .Add("optimization_goal", Goal)
        .Add("billing_event", BillingEvent)
        .Add("bid_strategy", Bid.Strategy)
        .Add("bid_amount", Bid.Amount)
        .Add("bid_constraints", Bid.Constraints)
        .Add("daily_budget", DailyBudget)
        .Add("lifetime_budget", LifetimeBudget)
        .Add(IsOfDays ? "daily_min_spend_target" : "lifetime_min_spend_target", MinSpend)
        .Add(IsOfDays ? "daily_spend_cap" : "lifetime_spend_cap", MaxSpend)
        .Add("start_time", Time(StartTime))
        .Add("end_time", Time(EndTime))
        .Add("targeting", Targeting)
        .Add("destination_type", Rule.DestinationType)
        .Add("promoted_object", Promotion.Of(Rule, Goal))
        .Add("dsa_beneficiary", Dsa?.Beneficiary)
        .Add("dsa_payor", Dsa?.Payor)
        .Add("status", "PAUSED");

    public const string BillingEvent = "IMPRESSIONS";

    // The offset without a colon, as Meta writes it.
    internal static string? Time(DateTimeOffset? at) =>
        at?.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture).Remove(22, 1);
}

internal sealed record AdSpec(string Name, string AdSetId, string CreativeId)
{
    /// <summary>Where conversions happen: first and second level of the domain only. Meta wants it no more since June 2023, and takes it. Source: Meta, Ad reference.</summary>
    public string? ConversionDomain { get; init; }

    public GraphFields ToFields() => new GraphFields()
        .Add("name", Name)
        .Add("adset_id", AdSetId)
        .Add("creative", new JsonObject { ["creative_id"] = CreativeId })
        .Add("conversion_domain", ConversionDomain)
        .Add("status", "PAUSED");
}

/// <summary>What a bid strategy needs to be told.</summary>
public enum BidNeeds
{
    Nothing,
    Amount,
    RoasFloor,
}

/// <summary>How an ad set bids. The strategy stands where the budget is; ads take no bids.</summary>
/// <param name="Strategy">Null where the budget is the campaign's.</param>
/// <param name="Amount">In Meta's units of the account's currency.</param>
/// <param name="RoasFloor">Revenue per spend, e.g. 1.5.</param>
public sealed record Bid(string? Strategy, long? Amount = null, decimal? RoasFloor = null)
{
    /// <summary>Meta counts the floor in ten thousandths.</summary>
    public const int RoasUnits = 10_000;

    public const string Automatic = "LOWEST_COST_WITHOUT_CAP";

    public static FrozenDictionary<string, BidNeeds> Strategies { get; } = new Dictionary<string, BidNeeds>
    {
        [Automatic] = BidNeeds.Nothing,
        ["LOWEST_COST_WITH_BID_CAP"] = BidNeeds.Amount,
        ["COST_CAP"] = BidNeeds.Amount,
        ["LOWEST_COST_WITH_MIN_ROAS"] = BidNeeds.RoasFloor,
    }.ToFrozenDictionary();

    public JsonObject? Constraints => RoasFloor is null ? null : new() { ["roas_average_floor"] = (long)(RoasFloor.Value * RoasUnits) };
}
