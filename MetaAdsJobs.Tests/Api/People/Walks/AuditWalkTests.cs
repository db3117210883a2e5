using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Tests.Api.Batches;
using MetaAdsJobs.Tests.Api.Budgets;
using MetaAdsJobs.Tests.Experiments;
using MetaAdsJobs.Tests.Publishers;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.People.Walks;

/// <summary>Walks every address that changes something, as somebody who may: each leaves a line in the audit, or stands below with the reason why not. A new one is red until it does either.</summary>
[TestFixture]
public sealed class AuditWalkTests
{
    private const string RunsTell = "the run tells who asked for it and who ordered last, with their keys; what it changes at Meta is in the audit";
    private const string EditsTell = "the edit tells who asked for it, with the key; what it changes at Meta is in the audit";
    private const string WritesNothing = "writes nothing";
    private const string Numbers = "asks Meta for numbers: the sync tells who asked, and nothing of anybody's is changed";
    private const string Clips = "a clip is added and never changed; the run that shows it tells who asked for that";
    private const string Log = "the publisher's log tells who took it, and the run is asked for by it";

    private static readonly Dictionary<string, string> Without = new()
    {
        ["POST /meta/orchestrate/run"] = RunsTell, ["POST /meta/orchestrate/runs/{requestId:guid}/retry"] = RunsTell, ["POST /console/new"] = RunsTell,
        ["POST /console/runs/{requestId:guid}/retry"] = RunsTell, ["POST /console/runs/bulk/cancel"] = "a line of each run, as its own cancel leaves", ["POST /console/runs/bulk/retry"] = RunsTell,
        ["POST /meta/orchestrate/batch"] = "the batch tells who sent it, and so do its runs", ["POST /console/batches/new"] = "the batch tells who sent it, and so do its runs",
        ["POST /meta/accounts/{accountId:guid}/campaigns/{id}/adopt"] = "a line of what was taken over, when Meta tells of it: AdoptTests", ["POST /console/campaigns/adopt"] = "a line of what was taken over, when Meta tells of it: AdoptTests",
        ["POST /console/campaigns/{campaignId}/{order}/{metaId}"] = EditsTell,
        ["POST /console/campaigns/bulk/pause"] = EditsTell, ["POST /console/campaigns/bulk/publish"] = EditsTell,
        ["POST /meta/orchestrate/sync-insights/{socialAccountId:guid}"] = Numbers, ["POST /console/accounts/{id:guid}"] = Numbers,
        ["POST /meta/clips"] = Clips, ["PUT /meta/clips/{id:guid}/file"] = Clips, ["POST /console/clips/new"] = Clips, ["POST /console/clips/file"] = Clips,
        ["POST /meta/publishers/{id:guid}/events/{event:guid}/take"] = Log, ["POST /meta/publishers/{id:guid}/events/take"] = Log, ["POST /console/publishers/{id:guid}/take"] = Log, ["POST /console/publishers/{id:guid}/events/{event:guid}/take"] = Log,
        ["POST /meta/targeting/reach"] = WritesNothing, ["POST /meta/accounts/choices"] = WritesNothing, ["POST /meta/alerts/rules/try"] = WritesNothing, ["POST /meta/alerts/rules/{id:guid}/try"] = WritesNothing, ["POST /meta/budget-pools/backtest"] = WritesNothing,
        ["POST /meta/budget-pools/{id:guid}/backtest"] = WritesNothing, ["POST /meta/budget-pools/simulate"] = WritesNothing, ["POST /meta/experiments/simulate"] = WritesNothing, ["POST /meta/publishers/{id:guid}/preview"] = WritesNothing,
    };

