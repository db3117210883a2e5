using System.Collections.Frozen;
using System.Text.Json.Nodes;

namespace MetaAdsJobs.Core.Meta.Ads;

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
