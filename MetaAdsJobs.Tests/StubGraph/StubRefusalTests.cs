using System.Text.Json.Nodes;

namespace MetaAdsJobs.Tests.StubGraph;

/// <summary>Each case spoils one parameter of a good call; null takes it away.</summary>
[TestFixture]
public sealed class StubRefusalTests
{
    private StubWorld _world = null!;
    private StubTree _tree = null!;

    [OneTimeSetUp]
    public async Task CreateWorld()
    {
        _world = await StubWorld.CreateAsync();
        _tree = await _world.CreateTreeAsync();
    }

    [OneTimeTearDown]
    public async Task DisposeWorld() => await _world.DisposeAsync();

    [TestCase("name", null, null)]
    [TestCase("objective", null, null)]
    [TestCase("objective", "CONVERSIONS", null)]
    [TestCase("objective", "OUTCOME_FAME", null)]
    [TestCase("special_ad_categories", null, null)]
    [TestCase("special_ad_categories", """["GOSSIP"]""", null)]
    [TestCase("special_ad_categories", "[", null)]
    [TestCase("special_ad_categories", """["HOUSING"]""", 2909034, "special_ad_category_country")]
    [TestCase("is_adset_budget_sharing_enabled", null, 4834011)]
    [TestCase("daily_budget", "99", 1885272)]
    [TestCase("daily_budget", "100000001", 1885261)]
    [TestCase("daily_budget", "12.5", null)]
    [TestCase("status", "DELETED", null)]
    [TestCase("favourite_colour", "blue", null)]
    public Task A_campaign_is_refused_for(string parameter, string? value, int? subcode, string? blamed = null) =>
        AssertRefusedAsync("campaigns", StubWorld.GoodCampaign(), parameter, value, subcode, blamed ?? parameter);

