namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>Whom an ad set addresses, and how: every kind there is beside <see cref="SentCases"/>' usual ones.</summary>
internal static class SentAdSetCases
{
    private const string UsualTargeting = """
        "age_min":18,"age_max":65,"genders":[1,2],"geo_locations":{"countries":["US"]},"publisher_platforms":["facebook"],"targeting_automation":{"advantage_audience":0}
        """;

    public static IEnumerable<SentCase> All => [.. Audiences, .. Opened, .. Delivered, .. OfCampaignsBudget];

    /// <summary>Ads that lead to something else than a website.</summary>
    private static IEnumerable<SentCase> Opened =>
    [
        new("Leads of a form", """{"campaign_objective":"OUTCOME_LEADS","optimization_goal":"LEAD_GENERATION","lead_gen_form_id":"5000000001","landing_url":null}""")
        {
            Campaign = """{"objective":"OUTCOME_LEADS"}""",
            AdSet = """{"optimization_goal":"LEAD_GENERATION","destination_type":"ON_AD","promoted_object":{"page_id":"2000000001"}}""",
            Story = """
                {"page_id":"2000000001","link_data":{"link":"https://fb.me/","name":"Amazing Product","message":"Get 50% off","image_hash":"[media]",
                 "call_to_action":{"type":"SIGN_UP","value":{"link":"https://fb.me/","lead_gen_form_id":"5000000001"}}}}
                """,
        },
        new("Better leads of a form", """{"campaign_objective":"OUTCOME_LEADS","optimization_goal":"QUALITY_LEAD","lead_gen_form_id":"5000000001","call_to_action":"GET_QUOTE","destination_type":"ON_AD"}""")
        {
            Media = "video_id thumbnail",
            Campaign = """{"objective":"OUTCOME_LEADS"}""",
            AdSet = """{"optimization_goal":"QUALITY_LEAD","destination_type":"ON_AD","promoted_object":{"page_id":"2000000001"}}""",
            Story = Video("""{"type":"GET_QUOTE","value":{"link":"https://fb.me/","lead_gen_form_id":"5000000001"}}"""),
        },
        new("An app for iPhones", """{"campaign_objective":"OUTCOME_APP_PROMOTION","optimization_goal":"APP_INSTALLS","application_id":"6000000001","object_store_url":"https://apps.apple.com/us/app/ours/id1234567890","landing_url":null}""")
        {
            Campaign = """{"objective":"OUTCOME_APP_PROMOTION"}""",
            AdSet = $$"""
                {"optimization_goal":"APP_INSTALLS","destination_type":null,"targeting":{ {{UsualTargeting}},"user_os":["iOS"],"device_platforms":["mobile"]},
                 "promoted_object":{"application_id":"6000000001","object_store_url":"https://apps.apple.com/us/app/ours/id1234567890"} }
                """,
            Story = """
                {"page_id":"2000000001","link_data":{"link":"https://apps.apple.com/us/app/ours/id1234567890","name":"Amazing Product","message":"Get 50% off","image_hash":"[media]",
                 "call_to_action":{"type":"INSTALL_MOBILE_APP","value":{"link":"https://apps.apple.com/us/app/ours/id1234567890"}}}}
                """,
        },
        new("An app for Android", """
            {"campaign_objective":"OUTCOME_APP_PROMOTION","optimization_goal":"APP_INSTALLS","application_id":"6000000001","object_store_url":"https://play.google.com/store/apps/details?id=com.example.app",
             "call_to_action":"DOWNLOAD","targeting":{"geo_locations":{"countries":["US"]},"user_os":["Android_ver_12.0_and_above"],"device_platforms":["mobile"]}}
            """)
        {
            Media = "video_id thumbnail",
            Campaign = """{"objective":"OUTCOME_APP_PROMOTION"}""",
            AdSet = """
                {"optimization_goal":"APP_INSTALLS","destination_type":null,
                 "targeting":{"geo_locations":{"countries":["US"]},"user_os":["Android_ver_12.0_and_above"],"device_platforms":["mobile"],"publisher_platforms":["facebook"],"targeting_automation":{"advantage_audience":0}},
                 "promoted_object":{"application_id":"6000000001","object_store_url":"https://play.google.com/store/apps/details?id=com.example.app"}}
                """,
            Story = Video("""{"type":"DOWNLOAD","value":{"link":"https://play.google.com/store/apps/details?id=com.example.app"}}"""),
        },
        new("Chats in Messenger", """{"campaign_objective":"OUTCOME_ENGAGEMENT","optimization_goal":"CONVERSATIONS","destination_type":"MESSENGER","landing_url":null}""")
        {
            Campaign = """{"objective":"OUTCOME_ENGAGEMENT"}""",
            AdSet = """{"optimization_goal":"CONVERSATIONS","destination_type":"MESSENGER","promoted_object":{"page_id":"2000000001"}}""",
            Story = """
                {"page_id":"2000000001","link_data":{"link":"https://fb.com/messenger_doc/","name":"Amazing Product","message":"Get 50% off","image_hash":"[media]",
                 "call_to_action":{"type":"MESSAGE_PAGE","value":{"app_destination":"MESSENGER"}}}}
                """,
        },
        new("Chats on Instagram", """{"campaign_objective":"OUTCOME_SALES","optimization_goal":"CONVERSATIONS","destination_type":"INSTAGRAM_DIRECT","landing_url":null}""")
        {
            AccountChange = """{"instagram_user_id":"3000000001"}""",
            AdSet = """
                {"optimization_goal":"CONVERSATIONS","destination_type":"INSTAGRAM_DIRECT","promoted_object":{"page_id":"2000000001"},
                 "targeting":{"age_min":18,"age_max":65,"genders":[1,2],"geo_locations":{"countries":["US"]},"targeting_automation":{"advantage_audience":0}}}
                """,
            Story = """
                {"page_id":"2000000001","instagram_user_id":"3000000001","link_data":{"link":"https://www.instagram.com/","name":"Amazing Product","message":"Get 50% off","image_hash":"[media]",
                 "call_to_action":{"type":"INSTAGRAM_MESSAGE","value":{"app_destination":"INSTAGRAM_DIRECT"}}}}
                """,
        },
        new("Clicks into WhatsApp", """{"campaign_objective":"OUTCOME_ENGAGEMENT","optimization_goal":"LINK_CLICKS","destination_type":"WHATSAPP"}""")
        {
            Media = "video_id thumbnail",
            Campaign = """{"objective":"OUTCOME_ENGAGEMENT"}""",
            AdSet = """{"destination_type":"WHATSAPP","promoted_object":{"page_id":"2000000001"}}""",
            Story = Video("""{"type":"WHATSAPP_MESSAGE","value":{"app_destination":"WHATSAPP"}}"""),
        },
        new("A website by name", """{"destination_type":"WEBSITE"}"""),
    ];

