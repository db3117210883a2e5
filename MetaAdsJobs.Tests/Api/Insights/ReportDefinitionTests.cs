using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Insights;

[TestFixture, HasServiceAlone]
public sealed class ReportDefinitionTests
{
    private Service _service = null!;
    private ApiClient _client = null!;
    private string _account = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _client = _service.Client();
        _account = await _client.AddAccountAsync();
    }

    [OneTimeTearDown]
    public void Stop() => _client.Dispose();

    [Test]
    public async Task A_report_is_kept_as_it_was_asked_for_until_it_is_ended()
    {
        var body = new JsonObject
        {
            ["name"] = "by-country_1", ["level"] = "campaign", ["fields"] = new JsonArray("cpc", "video_play_actions"), ["breakdowns"] = new JsonArray("country"),
            ["action_attribution_windows"] = new JsonArray("7d_click", "1d_view"),
        };
        var added = await PostAsync(body);
        Assert.That(added.Code, Is.EqualTo(201), added.Text);
        foreach (var (name, value) in body) Assert.That(added.Json[name]!.ToJsonString(), Is.EqualTo(value!.ToJsonString()));
        var url = added.Message.Headers.Location!.OriginalString;
        Assert.That((await _client.GetAsync(url)).Text, Is.EqualTo(added.Text));
        Assert.That((await _client.GetAsync($"/meta/accounts/{_account}/reports")).Json["items"]!.AsArray().Select(report => report!.ToJsonString()), Does.Contain(added.Text));

        (await PostAsync(body.DeepClone().AsObject())).AssertProblem(409);
        Assert.That((await _client.SendAsync(HttpMethod.Delete, url, null)).Code, Is.EqualTo(204));
        (await _client.SendAsync(HttpMethod.Delete, url, null)).AssertProblem(404);
        (await _client.GetAsync(url)).AssertProblem(404);
        Assert.That((await PostAsync(body)).Code, Is.EqualTo(201), "the name is free again");
    }

    [Test]
    public async Task What_is_left_out_is_the_usual()
    {
        var added = (await PostAsync(new JsonObject { ["name"] = "usual", ["level"] = "account" })).Json;
        Assert.That(added["fields"]!.AsArray().Select(field => (string)field!), Is.EqualTo(["impressions", "clicks", "reach", "spend", "inline_link_clicks", "actions"]));
        Assert.That((added["breakdowns"]!.AsArray().Count, added["action_attribution_windows"]!.AsArray().Count), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task The_eleventh_report_is_refused_however_many_ask_at_once()
    {
        var account = await _client.AddAccountAsync();
        var answers = await Task.WhenAll(Enumerable.Range(1, 16).Select(number =>
            _client.PostAsync($"/meta/accounts/{account}/reports", new JsonObject { ["name"] = $"r{number}", ["level"] = "ad" })));
        Assert.That(answers.Count(answer => answer.Code == 201), Is.EqualTo(10));
        foreach (var refused in answers.Where(answer => answer.Code != 201))
        {
            refused.AssertProblem(422);
            Assert.That((string?)refused.Json["errors"]!["$"]![0], Does.Contain("at most 10 reports"));
        }
    }

    [Test]
    public async Task A_viewer_reads_reports_but_defines_and_ends_none()
    {
        foreach (var role in (string[])["viewer", "manager"])
        {
            using var client = _service.Client(role);
            Assert.That((await client.GetAsync($"/meta/accounts/{_account}/reports")).Code, Is.EqualTo(200));
            (await client.PostAsync($"/meta/accounts/{_account}/reports", new JsonObject { ["name"] = role, ["level"] = "ad" })).AssertProblem(403);
            (await client.SendAsync(HttpMethod.Delete, $"/meta/accounts/{_account}/reports/usual", null)).AssertProblem(403);
        }
    }

    [TestCase("""{}""", "name", "level")]
    [TestCase("""[]""", "$")]
    [TestCase("""{"name": "a b", "level": "planet", "fields": ["cpc", "profit", 7, "cpc"], "breakdowns": ["age", "ages"], "action_attribution_windows": ["1d_click", "2d_click"], "x": 1}""",
        "name", "level", "fields[1]", "fields[2]", "fields[3]", "breakdowns[1]", "action_attribution_windows[1]", "x")]
    [TestCase("""{"name": "12345678901234567890123456789012345678901", "level": 1}""", "name", "level")]
    [TestCase("""{"name": "ümlaut", "level": "ad", "fields": [], "breakdowns": "age"}""", "name", "fields", "breakdowns")]
    [TestCase("""{"name": "many", "level": "ad", "breakdowns": ["age", "gender", "country", "region", "dma"]}""", "breakdowns")]
    [TestCase("""{"name": "ended", "level": "ad", "action_attribution_windows": ["7d_view", "7d_click", "28d_view"]}""", "action_attribution_windows[0]", "action_attribution_windows[2]")]
    public Task What_is_wrong_is_told_by_its_place_and_all_at_once(string body, params string[] paths) =>
        _service.RefusesFieldsAsync(() => _client.SendAsync(HttpMethod.Post, $"/meta/accounts/{_account}/reports", body), paths);

    [TestCase("7d_view")]
    [TestCase("28d_view")]
    public async Task A_window_that_brings_nothing_any_more_is_refused_with_the_reason(string window)
    {
        var answer = await PostAsync(new() { ["name"] = "windows", ["level"] = "ad", ["action_attribution_windows"] = new JsonArray(window) });
        Assert.That((string?)answer.Json["errors"]!["action_attribution_windows[0]"]![0], Does.Contain("returns nothing").And.Contain("2026-01-12"));
    }

    private Task<ApiAnswer> PostAsync(JsonObject body) => _client.PostAsync($"/meta/accounts/{_account}/reports", body);
}
