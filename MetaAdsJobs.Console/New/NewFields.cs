using System.Globalization;
using MetaAdsJobs.Console.Forms;

namespace MetaAdsJobs.Console.New;

/// <summary>The inputs of each part of a request, by the JSON path they fill, and what people call them.</summary>
internal static class NewFields
{
    public static readonly IReadOnlyDictionary<string, string> OfAd = new OrderedDictionary<string, string>
    {
        ["name"] = "Name", ["clip_id"] = "Clip", ["creative_title"] = "Title", ["creative_description"] = "Text", ["landing_url"] = "Where it leads", ["call_to_action"] = "Button",
        ["cards"] = "Carousel", ["titles"] = "Headlines, one a line", ["texts"] = "Wordings, one a line", ["post_id"] = "Existing post", ["instagram_media_id"] = "Existing post on Instagram",
        [More] = "Further fields, as JSON",
    };

    public static readonly IReadOnlyDictionary<string, string> OfAdSet = new OrderedDictionary<string, string>
    {
        ["name"] = "Name", ["optimization_goal"] = "Goal", ["daily_budget_cents"] = "Daily budget", ["lifetime_budget_cents"] = "Budget for the whole run",
        ["min_spend_cents"] = "To be spent at least", ["max_spend_cents"] = "To be spent at most", ["start_time"] = "Begins", ["end_time"] = "Ends",
        ["targeting.age_min"] = "From the age of", ["targeting.age_max"] = "Up to the age of", ["targeting.genders"] = "Only", ["targeting.geo_locations.countries"] = "Countries",
        ["targeting.geo_locations"] = "Places", ["place"] = "Places",
        ["targeting.interests"] = "Interests", ["targeting.locales"] = "Languages", ["targeting_more"] = "Further targeting, as JSON",
        ["bid_strategy"] = "Strategy", ["bid_amount_cents"] = "Bid or cost cap", ["roas_average_floor"] = "Least revenue per spend", ["pixel_id"] = "Pixel id",
        ["conversion_event"] = "Event of the pixel", ["lead_gen_form_id"] = "Form for leads", ["application_id"] = "App", ["object_store_url"] = "Page of the app in its store",
        ["destination_type"] = "Chat that is opened", ["dsa_beneficiary"] = "On whose behalf (EU)", ["dsa_payor"] = "Who pays (EU)", [More] = "Further fields, as JSON",
    };

    /// <summary>Of the request as a whole; the rest of the top is what an ad set and an ad have.</summary>
    public static readonly string[] OfCampaign =
        ["social_account_id", "campaign_name", "budget_at", "activate_at", "campaign_objective", "special_ad_categories", "special_ad_category_countries", "campaign_id", "ad_set_id"];

    public static readonly string[] Amounts = ["daily_budget_cents", "lifetime_budget_cents", "bid_amount_cents", "min_spend_cents", "max_spend_cents"];

    public static readonly string[] Times = ["start_time", "end_time"];

    /// <summary>Of each card of a carousel.</summary>
    public static readonly string[] OfCard = ["clip_id", "title", "description", "landing_url", "call_to_action"];

    public const int FewestCards = 2;
    public const int MostCards = 10;

    /// <param name="at">The path of the ad, with a point behind it; empty at the top.</param>
    /// <returns>How many cards the form has room for: so many the ad has.</returns>
    public static int CardsOf(FormValues values, string at) =>
        int.TryParse(values[at + "cards"], NumberStyles.None, CultureInfo.InvariantCulture, out var cards) ? Math.Min(cards, MostCards) : 0;

    /// <summary>Several in one input, each a line of it.</summary>
    public static readonly string[] Lines = ["titles", "texts"];

    /// <summary>For what the API takes and the form has no input for: it is there when a copy brought it.</summary>
    public const string More = "more";
}
