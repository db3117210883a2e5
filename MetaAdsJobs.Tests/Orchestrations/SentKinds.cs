namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>Every kind of ad there is beside the one with a clip, a title, a text and a link; and what any of them may carry.</summary>
internal static class SentKinds
{
    private const string Sale = """{"type":"LEARN_MORE","value":{"link":"https://example.com/sale"}}""";
    private const string Instagram = """{"instagram_user_id":"3000000001"}""";
    private const string OnInstagram = """{"targeting":{"age_min":18,"age_max":65,"genders":[1,2],"geo_locations":{"countries":["US"]},"targeting_automation":{"advantage_audience":0}}}""";
    private const string NothingOfOurs = "\"clip_id\":null,\"creative_title\":null,\"creative_description\":null";

    public static IEnumerable<SentCase> All => [.. Carousels, .. Posts, .. Texts, .. Placements, .. Carried];

    private static IEnumerable<SentCase> Carousels =>
    [
        new("A carousel", """
            {"clip_id":null,"link_description":"Ships today","cards":[
                {"clip_id":"[clip]","title":"One","description":"First","landing_url":"https://example.com/one","call_to_action":"SHOP_NOW"},
                {"clip_id":"[clip:2]"},{"clip_id":"[clip:3]","title":"Three"}]}
            """)
        {
            Media = "image, video_id 2, image elsewhere",
            Creative = $$"""
                {"object_story_spec":{"page_id":"2000000001","link_data":{"link":"https://example.com/sale","message":"Get 50% off","child_attachments":[
                    {"link":"https://example.com/one","name":"One","description":"First","image_hash":"[media]","call_to_action":{"type":"SHOP_NOW","value":{"link":"https://example.com/one"} } },
                    {"link":"https://example.com/sale","name":"Amazing Product","description":"Ships today","picture":"https://scontent.example.com/thumbnails/[media:2]/1.jpg",
                     "video_id":"120210000000000002","call_to_action":{{Sale}} },
                    {"link":"https://example.com/sale","name":"Three","description":"Ships today","picture":"http://nowhere.invalid/clip.jpg","call_to_action":{{Sale}} }],
                 "multi_share_optimized":false,"multi_share_end_card":false} } }
                """,
        },
        new("A carousel of one clip", """{"cards":[{"title":"Left"},{"title":"Right","landing_url":"https://example.com/{{campaign.name}}"}],"creative_title":null,"creative_description":null}""")
        {
            AccountChange = Instagram,
            AdSet = OnInstagram,
            Creative = $$"""
                {"object_story_spec":{"page_id":"2000000001","instagram_user_id":"3000000001","link_data":{"link":"https://example.com/sale","child_attachments":[
                    {"link":"https://example.com/sale","name":"Left","image_hash":"[media]","call_to_action":{{Sale}} },
                    {"link":"https://example.com/A%20carousel%20of%20one%20clip","name":"Right","image_hash":"[media]",
                     "call_to_action":{"type":"LEARN_MORE","value":{"link":"https://example.com/A%20carousel%20of%20one%20clip"} } }],
                 "multi_share_optimized":false,"multi_share_end_card":false} } }
                """,
        },
    ];