    /// <summary>What counts, how often, when.</summary>
    private static IEnumerable<SentCase> Delivered =>
    [
        new("Windows of purchases", """
            {"optimization_goal":"CONVERSIONS","attribution_spec":[{"event_type":"CLICK_THROUGH","window_days":7},{"event_type":"VIEW_THROUGH","window_days":1},{"event_type":"ENGAGED_VIDEO_VIEW","window_days":1}]}
            """)
        {
            AdSet = """
                {"optimization_goal":"OFFSITE_CONVERSIONS","promoted_object":{"pixel_id":"4000000001","custom_event_type":"PURCHASE"},
                 "attribution_spec":[{"event_type":"CLICK_THROUGH","window_days":7},{"event_type":"VIEW_THROUGH","window_days":1},{"event_type":"ENGAGED_VIDEO_VIEW","window_days":1}]}
                """,
        },
        new("A day of clicks", """{"attribution_spec":[{"event_type":"CLICK_THROUGH","window_days":1}]}""") { AdSet = """{"attribution_spec":[{"event_type":"CLICK_THROUGH","window_days":1}]}""" },
        new("At most three times a week", """{"campaign_objective":"OUTCOME_AWARENESS","optimization_goal":"REACH","frequency_control_specs":[{"event":"IMPRESSIONS","interval_days":7,"max_frequency":3}]}""")
        {
            Campaign = """{"objective":"OUTCOME_AWARENESS"}""",
            AdSet = """{"optimization_goal":"REACH","destination_type":null,"frequency_control_specs":[{"event":"IMPRESSIONS","interval_days":7,"max_frequency":3}]}""",
        },
        new("Office hours", $$"""
            {"daily_budget_cents":null,"lifetime_budget_cents":500000,"end_time":"{{SentCases.NextYear}}-02-01T00:00:00Z",
             "adset_schedule":[{"start_minute":540,"end_minute":1020,"days":[1,2,3,4,5],"timezone_type":"ADVERTISER"},{"start_minute":0,"end_minute":1440,"days":[0]}]}
            """)
        {
            AdSet = $$"""
                {"daily_budget":null,"lifetime_budget":"500000","end_time":"{{SentCases.NextYear}}-02-01T00:00:00+0000","pacing_type":["day_parting"],
                 "adset_schedule":[{"start_minute":540,"end_minute":1020,"days":[1,2,3,4,5],"timezone_type":"ADVERTISER"},{"start_minute":0,"end_minute":1440,"days":[0]}]}
                """,
        },
        new("Hours of the campaign's budget", $$"""
            {"budget_at":"campaign","daily_budget_cents":null,"lifetime_budget_cents":500000,"end_time":"{{SentCases.NextYear}}-02-01T00:00:00Z","adset_schedule":[{"start_minute":0,"end_minute":60,"days":[6]}]}
            """)
        {
            Campaign = """{"lifetime_budget":"500000","bid_strategy":"LOWEST_COST_WITHOUT_CAP","pacing_type":["day_parting"],"is_adset_budget_sharing_enabled":null}""",
            AdSet = $$"""{"daily_budget":null,"bid_strategy":null,"end_time":"{{SentCases.NextYear}}-02-01T00:00:00+0000","adset_schedule":[{"start_minute":0,"end_minute":60,"days":[6]}]}""",
        },
    ];

