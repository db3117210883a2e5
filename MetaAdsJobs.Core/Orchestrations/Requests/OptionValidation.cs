using System.Collections.Frozen;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Orchestrations.Requests;

/// <summary>The options of an ad that most requests leave out: bids, the pixel's event, special categories, the EU.</summary>
internal static class OptionValidation
{
    private const string Categories = "special_ad_categories";
    private const string CategoryCountries = "special_ad_category_countries";
    private static readonly FrozenSet<string> Strategies = Bid.Strategies.Keys.ToFrozenSet(StringComparer.Ordinal);

    public static OrchestrationRequest Read(JsonFields fields, OrchestrationRequest request, GoalRule? rule)
    {
        request = ReadCategories(fields, ReadBid(fields, request));
        var pixelId = fields.Text("pixel_id", max: 100);
        if (pixelId is not null && !pixelId.All(char.IsAsciiDigit)) fields.Refuse("pixel_id", "must be the pixel's numeric id");
        var conversionEvent = fields.Word("conversion_event", MetaWords.PixelEvents);
        foreach (var name in (string[])["pixel_id", "conversion_event"])
            if (rule is { Promotes: not PromotedObject.Pixel } && fields.Has(name))
                fields.Refuse(name, $"is only for goals that count events of a pixel; {request.OptimizationGoal} does not");
        return request with
        {
            PixelId = pixelId, ConversionEvent = conversionEvent,
            DsaBeneficiary = fields.Text("dsa_beneficiary"), DsaPayor = fields.Text("dsa_payor"), ValidateOnly = fields.Flag("validate_only") ?? false,
        };
    }

    /// <summary>What only the account can tell.</summary>
    public static void CheckAgainst(SocialAccount account, JsonFields fields, FieldErrors errors)
    {
        if (account.PixelId is null && !fields.Has("pixel_id") && fields.Text("campaign_objective") is { } objective && fields.Text("optimization_goal") is { } goal
            && ObjectiveGoals.Find(objective, goal) is { Promotes: PromotedObject.Pixel })
            errors.Add("optimization_goal", $"{goal} counts events of a pixel, and neither the account nor the request has a pixel_id");
    }

    private static OrchestrationRequest ReadBid(JsonFields fields, OrchestrationRequest request)
    {
        const string Amount = "bid_amount_cents";
        const string Floor = "roas_average_floor";
        var strategy = fields.Word("bid_strategy", Strategies);
        var amount = fields.Whole(Amount, 1, 10_000_000_000_000);
        var floor = fields.Decimal(Floor, 0.01m, 1000, decimals: 4);
        if (strategy is not null || !fields.Has("bid_strategy"))
        {
            var needs = Bid.Strategies[strategy ?? Bid.Automatic];
            Needed(Amount, needs == BidNeeds.Amount, "LOWEST_COST_WITH_BID_CAP or COST_CAP");
            Needed(Floor, needs == BidNeeds.RoasFloor, "LOWEST_COST_WITH_MIN_ROAS");
            if (needs == BidNeeds.RoasFloor && request.OptimizationGoal is { Length: > 0 } goal && goal != "VALUE")
                fields.Refuse("bid_strategy", $"{strategy} needs the optimization_goal VALUE, not {goal}");
        }

        return request with { BidStrategy = strategy, BidAmountCents = amount, RoasAverageFloor = floor };

        void Needed(string name, bool needed, string strategies)
        {
            if (needed && !fields.Has(name)) fields.Refuse(name, $"is required for the bid_strategy {strategy}");
            if (!needed && fields.Has(name)) fields.Refuse(name, $"is only for the bid_strategy {strategies}");
        }
    }

    private static OrchestrationRequest ReadCategories(JsonFields fields, OrchestrationRequest request)
    {
        var categories = fields.List(Categories, 10, (item, path) =>
        {
            var word = fields.TextOf(item, path, max: 100);
            if (word is null || MetaWords.SpecialAdCategories.Contains(word)) return word;
            fields.Errors.Add(path, $"must be one of {string.Join(", ", MetaWords.SpecialAdCategories.Order(StringComparer.Ordinal))}; without a category leave the field out");
            return null;
        });
        var countries = fields.List(CategoryCountries, 250, fields.CountryOf);
        if (countries is { Count: > 0 } && !fields.Has(Categories)) fields.Refuse(CategoryCountries, $"is only for requests with {Categories}");
        if (categories is { Count: > 0 } && !fields.Has(CategoryCountries) && request.Targeting?["geo_locations"] is JsonObject places && !places.ContainsKey("countries"))
            fields.Refuse(CategoryCountries, $"is required: the targeting names no country in which {Categories} could apply");
        return request with
        {
            SpecialAdCategories = categories is { Count: > 0 } ? [.. categories.Distinct()] : null,
            SpecialAdCategoryCountries = countries is { Count: > 0 } ? [.. countries.Distinct()] : null,
        };
    }
}
