using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Events.Signing;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Events;

/// <summary>Webhooks over HTTP, and the whole way of an event: a run, its commit, a worker's job, a receiver.</summary>
[TestFixture]
public sealed class WebhookTests
{
    private Service _service = null!;
    private ApiClient _manager = null!;
    private Receiver _receiver = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartAsync(workers: 1, database: null, ("EVENTS_ALLOW_PRIVATE_HOSTS", "true"), ("EVENTS_ALLOW_HTTP", "true"), ("EVENTS_SOURCE", "urn:tests"));
        _manager = _service.Client("manager");
        _receiver = await Receiver.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _manager.Dispose();
        await _service.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Test]
    public async Task How_a_run_ends_arrives_and_the_secret_is_nowhere_but_in_the_answer_that_made_it()
    {
        using var admin = _service.Client();
        var request = await admin.NewRequestAsync();
        // The answers that make secrets are the ones that tell them: they are not searched.
        var (created, secret) = await CreateAsync(new() { ["url"] = $"{_receiver.Url}/whole?key=in-the-query", ["event_types"] = new JsonArray("orchestration.succeeded"), ["account_ids"] = new JsonArray((string)request["social_account_id"]!) });
        var id = (string)created["id"]!;
        Assert.That(((string?)created["url"], (string?)created["format"], (bool?)created["enabled"], (string?)created["created_by"]), Is.EqualTo(($"http://127.0.0.1:{_receiver.Port}/…?…", "cloudevents", true, "manager@tests")));
        var run = await _manager.AcceptAsync(request);
        await _manager.UntilAsync(run, "succeeded");

        var message = await ArrivedAsync("/hook/whole", message => (string?)message.Json["subject"] == run);
        Assert.That(message.Verify(TimeProvider.System.GetUtcNow(), secret), Is.EqualTo(Verification.Valid));
        Assert.That(((string?)message.Json["type"], (string?)message.Json["source"], (string?)message.Json["data"]!["status_url"]), Is.EqualTo(("orchestration.succeeded", "urn:tests", $"/meta/orchestrate/runs/{run}")));
        JsonNode listed = null!;
        await Eventually.TrueAsync(async () => (string?)(listed = (await _manager.GetAsync($"/meta/webhooks/{id}/deliveries?state=delivered")).Json)["items"]?.AsArray().FirstOrDefault()?["id"] == message.Id, () => $"not noted: {listed}");
        var detail = await _manager.GetAsync($"/meta/webhooks/{id}/deliveries/{message.Id}");
        Assert.That(((string?)detail.Json["data"]!["request_id"], (int?)detail.Json["log"]![0]!["status"]), Is.EqualTo((run, 204)), detail.Text);

        foreach (var url in (string[])["/meta/webhooks", $"/meta/webhooks/{id}"]) Assert.That((await _manager.GetAsync(url)).Text, Does.Contain(id).And.Not.Contain("whsec_").And.Not.Contain("in-the-query"));
        Assert.That((await _manager.PatchAsync($"/meta/webhooks/{id}", new JsonObject { ["description"] = "for tests" })).Text, Does.Contain("for tests").And.Not.Contain("whsec_"));
        Assert.That(await _service.Leaks.FindAsync("in-the-query"), Is.Empty);
        Assert.That((await _service.Leaks.FindAsync(secret[6..])).Where(found => found != $"the answer to POST {_service.BaseUrl}meta/webhooks"), Is.Empty, "logs, job rows, other answers");
    }

    [Test]
    public async Task A_test_arrives_and_a_delivery_is_replayed_under_its_id()
    {
        var (created, _) = await CreateAsync(new() { ["url"] = $"{_receiver.Url}/test" });
        var id = (string)created["id"]!;
        var tested = await _manager.PostAsync($"/meta/webhooks/{id}/test");
        Assert.That(tested.Code, Is.EqualTo(202), tested.Text);
        var delivery = (string)tested.Json["delivery_id"]!;
        Assert.That((await ArrivedAsync("/hook/test", _ => true)).Id, Is.EqualTo(delivery));
        await Eventually.TrueAsync(async () => (string?)(await _manager.GetAsync($"/meta/webhooks/{id}/deliveries/{delivery}")).Json["delivery"]!["state"] == "delivered", () => "not noted");

        var replayed = await _manager.PostAsync($"/meta/webhooks/{id}/deliveries/{delivery}/replay");
        Assert.That((replayed.Code, (int?)replayed.Json["deliveries"]), Is.EqualTo((202, 1)), replayed.Text);
        await Eventually.TrueAsync(() => Task.FromResult(_receiver.All.Count(message => message.Id == delivery) == 2), () => "not replayed");
        var range = await _manager.PostAsync($"/meta/webhooks/{id}/replay", new JsonObject { ["from"] = "2020-01-01T00:00:00Z", ["to"] = "2020-01-02T00:00:00Z" });
        Assert.That((range.Code, (int?)range.Json["deliveries"]), Is.EqualTo((202, 0)), range.Text);
    }

    [Test]
    public async Task What_is_wrong_is_told_by_its_field_and_nothing_is_written()
    {
        await _service.RefusesFieldsAsync(() => _manager.PostAsync("/meta/webhooks", new JsonObject
        {
            ["url"] = "here", ["format"] = "xml", ["event_types"] = new JsonArray("orchestration.succeeded", "all"), ["account_ids"] = new JsonArray("7"), ["description"] = new string('x', 201), ["secret"] = "mine",
        }), "url", "format", "event_types[1]", "account_ids[0]", "description", "secret");
        await _service.RefusesFieldsAsync(() => _manager.PostAsync("/meta/webhooks", new JsonObject()), "url");
        await _service.RefusesFieldsAsync(() => _manager.PostAsync("/meta/webhooks", new JsonObject { ["url"] = _receiver.Url, ["event_types"] = new JsonArray(), ["account_ids"] = new JsonArray() }), "event_types", "account_ids");
        await _service.RefusesFieldsAsync(() => _manager.PostAsync("/meta/webhooks", new JsonObject { ["url"] = _receiver.Url, ["account_ids"] = new JsonArray($"{Guid.NewGuid()}") }), "account_ids[0]");

        var (created, _) = await CreateAsync(new() { ["url"] = $"{_receiver.Url}/fields" });
        var url = $"/meta/webhooks/{created["id"]}";
        await _service.RefusesFieldsAsync(() => _manager.PatchAsync(url, new JsonObject { ["url"] = null, ["format"] = "slack", ["enabled"] = "no" }), "url", "format", "enabled");
        await _service.RefusesFieldsAsync(() => _manager.PostAsync($"{url}/rotate", new JsonObject { ["keep_old_hours"] = 169 }), "keep_old_hours");
        await _service.RefusesFieldsAsync(() => _manager.PostAsync($"{url}/replay", new JsonObject { ["from"] = "yesterday" }), "from", "to");
        await _service.RefusesFieldsAsync(() => _manager.GetAsync($"{url}/deliveries?state=lost&limit=0&cursor=1"), "state", "limit", "cursor");
    }

    [Test]
    public async Task One_that_is_switched_off_holds_what_happens_and_tells_so()
    {
        var (created, _) = await CreateAsync(new() { ["url"] = $"{_receiver.Url}/off" });
        var url = $"/meta/webhooks/{created["id"]}";
        var off = await _manager.PatchAsync(url, new JsonObject { ["enabled"] = false });
        Assert.That(((bool?)off.Json["enabled"], (string?)off.Json["off_reason"]), Is.EqualTo((false, "switched off by manager@tests")), off.Text);
        (await _manager.PostAsync($"{url}/test")).AssertProblem(409);
        (await _manager.PostAsync($"{url}/replay", new JsonObject { ["from"] = "2020-01-01T00:00:00Z", ["to"] = "2020-01-02T00:00:00Z" })).AssertProblem(409);
        var on = await _manager.PatchAsync(url, new JsonObject { ["enabled"] = true });
        Assert.That(((bool?)on.Json["enabled"], (string?)on.Json["off_reason"]), Is.EqualTo((true, (string?)null)), on.Text);
        Assert.That((await _manager.SendAsync(HttpMethod.Delete, url, null)).Code, Is.EqualTo(204));
        (await _manager.GetAsync(url)).AssertProblem(404);
    }

    [Test]
    public async Task Deliveries_are_paged_newest_first()
    {
        var (created, _) = await CreateAsync(new() { ["url"] = $"{_receiver.Url}/pages", ["event_types"] = new JsonArray("webhook.switched_off") });
        var url = $"/meta/webhooks/{created["id"]}";
        var told = new List<string>();
        for (var i = 0; i < 5; i++) told.Insert(0, (string)(await _manager.PostAsync($"{url}/test")).Json["delivery_id"]!);
        var (seen, cursor) = (new List<string>(), "");
        do
        {
            var page = (await _manager.GetAsync($"{url}/deliveries?limit=2{cursor}")).Json;
            seen.AddRange(page["items"]!.AsArray().Select(one => (string)one!["id"]!));
            cursor = page["next_cursor"] is { } next ? $"&cursor={next}" : "";
        }
        while (cursor.Length > 0);
        Assert.That(seen, Is.EqualTo(told));
    }

    private async Task<(JsonNode Webhook, string Secret)> CreateAsync(JsonObject body)
    {
        var created = await _manager.PostAsync("/meta/webhooks", body);
        Assert.That(created.Code, Is.EqualTo(201), created.Text);
        return (created.Json, (string)created.Json["secret"]!);
    }

    private async Task<Received> ArrivedAsync(string path, Func<Received, bool> isIt)
    {
        Received? arrived = null;
        await Eventually.TrueAsync(() => Task.FromResult((arrived = _receiver.All.FirstOrDefault(message => message.Path == path && isIt(message))) is not null), () => "nothing arrived", () => _service.Logs());
        return arrived!;
    }
}
