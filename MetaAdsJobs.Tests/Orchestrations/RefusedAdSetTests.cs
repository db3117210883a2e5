using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Validation;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>Whom an ad set addresses, and how: what Meta would refuse is told by its path. What only the account can tell stands with the HTTP tests.</summary>
[TestFixture]
public sealed class RefusedAdSetTests
{
    // Of a targeting that is right without it.
    [TestCase("""{"targeting_automation":{}}""", "targeting_automation.advantage_audience")]
    [TestCase("""{"targeting_automation":{"advantage_audience":2}}""", "targeting_automation.advantage_audience")]
    [TestCase("""{"targeting_automation":{"advantage_audience":true}}""", "targeting_automation.advantage_audience")]
    [TestCase("""{"targeting_automation":{"advantage_audience":1,"individual_setting":{}}}""", "targeting_automation.individual_setting")]
    [TestCase("""{"targeting_automation":{"advantage_audience":1},"age_min":26}""", "age_min")]
    [TestCase("""{"targeting_automation":{"advantage_audience":1},"age_min":16}""", "age_min")]
    [TestCase("""{"targeting_automation":{"advantage_audience":1},"age_max":64}""", "age_max")]
    [TestCase("""{"age_range":[25,45]}""", "age_range")]
    [TestCase("""{"targeting_automation":{"advantage_audience":0},"age_range":[25,45]}""", "age_range")]
    [TestCase("""{"targeting_automation":{"advantage_audience":1},"age_range":[45,25]}""", "age_range")]
    [TestCase("""{"targeting_automation":{"advantage_audience":1},"age_range":[25]}""", "age_range")]
    [TestCase("""{"targeting_automation":{"advantage_audience":1},"age_range":[17,25]}""", "age_range[0]")]
    [TestCase("""{"targeting_relaxation_types":{"lookalike":1}}""", "targeting_relaxation_types")]

    [TestCase("""{"flexible_spec":[{}]}""", "flexible_spec[0]")]
    [TestCase("""{"flexible_spec":[{"interests":[]}]}""", "flexible_spec[0]")]
    [TestCase("""{"flexible_spec":["interests"]}""", "flexible_spec[0]")]
    [TestCase("""{"flexible_spec":[{"interests":[{"id":"1"}]},{"hobbies":[{"id":"1"}]}]}""", "flexible_spec[1].hobbies")]
    [TestCase("""{"flexible_spec":[{"behaviors":[{"id":"1"},{"name":"Travel"}]}]}""", "flexible_spec[0].behaviors[1].id")]
    [TestCase("""{"flexible_spec":[{"college_years":["2024"]}]}""", "flexible_spec[0].college_years[0]")]
    [TestCase("""{"flexible_spec":[{"interests":[{"id":"1"}]}],"interests":[{"id":"2"}],"behaviors":[{"id":"3"}]}""", "interests behaviors")]
    [TestCase("""{"exclusions":{"interests":[{"id":"1"}]}}""", "exclusions")]
    [TestCase("""{"user_os":["iOS","Windows"]}""", "user_os[1]")]
    [TestCase("""{"user_os":["ios_ver_9"]}""", "user_os[0]")]

