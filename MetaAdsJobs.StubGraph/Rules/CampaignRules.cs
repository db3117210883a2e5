using System.Collections.Frozen;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Rules;

/// <summary>What Meta refuses in POST act_X/campaigns.</summary>
internal static class CampaignRules
{
    private static readonly FrozenSet<string> Objectives = LegalNames.Set(
        "OUTCOME_APP_PROMOTION OUTCOME_AWARENESS OUTCOME_ENGAGEMENT OUTCOME_LEADS OUTCOME_SALES OUTCOME_TRAFFIC");

    private static readonly FrozenSet<string> LegacyObjectives = LegalNames.Set("""
        APP_INSTALLS BRAND_AWARENESS CONVERSIONS EVENT_RESPONSES LEAD_GENERATION LINK_CLICKS LOCAL_AWARENESS MESSAGES
        OFFER_CLAIMS PAGE_LIKES POST_ENGAGEMENT PRODUCT_CATALOG_SALES REACH STORE_VISITS VIDEO_VIEWS
        """);

    private static readonly FrozenSet<string> Categories = LegalNames.Set("""
        CREDIT EMPLOYMENT FINANCIAL_PRODUCTS_SERVICES HOUSING ISSUES_ELECTIONS_POLITICS NONE ONLINE_GAMBLING_AND_GAMING
        """);

    public static StubRefusal? Refuse(StubCall call) =>
        ParameterRules.Name(call)
        ?? Objective(call)
        ?? SpecialAdCategories(call)
        ?? ParameterRules.Status(call, "ACTIVE", "PAUSED")
        ?? BudgetRules.Refuse(call)
        ?? BudgetSharing(call)
        ?? SmartPromotion(call);

    private static StubRefusal? Objective(StubCall call) =>
        call.Text("objective") is { } objective && LegacyObjectives.Contains(objective)
            ? StubRefusal.Parameter("objective", $"The objective {objective} can no longer be used for new campaigns")
            : ParameterRules.OneOf(call, "objective", Objectives);

    private static StubRefusal? SpecialAdCategories(StubCall call)
    {
        var categories = call.Json("special_ad_categories");
        if (categories.ValueKind != JsonValueKind.Array)
            return StubRefusal.Missing("special_ad_categories");

        return categories.EnumerateArray().Select(item => item.ToString()).FirstOrDefault(item => !Categories.Contains(item))
            is { } unknown
            ? StubRefusal.Parameter("special_ad_categories", $"Unknown special ad category {unknown}")
            : CategoryCountry(call, categories);
    }

    private static StubRefusal? CategoryCountry(StubCall call, JsonElement categories)
    {
        var isSpecial = categories.EnumerateArray().Any(category => category.ToString() != "NONE");
        var isPlaced = call.Json("special_ad_category_country") is { ValueKind: JsonValueKind.Array } countries && countries.GetArrayLength() > 0;
        return isSpecial && !isPlaced
            ? StubRefusal.Parameter(
                "special_ad_category_country", 2909034, "Location is missing", "A special ad category needs its special_ad_category_country")
            : null;
    }

    // Since v24: without a campaign budget Meta wants to be told whether ad sets may share theirs.
    private static StubRefusal? BudgetSharing(StubCall call)
    {
        var isTold = bool.TryParse(call.Text("is_adset_budget_sharing_enabled"), out _);
        return isTold || BudgetRules.HasBudget(call)
            ? null
            : StubRefusal.Parameter(
                "is_adset_budget_sharing_enabled",
                4834011,
                "Budget sharing must be specified",
                "Must specify True or False in is_adset_budget_sharing_enabled when the campaign has no budget");
    }

    private static StubRefusal? SmartPromotion(StubCall call) => call.Text("smart_promotion_type") is null
        ? null
        : StubRefusal.Parameter("smart_promotion_type", "Campaigns with a smart_promotion_type can no longer be created");
}
