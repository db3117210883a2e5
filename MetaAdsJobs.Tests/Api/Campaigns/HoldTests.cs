using System.Globalization;
using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Campaigns;

/// <summary>Schedules, approvals and freezes, over HTTP and with a worker process.</summary>
[TestFixture]
public sealed class HoldTests
{
    private Service _service = null!;
    private ApiClient _admin = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _admin = (_service = await SharedServices.WithWorker).Client();

    [OneTimeTearDown]
    public void Stop() => _admin.Dispose();

    [Test]
    public async Task What_has_a_time_is_activated_within_a_minute_of_it()
    {
        var request = await _admin.NewRequestAsync();
        var at = TimeProvider.System.GetUtcNow().AddSeconds(15);
        request["activate_at"] = Text(at);
        var run = await _admin.AcceptAsync(request);
        var built = await _admin.UntilAsync(run, "succeeded");
        var campaign = (string)built["campaign_creation"]!["campaign_meta_id"]!;
        Assert.That((string?)built["activate_at"], Does.StartWith(Text(at)[..19]));

        var due = (await _admin.GetAsync($"/meta/due?social_account_id={(string)request["social_account_id"]!}")).Json["items"]!.AsArray();
        Assert.That((string?)due.Single()!["campaign_id"], Is.EqualTo(campaign));
        await Eventually.TrueAsync(async () => (string?)(await _admin.RunAsync(run))["activations"]?.AsArray().FirstOrDefault()?["status"] == "succeeded", _service.Progress, _service.Logs);

        var edit = (await _admin.GetAsync($"/meta/edits?campaign_id={campaign}")).Json["items"]![0]!;
        var begun = DateTimeOffset.Parse((string)edit["started_at"]!, CultureInfo.InvariantCulture) - DateTimeOffset.Parse(Text(at), CultureInfo.InvariantCulture);
        Assert.That(begun, Is.InRange(TimeSpan.Zero, TimeSpan.FromSeconds(60)));
        Assert.That((string?)(await _admin.GetAsync($"/meta/campaigns/{campaign}")).Json["campaign"]!["status"], Is.EqualTo("ACTIVE"));
    }

    [TestCase("2020-01-01T00:00", "must be in the future")]
    [TestCase("2900-01-01T00:00:00Z", "must be within a year from now")]
    [TestCase("soon", "must be a time in the account's zone")]
    public async Task A_time_that_cannot_be_is_refused_by_its_field(string at, string message)
    {
        var request = await _admin.NewRequestAsync();
        request["activate_at"] = at;
        var refused = await _admin.PostAsync("/meta/orchestrate/run", request);
        refused.AssertProblem(422);
        Assert.That((string?)refused.Json["errors"]!["activate_at"]![0], Does.StartWith(message));
    }

    [Test]
    public async Task Somebody_else_with_a_role_for_it_approves_what_he_has_read()
    {
        using var manager = _service.Client("manager");
        using var viewer = _service.Client("viewer");
        var request = await _admin.NewRequestAsync(account => (account["approval_required"], account["approval_above_cents"]) = ("above", 5000));
        request["auto_publish"] = true;
        var run = await manager.AcceptAsync(request);
        Assert.That((string?)(await manager.UntilAsync(run, "succeeded"))["status"], Is.EqualTo("succeeded"));
        var account = (string)request["social_account_id"]!;
        await Eventually.TrueAsync(async () => (await Approvals(account)).Count == 1, _service.Progress, _service.Logs);
        var approval = (await Approvals(account))[0]!;
        var (id, hash) = ((string)approval["id"]!, (string)approval["content_hash"]!);
        Assert.That(((string?)approval["asked_by"], (long?)approval["daily_cents"], (string?)approval["kind"]), Is.EqualTo(("manager@tests", 10000L, "publish")));

        (await viewer.PostAsync($"/meta/approvals/{id}/approve")).AssertProblem(403);
        (await manager.PostAsync($"/meta/approvals/{id}/approve")).AssertProblem(403);
        (await _admin.PostAsync($"/meta/approvals/{id}/approve", new JsonObject { ["content_hash"] = "another" })).AssertProblem(409);
        (await _admin.PostAsync($"/meta/approvals/{id}/approve", new JsonObject { ["hash"] = hash })).AssertProblem(422);
        (await _admin.PostAsync($"/meta/approvals/{Guid.NewGuid()}/approve")).AssertProblem(404);
        var approved = await _admin.PostAsync($"/meta/approvals/{id}/approve", new JsonObject { ["content_hash"] = hash });
        Assert.That((approved.Code, (string?)approved.Json["status"], (string?)approved.Json["decided_by"]), Is.EqualTo((200, "approved", "admin@tests")), approved.Text);

        await Eventually.TrueAsync(async () => (string?)(await _admin.RunAsync(run))["activations"]?.AsArray().FirstOrDefault()?["status"] == "succeeded", _service.Progress, _service.Logs);
        (await _admin.PostAsync($"/meta/approvals/{id}/reject", new JsonObject { ["reason"] = "no" })).AssertProblem(409);
        var notes = (await _admin.GetAsync($"/meta/changes?request_id={run}&limit=200")).Json["items"]!.AsArray().Where(change => (string?)change!["method"] == "NOTE");
        Assert.That(notes.Select(note => (string?)note!["sent"]!["approval"]), Is.EqualTo(["approved", "asked"]));

        async Task<JsonArray> Approvals(string of) => (await _admin.GetAsync($"/meta/approvals?social_account_id={of}")).Json["items"]!.AsArray();
    }