    [TestCase("""{"geo_locations":{"custom_locations":[{"radius":5}]}}""", "geo_locations.custom_locations[0].address_string")]
    [TestCase("""{"geo_locations":{"custom_locations":[{"latitude":1,"longitude":2,"address_string":"x","radius":5}]}}""", "geo_locations.custom_locations[0].address_string")]
    [TestCase("""{"geo_locations":{"custom_locations":[{"latitude":1,"radius":5}]}}""", "geo_locations.custom_locations[0].longitude")]
    [TestCase("""{"geo_locations":{"custom_locations":[{"latitude":91,"longitude":-181,"radius":5}]}}""", "geo_locations.custom_locations[0].latitude geo_locations.custom_locations[0].longitude")]
    [TestCase("""{"geo_locations":{"custom_locations":[{"address_string":"x"}]}}""", "geo_locations.custom_locations[0].radius")]
    [TestCase("""{"geo_locations":{"custom_locations":[{"address_string":"x","radius":0.62}]}}""", "geo_locations.custom_locations[0].radius")]
    [TestCase("""{"geo_locations":{"custom_locations":[{"address_string":"x","radius":51}]}}""", "geo_locations.custom_locations[0].radius")]
    [TestCase("""{"geo_locations":{"custom_locations":[{"address_string":"x","radius":0.9,"distance_unit":"kilometer"}]}}""", "geo_locations.custom_locations[0].radius")]
    [TestCase("""{"geo_locations":{"custom_locations":[{"address_string":"x","radius":5,"distance_unit":"league"}]}}""", "geo_locations.custom_locations[0].distance_unit")]
    [TestCase("""{"geo_locations":{"custom_locations":[{"address_string":"x","radius":5,"country":"US"}]}}""", "geo_locations.custom_locations[0].country")]
    [TestCase("""{"geo_locations":{"cities":[{"key":"1","radius":9}]}}""", "geo_locations.cities[0].radius")]
    [TestCase("""{"geo_locations":{"cities":[{"key":"1","radius":51,"distance_unit":"mile"}]}}""", "geo_locations.cities[0].radius")]
    [TestCase("""{"geo_locations":{"cities":[{"key":"1","radius":16,"distance_unit":"kilometer"}]}}""", "geo_locations.cities[0].radius")]

    [TestCase("""{"facebook_positions":["story"],"instagram_positions":["stream"]}""", "facebook_positions[0]")]
    [TestCase("""{"publisher_platforms":["facebook"],"facebook_positions":["facebook_reels","story"]}""", "facebook_positions[1]")]
    [TestCase("""{"facebook_positions":["feed","story"],"device_platforms":["desktop"]}""", "facebook_positions[1]")]
    [TestCase("""{"publisher_platforms":["messenger","audience_network"],"messenger_positions":["story"]}""", "messenger_positions[0]")]
    [TestCase("""{"facebook_positions":["marketplace","search","profile_feed","notification"]}""", "facebook_positions[0] facebook_positions[1] facebook_positions[2] facebook_positions[3]")]
    [TestCase("""{"threads_positions":["threads_stream"],"instagram_positions":["story"]}""", "threads_positions[0]")]
    [TestCase("""{"publisher_platforms":["facebook","threads"]}""", "publisher_platforms[1]")]
    [TestCase("""{"messenger_positions":["sponsored_messages"]}""", "messenger_positions")]
    [TestCase("""{"publisher_platforms":["messenger"],"messenger_positions":["sponsored_messages","messenger_home"]}""", "messenger_positions")]
    [TestCase("""{"publisher_platforms":["instagram"],"device_platforms":["desktop"]}""", "device_platforms")]
    [TestCase("""{"facebook_positions":["video_feeds"],"instagram_positions":["explore"]}""", "facebook_positions[0] instagram_positions[0]")]
    public void A_wrong_targeting_is_told_by_its_path(string targeting, string paths) =>
        Assert.That(Wrong($$"""{"targeting":{{SentCase.Merged("""{"geo_locations":{"countries":["US"]}}""", targeting).ToJsonString()}}}"""), Is.EquivalentTo(paths.Split(' ').Select(path => $"targeting.{path}")));

    [TestCase("""{"age_min":18,"age_max":65,"targeting_automation":{"advantage_audience":1}}""")]
    [TestCase("""{"facebook_positions":["story"]}""", Description = "Instagram's stories are not excluded")]
    [TestCase("""{"facebook_positions":["story","feed"],"device_platforms":["mobile"]}""")]
    [TestCase("""{"publisher_platforms":["messenger"],"messenger_positions":["sponsored_messages"]}""")]
    [TestCase("""{"threads_positions":["threads_stream"]}""")]
    public void A_right_targeting_is_taken(string targeting) =>
        Assert.That(Wrong($$"""{"targeting":{{SentCase.Merged("""{"geo_locations":{"countries":["US"]}}""", targeting).ToJsonString()}}}"""), Is.Empty);

