using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.StubGraph;
using MetaAdsJobs.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Constraints;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Tests.StubGraph;

/// <summary>The same requests in process, to the tests' server, and to a service that maps the stub Graph among its endpoints.</summary>
[TestFixture("in process")]
[TestFixture("test server")]
[TestFixture("mapped")]
public sealed class StubTransportTests(string way)
{
    private StubWorld _world = null!;
    private IAsyncDisposable? _server;
    private HttpClient _http = null!;

    [OneTimeSetUp]
    public async Task CreateWorld()
    {
        _world = await StubWorld.CreateAsync();
        switch (way)
        {
            case "in process":
                _http = new HttpClient(new StubGraphTransport(_world.Graph)) { BaseAddress = new Uri("https://graph.facebook.com") };
                break;
            case "test server":
                var server = await GraphServer.StartAsync(_world.DataSource, _world.Time);
                (_server, _http) = (server, new HttpClient { BaseAddress = new Uri(server.BaseUrl) });
                break;
            default:
                var service = await StartServiceAsync();
                (_server, _http) = (service, new HttpClient { BaseAddress = new Uri(service.Urls.First()) });
                break;
        }

        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "token");
    }

    [OneTimeTearDown]
    public async Task DisposeWorld()
    {
        _http.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
        await _world.DisposeAsync();
    }

    [Test]
    public async Task A_form_creates_and_a_query_finds_with_every_character_kept()
    {
        const string Name = "50% off & more + ünï \"code\" {curly} [ab:c]";
        var campaign = StubWorld.GoodCampaign();
        campaign["name"] = Name;

        using var form = new FormUrlEncodedContent(campaign);
        var id = (string)(await ReadAsync(await _http.PostAsync("/v26.0/act_1/campaigns", form)))["id"]!;
        var filter = Uri.EscapeDataString("""[{"field":"name","operator":"CONTAIN","value":"off & more + ünï"}]""");
        var found = await ReadAsync(await _http.GetAsync($"/v26.0/act_1/campaigns?fields=name&filtering={filter}"));

        Assert.That(found["data"]!.ToJsonString(), Is.EqualTo(new JsonArray(new JsonObject { ["name"] = Name, ["id"] = id }).ToJsonString()));
    }

    [Test]
    public async Task A_json_body_works_as_well()
    {
        using var json = JsonContent.Create(new
        {
            name = "Json",
            objective = "OUTCOME_TRAFFIC",
            special_ad_categories = Array.Empty<string>(),
            is_adset_budget_sharing_enabled = false,
        });

        var created = await ReadAsync(await _http.PostAsync("/v26.0/act_1/campaigns", json));

        Assert.That((string?)created["id"], Does.StartWith("META_CAMPAIGN_"));
    }

    [Test]
    public async Task An_image_is_uploaded_as_a_file_part()
    {
        using var multipart = new MultipartFormDataContent { { new ByteArrayContent([1, 2, 3]), "filename", "red.png" } };

        var answer = await ReadAsync(await _http.PostAsync("/v26.0/act_1/adimages", multipart));

        Assert.That((string?)answer["images"]!["red.png"]!["hash"], Does.Match("^[0-9a-f]{32}$"));
    }

    [Test]
    public async Task Every_answer_tells_how_much_of_the_quota_is_used()
    {
        using var answer = await _http.GetAsync(new Uri("/v26.0/act_1?fields=currency", UriKind.Relative));

        var usage = JsonNode.Parse(answer.Headers.GetValues("X-Business-Use-Case-Usage").Single())!;
        Assert.That((string?)usage["1"]![0]!["type"], Is.EqualTo("ads_management"));
        Assert.That(answer.Headers.Contains("X-App-Usage") && answer.Headers.Contains("X-Ad-Account-Usage"), Is.True);
        Assert.That(answer.Headers.Contains("x-fb-trace-id"), Is.True);
    }

    [Test]
    public async Task A_batch_answers_in_order_and_one_refusal_stops_nothing()
    {
        var items = new JsonArray(
            new JsonObject { ["method"] = "GET", ["relative_url"] = "act_1?fields=currency" },
            new JsonObject { ["method"] = "POST", ["relative_url"] = "v26.0/act_1/campaigns", ["body"] = "name=only+a+name" },
            new JsonObject { ["method"] = "GET", ["relative_url"] = "act_2" });
        using var form = new FormUrlEncodedContent([new("batch", items.ToJsonString())]);

        var answers = await ReadAsync(await _http.PostAsync("/v26.0/", form));

        Assert.That(answers.AsArray().Select(item => (int)item!["code"]!), Is.EqualTo([200, 400, 200]));
        Assert.That((string?)answers[0]!["body"], Is.EqualTo("""{"currency":"USD","id":"act_1"}"""));
        Assert.That((string?)answers[2]!["headers"]![0]!["name"], Is.Not.Empty);
    }

    [Test]
    public async Task A_batch_of_51_is_refused()
    {
        var items = new JsonArray([.. Enumerable.Range(0, 51).Select(_ => new JsonObject { ["method"] = "GET", ["relative_url"] = "act_1" })]);
        using var form = new FormUrlEncodedContent([new("batch", items.ToJsonString())]);

        var answer = await ReadAsync(await _http.PostAsync("/v26.0/", form));

        Assert.That((int?)answer["error"]!["code"], Is.EqualTo(100));
    }

    [TestCase("", 401, 190, null)]
    [TestCase("EXPIRED_1", 401, 190, 463)]
    [TestCase("EXPIRES_1700000000", 401, 190, 463)]
    [TestCase("FORBIDDEN_1", 403, 200, null)]
    public async Task A_bad_token_is_refused(string token, int status, int code, int? subcode)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v26.0/act_1?access_token={token}");
        request.Headers.Authorization = token.Length == 0 ? new AuthenticationHeaderValue("Bearer", " ") : new("Bearer", token);

        var answer = await _http.SendAsync(request);
        var body = await ReadAsync(answer);

        Assert.That((int)answer.StatusCode, Is.EqualTo(status));
        Assert.That((int?)body["error"]!["code"], Is.EqualTo(code));
        Assert.That((int?)body["error"]!["error_subcode"], Is.EqualTo(subcode));
    }

    [Test]
    public async Task A_token_tells_until_when_it_is_good()
    {
        var good = await ReadAsync(await _http.GetAsync("/v26.0/debug_token?input_token=EXPIRES_1900000000"));
        var expired = await ReadAsync(await _http.GetAsync("/v26.0/debug_token?input_token=EXPIRED"));

        Assert.That((long?)good["data"]!["expires_at"], Is.EqualTo(1_900_000_000));
        Assert.That(good["data"]!["scopes"]!.AsArray().Select(scope => (string?)scope), Does.Contain("ads_management"));
        Assert.That((bool?)expired["data"]!["is_valid"], Is.False);
    }

    [Test]
    public async Task An_unknown_path_is_refused_with_2500()
    {
        var answer = await ReadAsync(await _http.GetAsync("/v26.0/act_1/horoscopes"));

        Assert.That((int?)answer["error"]!["code"], Is.EqualTo(2500));
    }

    private async Task<WebApplication> StartServiceAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(_world.Graph);
        builder.Services.AddRouting(options => options.SetParameterPolicy<RegexInlineRouteConstraint>("regex"));
        var service = builder.Build();
        service.MapStubGraph();
        await service.StartAsync();
        return service;
    }

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage answer) => JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
}
