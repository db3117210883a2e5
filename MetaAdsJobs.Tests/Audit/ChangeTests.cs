using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Audit;

[TestFixture]
public sealed class ChangeTests
{
    private Service _service = null!;
    private ApiClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartAsync(workers: 1);
        _client = _service.Client();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _service.DisposeAsync();
    }

    [Test]
    public async Task Every_change_of_a_published_campaign_tells_who_asked_what_was_sent_and_what_came_back()
    {
        var user = Persons.UserBody("manager");
        (user["mail"], user["all_accounts"]) = ("marta@agency", true);
        using var manager = _service.With((await _client.AddKeyAsync((string)(await _client.AddUserAsync(user))["id"]!)).Secret);
        var request = await _client.NewRequestAsync();
        request["auto_publish"] = true;
        var id = await manager.AcceptAsync(request);
        var run = await _client.UntilAsync(id, "succeeded");
        await _client.PostAsync($"/meta/accounts/{(string?)request["social_account_id"]}/stop");
        await Eventually.TrueAsync(async () => (await ChangesAsync(id)).Count(change => (string?)change["sent"]!["status"] == "PAUSED" && (string?)change["method"] == "POST" && !((string)change["path"]!).StartsWith("act_", StringComparison.Ordinal)) == 3,
            () => "the stop was not recorded");

        var changes = await ChangesAsync(id);
        var creates = changes.Where(change => ((string)change["path"]!).StartsWith("act_", StringComparison.Ordinal) && ((string?)change["asked_by"], (string?)change["key_name"]) is ("marta@agency", "the program")).ToList();
        foreach (var edge in (string[])["campaigns", "adsets", "adcreatives", "ads"])
        {
            var create = creates.Single(change => ((string)change["path"]!).EndsWith($"/{edge}", StringComparison.Ordinal));
            Assert.That((string?)create["outcome"], Is.EqualTo("done"));
            Assert.That((string?)create["sent"]!["name"], Does.StartWith("Summer Sale 2025"));
            Assert.That((string?)create["answer"], Does.Contain("\"id\":\"META_"));
        }

        Assert.That(changes.Count(change => (string?)change["sent"]!["status"] == "ACTIVE" && (string?)change["asked_by"] == "marta@agency"), Is.EqualTo(3));
        Assert.That(changes.Where(change => (string?)change["asked_by"] == "admin@tests").Select(change => (string?)change["sent"]!["status"]), Is.EqualTo((string[])["PAUSED", "PAUSED", "PAUSED"]));
        Assert.That((string?)run["campaign_creation"]!["campaign_meta_id"], Is.EqualTo((string?)changes.Last(change => (string?)change["sent"]!["status"] == "ACTIVE" && ((string)change["path"]!).StartsWith("META_CAMPAIGN", StringComparison.Ordinal))["path"]));
    }

    [Test]
    public async Task A_lost_answer_a_refusal_and_the_undo_are_recorded_too()
    {
        using var manager = _service.Client("manager", "marta@agency");
        var request = await _client.NewRequestAsync();
        request["campaign_name"] = "Lost and refused";
        _service.Graph.Faults.Add(call => call.IsCreateOf("campaigns") && call["name"]!.StartsWith("Lost", StringComparison.Ordinal), GraphFaults.DropAfterActing);
        _service.Graph.Faults.Add(call => call.IsCreateOf("ads") && call["name"]!.StartsWith("Lost", StringComparison.Ordinal), GraphFaults.Refused(100, 1885272, "Budget too low", "Give more."));

        var id = await manager.AcceptAsync(request);
        await _client.UntilAsync(id, "failed");

        var outcomes = (await ChangesAsync(id)).Select(change => $"{(string?)change["method"]} {((string)change["path"]!).Split('/')[^1].Split('_') switch { ["META", var kind, ..] => kind, var parts => parts[0] }} {(string?)change["outcome"]}").Reverse();
        Assert.That(outcomes.Take(3), Is.EquivalentTo(["POST campaigns outcome_unknown", "POST adimages done", "POST campaign adopted"]), "the image goes up beside the campaign");
        Assert.That(outcomes.Skip(3).Take(2), Is.EquivalentTo(["POST adsets done", "POST adcreatives done"]), "as these two are under way together");
        Assert.That(outcomes.Skip(5), Is.EqualTo(["POST ads rejected", "DELETE CREATIVE done", "DELETE ADSET done", "DELETE CAMPAIGN done"]));
        Assert.That((await ChangesAsync(id)).Single(change => (string?)change["outcome"] == "rejected")["answer"]!.ToString(), Does.Contain("Budget too low"));
    }

    private async Task<List<JsonNode>> ChangesAsync(string requestId) =>
        [.. (await _client.GetAsync($"/meta/changes?request_id={requestId}")).Json["items"]!.AsArray().Select(change => change!)];
}