    [TestCase("name", null, null)]
    [TestCase("campaign_id", null, null)]
    [TestCase("campaign_id", "META_CAMPAIGN_000000000000", 33)]
    [TestCase("optimization_goal", null, null)]
    [TestCase("optimization_goal", "FAME", null)]
    [TestCase("optimization_goal", "THRUPLAY", 2490408)]
    [TestCase("optimization_goal", "OFFSITE_CONVERSIONS", null, "promoted_object")]
    [TestCase("billing_event", null, null)]
    [TestCase("billing_event", "SMILES", null)]
    [TestCase("daily_budget", null, null)]
    [TestCase("daily_budget", "-100", null)]
    [TestCase("daily_budget", "99", 1885272)]
    [TestCase("bid_strategy", "COST_CAP", 1815857, "bid_amount")]
    [TestCase("targeting", """{"geo_locations":{"countries":["US","FR"]},"targeting_automation":{"advantage_audience":0}}""", null, "dsa_beneficiary")]
    [TestCase("lifetime_budget", "20000", null)]
    [TestCase("targeting", null, null)]
    [TestCase("targeting", "{}", 1885364)]
    [TestCase("targeting", """{"geo_locations":{"countries":["USA"]},"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]}}""", 1870227)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"age_min":12,"targeting_automation":{"advantage_audience":0}}""", 1487079)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"age_min":40,"age_max":30,"targeting_automation":{"advantage_audience":0}}""", 1487079)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"age_max":40,"targeting_automation":{"advantage_audience":1}}""", 1870189)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"genders":[3],"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"age_mix":3,"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"publisher_platforms":["audience_network"],"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"publisher_platforms":["facebok"],"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"publisher_platforms":["facebook"],"facebook_positions":["feeds"],"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"publisher_platforms":["facebook"],"messenger_positions":["story"],"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"targeting_relaxation_types":{"lookalike":2},"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"targeting_relaxation_types":{"interests":0},"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"age_min":26,"targeting_automation":{"advantage_audience":1}}""", 1870189)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"age_range":[20,30],"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"exclusions":{"interests":[{"id":"1"}]},"targeting_automation":{"advantage_audience":0}}""", 3858492)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"flexible_spec":[{}],"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"flexible_spec":[{"hobbies":[{"id":"1"}]}],"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"flexible_spec":[{"income":[{"id":"1"}]}],"interests":[{"id":"1"}],"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"custom_locations":[{"latitude":1,"longitude":2}]},"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"custom_locations":[{"latitude":1,"radius":5}]},"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"cities":[{"key":"1","radius":5}]},"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"publisher_platforms":["facebook"],"facebook_positions":["search"],"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"facebook_positions":["feed","story"],"device_platforms":["desktop"],"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"publisher_platforms":["threads","facebook"],"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("targeting", """{"geo_locations":{"countries":["US"]},"facebook_positions":["video_feeds"],"targeting_automation":{"advantage_audience":0}}""", null)]
    [TestCase("destination_type", "MARS", null)]
    [TestCase("destination_type", "ON_AD", 1815715)]
    [TestCase("destination_type", "MESSENGER", null, "promoted_object")]
    [TestCase("optimization_goal", "CONVERSATIONS", null, "promoted_object")]
    [TestCase("attribution_spec", """[{"event_type":"CLICK_THROUGH","window_days":28}]""", null)]
    [TestCase("attribution_spec", """[{"event_type":"CLICK_THROUGH","window_days":7}]""", null)]
    [TestCase("frequency_control_specs", """[{"event":"IMPRESSIONS","interval_days":7,"max_frequency":3}]""", null)]
    [TestCase("adset_schedule", """[{"start_minute":0,"end_minute":60,"days":[1]}]""", null)]
    public Task An_ad_set_is_refused_for(string parameter, string? value, int? subcode, string? blamed = null) =>
        AssertRefusedAsync("adsets", StubWorld.GoodAdSet(_tree.Campaign), parameter, value, subcode, blamed ?? parameter);

    [TestCase(null, null)]
    [TestCase("""{"link_data":{"link":"https://example.com"}}""", null)]
    [TestCase("""{"page_id":"77"}""", 1443048)]
    [TestCase("""{"page_id":"77","instagram_actor_id":"5","link_data":{"link":"https://example.com"}}""", null)]
    [TestCase("""{"page_id":"77","link_data":{"link":"https://example.com"},"text_data":{"message":"two"}}""", 1443048)]
    [TestCase("""{"page_id":"77","link_data":{"link":"example"}}""", null)]
    [TestCase("""{"page_id":"77","video_data":{"image_url":"https://example.com/a.jpg"}}""", null)]
    [TestCase("""{"page_id":"77","video_data":{"video_id":"META_VIDEO_demo"}}""", 1443226)]
    [TestCase("""{"page_id":"77","link_data":{"link":"https://example.com","image_hash":"00"}}""", null)]
    [TestCase("""{"page_id":"77","link_data":{"link":"https://example.com","call_to_action":{"type":"SIGN_UP","value":{"lead_gen_form_id":"1"}}}}""", null)]
    [TestCase("""{"page_id":"77","link_data":{"link":"https://fb.me/","call_to_action":{"type":"SHOP_NOW","value":{"lead_gen_form_id":"1"}}}}""", null)]
    [TestCase("""{"page_id":"77","link_data":{"link":"https://fb.com/messenger_doc/","call_to_action":{"type":"MESSAGE_PAGE"}}}""", null)]
    [TestCase("""{"page_id":"77","video_data":{"video_id":"META_VIDEO_demo","image_url":"https://example.com/a.jpg","call_to_action":{"type":"WHATSAPP_MESSAGE","value":{"app_destination":"MESSENGER"}}}}""", null)]
    public Task A_creative_is_refused_for_the_story(string? story, int? subcode) =>
        AssertRefusedAsync("adcreatives", StubWorld.GoodCreative(), "object_story_spec", story, subcode, "object_story_spec");

    private const string Shop = "{\"link\":\"https://example.com\",\"picture\":\"https://example.com/a.jpg\"}";

    [TestCase("{}", null)]
    [TestCase($"[{Shop}]", null)]
    [TestCase($"[{Shop},{Shop},{Shop},{Shop},{Shop},{Shop},{Shop},{Shop},{Shop},{Shop},{Shop}]", null)]
    [TestCase($"[{Shop},7]", null)]
    [TestCase($$"""[{{Shop}},{"picture":"https://example.com/a.jpg"}]""", null)]
    [TestCase($$"""[{{Shop}},{"link":"https://example.com"}]""", null)]
    [TestCase($$"""[{{Shop}},{"link":"https://example.com","video_id":"7"}]""", 1443226)]
    [TestCase($$"""[{{Shop}},{"link":"https://example.com","image_hash":"00"}]""", null)]
    [TestCase($$"""[{{Shop}},{"link":"https://example.com","picture":"https://example.com/a.jpg","title":"A"}]""", null)]
    [TestCase($$"""[{{Shop}},{"link":"https://example.com","picture":"https://example.com/a.jpg","call_to_action":{"type":"SHOP_NOW","value":{"link":"https://example.com/else"} } }]""", null)]
    [TestCase($$"""[{{Shop}},{"link":"https://example.com","picture":"https://example.com/a.jpg","image_crops":{"100x100":[[0,0],[100,50]]} }]""", null)]
    public Task A_carousel_is_refused_for_its_cards(string cards, int? subcode) => AssertRefusedAsync(
        "adcreatives", StubWorld.GoodCreative(), "object_story_spec", $$"""{"page_id":"77","link_data":{"link":"https://example.com","child_attachments":{{cards}} } }""", subcode, "object_story_spec");

    [TestCase("object_story_id", "77_5", 1443048, "object_story_id")]
    [TestCase("source_instagram_media_id", "5", 1443048, "source_instagram_media_id")]
    [TestCase("url_tags", "?a=1", null, "url_tags")]
    public Task A_creative_with_a_story_is_refused_for(string parameter, string value, int? subcode, string blamed) =>
        AssertRefusedAsync("adcreatives", StubWorld.GoodCreative(), parameter, value, subcode, blamed);

    [TestCase("object_story_id", "5", null, "object_story_id")]
    [TestCase("object_story_id", "shop_5", null, "object_story_id")]
    [TestCase("source_instagram_media_id", "CwX", null, "source_instagram_media_id")]
    [TestCase("source_instagram_media_id", "5", 1772103, "instagram_user_id")]
    public Task A_creative_of_a_post_is_refused_for(string parameter, string value, int? subcode, string blamed) =>
        AssertRefusedAsync("adcreatives", new() { ["name"] = "A post" }, parameter, value, subcode, blamed);

    // Each case spoils a good feed: of several texts for one image, or of pictures by placement.
    [TestCase("free", """{"colour":"blue"}""", null)]
    [TestCase("free", """{"optimization_type":"LUCK"}""", null)]
    [TestCase("free", """{"titles":[{"text":"A"},{"text":"B"},{"text":"C"},{"text":"D"},{"text":"E"},{"text":"F"}]}""", null)]
    [TestCase("free", """{"titles":[{"text":"A"}]}""", null)]
    [TestCase("free", """{"titles":[{"text":"A"},{"title":"B"}]}""", null)]
    [TestCase("free", """{"titles":[{"text":"A"},{"text":""}]}""", null)]
    [TestCase("free", """{"images":[{"adlabels":[]}]}""", null)]
    [TestCase("free", """{"images":[{"hash":"00"}]}""", null)]
    [TestCase("free", """{"asset_customization_rules":[{"customization_spec":{}}]}""", null)]
    [TestCase("free", """{"videos":[{"video_id":"7"}],"ad_formats":["SINGLE_VIDEO"]}""", 1443226)]
    [TestCase("placement", """{"ad_formats":["SINGLE_IMAGE","SINGLE_VIDEO"]}""", null)]
    [TestCase("placement", """{"link_urls":[]}""", 1885800)]
    [TestCase("placement", """{"link_urls":[{"website_url":"https://example.com"},{"website_url":"https://example.com/2"}]}""", null)]
    [TestCase("placement", """{"titles":[{"text":"A"},{"text":"B"}]}""", null)]
    [TestCase("placement", """{"asset_customization_rules":[{"customization_spec":{},"image_label":{"name":"b"}}]}""", null)]
    [TestCase("placement", """{"asset_customization_rules":[{"customization_spec":{"publisher_platforms":["facebook"],"facebook_positions":["story"]},"image_label":{"name":"a"}},{"image_label":{"name":"b"}}]}""", 1487390)]
    [TestCase("placement", """{"asset_customization_rules":[{"customization_spec":{"publisher_platforms":["facebook"],"facebook_positions":["story"]},"image_label":{"name":"c"}},{"customization_spec":{},"image_label":{"name":"b"}}]}""", 2446173)]
    [TestCase("placement", """{"asset_customization_rules":[{"customization_spec":{"publisher_platforms":["facebook"],"facebook_positions":["stories"]},"image_label":{"name":"a"}},{"customization_spec":{},"image_label":{"name":"b"}}]}""", null)]
    [TestCase("placement", """{"asset_customization_rules":[{"customization_spec":{"publisher_platforms":["facebook"]},"image_label":{"name":"a"}},{"customization_spec":{},"image_label":{"name":"b"}}]}""", null)]
    [TestCase("placement", """{"asset_customization_rules":[{"customization_spec":{"publisher_platforms":["facebook"],"facebook_positions":["story"]},"image_label":{"name":"a"}},{"customization_spec":{"publisher_platforms":["facebook"],"facebook_positions":["feed"]},"image_label":{"name":"b"}}]}""", 1885923)]
    public async Task An_asset_feed_is_refused_for(string kind, string change, int? subcode)
    {
        var creative = Creative(kind);
        Assert.That((await _world.CallAsync("POST", $"{StubWorld.Account}/adcreatives", creative)).Status, Is.EqualTo(200), "it is good before");
        await AssertRefusedAsync("adcreatives", creative, "asset_feed_spec", Orchestrations.SentCase.Merged(creative["asset_feed_spec"], change).ToJsonString(), subcode,
            change.Contains("\"00\"", StringComparison.Ordinal) ? "object_story_spec" : "asset_feed_spec");
    }

    [TestCase("free", """{"page_id":"77"}""", 2061015)]
    [TestCase("free", """{"page_id":"77","link_data":{"link":"https://example.com"}}""", null, "asset_feed_spec")]
    [TestCase("free", """{"page_id":"77","video_data":{"video_id":"7","image_url":"https://example.com/a.jpg"}}""", 1443048)]
    [TestCase("placement", """{"page_id":"77","link_data":{"link":"https://example.com"}}""", 1443048)]
    public Task An_asset_feed_is_refused_for_its_story(string kind, string story, int? subcode, string blamed = "object_story_spec") =>
        AssertRefusedAsync("adcreatives", Creative(kind), "object_story_spec", story, subcode, blamed);

    [Test]
    public async Task Assets_that_Meta_combines_need_an_ad_set_for_that()
    {
        var creative = Creative("placement");
        creative["asset_feed_spec"] = Orchestrations.SentCase.Merged(creative["asset_feed_spec"], """{"optimization_type":null,"asset_customization_rules":null}""").ToJsonString();
        var (status, body) = await _world.CallAsync("POST", $"{StubWorld.Account}/ads", StubWorld.GoodAd(_tree.AdSet, await _world.CreateAsync("adcreatives", creative)));
        Assert.That((status, (int?)body["error"]?["error_subcode"]), Is.EqualTo((400, 1885998)), body.ToJsonString());
    }

    private static Dictionary<string, string> Creative(string kind) => new()
    {
        ["name"] = "Several",
        ["object_story_spec"] = kind == "free" ? """{"page_id":"77","link_data":{"link":"https://example.com","picture":"https://example.com/a.jpg"}}""" : """{"page_id":"77"}""",
        ["asset_feed_spec"] = kind == "free"
            ? """{"optimization_type":"DEGREES_OF_FREEDOM","images":[{"url":"https://example.com/a.jpg"}],"titles":[{"text":"A"},{"text":"B"}]}"""
            : """
                {"optimization_type":"PLACEMENT","ad_formats":["SINGLE_IMAGE"],"titles":[{"text":"A"}],"link_urls":[{"website_url":"https://example.com"}],"call_to_action_types":["SHOP_NOW"],
                 "images":[{"url":"https://example.com/a.jpg","adlabels":[{"name":"a"}]},{"url":"https://example.com/b.jpg","adlabels":[{"name":"b"}]}],
                 "asset_customization_rules":[{"customization_spec":{"publisher_platforms":["facebook"],"facebook_positions":["story"]},"image_label":{"name":"a"}},{"customization_spec":{},"image_label":{"name":"b"}}]}
                """,
    };

    [TestCase("conversion_domain", "https://example.com", null)]
    [TestCase("name", null, null)]
    [TestCase("adset_id", null, null)]
    [TestCase("adset_id", "META_ADSET_000000000000", 33)]
    [TestCase("creative", null, null)]
    [TestCase("creative", """{"creative_id":"META_CREATIVE_000000000000"}""", 33)]
    [TestCase("bid_amount", "100", null)]
    public Task An_ad_is_refused_for(string parameter, string? value, int? subcode) =>
        AssertRefusedAsync("ads", StubWorld.GoodAd(_tree.AdSet, _tree.Creative), parameter, value, subcode, parameter);

    [Test]
    public async Task An_ad_is_refused_for_what_is_no_creative()
    {
        foreach (var other in (string[])[_tree.Campaign, _tree.AdSet, _tree.Ad])
            await AssertRefusedAsync("ads", StubWorld.GoodAd(_tree.AdSet, other), "creative", $$"""{"creative_id":"{{other}}"}""", 33, "creative");
    }

    [TestCase("", "", 1772103)]
    [TestCase(",\"publisher_platforms\":[\"facebook\",\"instagram\"]", "", 1772103)]
    [TestCase("", ",\"instagram_user_id\":\"5\"", null)]
    [TestCase(",\"publisher_platforms\":[\"facebook\"]", "", null)]
    public async Task An_ad_that_may_be_shown_on_Instagram_needs_an_Instagram_account(string platforms, string account, int? subcode)
    {
        var adSet = StubWorld.GoodAdSet(_tree.Campaign);
        adSet["targeting"] = $$"""{"targeting_automation":{"advantage_audience":0},"geo_locations":{"countries":["US"]}{{platforms}} }""";
        var creative = StubWorld.GoodCreative();
        creative["object_story_spec"] = $$"""{"link_data":{"link":"https://example.com"},"page_id":"77"{{account}} }""";
        var ids = new List<string>();
        foreach (var (edge, fields) in new[] { ("adsets", adSet), ("adcreatives", creative) })
            ids.Add((string)(await _world.CallAsync("POST", $"{StubWorld.Account}/{edge}", fields)).Body["id"]!);

        var (status, body) = await _world.CallAsync("POST", $"{StubWorld.Account}/ads", StubWorld.GoodAd(ids[0], ids[1]));

        Assert.That((status, (int?)body["error"]?["error_subcode"]), Is.EqualTo((subcode is null ? 200 : 400, subcode)), body.ToJsonString());
    }

    [TestCase("OUTCOME_LEADS", "LEAD_GENERATION", "WEBSITE", """{"page_id":"1"}""", 1815715, "destination_type")]
    [TestCase("OUTCOME_ENGAGEMENT", "CONVERSATIONS", null, """{"page_id":"1"}""", 1815715, "destination_type")]
    [TestCase("OUTCOME_ENGAGEMENT", "THRUPLAY", "MESSENGER", """{"page_id":"1"}""", 1815715, "destination_type")]
    [TestCase("OUTCOME_APP_PROMOTION", "APP_INSTALLS", null, """{"application_id":"1","object_store_url":"https://apps.apple.com/app/id1"}""", null, "targeting")]
    public async Task A_goal_wants_what_fits_it(string objective, string goal, string? destination, string promoted, int? subcode, string blamed)
    {
        var campaign = StubWorld.GoodCampaign();
        campaign["objective"] = objective;
        var adSet = StubWorld.GoodAdSet(await _world.CreateAsync("campaigns", campaign));
        (adSet["optimization_goal"], adSet["promoted_object"]) = (goal, promoted);
        await AssertRefusedAsync("adsets", adSet, "destination_type", destination, subcode, blamed);
    }

    [TestCase("""[{"start_minute":0,"end_minute":60,"days":[1]}]""", null)]
    [TestCase("""[{"start_minute":0,"end_minute":90,"days":[1]}]""", """["day_parting"]""")]
    [TestCase("""[{"start_minute":0,"end_minute":60,"days":[7]}]""", """["day_parting"]""")]
    public async Task Hours_are_refused_for_a_lifetime_budget(string hours, string? pacing)
    {
        var adSet = StubWorld.GoodAdSet(_tree.Campaign);
        adSet.Remove("daily_budget");
        (adSet["lifetime_budget"], adSet["end_time"]) = ("10000", "2027-01-01T00:00:00+0000");
        if (pacing is not null) adSet["pacing_type"] = pacing;
        await AssertRefusedAsync("adsets", adSet, "adset_schedule", hours, null, "adset_schedule");
    }

    [Test]
    public async Task Hours_under_a_campaigns_budget_are_refused_unless_it_is_one_for_hours()
    {
        var campaign = StubWorld.GoodCampaign();
        (campaign["lifetime_budget"], campaign["stop_time"]) = ("10000", "2027-01-01T00:00:00+0000");
        var adSet = StubWorld.GoodAdSet(await _world.CreateAsync("campaigns", campaign));
        adSet.Remove("daily_budget");
        await AssertRefusedAsync("adsets", adSet, "adset_schedule", """[{"start_minute":0,"end_minute":60,"days":[1]}]""", null, "adset_schedule");
    }

    [Test]
    public Task A_name_of_401_characters_is_refused() =>
        AssertRefusedAsync("campaigns", StubWorld.GoodCampaign(), "name", new string('x', 401), null, "name");

    private async Task AssertRefusedAsync(
        string edge, Dictionary<string, string> parameters, string parameter, string? value, int? subcode, string blamed)
    {
        parameters.Remove(parameter);
        if (value is not null)
            parameters[parameter] = value;
        var before = await _world.CountAsync();

        var (status, body) = await _world.CallAsync("POST", $"{StubWorld.Account}/{edge}", parameters);

        Assert.That(status, Is.EqualTo(400), body.ToJsonString());
        var error = body["error"]!;
        Assert.That((int?)error["code"], Is.EqualTo(100));
        Assert.That((int?)error["error_subcode"], Is.EqualTo(subcode));
        Assert.That(error["error_data"]?.ToJsonString(), Is.EqualTo(Blame(blamed)));
        Assert.That((string?)error["message"], Is.Not.Empty);
        Assert.That((string?)error["fbtrace_id"], Is.Not.Empty);
        Assert.That(await _world.CountAsync(), Is.EqualTo(before));
    }

    private static string Blame(string field) =>
        new JsonObject { ["blame_field_specs"] = new JsonArray(new JsonArray(field)) }.ToJsonString();
}
