using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api;

[TestFixture, HasServiceAlone]
public sealed class DescriptionTests
{
    private static readonly string[] Integers =
        ["daily_budget_cents", "lifetime_budget_cents", "bid_amount_cents", "attempt", "campaign_db_id", "adset_db_id", "ad_db_id", "creative_db_id", "insights_synced", "impressions", "clicks", "reach", "min_daily_budget",
         "window_days", "interval_days", "max_frequency", "start_minute", "end_minute", "people_min", "people_max", "bytes"];

    private ApiClient _stranger = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _stranger = (await SharedServices.WithoutWorker).Client(role: null);

    [OneTimeTearDown]
    public void Stop() => _stranger.Dispose();

    [Test]
    public async Task The_description_names_every_call()
    {
        var paths = (await DescriptionAsync())["paths"]!.AsObject();
        var calls = paths.SelectMany(path => path.Value!.AsObject().Select(call => $"{call.Key.ToUpperInvariant()} {path.Key.TrimEnd('/')}"));
        Assert.That(calls, Is.SupersetOf((string[])
        [
            "POST /meta/orchestrate/run", "GET /meta/orchestrate/runs", "GET /meta/orchestrate/runs/{requestId}", "GET /meta/orchestrate/runs/{requestId}/request", "POST /meta/orchestrate/runs/{requestId}/cancel",
            "POST /meta/orchestrate/runs/{requestId}/retry", "POST /meta/orchestrate/sync-insights/{socialAccountId}", "GET /meta/insights", "GET /meta/insights/rows", "GET /meta/insights/changes", "GET /meta/insights/days", "GET /meta/insights/syncs",
            "GET /meta/insights/syncs/{syncId}", "GET /meta/insights/nights", "GET /meta/insights/nights/{night}", "GET /meta/accounts/{id}/reports",
            "POST /meta/accounts/{id}/reports", "GET /meta/accounts/{id}/reports/{name}", "DELETE /meta/accounts/{id}/reports/{name}",
            "GET /meta/accounts", "POST /meta/accounts", "GET /meta/accounts/{id}", "PATCH /meta/accounts/{id}",
            "GET /meta/targeting", "POST /meta/targeting/reach", "GET /meta/accounts/{id}/audiences", "GET /meta/clips", "POST /meta/clips", "GET /meta/clips/{id}", "PUT /meta/clips/{id}/file", "GET /meta/webhooks", "POST /meta/webhooks", "GET /meta/webhooks/{id}", "PATCH /meta/webhooks/{id}", "DELETE /meta/webhooks/{id}", "POST /meta/webhooks/{id}/rotate",
            "POST /meta/webhooks/{id}/test", "POST /meta/webhooks/{id}/replay", "GET /meta/webhooks/{id}/deliveries", "GET /meta/webhooks/{id}/deliveries/{delivery}", "POST /meta/webhooks/{id}/deliveries/{delivery}/replay",
            "GET /meta/changes", "GET /meta/users", "POST /meta/users", "GET /meta/users/{id}", "PATCH /meta/users/{id}", "POST /meta/users/{id}/link", "GET /meta/users/{id}/keys", "POST /meta/users/{id}/keys", "GET /meta/keys", "DELETE /meta/keys/{id}", "GET /meta/me", "GET /meta/me/sessions",
            "GET /meta/experiments", "POST /meta/experiments", "POST /meta/experiments/simulate", "GET /meta/experiments/{id}", "GET /meta/experiments/{id}/verdicts", "POST /meta/experiments/{id}/proposal/accept", "POST /meta/experiments/{id}/stop",
            "GET /meta/alerts", "GET /meta/alerts/{id}", "POST /meta/alerts/{id}/acknowledge", "POST /meta/alerts/{id}/mute", "GET /meta/alerts/rules", "POST /meta/alerts/rules", "POST /meta/alerts/rules/try",
            "GET /meta/alerts/rules/{id}", "PATCH /meta/alerts/rules/{id}", "DELETE /meta/alerts/rules/{id}", "POST /meta/alerts/rules/{id}/try",
            "GET /meta/budget-pools", "POST /meta/budget-pools", "POST /meta/budget-pools/backtest", "POST /meta/budget-pools/simulate", "GET /meta/budget-pools/{id}", "PATCH /meta/budget-pools/{id}", "DELETE /meta/budget-pools/{id}",
            "POST /meta/budget-pools/{id}/backtest", "GET /meta/budget-pools/{id}/proposals", "GET /meta/budget-pools/{id}/proposals/{proposalId}", "POST /meta/budget-pools/{id}/proposals/{proposalId}/accept",
            "POST /meta/budget-pools/{id}/proposals/{proposalId}/decline",
            "GET /meta/publishers", "POST /meta/publishers", "GET /meta/publishers/{id}", "PATCH /meta/publishers/{id}", "DELETE /meta/publishers/{id}", "POST /meta/publishers/{id}/rotate", "POST /meta/publishers/{id}/preview",
            "GET /meta/publishers/{id}/templates", "PUT /meta/publishers/{id}/templates/{account}", "GET /meta/publishers/{id}/events", "POST /meta/publishers/{id}/events/{event}/take", "POST /meta/publishers/{id}/events/take", "POST /meta/events/clip-published",
            "GET /health/live", "GET /health/ready",
        ]));
    }

