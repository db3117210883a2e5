using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Orchestrations;

/// <summary>Several ad sets and ads, asked for over HTTP.</summary>
[TestFixture]
public sealed class TreeRequestTests
{
    private Service _service = null!;
    private ApiClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithWorker;
        _client = _service.Client();
    }

    [OneTimeTearDown]
    public void Stop() => _client.Dispose();

    [Test]
    public async Task A_tree_is_built_with_a_clip_of_its_own_for_each_ad_and_shown_step_by_step()
    {
        var request = await _client.NewRequestAsync();
        var other = (string)(await _client.NewRequestAsync())["clip_id"]!;
        request["auto_publish"] = true;
        request["ad_sets"] = JsonNode.Parse($$"""[{"name":"Here","ads":[{"name":"A"},{"name":"B","clip_id":"{{other}}"}]},{"name":"There","daily_budget_cents":1500,"ads":[{"name":"C"}]}]""");

        var id = await _client.AcceptAsync(request);
        var run = await _client.UntilAsync(id);

        Assert.That((string?)run["status"], Is.EqualTo("succeeded"), run.ToJsonString());
        Assert.That(run["ad_sets"]!.AsArray().SelectMany(adSet => adSet!["ads"]!.AsArray().Select(ad => $"{adSet!["name"]}/{ad!["name"]}/{ad["state"]}")), Is.EqualTo(["Here/A/confirmed", "Here/B/confirmed", "There/C/confirmed"]));
        Assert.That(run["steps"]!.AsArray().Select(step => (string?)step!["step"]), Is.EqualTo(["campaign", "adset", "adset:2", "media", "media:2", "creative", "ad", "creative:1.2", "ad:1.2", "creative:2.1", "ad:2.1", "activate"]));
        var page = await _client.Http.GetStringAsync($"/console/runs/{id}");
        Assert.That(page, Does.Contain("2.1"));
    }

    [Test]
    public async Task An_unknown_clip_of_any_ad_is_refused_before_anything_is_written()
    {
        var request = await _client.NewRequestAsync();
        request["ad_sets"] = JsonNode.Parse($$"""[{"ads":[{},{"clip_id":"{{Guid.NewGuid()}}"}]}]""");
        var answer = await _client.PostAsync("/meta/orchestrate/run", request);
        Assert.That((answer.Code, answer.WrongFields.Single()), Is.EqualTo((422, "ad_sets[0].ads[1].clip_id")), answer.Text);
    }

    [Test]
    public async Task Caps_count_all_ad_sets_together()
    {
        var account = await _client.AddAccountAsync(account => account["campaign_cap_cents"] = 5000);
        var request = await _client.NewRequestAsync();
        (request["social_account_id"], request["daily_budget_cents"]) = (account, 3000);
        request["ad_sets"] = JsonNode.Parse("""[{"ads":[{}]},{"ads":[{}]}]""");
        var answer = await _client.PostAsync("/meta/orchestrate/run", request);
        Assert.That((answer.Code, answer.WrongFields.SingleOrDefault()), Is.EqualTo((422, "ad_sets")), answer.Text);
        request["daily_budget_cents"] = 2500;
        Assert.That((await _client.PostAsync("/meta/orchestrate/run", request)).Code, Is.EqualTo(202));
    }
}
