using System.Globalization;
using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Targeting;

/// <summary>What Meta knows of people, asked through the API: found, refused, throttled, away.</summary>
[TestFixture, HasServiceAlone]
public sealed class TargetingQuestionTests
{
    private Service _service = null!;
    private ApiClient _admin = null!;
    private ApiClient _client = null!;
    private string _account = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _admin = _service.Client();
    }

    // Of each test its own, whose calls are counted for nobody else; and an account that no other test has had throttled.
    [SetUp]
    public async Task MakeAsync()
    {
        _client = _service.Client("manager", $"asker {Guid.NewGuid()}");
        AdAccountId = $"act_{Random.Shared.NextInt64(1_000_000_000, 9_999_999_999)}";
        _account = await _admin.AddAccountAsync(account => (account["ad_account_id"], account["pixel_id"]) = (AdAccountId, "4000000001"));
    }

    [TearDown]
    public void Forget()
    {
        _service.Graph.Faults.Clear();
        _client.Dispose();
    }

    [OneTimeTearDown]
    public void Stop() => _admin.Dispose();

    private string AdAccountId { get; set; } = "";

    [TestCase("place", "madrid", """[{"type":"city","key":"661577","name":"Madrid","detail":"Comunidad de Madrid, Spain"}]""")]
    [TestCase("interest", "running", """[{"type":"interest","key":"6003397496347","name":"Running","detail":"Sports and outdoors"}]""")]
    [TestCase("language", "german", """[{"type":"locale","key":"5","name":"German","detail":null}]""")]
    [TestCase("detailed", "travel", """
        [{"type":"interests","key":"6004160395895","name":"Travel","detail":"Interests, Travel, places and events, Travel"},
         {"type":"behaviors","key":"6002714895372","name":"Frequent travellers","detail":"Behaviors, Travel, Frequent travellers"},
         {"type":"industries","key":"6008888980183","name":"Travel and tourism","detail":"Demographics, Work, Industries, Travel and tourism"}]
        """)]
    [TestCase("Detailed", "newlywed", """[{"type":"life_events","key":"6002714398172","name":"Newlywed (1 year)","detail":"Demographics, Life events, Newlywed (1 year)"}]""")]
    public async Task Metas_lists_are_searched(string kind, string text, string found)
    {
        var answer = await _client.GetAsync($"/meta/targeting?social_account_id={_account}&kind={kind}&q={text}");
        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        Assert.That(JsonNode.DeepEquals(answer.Json, JsonNode.Parse($$"""{"items":{{found}},"next_cursor":null}""")), Is.True, answer.Text);
    }

    [Test]
    public async Task Custom_audiences_are_listed_page_by_page_with_what_keeps_them_from_use()
    {
        var (audiences, cursor, pages) = (new List<JsonNode>(), "", 0);
        do
        {
            var page = await _client.GetAsync($"/meta/accounts/{_account}/audiences?limit=2{cursor}");
            Assert.That(page.Code, Is.EqualTo(200), page.Text);
            audiences.AddRange(page.Json["items"]!.AsArray().Select(item => item!.DeepClone()));
            cursor = (string?)page.Json["next_cursor"] is { } next ? $"&cursor={Uri.EscapeDataString(next)}" : "";
            pages++;
        }
        while (cursor.Length > 0);

        Assert.That(pages, Is.EqualTo(3));
        Assert.That(audiences.Select(audience => (string?)audience["name"]), Is.EqualTo(["Customers", "Website visitors, 30 days", "Lookalike (US, 1%) - Customers", "Newsletter", "Opened the form"]));
        Assert.That(JsonNode.DeepEquals(audiences[0], JsonNode.Parse("""
            {"id":"23850000000010001","name":"Customers","subtype":"CUSTOM","people_min":12000,"people_max":14000,"not_usable":null}
            """)), Is.True, audiences[0].ToJsonString());
        Assert.That(((long?)audiences[3]["people_min"], (string?)audiences[3]["not_usable"]), Is.EqualTo(((long?)null, "The audience is too small to be used: it needs at least 100 people.")));
        var asked = _service.Graph.Calls.Last(call => call.Path == $"{AdAccountId}/customaudiences");
        Assert.That((asked["limit"], asked["fields"]), Is.EqualTo(("2", "id,name,subtype,approximate_count_lower_bound,approximate_count_upper_bound,delivery_status,operation_status")));
    }

    [Test]
    public async Task A_saved_audience_comes_with_a_targeting_that_a_request_takes_and_the_rest_by_name()
    {
        var answer = await _client.GetAsync($"/meta/accounts/{_account}/audiences?kind=saved");
        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        var saved = answer.Json["items"]!.AsArray();
        Assert.That(saved.Select(audience => string.Join(' ', audience!["left_out"]!.AsArray().Select(name => (string)name!))), Is.EqualTo(["", "targeting_optimization brand_safety_content_filter_levels"]));
        Assert.That(JsonNode.DeepEquals(saved[1]!["targeting"], JsonNode.Parse("""
            {"age_min":18,"age_max":65,"geo_locations":{"custom_locations":[{"latitude":40.4168,"longitude":-3.7038,"radius":5,"distance_unit":"kilometer"}]}}
            """)), Is.True, answer.Text);
        foreach (var audience in saved)
        {
            var request = await _admin.NewRequestAsync();
            request["targeting"] = audience!["targeting"]!.DeepClone();
            await _admin.AcceptAsync(request);
        }
    }

    [Test]
    public async Task Reach_is_estimated_for_a_targeting_alone()
    {
        var answer = await ReachAsync($$"""{"social_account_id":"{{_account}}","targeting":{"age_min":30,"age_max":41,"genders":[2]} }""");
        Assert.That(JsonNode.DeepEquals(answer.Json, JsonNode.Parse("""{"estimates":[{"path":"targeting","ready":true,"people_min":2500000,"people_max":3000000}]}""")), Is.True, answer.Text);
        AssertAsked(("""
            {"age_min":30,"age_max":41,"genders":[2],"geo_locations":{"countries":["US"]},"publisher_platforms":["facebook"],"targeting_automation":{"advantage_audience":0}}
            """, "REACH", null));
    }

    [Test]
    public async Task Reach_is_estimated_for_each_ad_set_of_a_request_as_it_would_be_made_and_asked_once_for_the_same()
    {
        var request = SentCase.Merged(ApiClient.Request(_account, $"{Guid.NewGuid()}").ToJsonString(), """
            {"optimization_goal":"CONVERSIONS","conversion_event":"LEAD","daily_budget_cents":"wrong, and not looked at","ad_sets":[
              {"ads":[{}]},
              {"targeting":{"geo_locations":{"countries":["CA","MX"]},"targeting_automation":{"advantage_audience":1}},"ads":[{},{}]},
              {"name":"The first again","ads":[{"creative_title":"Another"}]},
              {"optimization_goal":"LINK_CLICKS","ads":[{}]}]}
            """);

        var answer = await ReachAsync(request.ToJsonString());

        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        Assert.That(answer.Json["estimates"]!.AsArray().Select(one => ((string?)one!["path"], (long?)one["people_min"])), Is.EqualTo(
            [("ad_sets[0]", 20_000_000L), ("ad_sets[1]", 40_000_000L), ("ad_sets[2]", 20_000_000L), ("ad_sets[3]", 20_000_000L)]));
        const string Usual = """
            {"age_min":18,"age_max":65,"genders":[1,2],"geo_locations":{"countries":["US"]},"publisher_platforms":["facebook"],"targeting_automation":{"advantage_audience":0}}
            """;
        const string Pixel = """{"pixel_id":"4000000001","custom_event_type":"LEAD"}""";
        AssertAsked((Usual, "OFFSITE_CONVERSIONS", Pixel),
            ("""{"geo_locations":{"countries":["CA","MX"]},"targeting_automation":{"advantage_audience":1},"publisher_platforms":["facebook"]}""", "OFFSITE_CONVERSIONS", Pixel), (Usual, "LINK_CLICKS", null));
    }

    [Test]
    public async Task An_app_is_estimated_for_its_system()
    {
        var answer = await ReachAsync($$"""
            {"social_account_id":"{{_account}}","campaign_objective":"OUTCOME_APP_PROMOTION","optimization_goal":"APP_INSTALLS","application_id":"6","object_store_url":"https://apps.apple.com/app/id7"}
            """);
        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        AssertAsked(("""
            {"geo_locations":{"countries":["US"]},"publisher_platforms":["facebook"],"user_os":["iOS"],"device_platforms":["mobile"],"targeting_automation":{"advantage_audience":0}}
            """, "APP_INSTALLS", """{"application_id":"6","object_store_url":"https://apps.apple.com/app/id7"}"""));
    }

    [TestCase("GET", "/meta/targeting", "social_account_id kind")]
    [TestCase("GET", "/meta/targeting?social_account_id=x&kind=planet&q=a", "social_account_id kind")]
    [TestCase("GET", "/meta/targeting?social_account_id=[account]&kind=place", "q")]
    [TestCase("GET", "/meta/targeting?social_account_id=[account]&kind=place&q=[long]", "q")]
    [TestCase("GET", "/meta/accounts/[account]/audiences?kind=lost&limit=0", "kind limit")]
    [TestCase("GET", "/meta/accounts/[account]/audiences?cursor=nowhere", "cursor", Description = "which Meta says")]
    [TestCase("POST", "{}", "social_account_id")]
    [TestCase("POST", "[]", "$")]
    [TestCase("POST", """{"social_account_id":"[account]","targeting":{"age_min":3,"flexible_spec":[{}]}}""", "targeting.age_min targeting.flexible_spec[0]")]
    [TestCase("POST", """{"social_account_id":"[account]","optimization_goal":"LINK_CLICKS"}""", "campaign_objective")]
    [TestCase("POST", """{"social_account_id":"[account]","campaign_objective":"OUTCOME_SALES","optimization_goal":"PAGE_LIKES"}""", "optimization_goal")]
    [TestCase("POST", """{"social_account_id":"[account]","targeting":{"publisher_platforms":["facebook","instagram"]}}""", "targeting.publisher_platforms[1]")]
    [TestCase("POST", """{"social_account_id":"[account]","ad_sets":[{"ads":[{}]},{"targeting":{"age_max":3},"ads":[{}]}]}""", "ad_sets[1].targeting.age_max")]
    [TestCase("POST", """{"social_account_id":"[account]","targeting":{"zips":1,"geo_locations":{"zips":[[zips]]}}}""", "targeting.zips")]
    [TestCase("POST", """{"social_account_id":"[account]","targeting":{"geo_locations":{"zips":[[zips]]}}}""", "targeting", Description = "too long for a URL")]
    public async Task A_wrong_question_is_refused_by_its_path(string method, string what, string paths)
    {
        var asked = what.Replace("[account]", _account, StringComparison.Ordinal).Replace("[long]", new('x', 101), StringComparison.Ordinal)
            .Replace("[zips]", string.Join(',', Enumerable.Range(10000, 400).Select(zip => $$"""{"key":"US:{{zip}}"}""")), StringComparison.Ordinal);
        await _service.RefusesFieldsAsync(() => method == "GET" ? _client.GetAsync(asked) : ReachAsync(asked), paths.Split(' '));
    }

    [Test]
    public async Task What_Meta_refuses_to_estimate_is_told_at_the_ad_sets_targeting()
    {
        _service.Graph.Faults.Always(call => call.Path == $"{AdAccountId}/delivery_estimate" && call["targeting_spec"]!.Contains("CA", StringComparison.Ordinal), GraphFaults.Refused(100, 1487756, "Conflicting places", "Mend it."));
        var answer = await _service.RefusesAsync(422, () => ReachAsync($$"""
            {"social_account_id":"{{_account}}","ad_sets":[{"ads":[{}]},{"targeting":{"geo_locations":{"countries":["CA"]} },"ads":[{}]}]}
            """));
        Assert.That(answer.WrongFields, Is.EqualTo(["ad_sets[1].targeting"]));
        Assert.That((string?)answer.Json["errors"]!["ad_sets[1].targeting"]![0], Does.StartWith("Conflicting places: Mend it."));
    }

    /// <summary>How many go on a page is the caller's to say: whoever asks for fewer has his answer.</summary>
    [Test]
    public async Task A_page_of_audiences_that_is_too_large_is_refused_by_its_limit_and_not_asked_for_again([Values("custom", "saved")] string kind, [Values("too large for Meta", "too large for us")] string how)
    {
        const string TooLarge = "Please reduce the amount of data you're asking for, then retry your request";
        _service.Graph.Faults.Always(call => call.Path.StartsWith($"{AdAccountId}/", StringComparison.Ordinal) && call["limit"] == "200",
            how == "too large for us" ? GraphFaults.TwentyMegabytes : GraphFaults.Says($$"""{"error":{"code":1,"message":"{{TooLarge}}","type":"OAuthException"} }"""));

        var answer = await _service.RefusesAsync(422, () => _client.GetAsync($"/meta/accounts/{_account}/audiences?kind={kind}&limit=200"));

        Assert.That(answer.WrongFields, Is.EqualTo(["limit"]));
        Assert.That((string?)answer.Json["errors"]!["limit"]![0], Does.StartWith(how == "too large for us" ? "Meta's answer is larger than 16 MB" : TooLarge));
        Assert.That(_service.Graph.Calls.Count(call => call.Path.StartsWith($"{AdAccountId}/", StringComparison.Ordinal)), Is.EqualTo(1), "asked once");
        Assert.That((await _client.GetAsync($"/meta/accounts/{_account}/audiences?kind={kind}&limit=100")).Code, Is.EqualTo(200));
    }

    [Test]
    public async Task An_unknown_account_is_not_found()
    {
        var questions = Questions($"{Guid.NewGuid()}").ToList();
        foreach (var ask in questions.SkipLast(1)) await _service.RefusesAsync(404, ask);
        await _service.RefusesFieldsAsync(questions[^1], "social_account_id");
    }

    [Test]
    public async Task An_account_that_Meta_throttles_is_told_when_to_come_back_and_audiences_are_counted_apart()
    {
        _service.Graph.Faults.Add(call => call.Path == $"{AdAccountId}/customaudiences", GraphFaults.ThrottledFor(TimeSpan.FromMinutes(20)));
        var questions = Questions(_account).ToList();
        for (var time = 0; time < 2; time++) AssertThrottled(await _service.RefusesAsync(429, questions[1]));
        Assert.That(_service.Graph.Calls.Count(call => call.Path == $"{AdAccountId}/customaudiences"), Is.EqualTo(1), "the second was not sent");
        Assert.That((await questions[0]()).Code, Is.EqualTo(200), "the account's ads have a limit of their own");

        _service.Graph.Faults.Add(call => call.Path == $"{AdAccountId}/delivery_estimate", GraphFaults.ThrottledFor(TimeSpan.FromMinutes(20)));
        AssertThrottled(await _service.RefusesAsync(429, questions[2]));
        AssertThrottled(await _service.RefusesAsync(429, questions[0]));
    }

    [Test]
    public async Task When_Meta_is_away_the_caller_is_told_to_come_back()
    {
        _service.Graph.Faults.Always(_ => true, GraphFaults.DropBeforeActing);
        // One of them: each is asked four times before it is given up.
        Assert.That((await _service.RefusesAsync(503, Questions(_account).Last())).Header("Retry-After"), Is.EqualTo("5"));
    }

    [Test]
    public async Task What_the_token_may_not_do_is_told_in_Metas_words()
    {
        var account = await _admin.AddAccountAsync(account => account["access_token"] = $"FORBIDDEN{Guid.NewGuid():N}");
        foreach (var ask in Questions(account))
            Assert.That((string?)(await _service.RefusesAsync(409, ask)).Json["detail"], Does.Contain("has NOT granted ads_management"));
    }

    [Test]
    public async Task A_caller_asks_Meta_few_questions_at_once_and_calls_all_else_as_before()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => _client.GetAsync($"/meta/targeting?social_account_id={_account}&kind=place&q=madrid")));
        Assert.That(answers.Count(answer => answer.Code == 200), Is.GreaterThanOrEqualTo(10));
        var refused = answers.First(answer => answer.Code != 200);
        refused.AssertProblem(429);
        Assert.That(refused.Header("Retry-After"), Is.EqualTo("1"));
        Assert.That((await _client.GetAsync("/meta/accounts?limit=1")).Code, Is.EqualTo(200));
    }

    private IEnumerable<Func<Task<ApiAnswer>>> Questions(string account) =>
    [
        () => _client.GetAsync($"/meta/targeting?social_account_id={account}&kind=interest&q=running"),
        () => _client.GetAsync($"/meta/accounts/{account}/audiences"),
        () => ReachAsync($$"""{"social_account_id":"{{account}}"}"""),
    ];

    private Task<ApiAnswer> ReachAsync(string body) => _client.SendAsync(HttpMethod.Post, "/meta/targeting/reach", body);

    private void AssertAsked(params (string Targeting, string Goal, string? Promoted)[] expected)
    {
        var asked = _service.Graph.Calls.Where(call => call.Path == $"{AdAccountId}/delivery_estimate").ToList();
        Assert.That(asked.Select(call => call.Method), Is.EqualTo(expected.Select(_ => "GET")));
        foreach (var (targeting, goal, promoted) in expected)
        {
            Assert.That(asked.RemoveAll(call => JsonNode.DeepEquals(JsonNode.Parse(call["targeting_spec"]!), JsonNode.Parse(targeting)) && call["optimization_goal"] == goal
                && JsonNode.DeepEquals(call["promoted_object"] is { } json ? JsonNode.Parse(json) : null, promoted is null ? null : JsonNode.Parse(promoted))
                && call["fields"] == "estimate_ready,estimate_mau_lower_bound,estimate_mau_upper_bound"), Is.EqualTo(1), $"{goal} {targeting} among {string.Join('\n', asked.SelectMany(call => call.Parameters))}");
        }
    }

    private static void AssertThrottled(ApiAnswer answer) => Assert.That(int.Parse(answer.Header("Retry-After")!, CultureInfo.InvariantCulture), Is.InRange(1100, 1200), answer.Text);
}
