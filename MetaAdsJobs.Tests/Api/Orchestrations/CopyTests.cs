using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Orchestrations;

/// <summary>What a run was asked for, to be asked for again over HTTP.</summary>
[TestFixture, HasServiceAlone]
public sealed class CopyTests
{
    private Service _service = null!;
    private ApiClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _client = _service.Client();
    }

    [OneTimeTearDown]
    public void Stop() => _client.Dispose();

    [Test]
    public async Task A_copy_is_sent_again_as_it_is_and_asks_for_the_same_also_in_another_account()
    {
        var request = await _client.NewRequestAsync();
        request["targeting"]!["custom_audiences"] = JsonNode.Parse("""[{"id":"77","name":"Buyers"}]""");
        request["ad_sets"] = JsonNode.Parse("""[{"name":"Here","ads":[{"name":"A"},{"creative_title":"Other"}]},{"daily_budget_cents":1500,"ads":[{}]}]""");
        var id = await _client.AcceptAsync(request);
        using var viewer = _service.Client("viewer");

        var copy = await viewer.GetAsync($"/meta/orchestrate/runs/{id}/request");
        Assert.That((copy.Code, copy.Json["left_out"]!.AsArray().Count), Is.EqualTo((200, 0)), copy.Text);
        var again = await _client.AcceptAsync(copy.Json["request"]!.AsObject());
        Assert.That((await viewer.GetAsync($"/meta/orchestrate/runs/{again}/request")).Text, Is.EqualTo(copy.Text));

        var other = await _client.AddAccountAsync();
        var there = await viewer.GetAsync($"/meta/orchestrate/runs/{id}/request?social_account_id={other}");
        Assert.That(there.Json["left_out"]!.ToJsonString(), Is.EqualTo("""[{"path":"targeting.custom_audiences","reason":"belongs to the account of the run"}]"""));
        Assert.That((string?)there.Json["request"]!["social_account_id"], Is.EqualTo(other));
        await _client.AcceptAsync(there.Json["request"]!.AsObject());
    }

    [Test]
    public async Task What_is_not_there_is_told()
    {
        var id = await _client.AcceptAsync(await _client.NewRequestAsync());
        (await _client.GetAsync($"/meta/orchestrate/runs/{Guid.NewGuid()}/request")).AssertProblem(404);
        (await _client.GetAsync($"/meta/orchestrate/runs/{id}/request?social_account_id={Guid.NewGuid()}")).AssertProblem(404);
        Assert.That((await _client.GetAsync($"/meta/orchestrate/runs/{id}/request?social_account_id=mine")).WrongFields, Is.EqualTo(["social_account_id"]));
    }
}
