namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>Every kind of orchestration there is.</summary>
internal static class SentCases
{
    private const string Page = """{"page_id":"2000000001"}""";

    /// <summary>Objective, goal, where it leads, what it promotes.</summary>
    public static readonly (string Objective, string Goal, string? Destination, string? Promoted)[] Goals =
    [
        ("OUTCOME_AWARENESS", "REACH", null, null),
        ("OUTCOME_AWARENESS", "IMPRESSIONS", null, null),
        ("OUTCOME_AWARENESS", "AD_RECALL_LIFT", null, null),
        ("OUTCOME_AWARENESS", "THRUPLAY", null, null),
        ("OUTCOME_TRAFFIC", "LINK_CLICKS", "WEBSITE", null),
        ("OUTCOME_TRAFFIC", "LANDING_PAGE_VIEWS", "WEBSITE", null),
        ("OUTCOME_TRAFFIC", "IMPRESSIONS", "WEBSITE", null),
        ("OUTCOME_TRAFFIC", "REACH", "WEBSITE", null),
        ("OUTCOME_ENGAGEMENT", "POST_ENGAGEMENT", "ON_POST", Page),
        ("OUTCOME_ENGAGEMENT", "PAGE_LIKES", "ON_PAGE", Page),
        ("OUTCOME_ENGAGEMENT", "THRUPLAY", "ON_VIDEO", null),
        ("OUTCOME_ENGAGEMENT", "LINK_CLICKS", "WEBSITE", null),
        ("OUTCOME_ENGAGEMENT", "LANDING_PAGE_VIEWS", "WEBSITE", null),
        ("OUTCOME_ENGAGEMENT", "IMPRESSIONS", "WEBSITE", null),
        ("OUTCOME_ENGAGEMENT", "REACH", "WEBSITE", null),
        ("OUTCOME_ENGAGEMENT", "OFFSITE_CONVERSIONS", "WEBSITE", Pixel("CONTENT_VIEW")),
        ("OUTCOME_LEADS", "OFFSITE_CONVERSIONS", "WEBSITE", Pixel("LEAD")),
        ("OUTCOME_LEADS", "LINK_CLICKS", "WEBSITE", null),
        ("OUTCOME_SALES", "OFFSITE_CONVERSIONS", "WEBSITE", Pixel("PURCHASE")),
        ("OUTCOME_SALES", "VALUE", "WEBSITE", Pixel("PURCHASE")),
        ("OUTCOME_SALES", "LINK_CLICKS", "WEBSITE", null),
        ("OUTCOME_SALES", "IMPRESSIONS", "WEBSITE", null),
        ("OUTCOME_SALES", "REACH", "WEBSITE", null),
    ];

    public static IEnumerable<SentCase> All => [.. Goals.Select(OfGoal), .. Options, .. Places, .. Media, .. SentAdSetCases.All, .. SentKinds.All];

    private static SentCase OfGoal((string Objective, string Goal, string? Destination, string? Promoted) row) =>
        new($"{row.Objective} {row.Goal}", $$"""{"campaign_objective":"{{row.Objective}}","optimization_goal":"{{row.Goal}}"}""")
        {
            Campaign = $$"""{"objective":"{{row.Objective}}"}""",
            AdSet = $$"""
                {"optimization_goal":"{{row.Goal}}","destination_type":{{(row.Destination is null ? "null" : $"\"{row.Destination}\"")}},"promoted_object":{{row.Promoted ?? "null"}}}
                """,
        };