    [Test]
    public async Task Calls_under_meta_ask_for_a_bearer_token_and_health_does_not()
    {
        var description = await DescriptionAsync();
        var scheme = description["components"]!["securitySchemes"]!["bearer"]!;
        Assert.That(((string?)scheme["type"], (string?)scheme["scheme"]), Is.EqualTo(("http", "bearer")));
        foreach (var (path, call) in Operations(description))
        {
            var asked = (call["security"] ?? description["security"]) is JsonArray { Count: > 0 } security ? security[0]!.AsObject().Single().Key : null;
            Assert.That(asked, Is.EqualTo(path == "/meta/events/clip-published" ? "signature" : path.StartsWith("/meta", StringComparison.Ordinal) ? "bearer" : null), path);
        }
    }

    [Test]
    public async Task Calls_under_meta_tell_of_every_refusal_that_can_happen_anywhere()
    {
        foreach (var (path, call) in Operations(await DescriptionAsync()).Where(operation => operation.Path.StartsWith("/meta", StringComparison.Ordinal)))
            Assert.That(call["responses"]!.AsObject().Select(answer => answer.Key), Is.SupersetOf((string[])["401", "403", "500", "503"]), path);
    }

    [Test]
    public async Task Numbers_are_described_as_numbers_and_nothing_else()
    {
        var found = new HashSet<string>();
        foreach (var (_, schema) in (await DescriptionAsync())["components"]!["schemas"]!.AsObject())
            foreach (var (name, property) in schema!["properties"]?.AsObject() ?? [])
            {
                if (!Integers.Contains(name)) continue;
                found.Add(name);
                var types = property!["type"] is JsonArray several ? [.. several.Select(type => (string)type!)] : new[] { (string?)property["type"] };
                Assert.That(types.Except(["null"]), Is.EqualTo(["integer"]), $"{name}: {property.ToJsonString()}");
            }

        Assert.That(found, Is.EquivalentTo(Integers));
    }

    [Test]
    public async Task Every_field_is_described_in_snake_case_and_the_token_is_in_no_answer()
    {
        var schemas = (await DescriptionAsync())["components"]!["schemas"]!.AsObject();
        var names = schemas.SelectMany(schema => schema.Value!["properties"]?.AsObject().Select(property => property.Key) ?? []);
        Assert.That(names, Is.All.Matches("^[a-z0-9_]+$"));
        Assert.That(schemas.Where(schema => schema.Value!["properties"]?["access_token"] is not null).Select(schema => schema.Key), Is.EquivalentTo(["AccountBody", "AccountChanges", "ChoicesBody"]), "bodies that are sent, never answers");
    }

