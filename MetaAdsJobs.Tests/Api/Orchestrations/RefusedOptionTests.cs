using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Orchestrations;

/// <summary>The options of an ad that most requests leave out, and words that Meta has retired: refused by their path, nothing written.</summary>
[TestFixture, HasServiceAlone]
public sealed class RefusedOptionTests
{
    private const string Soon = "2099-06-01T00:00:00Z";
    private Service _service = null!;
    private ApiClient _client = null!;
    private JsonObject _request = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _client = _service.Client();
        _request = await _client.NewRequestAsync();
    }

    [OneTimeTearDown]
    public void Stop() => _client.Dispose();

    [TestCaseSource(nameof(Wrong))]
    public Task A_wrong_option_is_refused_by_its_path(string change, string path) => _service.RefusesFieldsAsync(() => PostAsync(change), path.Split(' '));

    // The change is merged into a request that is right in every field; null takes a field away.
    public static IEnumerable<TestCaseData> Wrong()
    {
        (string Change, string Path)[] cases =
        [
            // Words that Meta has retired, or that it never takes from a request of this kind.
            ("""{"campaign_objective":"BRAND_AWARENESS"}""", "campaign_objective"),
            ("""{"campaign_objective":"VIDEO_VIEWS"}""", "campaign_objective"),
            ("""{"campaign_objective":"PRODUCT_CATALOG_SALES"}""", "campaign_objective"),
            ("""{"optimization_goal":"NONE"}""", "optimization_goal"),
            ("""{"optimization_goal":"TWO_SECOND_CONTINUOUS_VIDEO_VIEWS"}""", "optimization_goal"),
            ("""{"optimization_goal":"ENGAGED_USERS"}""", "optimization_goal"),
            ("""{"special_ad_categories":["NONE"]}""", "special_ad_categories[0]"),
            ("""{"instagram_actor_id":"1"}""", "instagram_actor_id"),
            ("""{"standard_enhancements":true}""", "standard_enhancements"),
            ("""{"degrees_of_freedom_spec":{}}""", "degrees_of_freedom_spec"),
            ("""{"smart_promotion_type":"GUIDED_CREATION"}""", "smart_promotion_type"),
            ("""{"targeting":{"targeting_optimization":"expansion_all"}}""", "targeting.targeting_optimization"),
            ("""{"targeting":{"device_platforms":["mobile","fridge"]}}""", "targeting.device_platforms[1]"),

            // Where it may be shown: platforms that can stand alone, words of Meta's, positions of platforms that are chosen.
            ("""{"targeting":{"publisher_platforms":["audience_network"]}}""", "targeting.publisher_platforms"),
            ("""{"targeting":{"publisher_platforms":["facebook","faceboook"]}}""", "targeting.publisher_platforms[1]"),
            ("""{"targeting":{"publisher_platforms":["facebook"],"facebook_positions":["feed","feeds"]}}""", "targeting.facebook_positions[1]"),
            ("""{"targeting":{"publisher_platforms":["facebook","audience_network"],"audience_network_positions":["classic","klassic"]}}""", "targeting.audience_network_positions[1]"),
            ("""{"targeting":{"publisher_platforms":["facebook","messenger"],"messenger_positions":["inbox"]}}""", "targeting.messenger_positions[0]"),
            ("""{"targeting":{"publisher_platforms":["facebook"],"audience_network_positions":["classic"],"messenger_positions":["story"]}}""",
                "targeting.audience_network_positions targeting.messenger_positions"),
            // The account has no Instagram account.
            ("""{"targeting":{"publisher_platforms":["facebook","instagram"]}}""", "targeting.publisher_platforms[1]"),
            ("""{"targeting":{"instagram_positions":["stream"]}}""", "targeting.instagram_positions"),

            ("""{"targeting":{"publisher_platforms":["facebook","threads","instagram"]}}""", "targeting.publisher_platforms[1] targeting.publisher_platforms[2]"),
            ("""{"campaign_objective":"OUTCOME_ENGAGEMENT","optimization_goal":"CONVERSATIONS","destination_type":"INSTAGRAM_DIRECT"}""", "destination_type"),

            ("""{"special_ad_categories":"HOUSING"}""", "special_ad_categories"),
            ("""{"special_ad_categories":["HOUSING","housing"]}""", "special_ad_categories[1]"),
            ("""{"special_ad_categories":["HOUSING"],"special_ad_category_countries":["US","UK"]}""", "special_ad_category_countries[1]"),
            ("""{"special_ad_category_countries":["US"]}""", "special_ad_category_countries"),
            ("""{"special_ad_categories":["HOUSING"],"targeting":{"geo_locations":{"regions":[{"key":"3847"}]}}}""", "special_ad_category_countries"),
            ("""{"special_ad_categories":["HOUSING"],"targeting":{"geo_locations":{"cities":[{"key":"2418779"}],"zips":[{"key":"US:94304"}]}}}""", "special_ad_category_countries"),

            ("""{"pixel_id":"1"}""", "pixel_id"),
            ("""{"conversion_event":"LEAD"}""", "conversion_event"),
            ("""{"optimization_goal":"CONVERSIONS","pixel_id":"my pixel"}""", "pixel_id"),
            ("""{"optimization_goal":"CONVERSIONS","pixel_id":7}""", "pixel_id"),
            ("""{"optimization_goal":"CONVERSIONS","pixel_id":"7","conversion_event":"Purchase"}""", "conversion_event"),
            ("""{"optimization_goal":"CONVERSIONS","pixel_id":"7","conversion_event":"OTHER"}""", "conversion_event"),
            ("""{"optimization_goal":"CONVERSIONS","pixel_id":"7","conversion_event":"MESSAGING_CONVERSATION_STARTED_7D"}""", "conversion_event"),
            ("""{"optimization_goal":"CONVERSIONS","conversion_event":"LEAD"}""", "optimization_goal"),

            ("""{"call_to_action":"Shop now"}""", "call_to_action"),
            ("""{"call_to_action":"WHATSAPP_MESSAGE"}""", "call_to_action"),
            ("""{"call_to_action":"INSTALL_MOBILE_APP"}""", "call_to_action"),
            ("""{"call_to_action":"CALL_NOW"}""", "call_to_action"),

            ("""{"bid_strategy":"TARGET_COST"}""", "bid_strategy"),
            ("""{"bid_strategy":"COST_CAP"}""", "bid_amount_cents"),
            ("""{"bid_strategy":"LOWEST_COST_WITH_BID_CAP"}""", "bid_amount_cents"),
            ("""{"bid_strategy":"COST_CAP","bid_amount_cents":0}""", "bid_amount_cents"),
            ("""{"bid_strategy":"COST_CAP","bid_amount_cents":1.5}""", "bid_amount_cents"),
            ("""{"bid_amount_cents":500}""", "bid_amount_cents"),
            ("""{"bid_strategy":"LOWEST_COST_WITHOUT_CAP","bid_amount_cents":500}""", "bid_amount_cents"),
            ("""{"roas_average_floor":1.5}""", "roas_average_floor"),
            ("""{"bid_strategy":"COST_CAP","bid_amount_cents":500,"roas_average_floor":1.5}""", "roas_average_floor"),
            ("""{"bid_strategy":"LOWEST_COST_WITH_MIN_ROAS","roas_average_floor":1.5}""", "bid_strategy"),
            ("""{"bid_strategy":"LOWEST_COST_WITH_MIN_ROAS","optimization_goal":"VALUE","pixel_id":"7"}""", "roas_average_floor"),
            ("""{"bid_strategy":"LOWEST_COST_WITH_MIN_ROAS","optimization_goal":"VALUE","pixel_id":"7","roas_average_floor":"1.5"}""", "roas_average_floor"),
            ("""{"bid_strategy":"LOWEST_COST_WITH_MIN_ROAS","optimization_goal":"VALUE","pixel_id":"7","roas_average_floor":0.001}""", "roas_average_floor"),
            ("""{"bid_strategy":"LOWEST_COST_WITH_MIN_ROAS","optimization_goal":"VALUE","pixel_id":"7","roas_average_floor":1.00001}""", "roas_average_floor"),

            ("""{"daily_budget_cents":null}""", "daily_budget_cents"),
            ($$"""{"lifetime_budget_cents":100000,"end_time":"{{Soon}}"}""", "lifetime_budget_cents"),
            ("""{"daily_budget_cents":null,"lifetime_budget_cents":100000}""", "end_time"),
            ($$"""{"daily_budget_cents":null,"lifetime_budget_cents":0,"end_time":"{{Soon}}"}""", "lifetime_budget_cents"),
            ("""{"end_time":"2020-01-01T00:00:00Z"}""", "end_time"),
            ("""{"end_time":"2099-06-01T00:00:00"}""", "end_time"),
            ("""{"end_time":"2099-06-01"}""", "end_time"),
            ("""{"end_time":"2099-02-30T00:00:00Z"}""", "end_time"),
            ("""{"end_time":4083955200}""", "end_time"),
            ("""{"start_time":"2098-01-01T00:00:00Z"}""", "start_time"),
            ("""{"start_time":"1999-01-01T00:00:00+02:00"}""", "start_time"),
            ("""{"start_time":"tomorrow"}""", "start_time"),

            ("""{"dsa_beneficiary":""}""", "dsa_beneficiary"),
            ("""{"dsa_payor":["Us"]}""", "dsa_payor"),
            ("""{"validate_only":"yes"}""", "validate_only"),

            // All at once.
            ("""{"special_ad_categories":["GOSSIP"],"call_to_action":"X","bid_strategy":"X","start_time":"X","conversion_event":"LEAD","dsa_payor":7,"daily_budget_cents":null}""",
                "special_ad_categories[0] call_to_action bid_strategy start_time conversion_event dsa_payor daily_budget_cents"),
        ];
        foreach (var (change, path) in cases) yield return new TestCaseData(change, path).SetArgDisplayNames(change.Length > 150 ? change[..150] : change);
    }

    [Test]
    public async Task A_page_without_an_Instagram_account_is_told_what_to_do()
    {
        var answer = await _service.RefusesAsync(422, () => PostAsync("""{"targeting":{"publisher_platforms":["instagram"]}}"""));
        Assert.That((string?)answer.Json["errors"]!["targeting.publisher_platforms[0]"]![0], Does.Contain("instagram_user_id: give it one, or leave Instagram out"));
    }

    [Test]
    public async Task An_end_before_the_start_is_refused()
    {
        var start = DateTimeOffset.Parse("2000-01-01T00:00:00Z", null).AddYears(TimeProvider.System.GetUtcNow().Year - 1999);
        await _service.RefusesFieldsAsync(() => PostAsync($$"""{"start_time":"{{start:O}}","end_time":"{{start.AddMinutes(-1):O}}"}"""), "end_time");
    }

    [Test]
    public async Task A_bid_and_a_lifetime_budget_that_the_currency_cannot_hold_are_refused()
    {
        var account = await _client.AddAccountAsync(account => account["currency"] = "JPY");
        await _service.RefusesFieldsAsync(() => PostAsync($$"""
            {"social_account_id":"{{account}}","daily_budget_cents":null,"lifetime_budget_cents":100050,"end_time":"{{Soon}}","bid_strategy":"COST_CAP","bid_amount_cents":50}
            """), "lifetime_budget_cents", "bid_amount_cents");
    }

    [Test]
    public async Task A_lifetime_budget_is_held_against_Metas_minimum_day_by_day()
    {
        var account = await _client.AddAccountAsync();
        await using (var know = _service.Database.DataSource.CreateCommand($"UPDATE social_accounts SET min_daily_budget = 100 WHERE id = '{account}'"))
            await know.ExecuteNonQueryAsync();
        var end = TimeProvider.System.GetUtcNow().AddDays(10).AddMinutes(-5).ToString("O");

        await _service.RefusesFieldsAsync(() => PostAsync($$"""{"social_account_id":"{{account}}","daily_budget_cents":null,"lifetime_budget_cents":999,"end_time":"{{end}}"}"""), "lifetime_budget_cents");

        Assert.That((await PostAsync($$"""{"social_account_id":"{{account}}","daily_budget_cents":null,"lifetime_budget_cents":1000,"end_time":"{{end}}"}""")).Code, Is.EqualTo(202));
    }

    [TestCase("JPY", 422)]
    [TestCase("USD", 202)]
    public async Task An_account_known_to_bill_in_another_currency_accepts_nothing(string atMeta, int code)
    {
        var account = await _client.AddAccountAsync();
        await using (var know = _service.Database.DataSource.CreateCommand($"UPDATE social_accounts SET meta_currency = '{atMeta}' WHERE id = '{account}'"))
            await know.ExecuteNonQueryAsync();

        var answer = await PostAsync($$"""{"social_account_id":"{{account}}"}""");

        Assert.That(answer.Code, Is.EqualTo(code), answer.Text);
        if (code == 422) Assert.That(answer.WrongFields, Is.EqualTo(["social_account_id"]));
    }

    [Test]
    public async Task A_lifetime_budget_is_held_against_the_cap_day_by_day()
    {
        var account = await _client.AddAccountAsync(account => account["campaign_cap_cents"] = 5000);
        var end = TimeProvider.System.GetUtcNow().AddDays(10).AddMinutes(-5).ToString("O");
        await _service.RefusesFieldsAsync(() => PostAsync($$"""{"social_account_id":"{{account}}","daily_budget_cents":null,"lifetime_budget_cents":50001,"end_time":"{{end}}"}"""), "lifetime_budget_cents");
        Assert.That((await PostAsync($$"""{"social_account_id":"{{account}}","daily_budget_cents":null,"lifetime_budget_cents":50000,"end_time":"{{end}}"}""")).Code, Is.EqualTo(202));
    }

    [TestCase("""{"special_ad_categories":[]}""")]
    [TestCase("""{"special_ad_categories":["HOUSING"],"special_ad_category_countries":["US"],"targeting":{"geo_locations":{"regions":[{"key":"3847"}]}}}""")]
    [TestCase("""{"start_time":null,"bid_strategy":null,"validate_only":null,"special_ad_categories":null}""")]
    [TestCase("""{"bid_strategy":"LOWEST_COST_WITHOUT_CAP"}""")]
    public async Task What_is_right_is_accepted(string change) => Assert.That((await PostAsync(change)).Code, Is.EqualTo(202));

    [Test]
    public async Task A_replay_does_not_depend_on_the_time_of_day()
    {
        var request = Changed($$"""{"end_time":"{{TimeProvider.System.GetUtcNow().AddSeconds(5):O}}"}""");
        var key = $"{Guid.NewGuid()}";
        var id = await _client.AcceptAsync(request, ("Idempotency-Key", key));

        await Eventually.TrueAsync(async () => (await _client.PostAsync("/meta/orchestrate/run", request)).Code == 422, () => "its end has not passed");

        Assert.That(await _client.AcceptAsync(request, ("Idempotency-Key", key)), Is.EqualTo(id));
    }

    private JsonObject Changed(string change)
    {
        var request = _request.DeepClone().AsObject();
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject()) request[name] = value?.DeepClone();
        return request;
    }

    private Task<ApiAnswer> PostAsync(string change) => _client.PostAsync("/meta/orchestrate/run", Changed(change));
}
