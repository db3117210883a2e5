namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>Whom an ad set addresses, and how: every kind there is beside <see cref="SentCases"/>' usual ones.</summary>
internal static class SentAdSetCases
{
    public static IEnumerable<SentCase> All => Audiences;

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
