using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Orchestrations;

/// <summary>What Meta would refuse, or would take for something else than was meant, is refused before anything is written.</summary>
[TestFixture, HasServiceAlone]
public sealed class RefusedFieldTests
{
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

    [Test]
    public Task An_empty_object_is_told_every_required_field_at_once() => _service.RefusesFieldsAsync(
        () => PostAsync([]),
        "social_account_id", "clip_id", "campaign_name", "campaign_objective", "optimization_goal", "daily_budget_cents", "creative_title", "landing_url");

    [Test]
    public async Task Everything_that_is_wrong_is_told_at_once()
    {
        var account = await _client.AddAccountAsync(account => (account["currency"], account["default_countries"]) = ("JPY", new JsonArray()));
        var request = Changed(request =>
        {
            request["social_account_id"] = account;
            request["daily_budget_cents"] = 10050;
            request["landing_url"] = "javascript:alert(1)";
            request["campaign_name"] = " ";
            request["optimization_goal"] = "VALUE";
            request["colour"] = "red";
            request["targeting"]!["genders"] = new JsonArray(3);
            request["targeting"]!["shoe_size"] = 44;
        });
        await _service.RefusesFieldsAsync(() => PostAsync(request),
            "daily_budget_cents", "landing_url", "campaign_name", "optimization_goal", "colour", "targeting.genders[0]", "targeting.shoe_size", "targeting.geo_locations");
    }

    [TestCaseSource(nameof(WrongFields))]
    public Task A_wrong_field_is_refused_by_its_path(Action<JsonObject> change, string path) => _service.RefusesFieldsAsync(() => PostAsync(Changed(change)), path);

    public static IEnumerable<TestCaseData> WrongFields()
    {
        yield return Field("social_account_id", "not a UUID");
        yield return Field("social_account_id", 17);
        yield return Field("clip_id", "{0196b1d2-7f3a-7c55-9d6e-2f1b8a4c3e10}");
        yield return Field("colour", "red");
        yield return Field("Campaign_Name", "capitals");
        yield return Field("campaign_objective", "CONVERSIONS");
        yield return Field("campaign_objective", "LINK_CLICKS");
        yield return Field("campaign_objective", "outcome_sales");
        yield return Field("optimization_goal", "POST_ENGAGEMENT");
        yield return Field("optimization_goal", "CONVERSIONS");
        yield return Field("optimization_goal", "VALUE");
        yield return Field("landing_url", "javascript:alert(1)");
        yield return Field("landing_url", "ftp://example.com/sale");
        yield return Field("landing_url", "/sale");
        yield return Field("landing_url", "https://");
        yield return Field("landing_url", "https://user:word@example.com/sale");
        yield return Field("landing_url", "https://example.com/a sale");
        yield return Field("landing_url", "https://example.com\\sale");
        yield return Field("landing_url", "https://\uFFFDexample.com/sale");
        yield return Field("landing_url", "https://example.com/" + new string('x', 2000));
        yield return Field("daily_budget_cents", 0);
        yield return Field("daily_budget_cents", -10000);
        yield return Field("daily_budget_cents", 100.5);
        yield return Field("daily_budget_cents", 1e30);
        yield return Field("daily_budget_cents", "10000");
        yield return Field("daily_budget_cents", 100_000_001);
        yield return Field("campaign_name", null);
        yield return Field("campaign_name", " \t");
        yield return Field("campaign_name", "Sum\0mer");
        yield return Field("campaign_name", "two\nlines");
        yield return Field("campaign_name", new string('n', 201));
        yield return Field("campaign_name", new string('n', 1024 * 1024));
        yield return Field("campaign_name", new JsonArray("Summer"));
        yield return Field("creative_description", "a\0b");
        yield return Field("auto_publish", "yes");
        yield return Field("targeting", new JsonArray());
        yield return Targeting("age_min", 70);
        yield return Targeting("age_min", 12);
        yield return Targeting("age_min", 18.5);
        yield return Targeting("age_max", 66);
        yield return Targeting("genders", new JsonArray(3), "targeting.genders[0]");
        yield return Targeting("genders", new JsonArray(1, "2"), "targeting.genders[1]");
        yield return Targeting("genders", 1);
        yield return Targeting("shoe_size", 44);
        yield return Targeting("geo_locations", new JsonObject(), "targeting.geo_locations.countries");
        yield return Targeting("geo_locations", new JsonObject { ["countries"] = new JsonArray("US", "XX") }, "targeting.geo_locations.countries[1]");
        yield return Targeting("geo_locations", new JsonObject { ["countries"] = new JsonArray("US"), ["planets"] = new JsonArray() }, "targeting.geo_locations.planets");
        yield return Targeting("interests", new JsonArray(new JsonObject { ["id"] = "12", ["weight"] = 2 }), "targeting.interests[0].weight");
        yield return Targeting("interests", new JsonArray(new JsonObject { ["name"] = "Shopping" }), "targeting.interests[0].id");
        yield return Targeting("interests", new JsonArray("Shopping"), "targeting.interests[0]");
    }

    [Test]
    public Task An_age_range_from_70_to_20_is_refused() => _service.RefusesFieldsAsync(() => PostAsync(Ages(70, 20)), "targeting.age_min");

    [Test]
    public Task An_age_range_that_ends_before_it_begins_is_refused() => _service.RefusesFieldsAsync(() => PostAsync(Ages(40, 20)), "targeting.age_min");