    private static IEnumerable<SentCase> Posts =>
    [
        new("A post of the page", $$"""{ {{NothingOfOurs}},"landing_url":null,"post_id":"555"}""") { Creative = """{"object_story_id":"2000000001_555"}""" },
        new("A post with a button", $$"""{ {{NothingOfOurs}},"post_id":"2000000009_777","call_to_action":"SHOP_NOW","url_tags":"a=1"}""")
        {
            AccountChange = Instagram,
            AdSet = OnInstagram,
            Creative = """
                {"object_story_id":"2000000009_777","instagram_user_id":"3000000001","call_to_action":{"type":"SHOP_NOW","value":{"link":"https://example.com/sale"}},"url_tags":"a=1"}
                """,
        },
        new("A post on Instagram", $$"""{ {{NothingOfOurs}},"instagram_media_id":"17900000000000001"}""")
        {
            AccountChange = Instagram,
            AdSet = OnInstagram,
            Creative = $$"""{"object_id":"2000000001","instagram_user_id":"3000000001","source_instagram_media_id":"17900000000000001","call_to_action":{{Sale}} }""",
        },
        new("A post on Instagram for its own sake", $$"""
            { {{NothingOfOurs}},"landing_url":null,"instagram_media_id":"17900000000000001","campaign_objective":"OUTCOME_ENGAGEMENT","optimization_goal":"POST_ENGAGEMENT"}
            """)
        {
            AccountChange = Instagram,
            Campaign = """{"objective":"OUTCOME_ENGAGEMENT"}""",
            AdSet = SentCase.Merged(OnInstagram, """{"optimization_goal":"POST_ENGAGEMENT","destination_type":"ON_POST","promoted_object":{"page_id":"2000000001"}}""").ToJsonString(),
            Creative = """{"object_id":"2000000001","instagram_user_id":"3000000001","source_instagram_media_id":"17900000000000001"}""",
        },
    ];

    private static IEnumerable<SentCase> Texts =>
    [
        new("Several texts of an image", """{"creative_title":null,"creative_description":null,"titles":["A","B"],"texts":["a","b","c"],"link_description":"Ships today"}""")
        {
            Creative = $$"""
                {"object_story_spec":{"page_id":"2000000001","link_data":{"link":"https://example.com/sale","image_hash":"[media]","call_to_action":{{Sale}} } },
                 "asset_feed_spec":{"optimization_type":"DEGREES_OF_FREEDOM","images":[{"hash":"[media]"}],"titles":[{"text":"A"},{"text":"B"}],
                    "bodies":[{"text":"a"},{"text":"b"},{"text":"c"}],"descriptions":[{"text":"Ships today"}]} }
                """,
        },
        new("Several titles of an image that we cannot fetch", """{"creative_title":null,"creative_description":null,"titles":["A","B"]}""")
        {
            Media = "image elsewhere",
            Creative = $$"""
                {"object_story_spec":{"page_id":"2000000001","link_data":{"link":"https://example.com/sale","picture":"http://nowhere.invalid/clip.jpg","call_to_action":{{Sale}} } },
                 "asset_feed_spec":{"optimization_type":"DEGREES_OF_FREEDOM","images":[{"url":"http://nowhere.invalid/clip.jpg"}],"titles":[{"text":"A"},{"text":"B"}]} }
                """,
        },
        new("Several texts of a video", """{"creative_description":null,"texts":["a","b"],"call_to_action":"SHOP_NOW"}""")
        {
            Media = "video_id",
            Creative = """
                {"object_story_spec":{"page_id":"2000000001","link_data":{"link":"https://example.com/sale"}},
                 "asset_feed_spec":{"optimization_type":"DEGREES_OF_FREEDOM","ad_formats":["SINGLE_VIDEO"],
                    "videos":[{"video_id":"120210000000000001","thumbnail_url":"https://scontent.example.com/thumbnails/120210000000000001/1.jpg"}],
                    "titles":[{"text":"Amazing Product"}],"bodies":[{"text":"a"},{"text":"b"}],"link_urls":[{"website_url":"https://example.com/sale"}],"call_to_action_types":["SHOP_NOW"]}}
                """,
        },
    ];