    private static IEnumerable<SentCase> Options =>
    [
        new("The brief's word for conversions", """{"optimization_goal":"CONVERSIONS"}""")
        {
            AdSet = $$"""{"optimization_goal":"OFFSITE_CONVERSIONS","promoted_object":{{Pixel("PURCHASE")}}}""",
        },
        new("Another pixel and event", """{"optimization_goal":"CONVERSIONS","pixel_id":"4000000009","conversion_event":"ADD_TO_CART"}""")
        {
            AdSet = """{"optimization_goal":"OFFSITE_CONVERSIONS","promoted_object":{"pixel_id":"4000000009","custom_event_type":"ADD_TO_CART"}}""",
        },
        new("Bid cap", """{"bid_strategy":"LOWEST_COST_WITH_BID_CAP","bid_amount_cents":250}""") { AdSet = """{"bid_strategy":"LOWEST_COST_WITH_BID_CAP","bid_amount":"250"}""" },
        new("Cost cap in yen", """{"bid_strategy":"COST_CAP","bid_amount_cents":25000,"daily_budget_cents":1000000}""")
        {
            AccountChange = """{"currency":"JPY"}""",
            AdSet = """{"bid_strategy":"COST_CAP","bid_amount":"250","daily_budget":"10000"}""",
        },
        new("Least return", """{"optimization_goal":"VALUE","bid_strategy":"LOWEST_COST_WITH_MIN_ROAS","roas_average_floor":1.25}""")
        {
            AdSet = $$"""
                {"optimization_goal":"VALUE","bid_strategy":"LOWEST_COST_WITH_MIN_ROAS","bid_constraints":{"roas_average_floor":12500},"promoted_object":{{Pixel("PURCHASE")}}}
                """,
        },
        new("Automatic bids by name", """{"bid_strategy":"LOWEST_COST_WITHOUT_CAP"}"""),
        new("Lifetime budget", $$"""{"daily_budget_cents":null,"lifetime_budget_cents":500000,"start_time":"{{NextYear}}-01-01T00:30:00+01:00","end_time":"{{NextYear}}-02-01T00:00:00Z"}""")
        {
            AdSet = $$"""{"daily_budget":null,"lifetime_budget":"500000","start_time":"{{NextYear}}-01-01T00:30:00+0100","end_time":"{{NextYear}}-02-01T00:00:00+0000"}""",
        },
        new("Daily budget until an end", $$"""{"end_time":"{{NextYear}}-02-01T12:30:15.5-03:30"}""") { AdSet = $$"""{"end_time":"{{NextYear}}-02-01T12:30:15-0330"}""" },
        new("Housing", """{"special_ad_categories":["HOUSING"]}""") { Campaign = """{"special_ad_categories":["HOUSING"],"special_ad_category_country":["US"]}""" },
        new("Two categories elsewhere", """{"special_ad_categories":["CREDIT","EMPLOYMENT"],"special_ad_category_countries":["CA","MX"]}""")
        {
            Campaign = """{"special_ad_categories":["CREDIT","EMPLOYMENT"],"special_ad_category_country":["CA","MX"]}""",
        },
        new("A button", """{"call_to_action":"SHOP_NOW","creative_description":null}""")
        {
            AccountChange = """{"instagram_user_id":"3000000001"}""",
            AdSet = """
                {"targeting":{"age_min":18,"age_max":65,"genders":[1,2],"geo_locations":{"countries":["US"]},"targeting_automation":{"advantage_audience":0}}}
                """,
            Story = """
                {"page_id":"2000000001","instagram_user_id":"3000000001","link_data":{"link":"https://example.com/sale","name":"Amazing Product","image_hash":"[media]",
                 "call_to_action":{"type":"SHOP_NOW","value":{"link":"https://example.com/sale"}}}}
                """,
        },
        new("Published", """{"auto_publish":true}"""),
    ];