    // Of a request that is right without it; landing_url is taken away where the ad leads elsewhere.
    [TestCase("""{"destination_type":"MARS"}""", "destination_type")]
    [TestCase("""{"destination_type":7}""", "destination_type")]
    [TestCase("""{"destination_type":"MESSENGER"}""", "destination_type", Description = "sales know no clicks into a chat here")]
    [TestCase("""{"campaign_objective":"OUTCOME_AWARENESS","optimization_goal":"REACH","destination_type":"WEBSITE"}""", "destination_type")]
    [TestCase("""{"campaign_objective":"OUTCOME_ENGAGEMENT","optimization_goal":"CONVERSATIONS","landing_url":null}""", "destination_type landing_url", Description = "which chat is not known, so neither where it leads")]
    [TestCase("""{"campaign_objective":"OUTCOME_ENGAGEMENT","optimization_goal":"CONVERSATIONS","destination_type":"WEBSITE"}""", "destination_type")]
    [TestCase("""{"campaign_objective":"OUTCOME_ENGAGEMENT","optimization_goal":"CONVERSATIONS","destination_type":"MESSENGER","call_to_action":"WHATSAPP_MESSAGE"}""", "call_to_action")]
    [TestCase("""{"campaign_objective":"OUTCOME_LEADS","optimization_goal":"LEAD_GENERATION"}""", "lead_gen_form_id")]
    [TestCase("""{"campaign_objective":"OUTCOME_LEADS","optimization_goal":"QUALITY_LEAD","lead_gen_form_id":"our form"}""", "lead_gen_form_id")]
    [TestCase("""{"campaign_objective":"OUTCOME_LEADS","optimization_goal":"QUALITY_LEAD","lead_gen_form_id":"1","call_to_action":"SHOP_NOW"}""", "call_to_action")]
    [TestCase("""{"campaign_objective":"OUTCOME_LEADS","optimization_goal":"LINK_CLICKS","lead_gen_form_id":"1"}""", "lead_gen_form_id")]
    [TestCase("""{"campaign_objective":"OUTCOME_LEADS","optimization_goal":"LEAD_GENERATION","lead_gen_form_id":"1","destination_type":"WEBSITE","pixel_id":"1"}""", "destination_type pixel_id")]
    [TestCase("""{"campaign_objective":"OUTCOME_APP_PROMOTION","optimization_goal":"APP_INSTALLS"}""", "application_id object_store_url")]
    [TestCase("""{"campaign_objective":"OUTCOME_APP_PROMOTION","optimization_goal":"LINK_CLICKS"}""", "optimization_goal")]
    [TestCase("""{"campaign_objective":"OUTCOME_APP_PROMOTION","optimization_goal":"APP_INSTALLS","application_id":"1","object_store_url":"https://example.com/id1"}""", "object_store_url")]
    [TestCase("""{"campaign_objective":"OUTCOME_APP_PROMOTION","optimization_goal":"APP_INSTALLS","application_id":"1","object_store_url":"https://apps.apple.com/us/"}""", "object_store_url")]
    [TestCase("""{"application_id":"1","object_store_url":"https://apps.apple.com/app/id1"}""", "application_id object_store_url")]
    [TestCase("""{"campaign_objective":"OUTCOME_APP_PROMOTION","optimization_goal":"APP_INSTALLS","application_id":"1","object_store_url":"https://apps.apple.com/app/id1","targeting":{"user_os":["iOS_ver_15.0","Android"],"device_platforms":["desktop","mobile"]}}""",
        "targeting.user_os[1] targeting.device_platforms[0]")]
    [TestCase("""{"campaign_objective":"OUTCOME_APP_PROMOTION","optimization_goal":"APP_INSTALLS","application_id":"1","object_store_url":"https://apps.apple.com/app/id1","call_to_action":"BUY_NOW"}""", "call_to_action")]
    [TestCase("""{"attribution_spec":[{"event_type":"VIEW_THROUGH","window_days":1}]}""", "attribution_spec attribution_spec[0]")]
    [TestCase("""{"attribution_spec":[{"event_type":"CLICK_THROUGH","window_days":7}]}""", "attribution_spec[0]")]
    [TestCase("""{"optimization_goal":"CONVERSIONS","attribution_spec":[{"event_type":"CLICK_THROUGH","window_days":3},{"event_type":"VIEW_THROUGH","window_days":7}]}""",
        "attribution_spec[0].window_days attribution_spec[1].window_days")]
    [TestCase("""{"optimization_goal":"CONVERSIONS","attribution_spec":[{"event_type":"CLICK_THROUGH","window_days":7},{"event_type":"CLICK_THROUGH","window_days":1}]}""", "attribution_spec[1].event_type")]
    [TestCase("""{"optimization_goal":"CONVERSIONS","attribution_spec":[{"event_type":"SIGHT","window_days":28},{}]}""",
        "attribution_spec[0].event_type attribution_spec[0].window_days attribution_spec[1].event_type attribution_spec[1].window_days")]
    [TestCase("""{"optimization_goal":"CONVERSIONS","attribution_spec":{"event_type":"CLICK_THROUGH"}}""", "attribution_spec")]
    [TestCase("""{"frequency_control_specs":[{"event":"IMPRESSIONS","interval_days":7,"max_frequency":3}]}""", "frequency_control_specs")]
    [TestCase("""{"optimization_goal":"REACH","frequency_control_specs":[{"event":"CLICKS","interval_days":0,"max_frequency":91,"per":"ad"}]}""",
        "frequency_control_specs[0].event frequency_control_specs[0].interval_days frequency_control_specs[0].max_frequency frequency_control_specs[0].per")]
    [TestCase("""{"optimization_goal":"REACH","frequency_control_specs":[{}]}""", "frequency_control_specs[0].event frequency_control_specs[0].interval_days frequency_control_specs[0].max_frequency")]
    [TestCase("""{"optimization_goal":"REACH","frequency_control_specs":[{"event":"IMPRESSIONS","interval_days":7,"max_frequency":3},{"event":"IMPRESSIONS","interval_days":1,"max_frequency":1}]}""", "frequency_control_specs")]
    [TestCase("""{"adset_schedule":[{"start_minute":0,"end_minute":60,"days":[1]}]}""", "adset_schedule")]
    [TestCase("""{"daily_budget_cents":null,"lifetime_budget_cents":5000,"end_time":"2099-01-01T00:00:00Z","adset_schedule":[{"start_minute":30,"end_minute":90,"days":[7]},{"start_minute":120,"end_minute":60,"days":[1]}]}""",
        "adset_schedule[0].start_minute adset_schedule[0].end_minute adset_schedule[0].days[0] adset_schedule[1].end_minute")]
    [TestCase("""{"daily_budget_cents":null,"lifetime_budget_cents":5000,"end_time":"2099-01-01T00:00:00Z","adset_schedule":[{"start_minute":0,"end_minute":1500,"days":[1,1],"timezone_type":"UTC"},{"days":[]}]}""",
        "adset_schedule[0].end_minute adset_schedule[0].days adset_schedule[0].timezone_type adset_schedule[1].start_minute adset_schedule[1].end_minute adset_schedule[1].days")]
    public void A_wrong_goal_is_told_by_its_path(string change, string paths) => Assert.That(Wrong(change), Is.EquivalentTo(paths.Split(' ')));

    private static IEnumerable<string> Wrong(string change)
    {
        var errors = new FieldErrors();
        var body = SentCase.Merged(ApiClient.Request($"{Guid.NewGuid()}", $"{Guid.NewGuid()}").ToJsonString(), change);
        RequestValidation.Read(JsonSerializer.SerializeToElement<JsonNode>(body), errors, out _);
        return errors.ToDictionary().Keys;
    }
}