    [Test]
    public async Task A_change_of_an_account_requires_no_field()
    {
        var description = await DescriptionAsync();
        var body = Operations(description).Single(operation => operation.Path == "/meta/accounts/{id}" && operation.Method == "patch").Call["requestBody"]!;
        var schema = body["content"]!["application/json"]!["schema"]!;
        var name = ((string)schema["$ref"]!).Split('/')[^1];
        Assert.That(description["components"]!["schemas"]![name]!["required"], Is.Null);
    }

    [Test]
    public async Task An_ad_is_described_with_all_that_it_may_be_and_only_what_every_request_names_is_required()
    {
        var schemas = (await DescriptionAsync())["components"]!["schemas"]!.AsObject();
        string[] ofAd =
        [
            "clip_id", "creative_title", "creative_description", "landing_url", "call_to_action", "cards", "post_id", "instagram_media_id", "titles", "texts", "placement_media", "link_description", "url_tags",
            "instagram_user_id", "conversion_domain",
        ];
        foreach (var name in (string[])["OrchestrationRequest", "AdRequest"]) Assert.That(schemas[name]!["properties"]!.AsObject().Select(field => field.Key), Is.SupersetOf(ofAd), name);
        Assert.That(schemas["CardRequest"]!["properties"]!.AsObject().Select(field => field.Key), Is.EquivalentTo(["clip_id", "title", "description", "landing_url", "call_to_action"]));
        Assert.That(schemas["PlacementMediaRequest"]!["properties"]!.AsObject().Select(field => field.Key), Is.EquivalentTo(["placements", "clip_id", "crop"]));
        Assert.That(schemas["OrchestrationRequest"]!["required"]!.AsArray().Select(field => (string?)field), Is.EquivalentTo(["social_account_id", "campaign_name", "campaign_objective", "optimization_goal"]));
        Assert.That(schemas["AdResult"]!["properties"]!.AsObject().Select(field => field.Key), Is.SupersetOf(["kind", "clip_id", "clip_ids", "post_id"]));
    }

    [Test]
    public async Task Swagger_shows_the_description()
    {
        var page = await _stranger.GetAsync("/swagger/index.html");
        Assert.That(page.Code, Is.EqualTo(200));
        Assert.That(page.Text, Does.Contain("swagger-ui"));
        Assert.That((await _stranger.GetAsync("/swagger/index.js")).Text + page.Text, Does.Contain("/openapi/v1.json"));
    }

    [TestCase("GET", "/")]
    [TestCase("GET", "/nowhere")]
    [TestCase("POST", "/meta/nowhere")]
    [TestCase("GET", "/meta/accounts/17")]
    public async Task An_unknown_route_is_not_found(string method, string url) => (await _stranger.SendAsync(new HttpMethod(method), url, null)).AssertProblem(404);

    [Test]
    public async Task A_known_route_by_another_method_is_refused()
    {
        using var admin = (await SharedServices.WithoutWorker).Client();
        (await admin.SendAsync(HttpMethod.Delete, "/meta/accounts", null)).AssertProblem(405);
    }

    private async Task<JsonNode> DescriptionAsync()
    {
        var answer = await _stranger.GetAsync("/openapi/v1.json");
        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        return answer.Json;
    }

    private static IEnumerable<(string Path, string Method, JsonNode Call)> All(JsonNode description) =>
        description["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(call => (path.Key, call.Key, call.Value!)));

    private static IEnumerable<Operation> Operations(JsonNode description) => All(description).Select(one => new Operation(one.Path, one.Method, one.Call));

    private sealed record Operation(string Path, string Method, JsonNode Call)
    {
        public void Deconstruct(out string path, out JsonNode call) => (path, call) = (Path, Call);
    }
}
