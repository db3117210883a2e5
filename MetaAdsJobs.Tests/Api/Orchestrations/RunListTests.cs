using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Orchestrations;

[TestFixture, HasServiceAlone]
public sealed class RunListTests
{
    private Service _service = null!;
    private ApiClient _client = null!;
    private JsonObject _request = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _client = _service.Client();
        _request = await _client.NewRequestAsync();
    }

    [TearDown]
    public void Stop() => _client.Dispose();

    private string Account => (string)_request["social_account_id"]!;

    [Test]
    public async Task Pages_lead_from_the_newest_to_the_oldest_without_gaps_or_repeats()
    {
        var posted = new List<string>();
        for (var run = 0; run < 7; run++) posted.Add(await PostAsync($"Run {run}"));

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await ListAsync($"&limit=3{(cursor is null ? "" : $"&cursor={cursor}")}"));
            seen.AddRange(Ids(page));
            cursor = (string?)page["next_cursor"];
            await PostAsync("Posted between two pages");
        }
        while (cursor is not null);

        Assert.That(seen, Is.EqualTo(posted.AsEnumerable().Reverse()));
    }

    [Test]
    public async Task A_page_that_holds_all_there_is_has_no_next_cursor()
    {
        await PostAsync("One");
        await PostAsync("Two");
        var page = await ListAsync("&limit=2");
        Assert.That(page["items"]!.AsArray(), Has.Count.EqualTo(2));
        Assert.That(page.AsObject().ContainsKey("next_cursor"), Is.True);
        Assert.That(page["next_cursor"], Is.Null);
    }

    [Test]
    public async Task Runs_are_filtered_by_status_and_account()
    {
        var mine = await PostAsync("Mine");
        using var other = _service.Client();
        await other.AcceptAsync(await other.NewRequestAsync());

        Assert.That(Ids(await ListAsync("&status=queued")), Is.EqualTo([mine]));
        Assert.That(Ids(await ListAsync("&status=succeeded")), Is.Empty);
        var both = await _client.GetAsync("/meta/orchestrate/runs?limit=200");
        Assert.That(Ids(both.Json).Count(), Is.GreaterThanOrEqualTo(2));
    }

    [TestCase("50%", "50% off")]
    [TestCase("%", "50% off")]
    [TestCase("a_b", "a_b")]
    [TestCase("_", "a_b")]
    [TestCase("\\", "back\\slash")]
    [TestCase("SUMMER", "Summer")]
    [TestCase("été", "Un été")]
    [TestCase("'; DROP TABLE orchestrations; --")]
    [TestCase("nowhere")]
    public async Task Search_finds_by_part_of_the_name_and_takes_every_character_as_itself(string search, params string[] found)
    {
        foreach (var name in (string[])["50% off", "500 off", "a_b", "aXb", "back\\slash", "Summer", "Un été"]) await PostAsync(name);
        var page = await ListAsync($"&search={Uri.EscapeDataString(search)}");
        Assert.That(page["items"]!.AsArray().Select(run => (string)run!["campaign_name"]!), Is.EqualTo(found));
    }

    [Test]
    public async Task Search_finds_by_request_id()
    {
        await PostAsync("Another");
        var id = await PostAsync("This");
        Assert.That(Ids(await ListAsync($"&search={id}")), Is.EqualTo([id]));
        Assert.That(Ids(await ListAsync($"&search={id.ToUpperInvariant()}")), Is.EqualTo([id]));
    }

    [TestCase("status", "done")]
    [TestCase("status", "1")]
    [TestCase("status", " 1")]
    [TestCase("status", "+1")]
    [TestCase("status", "queued,running")]
    [TestCase("status", "")]
    [TestCase("social_account_id", "17")]
    [TestCase("limit", "0")]
    [TestCase("limit", "201")]
    [TestCase("limit", "-1")]
    [TestCase("limit", "many")]
    [TestCase("limit", "99999999999999999999")]
    [TestCase("cursor", "yesterday")]
    [TestCase("search", "a\0b")]
    public Task A_wrong_query_value_is_refused_by_its_name(string name, string value) =>
        _service.RefusesFieldsAsync(() => _client.GetAsync($"/meta/orchestrate/runs?{name}={Uri.EscapeDataString(value)}"), name);

    [Test]
    public Task All_wrong_query_values_are_told_at_once() =>
        _service.RefusesFieldsAsync(() => _client.GetAsync("/meta/orchestrate/runs?status=x&limit=x&cursor=x&social_account_id=x"), "status", "limit", "cursor", "social_account_id");

    [Test]
    public async Task A_line_of_the_list_tells_where_the_run_stands()
    {
        var id = await PostAsync("Where it stands");
        var run = (await ListAsync(""))["items"]!.AsArray().Single()!;
        Assert.That((string?)run["request_id"], Is.EqualTo(id));
        Assert.That((string?)run["status"], Is.EqualTo("queued"));
        Assert.That((string?)run["campaign_name"], Is.EqualTo("Where it stands"));
        Assert.That((string?)run["accepted_at"], Does.EndWith("Z"));
        Assert.That(run["completed_at"], Is.Null);
    }

    [Test]
    public async Task A_run_that_does_not_exist_is_not_found()
    {
        (await _client.GetAsync($"/meta/orchestrate/runs/{Guid.NewGuid()}")).AssertProblem(404);
        (await _client.GetAsync("/meta/orchestrate/runs/17")).AssertProblem(404);
    }

    private static IEnumerable<string> Ids(JsonNode page) => page["items"]!.AsArray().Select(run => (string)run!["request_id"]!);

    private async Task<string> PostAsync(string name)
    {
        _request["campaign_name"] = name;
        return await _client.AcceptAsync(_request);
    }

    private async Task<JsonNode> ListAsync(string query)
    {
        var answer = await _client.GetAsync($"/meta/orchestrate/runs?social_account_id={Account}{query}");
        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        return answer.Json;
    }
}