    /// <summary>Meta shares out the campaign's budget among its ad sets, each within limits and by a bid of its own.</summary>
    private static IEnumerable<SentCase> OfCampaignsBudget =>
    [
        new("Limits of a day", """{"budget_at":"campaign","bid_strategy":"LOWEST_COST_WITH_BID_CAP","bid_amount_cents":250,"ad_sets":[{"min_spend_cents":1000,"max_spend_cents":4000,"bid_amount_cents":300,"ads":[{}]}]}""")
        {
            IsTree = true,
            Campaign = """{"daily_budget":"10000","bid_strategy":"LOWEST_COST_WITH_BID_CAP","is_adset_budget_sharing_enabled":null}""",
            AdSet = """{"daily_budget":null,"bid_strategy":null,"bid_amount":"300","daily_min_spend_target":"1000","daily_spend_cap":"4000"}""",
        },
        new("Limits of the whole run", $$"""
            {"budget_at":"campaign","daily_budget_cents":null,"lifetime_budget_cents":500000,"end_time":"{{SentCases.NextYear}}-02-01T00:00:00Z","ad_sets":[{"min_spend_cents":100000,"max_spend_cents":400000,"ads":[{}]}]}
            """)
        {
            IsTree = true,
            Campaign = """{"lifetime_budget":"500000","bid_strategy":"LOWEST_COST_WITHOUT_CAP","is_adset_budget_sharing_enabled":null}""",
            AdSet = $$"""{"daily_budget":null,"bid_strategy":null,"end_time":"{{SentCases.NextYear}}-02-01T00:00:00+0000","lifetime_min_spend_target":"100000","lifetime_spend_cap":"400000"}""",
        },
        new("Each ad set its own", """{"ad_sets":[{"daily_budget_cents":700,"optimization_goal":"REACH","targeting":{"geo_locations":{"countries":["CA"]}},"ads":[{}]}]}""")
        {
            IsTree = true,
            AdSet = """{"daily_budget":"700","optimization_goal":"REACH","targeting":{"geo_locations":{"countries":["CA"]},"publisher_platforms":["facebook"],"targeting_automation":{"advantage_audience":0}}}""",
        },
    ];

    private static string Video(string button) => $$"""
        {"page_id":"2000000001","video_data":{"video_id":"120210000000000001","image_url":"https://cdn.example.com/own.jpg","title":"Amazing Product","message":"Get 50% off","call_to_action":{{button}} } }
        """;