    private Service _service = null!;
    private ApiClient _admin = null!;
    private ForeignAccount _of = null!;
    private AuditWalk _walk = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartAsync(workers: 0);
        _admin = _service.Client();
        _of = await ForeignAccount.AddAsync(_service, _admin);
        _walk = await AuditWalk.BeginAsync(_service, _admin, _of);
        foreach (var level in (string[])["campaigns", MetaAdsJobs.Api.Campaigns.CampaignEndpoints.AdSets, "ads"])
            foreach (var edit in (string[])["POST {0}/publish", "POST {0}/pause", "POST {0}/resume", "POST {0}/archive", "POST {0}/delete", "PATCH {0}"]) Without[string.Format(System.Globalization.CultureInfo.InvariantCulture, edit, $"/meta/{level}/{{id}}")] = EditsTell;
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _admin.Dispose();
        await _walk.DisposeAsync();
        await _service.DisposeAsync();
    }

    [Test]
    public async Task Whatever_changes_something_leaves_a_line_that_tells_who_and_no_secret()
    {
        await AccountsAsync();
        await RunsAndEditsAsync();
        await HoldsAsync();
        await PoolsAndExperimentsAsync();
        await WebhooksAsync();
        await AlertsAsync();
        await PublishersAsync();
        await PeopleAsync();
        await _walk.SignOutAndInAsync();

        Assert.That(_walk.Wrong, Is.Empty, string.Join('\n', _walk.Wrong));
        var (app, routes) = RouteTable.Read(_service.Database.ConnectionString);
        await using (app)
        {
            // What is open changes who comes in, or is signed by a publisher; the dashboard's addresses are Hangfire's.
            var changing = routes.Where(route => (route.IsClosed || route.Endpoint.RoutePattern.RawText!.StartsWith("/sign", StringComparison.Ordinal)) && route.Method is not ("GET" or "HEAD")).Select(route => route.Name).ToHashSet();
            Assert.That(changing.Except(_walk.Walked).Except(Without.Keys), Is.Empty, "are neither walked nor told why not");
            Assert.That(Without.Keys.Concat(_walk.Walked).Except(changing), Is.Empty, "are no routes");
            Assert.That(Without.Keys.Intersect(_walk.Walked), Is.Empty, "leave a line after all");
        }

        await _walk.AssertNoSecretAsync();
    }

    private async Task AccountsAsync()
    {
        var account = new JsonObject
        {
            ["name"] = "Walked", ["ad_account_id"] = "act_7100000001", ["page_id"] = "2000000001", ["currency"] = "USD", ["timezone_name"] = "America/New_York", ["default_countries"] = new JsonArray("US"), ["access_token"] = $"{Service.SecretToken}walked",
        };
        var id = await _walk.ApiAsync("POST /meta/accounts", account);
        await _walk.ApiAsync("PATCH /meta/accounts/{id:guid}", new JsonObject { ["daily_cap_cents"] = 5000 }, id);
        await _walk.ApiAsync("POST /meta/accounts/{id:guid}/reports", new JsonObject { ["name"] = "walked", ["level"] = "campaign" }, id);
        await _walk.ApiAsync("DELETE /meta/accounts/{id:guid}/reports/{name}", null, id, "walked");
        (string, string)[] fields = [("name", "Walked too"), ("ad_account_id", "act_7100000002"), ("page_id", "2000000001"), ("currency", "USD"), ("timezone_name", "America/New_York"), ("default_countries", "US"), ("approval_required", "none")];
        var second = await _walk.FormAsync("POST /console/accounts/new", [.. fields, ("access_token", $"{Service.SecretToken}walked"), ("id", $"{Guid.NewGuid()}")]);
        await _walk.FormAsync("POST /console/accounts/{id:guid}/edit", [.. fields, ("daily_cap_cents", "12"), ("seen", await _walk.HiddenAsync($"/console/accounts/{second}/edit", "seen"))], second);
        await _walk.FormAsync("POST /console/accounts/{id:guid}/unblock", [], second);
        foreach (var of in (string[])["/accounts/{id:guid}", ""])
        {
            await _walk.ApiAsync($"POST /meta{of}/stop", new JsonObject { ["reason"] = "walked" }, id);
            await _walk.ApiAsync($"POST /meta{of}/start", new JsonObject(), id);
            await _walk.FormAsync($"POST /console/accounts{(of.Length > 0 ? "/{id:guid}" : "/all")}/stop", [("reason", "walked")], id);
            await _walk.FormAsync($"POST /console/accounts{(of.Length > 0 ? "/{id:guid}" : "/all")}/start", [], id);
        }

        await _walk.ApiAsync("POST /meta/accounts/{id:guid}/retire", null, id);
        await _walk.FormAsync("POST /console/accounts/{id:guid}/retire", [("seen", await _walk.HiddenAsync($"/console/accounts/{second}/retire", "seen"))], second);
    }

    private async Task RunsAndEditsAsync()
    {
        var (run, edits) = (ApiClient.Request(_of.Id, _of.Ids[Thing.Clip]), await _walk.SeedApprovalsAsync(2));
        await _walk.ApiAsync("POST /meta/orchestrate/runs/{requestId:guid}/cancel", null, await _admin.AcceptAsync(run));
        await _walk.FormAsync("POST /console/runs/{requestId:guid}/cancel", [], await _admin.AcceptAsync(run));
        await _walk.ApiAsync("POST /meta/edits/{editId:guid}/cancel", null, edits[0]);
        await _walk.FormAsync("POST /console/campaigns/edits/{editId:guid}/cancel", [], edits[1]);
    }

    private async Task HoldsAsync()
    {
        var (batch, approvals) = (_of.Ids[Thing.Batch], await _walk.SeedApprovalsAsync(4));
        await _walk.ApiAsync("POST /meta/approvals/{id:guid}/approve", null, approvals[0]);
        await _walk.ApiAsync("POST /meta/approvals/{id:guid}/reject", new JsonObject { ["reason"] = "walked" }, approvals[1]);
        await _walk.FormAsync("POST /console/approvals/{id:guid}/approve", [("content_hash", await _walk.HashAsync(approvals[2]))], approvals[2]);
        await _walk.FormAsync("POST /console/approvals/{id:guid}/reject", [("reason", "walked")], approvals[3]);
        var freeze = await _walk.ApiAsync("POST /meta/freezes", new JsonObject { ["social_account_id"] = _of.Id, ["from"] = "2030-01-01T00:00:00Z", ["until"] = "2030-02-01T00:00:00Z", ["reason"] = "walked" });
        await _walk.ApiAsync("POST /meta/freezes/{id:guid}/end", null, freeze);
        freeze = await _walk.FormAsync("POST /console/due", [("social_account_id", _of.Id), ("from", "2030-01-01T00:00"), ("until", "2030-02-01T00:00")]);
        await _walk.FormAsync("POST /console/freezes/{id:guid}/end", [], freeze);
        await _walk.ApiAsync("POST /meta/batches/{batchId:guid}/pause", null, batch);
        await _walk.ApiAsync("POST /meta/batches/{batchId:guid}/resume", null, batch);
        await _walk.FormAsync("POST /console/batches/{batchId:guid}/pause", [], batch);
        await _walk.FormAsync("POST /console/batches/{batchId:guid}/resume", [], batch);
        await _walk.ApiAsync("POST /meta/batches/{batchId:guid}/cancel", null, batch);
        var row = ApiClient.Request(_of.Id, _of.Ids[Thing.Clip]);
        await _walk.FormAsync("POST /console/batches/{batchId:guid}/cancel", [], await _admin.AcceptBatchAsync(BatchWorld.FileOf(row.Row("walked"))));
    }

    private async Task PoolsAndExperimentsAsync()
    {
        var (pool, proposals) = (_of.Ids[Thing.BudgetPool], await _walk.SeedProposalsAsync(4));
        await _walk.ApiAsync("POST /meta/budget-pools/{id:guid}/proposals/{proposalId:guid}/accept", null, pool, proposals[0]);
        await _walk.ApiAsync("POST /meta/budget-pools/{id:guid}/proposals/{proposalId:guid}/decline", null, pool, proposals[1]);
        await _walk.FormAsync("POST /console/budgets/{id:guid}/proposals/{proposalId:guid}/accept", [], pool, proposals[2]);
        await _walk.FormAsync("POST /console/budgets/{id:guid}/proposals/{proposalId:guid}/decline", [], pool, proposals[3]);
        var another = await _admin.AddAccountAsync();
        var pooled = await PooledCampaigns.AddAsync(_service.Database.DataSource, another, $"w{Guid.NewGuid():N}", 10, 20);
        var made = await _walk.ApiAsync("POST /meta/budget-pools", pooled.Body);
        await _walk.ApiAsync("PATCH /meta/budget-pools/{id:guid}", new JsonObject { ["max_step_percent"] = 10 }, made);
        await _walk.ApiAsync("DELETE /meta/budget-pools/{id:guid}", null, made);
        (string, string)[] fields = [("social_account_id", another), ("name", "Walked"), ("level", "campaign"), ("mode", "show"), ("members", string.Join('\n', pooled.Ids.Select(id => id.Replace(' ', '_'))))];
        await _walk.RenameAsync(pooled.Ids);
        made = await _walk.FormAsync("POST /console/budgets/new", fields);
        await _walk.FormAsync("POST /console/budgets/{id:guid}/edit", [.. fields[1..], ("max_step_percent", "10"), ("seen", await _walk.HiddenAsync($"/console/budgets/{made}/edit", "seen"))], made);
        await _walk.FormAsync("POST /console/budgets/{id:guid}/mode/{mode}", [], made, "ask");
        await _walk.FormAsync("POST /console/budgets/{id:guid}/remove", [], made);

        var experiments = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            var body = ExperimentWorld.Body(Guid.Parse(_of.Id), Guid.Parse(_of.Ids[Thing.Clip]));
            body["request"]!["optimization_goal"] = "LANDING_PAGE_VIEWS";
            experiments.Add(await _walk.ApiAsync("POST /meta/experiments", body));
        }

        await _walk.SeedExperimentProposalsAsync(experiments.Take(2));
        await _walk.ApiAsync("POST /meta/experiments/{id:guid}/proposal/accept", null, experiments[0]);
        await _walk.FormAsync("POST /console/experiments/{id:guid}/accept", [("proposal", await _walk.HiddenAsync($"/console/experiments/{experiments[1]}", "proposal"))], experiments[1]);
        await _walk.ApiAsync("POST /meta/experiments/{id:guid}/stop", null, experiments[2]);
        await _walk.FormAsync("POST /console/experiments/{id:guid}/stop", [], experiments[3]);
    }

    private async Task WebhooksAsync()
    {
        var body = new JsonObject { ["url"] = "https://receiver.invalid/hook?key=secret-in-a-query", ["account_ids"] = new JsonArray(_of.Id) };
        var hook = await _walk.ApiAsync("POST /meta/webhooks", body);
        await _walk.ApiAsync("PATCH /meta/webhooks/{id:guid}", new JsonObject { ["description"] = "walked", ["url"] = "https://receiver.invalid/hook?key=secret-in-another" }, hook);
        await _walk.ApiAsync("POST /meta/webhooks/{id:guid}/rotate", new JsonObject(), hook);
        await _walk.ApiAsync("POST /meta/webhooks/{id:guid}/test", null, hook);
        var delivery = (string)(await _admin.GetAsync($"/meta/webhooks/{hook}/deliveries")).Json["items"]![0]!["id"]!;
        await _walk.ApiAsync("POST /meta/webhooks/{id:guid}/deliveries/{delivery:guid}/replay", null, hook, delivery);
        await _walk.ApiAsync("POST /meta/webhooks/{id:guid}/replay", new JsonObject { ["from"] = "2026-01-01T00:00:00Z", ["to"] = "2027-01-01T00:00:00Z" }, hook);
        await _walk.FormAsync("POST /console/webhooks/{id:guid}", [("from", "2026-01-01T00:00"), ("to", "2027-01-01T00:00")], hook);
        await _walk.FormAsync("POST /console/webhooks/{id:guid}/deliveries/{delivery:guid}/replay", [], hook, delivery);
        await _walk.FormAsync("POST /console/webhooks/{id:guid}/edit", [("description", "walked again"), ("seen", await _walk.HiddenAsync($"/console/webhooks/{hook}/edit", "seen"))], hook);
        await _walk.FormAsync("POST /console/webhooks/{id:guid}/test", [], hook);
        await _walk.FormAsync("POST /console/webhooks/{id:guid}/rotate", [], hook);
        await _walk.FormAsync("POST /console/webhooks/{id:guid}/off", [], hook);
        await _walk.FormAsync("POST /console/webhooks/{id:guid}/on", [], hook);
        await _walk.ApiAsync("DELETE /meta/webhooks/{id:guid}", null, hook);
        hook = await _walk.FormAsync("POST /console/webhooks/new", [("url", "https://receiver.invalid/hook"), ("format", "cloudevents")]);
        await _walk.FormAsync("POST /console/webhooks/{id:guid}/remove", [], hook);
    }

    private async Task AlertsAsync()
    {
        var alert = _of.Ids[Thing.Alert];
        foreach (var what in (string[])["acknowledge", "mute"])
        {
            await _walk.ApiAsync($"POST /meta/alerts/{{id:guid}}/{what}", null, alert);
            await _walk.FormAsync($"POST /console/alerts/{{id:guid}}/{what}", [], alert);
        }

        var rule = await _walk.ApiAsync("POST /meta/alerts/rules", new JsonObject { ["name"] = "Walked", ["metric"] = "spend", ["when"] = "above", ["threshold"] = 5 });
        await _walk.ApiAsync("PATCH /meta/alerts/rules/{id:guid}", new JsonObject { ["threshold"] = 6 }, rule);
        await _walk.ApiAsync("DELETE /meta/alerts/rules/{id:guid}", null, rule);
        (string, string)[] fields = [("name", "Walked"), ("metric", "spend"), ("level", "account"), ("when", "above"), ("threshold", "5"), ("enabled", "true")];
        rule = await _walk.FormAsync("POST /console/alerts/rules/new", fields);
        await _walk.FormAsync("POST /console/alerts/rules/{id:guid}/edit", [("name", "Walked on"), ("when", "above"), ("threshold", "7"), ("window_days", "1"), ("evaluations", "1"), ("cooldown_minutes", "60"), ("enabled", "true"), ("seen", await _walk.HiddenAsync($"/console/alerts/rules/{rule}/edit", "seen"))], rule);
        await _walk.FormAsync("POST /console/alerts/rules/{id:guid}/off", [], rule);
        await _walk.FormAsync("POST /console/alerts/rules/{id:guid}/on", [], rule);
        await _walk.FormAsync("POST /console/alerts/rules/{id:guid}/remove", [], rule);
    }

    private async Task PublishersAsync()
    {
        var publisher = await _walk.ApiAsync("POST /meta/publishers", new JsonObject { ["name"] = "walked" });
        await _walk.ApiAsync("PATCH /meta/publishers/{id:guid}", new JsonObject { ["runs_per_day"] = 7 }, publisher);
        await _walk.ApiAsync("POST /meta/publishers/{id:guid}/rotate", new JsonObject(), publisher);
        await _walk.ApiAsync("PUT /meta/publishers/{id:guid}/templates/{account:guid}", ClipWorld.Template(), publisher, _of.Id);
        await _walk.ApiAsync("DELETE /meta/publishers/{id:guid}/templates/{account:guid}", null, publisher, _of.Id);
        await _walk.ApiAsync("DELETE /meta/publishers/{id:guid}", null, publisher);
        publisher = await _walk.FormAsync("POST /console/publishers/new", [("name", "walked-too")]);
        await _walk.FormAsync("POST /console/publishers/{id:guid}/edit", [("description", "walked"), ("runs_per_day", "8"), ("seen", await _walk.HiddenAsync($"/console/publishers/{publisher}/edit", "seen"))], publisher);
        await _walk.FormAsync("POST /console/publishers/{id:guid}/templates/{account:guid}", [("request", ClipWorld.Template()["request"]!.ToJsonString())], publisher, _of.Id);
        await _walk.FormAsync("POST /console/publishers/{id:guid}/templates/{account:guid}/remove", [], publisher, _of.Id);
        await _walk.FormAsync("POST /console/publishers/{id:guid}/off", [], publisher);
        await _walk.FormAsync("POST /console/publishers/{id:guid}/on", [], publisher);
        await _walk.FormAsync("POST /console/publishers/{id:guid}/rotate", [], publisher);
        await _walk.FormAsync("POST /console/publishers/{id:guid}/remove", [], publisher);
    }

    private async Task PeopleAsync()
    {
        var user = await _walk.ApiAsync("POST /meta/users", Persons.UserBody("viewer"));
        await _walk.ApiAsync("PATCH /meta/users/{id:guid}", new JsonObject { ["role"] = "manager" }, user);
        await _walk.BearerAsync("POST /meta/users/{id:guid}/link", null, user);
        await _walk.ApiAsync("DELETE /meta/keys/{id:guid}", null, await _walk.BearerAsync("POST /meta/users/{id:guid}/keys", new JsonObject { ["name"] = "walked" }, user));
        await _walk.KeyAsync("DELETE /meta/me/keys/{id:guid}", await _admin.AddKeyAsync(_walk.UserId));
        var group = await _walk.ApiAsync("POST /meta/account-groups", new JsonObject { ["name"] = "Walked", ["account_ids"] = new JsonArray(_of.Id) });
        await _walk.ApiAsync("PATCH /meta/account-groups/{id:guid}", new JsonObject { ["account_ids"] = new JsonArray() }, group);
        await _walk.ApiAsync("DELETE /meta/account-groups/{id:guid}", null, group);
        group = await _walk.FormAsync("POST /console/people/groups/new", [("name", "Walked"), ("account_ids", $"{_of.Id}")]);
        await _walk.FormAsync("POST /console/people/groups/{id:guid}", [("name", "Walked on"), ("seen", await _walk.HiddenAsync($"/console/people/groups/{group}", "seen"))], group);
        await _walk.FormAsync("POST /console/people/groups/{id:guid}/remove", [], group);
        await _walk.BearerAsync("DELETE /meta/me/sessions/{id:guid}", null, await _walk.SeedSessionAsync(ofUser: false));
        await _walk.FormAsync("POST /console/me/sessions/{session:guid}/end", [], await _walk.SeedSessionAsync());
        await _walk.FormAsync("POST /console/me/keys/{key:guid}/revoke", [], await _walk.FormAsync("POST /console/me", [("name", "walked")]));
        user = await _walk.FormAsync("POST /console/people/new", [("name", "Walked"), ("mail", "walked@example.com"), ("role", "viewer")]);
        await _walk.FormAsync("POST /console/people/{id:guid}/edit", [("name", "Walked"), ("role", "manager"), ("seen", await _walk.HiddenAsync($"/console/people/{user}/edit", "seen"))], user);
        await _walk.FormAsync("POST /console/people/{id:guid}/link", [], user);
        await _walk.FormAsync("POST /console/people/{id:guid}/keys/{key:guid}/revoke", [], user, await _walk.FormAsync("POST /console/people/{id:guid}", [("name", "walked")], user));
        await _walk.FormAsync("POST /console/people/{id:guid}/sessions/{session:guid}/end", [], _walk.UserId, await _walk.SeedSessionAsync());
        await _walk.BearerAsync("DELETE /meta/users/{id:guid}/sessions/{session:guid}", null, _walk.UserId, await _walk.SeedSessionAsync());
        await _walk.FormAsync("POST /console/people/{id:guid}/disable", [], user);
        await _walk.FormAsync("POST /console/people/{id:guid}/enable", [], user);
    }
}