    [TestCase("""{"approval_required":"sometimes"}""", "approval_required")]
    [TestCase("""{"approval_required":"above"}""", "approval_above_cents")]
    [TestCase("""{"approval_required":"always","approval_above_cents":5}""", "approval_above_cents")]
    [TestCase("""{"approval_above_cents":5}""", "approval_above_cents")]
    public async Task A_rule_that_is_none_is_refused(string change, string field)
    {
        var refused = await _admin.PatchAsync($"/meta/accounts/{await _admin.AddAccountAsync()}", JsonNode.Parse(change)!);
        refused.AssertProblem(422);
        Assert.That(refused.WrongFields, Is.EqualTo([field]));
    }

    [Test]
    public async Task A_freeze_is_set_listed_and_ended()
    {
        using var viewer = _service.Client("viewer");
        var account = await _admin.AddAccountAsync();
        var body = new JsonObject { ["social_account_id"] = account, ["from"] = Text(TimeProvider.System.GetUtcNow().AddHours(-1)), ["until"] = Text(TimeProvider.System.GetUtcNow().AddHours(5)), ["reason"] = "Holidays" };
        (await viewer.PostAsync("/meta/freezes", body.DeepClone())).AssertProblem(403);
        (await _admin.PostAsync("/meta/freezes", new JsonObject { ["social_account_id"] = Guid.NewGuid(), ["from"] = Text(TimeProvider.System.GetUtcNow()), ["until"] = Text(TimeProvider.System.GetUtcNow().AddHours(5)) })).AssertProblem(422, "invalid_fields");
        var set = await _admin.PostAsync("/meta/freezes", body);
        Assert.That((set.Code, (string?)set.Json["made_by"], (string?)set.Json["reason"]), Is.EqualTo((201, "admin@tests", "Holidays")), set.Text);
        var request = ApiClient.Request(account, (string)(await _admin.NewRequestAsync())["clip_id"]!);
        request["auto_publish"] = true;
        var run = await _admin.AcceptAsync(request);
        await Eventually.TrueAsync(async () => (string?)(await _admin.RunAsync(run))["wait_reason"] == "frozen by admin@tests: Holidays", _service.Progress, _service.Logs);

        Assert.That((await viewer.GetAsync($"/meta/freezes?social_account_id={account}")).Json["items"]!.AsArray().Select(freeze => (string?)freeze!["id"]), Is.EqualTo([(string?)set.Json["id"]]));
        Assert.That((string?)(await _admin.PostAsync($"/meta/freezes/{(string)set.Json["id"]!}/end")).Json["ended_by"], Is.EqualTo("admin@tests"));
        (await _admin.PostAsync($"/meta/freezes/{(string)set.Json["id"]!}/end")).AssertProblem(409);
        await _admin.UntilAsync(run, "succeeded");
    }

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