    private static IEnumerable<SentCase> Places =>
    [
        new("France", """{"targeting":{"geo_locations":{"countries":["US","FR"]}}}""")
        {
            AdSet = """
                {"targeting":{"geo_locations":{"countries":["US","FR"]},"publisher_platforms":["facebook"],"targeting_automation":{"advantage_audience":0}},"dsa_beneficiary":"Our shop","dsa_payor":"Our shop"}
                """,
        },
        new("Norway by default", """{"targeting":null}""")
        {
            AccountChange = """{"default_countries":["NO"],"dsa_beneficiary":"The brand","dsa_payor":"The agency"}""",
            AdSet = """
                {"targeting":{"geo_locations":{"countries":["NO"]},"publisher_platforms":["facebook"],"targeting_automation":{"advantage_audience":0}},"dsa_beneficiary":"The brand","dsa_payor":"The agency"}
                """,
        },
        new("A city of a category", """
            {"targeting":{"geo_locations":{"cities":[{"key":"2418779","radius":25,"distance_unit":"mile"}]}},"special_ad_categories":["ISSUES_ELECTIONS_POLITICS"],
             "special_ad_category_countries":["FR"],"dsa_payor":"A friend"}
            """)
        {
            AccountChange = """{"dsa_beneficiary":"The brand","dsa_payor":"The agency"}""",
            Campaign = """{"special_ad_categories":["ISSUES_ELECTIONS_POLITICS"],"special_ad_category_country":["FR"]}""",
            AdSet = """
                {"targeting":{"geo_locations":{"cities":[{"key":"2418779","radius":25,"distance_unit":"mile"}]},"publisher_platforms":["facebook"],"targeting_automation":{"advantage_audience":0}},
                 "dsa_beneficiary":"The brand","dsa_payor":"A friend"}
                """,
        },
        new("Every targeting field", """{"targeting":""" + EveryField + "}")
        {
            AccountChange = """{"instagram_user_id":"3000000001"}""",
            AdSet = """{"targeting":""" + EveryField[..^1] + ""","targeting_automation":{"advantage_audience":0},"targeting_relaxation_types":{"lookalike":0,"custom_audience":0}}}""",
            Story = """
                {"page_id":"2000000001","instagram_user_id":"3000000001","link_data":{"link":"https://example.com/sale","name":"Amazing Product","message":"Get 50% off","image_hash":"[media]",
                 "call_to_action":{"type":"LEARN_MORE","value":{"link":"https://example.com/sale"}}}}
                """,
        },
        new("Positions without platforms", """{"targeting":{"messenger_positions":["story"],"audience_network_positions":["rewarded_video"],"geo_locations":{"countries":["US"]}}}""")
        {
            AdSet = """
                {"targeting":{"messenger_positions":["story"],"audience_network_positions":["rewarded_video"],"geo_locations":{"countries":["US"]},
                 "publisher_platforms":["facebook","audience_network","messenger"],"targeting_automation":{"advantage_audience":0}}}
                """,
        },
        new("Audiences left out", """{"targeting":{"excluded_custom_audiences":[{"id":"8"}],"geo_locations":{"countries":["US"]}}}""")
        {
            AdSet = """
                {"targeting":{"excluded_custom_audiences":[{"id":"8"}],"geo_locations":{"countries":["US"]},"publisher_platforms":["facebook"],"targeting_automation":{"advantage_audience":0}}}
                """,
        },
    ];

    private const string EveryField = """
        {"age_min":25,"age_max":54,"genders":[2],"interests":[{"id":"12345","name":"Shopping"}],"behaviors":[{"id":"6"}],"custom_audiences":[{"id":"7"}],
         "excluded_custom_audiences":[{"id":"8"}],"locales":[6],"publisher_platforms":["facebook","instagram","audience_network","messenger","threads"],"device_platforms":["mobile"],
         "facebook_positions":["feed","facebook_reels"],"instagram_positions":["stream","explore_home"],"audience_network_positions":["classic"],"messenger_positions":["story"],
         "threads_positions":["threads_stream"],"geo_locations":{"countries":["US"],"location_types":["home"]},"excluded_geo_locations":{"zips":[{"key":"US:94304"}]}}
        """;

    private static IEnumerable<SentCase> Media =>
    [
        new("A video to upload") { Media = "video_url", Story = VideoStory("[media]", "https://scontent.example.com/thumbnails/[media]/1.jpg") },
        new("A video at Meta") { Media = "video_id", Story = VideoStory("120210000000000001", "https://scontent.example.com/thumbnails/120210000000000001/1.jpg") },
        new("A video with a picture of its own") { Media = "video_id thumbnail", Story = VideoStory("120210000000000001", "https://cdn.example.com/own.jpg") },
        new("An image that we cannot fetch")
        {
            Media = "image elsewhere",
            Story = """
                {"page_id":"2000000001","link_data":{"link":"https://example.com/sale","name":"Amazing Product","message":"Get 50% off","picture":"http://nowhere.invalid/clip.jpg",
                 "call_to_action":{"type":"LEARN_MORE","value":{"link":"https://example.com/sale"}}}}
                """,
        },
    ];

    /// <summary>Its first minutes are never more than a year away.</summary>
    public static int NextYear { get; } = TimeProvider.System.GetUtcNow().Year + 1;

    private static string VideoStory(string id, string thumbnail) => $$$"""
        {"page_id":"2000000001","video_data":{"video_id":"{{{id}}}","image_url":"{{{thumbnail}}}","title":"Amazing Product","message":"Get 50% off",
         "call_to_action":{"type":"LEARN_MORE","value":{"link":"https://example.com/sale"} } } }
        """;

    private static string Pixel(string counted) => $$"""{"pixel_id":"4000000001","custom_event_type":"{{counted}}"}""";
}