    private static IEnumerable<SentCase> Placements =>
    [
        new("Pictures by placement", """
            {"link_description":"Ships today","placement_media":[
                {"placements":["stories","reels"],"clip_id":"[clip:2]"},{"placements":["right_column"],"crop":{"x":10,"y":20,"width":600,"height":360}}]}
            """)
        {
            Media = "image, image elsewhere",
            Creative = """
                {"object_story_spec":{"page_id":"2000000001"},
                 "asset_feed_spec":{"optimization_type":"PLACEMENT","ad_formats":["SINGLE_IMAGE"],
                    "images":[{"url":"http://nowhere.invalid/clip.jpg","adlabels":[{"name":"stories_reels"}]},
                              {"hash":"[media]","image_crops":{"600x360":[[10,20],[610,380]]},"adlabels":[{"name":"right_column"}]},
                              {"hash":"[media]","adlabels":[{"name":"elsewhere"}]}],
                    "titles":[{"text":"Amazing Product"}],"bodies":[{"text":"Get 50% off"}],"descriptions":[{"text":"Ships today"}],
                    "link_urls":[{"website_url":"https://example.com/sale"}],"call_to_action_types":["LEARN_MORE"],
                    "asset_customization_rules":[
                        {"customization_spec":{"publisher_platforms":["facebook"],"facebook_positions":["story","facebook_reels"]},"image_label":{"name":"stories_reels"}},
                        {"customization_spec":{"publisher_platforms":["facebook"],"facebook_positions":["right_hand_column"]},"image_label":{"name":"right_column"}},
                        {"customization_spec":{},"image_label":{"name":"elsewhere"}}]}}
                """,
        },
        new("Videos by placement", """
            {"creative_description":null,"targeting":{"geo_locations":{"countries":["US"]},"publisher_platforms":["facebook","instagram"],"instagram_positions":["stream","story"]},
             "placement_media":[{"placements":["reels","stories"],"clip_id":"[clip:2]"}]}
            """)
        {
            Media = "video_id, video_id 2",
            AccountChange = Instagram,
            AdSet = """
                {"targeting":{"geo_locations":{"countries":["US"]},"publisher_platforms":["facebook","instagram"],"instagram_positions":["stream","story"],"targeting_automation":{"advantage_audience":0}}}
                """,
            Creative = """
                {"object_story_spec":{"page_id":"2000000001","instagram_user_id":"3000000001"},
                 "asset_feed_spec":{"optimization_type":"PLACEMENT","ad_formats":["SINGLE_VIDEO"],
                    "videos":[{"video_id":"120210000000000002","thumbnail_url":"https://scontent.example.com/thumbnails/120210000000000002/1.jpg","adlabels":[{"name":"reels_stories"}]},
                              {"video_id":"120210000000000001","thumbnail_url":"https://scontent.example.com/thumbnails/120210000000000001/1.jpg","adlabels":[{"name":"elsewhere"}]}],
                    "titles":[{"text":"Amazing Product"}],"link_urls":[{"website_url":"https://example.com/sale"}],"call_to_action_types":["LEARN_MORE"],
                    "asset_customization_rules":[
                        {"customization_spec":{"publisher_platforms":["facebook","instagram"],"facebook_positions":["facebook_reels","story"],"instagram_positions":["story"]},"video_label":{"name":"reels_stories"}},
                        {"customization_spec":{},"video_label":{"name":"elsewhere"}}]}}
                """,
        },
    ];

    private static IEnumerable<SentCase> Carried =>
    [
        new("Tags and domain", """{"url_tags":"utm_source=meta&utm_campaign={{campaign.name}}&ad={{ad.id}}&über=1","link_description":"Ships today","conversion_domain":"bücher.example"}""")
        {
            Creative = $$"""
                {"object_story_spec":{"page_id":"2000000001","link_data":{"link":"https://example.com/sale","name":"Amazing Product","message":"Get 50% off","description":"Ships today","image_hash":"[media]",
                    "call_to_action":{{Sale}} } },
                 "url_tags":"utm_source=meta&utm_campaign=Tags%20and%20domain&ad=[[ad.id]]&%C3%BCber=1"}
                """.Replace("[[ad.id]]", "{{ad.id}}", StringComparison.Ordinal),
            Ad = """{"conversion_domain":"xn--bcher-kva.example"}""",
        },
        new("A video with a description and an Instagram account of its own", """{"link_description":"Ships today","instagram_user_id":"3000000009"}""")
        {
            Media = "video_id",
            AdSet = OnInstagram,
            Story = $$"""
                {"page_id":"2000000001","instagram_user_id":"3000000009","video_data":{"video_id":"120210000000000001","image_url":"https://scontent.example.com/thumbnails/120210000000000001/1.jpg",
                 "title":"Amazing Product","message":"Get 50% off","link_description":"Ships today","call_to_action":{{Sale}} } }
                """,
        },
    ];
}