    // JSON can write half of a surrogate pair; no text in PostgreSQL or at Meta can hold it.
    [TestCase("campaign_name", "Summer Sale 2025")]
    [TestCase("campaign_objective", "OUTCOME_SALES")]
    [TestCase("optimization_goal", "LINK_CLICKS")]
    [TestCase("landing_url", "https://example.com/sale")]
    public Task Half_a_surrogate_pair_is_refused_by_its_path(string field, string value) =>
        _service.RefusesFieldsAsync(() => SendAsync(_request.ToJsonString().Replace($"\"{value}\"", "\"\\ud83d\"", StringComparison.Ordinal)), field);

    [TestCase("POST /meta/orchestrate/run", """{"ad_sets":[{"ads":[{"creative_title":"\ud83d"}]}]}""", "ad_sets[0].ads[0].creative_title")]
    [TestCase("POST /meta/orchestrate/run", """{"campaign_id":"12","campaign_name":"\ud83d"}""", "campaign_name")]
    [TestCase("POST /meta/orchestrate/run", """{"targeting":{"interests":["\u0000"]}}""", "targeting.interests[0]")]
    [TestCase("POST /meta/experiments", """{"request":{"campaign_name":"\ud83d"},"variants":[{},{}]}""", "request.campaign_name")]
    [TestCase("POST /meta/alerts/rules/try", """{"name":"\ud83d"}""", "name")]
    [TestCase("POST /meta/budget-pools/backtest", """{"name":"\udc00 and more"}""", "name")]
    public async Task So_it_is_wherever_it_stands_before_anything_is_made_of_the_body(string call, string body, string path)
    {
        var refused = await _client.SendAsync(new(call.Split(' ')[0]), call.Split(' ')[1], body);
        Assert.That((refused.Code, (string?)refused.Json["errors"]?[path]?[0]), Is.EqualTo((422, path.EndsWith(']') ? "must not hold control characters" : "must be valid Unicode")), refused.Text);
    }

    [Test]
    public async Task A_field_name_with_half_a_surrogate_pair_is_refused()
    {
        var body = _request.ToJsonString().Replace("\"auto_publish\"", "\"\\ud83d\":1,\"auto_publish\"", StringComparison.Ordinal);
        await _service.RefusesAsync(400, () => SendAsync(body));
    }

    [TestCase("JPY")]
    [TestCase("KRW")]
    [TestCase("HUF")]
    public async Task A_budget_that_the_currency_cannot_hold_is_refused(string currency)
    {
        var account = await _client.AddAccountAsync(account => account["currency"] = currency);
        await _service.RefusesFieldsAsync(() => PostAsync(Changed(request => (request["social_account_id"], request["daily_budget_cents"]) = (account, 10050))), "daily_budget_cents");
        await _client.AcceptAsync(Changed(request => (request["social_account_id"], request["daily_budget_cents"]) = (account, 1000000)));
    }

    [TestCase(null)]
    [TestCase("targeting")]
    public async Task A_request_without_places_for_an_account_without_countries_is_refused(string? without)
    {
        var account = await _client.AddAccountAsync(account => account.Remove("default_countries"));
        await _service.RefusesFieldsAsync(() => PostAsync(Changed(request =>
        {
            request["social_account_id"] = account;
            if (without is not null) request.Remove(without);
        })), "targeting.geo_locations");
    }

    [Test]
    public async Task An_unknown_account_or_clip_is_told_at_its_field_and_both_at_once()
    {
        foreach (var field in (string[])["social_account_id", "clip_id"])
        {
            var unknown = $"{Guid.NewGuid()}";
            var answer = await _service.RefusesAsync(422, () => PostAsync(Changed(request => request[field] = unknown)));
            Assert.That((string?)answer.Json["errors"]![field]![0], Is.EqualTo($"there is no {(field == "clip_id" ? "clip" : "social account")} {unknown}"));
        }

        await _service.RefusesFieldsAsync(() => PostAsync(Changed(request => (request["social_account_id"], request["clip_id"]) = ($"{Guid.NewGuid()}", $"{Guid.NewGuid()}"))), "social_account_id", "clip_id");
    }

    [Test]
    public async Task A_request_with_only_the_required_fields_is_accepted()
    {
        await _client.AcceptAsync(Changed(request =>
        {
            foreach (var optional in (string[])["creative_description", "targeting", "auto_publish"]) request.Remove(optional);
        }));
    }

    [Test]
    public async Task Text_in_any_script_is_accepted_as_it_is()
    {
        var id = await _client.AcceptAsync(Changed(request => request["campaign_name"] = "Été 夏 🏖️ \"<b>' \\ %"));
        Assert.That((string?)(await _client.RunAsync(id))["campaign_name"], Is.EqualTo("Été 夏 🏖️ \"<b>' \\ %"));
    }

    private static TestCaseData Field(string field, JsonNode? value) =>
        new TestCaseData((Action<JsonObject>)(request => request[field] = value?.DeepClone()), field).SetArgDisplayNames($"{field}: {Short(value)}");

    private static TestCaseData Targeting(string field, JsonNode value, string? path = null) =>
        new TestCaseData((Action<JsonObject>)(request => request["targeting"]![field] = value.DeepClone()), path ?? $"targeting.{field}")
            .SetArgDisplayNames($"targeting.{field}: {Short(value)}");

    private static string Short(JsonNode? value) => value?.ToJsonString() is { } text ? text.Length > 60 ? $"{text[..40]}… ({text.Length})" : text : "null";

    private JsonObject Ages(int min, int max) => Changed(request => request["targeting"] = new JsonObject { ["age_min"] = min, ["age_max"] = max });

    private JsonObject Changed(Action<JsonObject> change)
    {
        var request = _request.DeepClone().AsObject();
        change(request);
        return request;
    }

    private Task<ApiAnswer> PostAsync(JsonObject request) => SendAsync(request.ToJsonString());

    private Task<ApiAnswer> SendAsync(string body) => _client.SendAsync(HttpMethod.Post, "/meta/orchestrate/run", body);
}