    private static IEnumerable<SentCase> Audiences =>
    [
        new("Meta widens the audience", """
            {"targeting":{"age_min":20,"age_range":[25,45],"genders":[2],"geo_locations":{"countries":["US"]},"custom_audiences":[{"id":"7"}],"targeting_automation":{"advantage_audience":1}}}
            """)
        {
            AdSet = """
                {"targeting":{"age_min":20,"age_range":[25,45],"genders":[2],"geo_locations":{"countries":["US"]},"custom_audiences":[{"id":"7"}],"publisher_platforms":["facebook"],
                 "targeting_automation":{"advantage_audience":1}}}
                """,
        },
        new("Meta widens nothing by name", """{"targeting":{"geo_locations":{"countries":["US"]},"targeting_automation":{"advantage_audience":0}}}""")
        {
            AdSet = """{"targeting":{"geo_locations":{"countries":["US"]},"publisher_platforms":["facebook"],"targeting_automation":{"advantage_audience":0}}}""",
        },
        new("Groups of interests", """
            {"targeting":{"geo_locations":{"countries":["US"]},"user_os":["iOS_ver_15.0_and_above","Android"],
             "flexible_spec":[{"interests":[{"id":"6003107902433","name":"Soccer"}],"behaviors":[{"id":"6002714895372"}]},{"life_events":[{"id":"6002714398172","name":"Newlywed"}],"college_years":[2024]}]}}
            """)
        {
            AdSet = """
                {"targeting":{"geo_locations":{"countries":["US"]},"user_os":["iOS_ver_15.0_and_above","Android"],
                 "flexible_spec":[{"interests":[{"id":"6003107902433","name":"Soccer"}],"behaviors":[{"id":"6002714895372"}]},{"life_events":[{"id":"6002714398172","name":"Newlywed"}],"college_years":[2024]}],
                 "publisher_platforms":["facebook"],"targeting_automation":{"advantage_audience":0}}}
                """,
        },
        new("An audience in a group", """{"targeting":{"geo_locations":{"countries":["US"]},"flexible_spec":[{"custom_audiences":[{"id":"7"}]},{"education_statuses":[3]}]}}""")
        {
            AdSet = """
                {"targeting":{"geo_locations":{"countries":["US"]},"flexible_spec":[{"custom_audiences":[{"id":"7"}]},{"education_statuses":[3]}],"publisher_platforms":["facebook"],
                 "targeting_automation":{"advantage_audience":0},"targeting_relaxation_types":{"lookalike":0,"custom_audience":0}}}
                """,
        },
        new("Points on the map", """
            {"targeting":{"geo_locations":{"custom_locations":[{"name":"Our shop","latitude":40.4168,"longitude":-3.70379,"radius":2.5,"distance_unit":"kilometer"},{"address_string":"1 Hacker Way, Menlo Park","radius":0.63}]},
             "excluded_geo_locations":{"custom_locations":[{"latitude":36,"longitude":-121,"radius":50,"distance_unit":"mile"}],"cities":[{"key":"2418779","radius":17,"distance_unit":"kilometer"}]}}}
            """)
        {
            AdSet = """
                {"targeting":{"geo_locations":{"custom_locations":[{"name":"Our shop","latitude":40.4168,"longitude":-3.70379,"radius":2.5,"distance_unit":"kilometer"},{"address_string":"1 Hacker Way, Menlo Park","radius":0.63}]},
                 "excluded_geo_locations":{"custom_locations":[{"latitude":36,"longitude":-121,"radius":50,"distance_unit":"mile"}],"cities":[{"key":"2418779","radius":17,"distance_unit":"kilometer"}]},
                 "publisher_platforms":["facebook"],"targeting_automation":{"advantage_audience":0}},"dsa_beneficiary":"Our shop","dsa_payor":"Our shop"}
                """,
        },
        new("Placements that need others", """
            {"targeting":{"geo_locations":{"countries":["US"]},"device_platforms":["mobile","desktop"],"publisher_platforms":["instagram","facebook","threads","messenger"],
             "facebook_positions":["marketplace","story","search","feed","notification","profile_feed"],"instagram_positions":["stream","ig_search"],"messenger_positions":["story"],"threads_positions":["threads_stream"]}}
            """)
        {
            AccountChange = """{"instagram_user_id":"3000000001"}""",
            AdSet = """
                {"targeting":{"geo_locations":{"countries":["US"]},"device_platforms":["mobile","desktop"],"publisher_platforms":["instagram","facebook","threads","messenger"],
                 "facebook_positions":["marketplace","story","search","feed","notification","profile_feed"],"instagram_positions":["stream","ig_search"],"messenger_positions":["story"],"threads_positions":["threads_stream"],
                 "targeting_automation":{"advantage_audience":0}}}
                """,
            Story = """
                {"page_id":"2000000001","instagram_user_id":"3000000001","link_data":{"link":"https://example.com/sale","name":"Amazing Product","message":"Get 50% off","image_hash":"[media]",
                 "call_to_action":{"type":"LEARN_MORE","value":{"link":"https://example.com/sale"}}}}
                """,
        },
    ];
}
