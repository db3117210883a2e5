using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Publishers;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Contract;

/// <summary>Who changes what somebody else has changed meanwhile, and names the version that it was made for, gives nothing back unseen. Accounts have tests of their own.</summary>
[TestFixture]
public sealed class IfMatchTests
{
    private Service _service = null!;
    private ApiClient _admin = null!;
    private ForeignAccount _of = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartAsync(workers: 0);
        _admin = _service.Client();
        _of = await ForeignAccount.AddAsync(_service, _admin);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _admin.Dispose();
        await _service.DisposeAsync();
    }

    [Test]
    public async Task A_group_that_has_lost_an_account_does_not_get_it_back()
    {
        var group = (await _admin.PostAsync("/meta/account-groups", new JsonObject { ["name"] = $"{Guid.NewGuid():N}", ["account_ids"] = new JsonArray(_of.Id) })).Json;
        await AssertHeldAsync(HttpMethod.Patch, $"/meta/account-groups/{group["id"]}", new JsonObject { ["account_ids"] = new JsonArray() }, new JsonObject { ["account_ids"] = new JsonArray(_of.Id) }, one => one["account_ids"]!.AsArray().Count == 0);
    }

    /// <summary>Whoever renames it has waited for the other, and does not know the members of before.</summary>
    [Test]
    public async Task A_group_that_is_losing_an_account_does_not_get_it_back_by_a_new_name()
    {
        var group = (string)(await _admin.PostAsync("/meta/account-groups", new JsonObject { ["name"] = $"{Guid.NewGuid():N}", ["account_ids"] = new JsonArray(_of.Id) })).Json["id"]!;
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("SELECT 1 FROM account_groups WHERE id = @group::uuid FOR UPDATE; DELETE FROM account_group_members WHERE group_id = @group::uuid", new { group }, transaction);
        var renaming = _admin.SendAsync(HttpMethod.Patch, $"/meta/account-groups/{group}", new JsonObject { ["name"] = $"{Guid.NewGuid():N}" }.ToJsonString());
        await Eventually.TrueAsync(async () => await _service.Database.DataSource.RowsAsync("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0, () => "nobody waits for the group");
        await transaction.CommitAsync();

        Assert.That(((await renaming).Code, (await _admin.GetAsync($"/meta/account-groups/{group}")).Json["account_ids"]!.AsArray().Count), Is.EqualTo((200, 0)));
    }

    [Test]
    public async Task A_user_who_has_lost_an_account_does_not_get_it_back()
    {
        var user = await _admin.AddUserAsync(Persons.UserBody("manager", $"+{_of.Id}"));
        await AssertHeldAsync(HttpMethod.Patch, $"/meta/users/{user["id"]}", new JsonObject { ["accounts"] = new JsonArray() }, new JsonObject { ["accounts"] = Persons.Grants($"+{_of.Id}") }, one => one["accounts"]!.AsArray().Count == 0);
    }

    [Test]
    public Task A_rule_stays_as_it_was_made() => AssertHeldAsync(
        HttpMethod.Patch, $"/meta/alerts/rules/{_of.Ids[Thing.AlertRule]}", new JsonObject { ["threshold"] = 7 }, new JsonObject { ["threshold"] = 5 }, one => (decimal?)one["rule"]!["threshold"] == 7);

    [Test]
    public Task A_webhook_stays_as_it_was_made() => AssertHeldAsync(
        HttpMethod.Patch, $"/meta/webhooks/{_of.Ids[Thing.Webhook]}", new JsonObject { ["description"] = "theirs" }, new JsonObject { ["description"] = "ours" }, one => (string?)one["description"] == "theirs");

    [Test]
    public Task A_pool_stays_as_it_was_made() => AssertHeldAsync(
        HttpMethod.Patch, $"/meta/budget-pools/{_of.Ids[Thing.BudgetPool]}", new JsonObject { ["max_step_percent"] = 5 }, new JsonObject { ["max_step_percent"] = 20 }, one => (int?)one["pool"]!["max_step_percent"] == 5);

    [Test]
    public async Task A_publisher_and_its_template_stay_as_they_were_made()
    {
        var url = $"/meta/publishers/{(await _admin.PostAsync("/meta/publishers", new JsonObject { ["name"] = $"p{Guid.NewGuid():N}"[..20] })).Json["id"]}";
        await AssertHeldAsync(HttpMethod.Patch, url, new JsonObject { ["runs_per_day"] = 1 }, new JsonObject { ["runs_per_day"] = 100 }, one => (int?)one["runs_per_day"] == 1);
        var (template, ours, theirs) = ($"{url}/templates/{_of.Id}", ClipWorld.Template(), ClipWorld.Template());
        var none = await _admin.SendAsync(HttpMethod.Put, template, ours.ToJsonString(), ("If-Match", "*"));
        none.AssertProblem(412, "outdated");
        Assert.That((await _admin.SendAsync(HttpMethod.Put, template, ours.ToJsonString())).Code, Is.EqualTo(200));
        (theirs["approval"], theirs["daily_cap_cents"]) = (true, 1000);
        await AssertHeldAsync(HttpMethod.Put, template, theirs, ours, one => (bool?)one["approval"] == true && (long?)one["daily_cap_cents"] == 1000);
    }

    /// <param name="theirs">What somebody changes first.</param>
    /// <param name="isTheirs">Whether what GET tells is still theirs.</param>
    private async Task AssertHeldAsync(HttpMethod method, string url, JsonObject theirs, JsonObject ours, Func<JsonNode, bool> isTheirs)
    {
        var seen = (await _admin.GetAsync(url)).Header("ETag")!;
        Assert.That(seen, Does.Match("^\"[0-9a-f]+\"$"));
        var changed = await SendAsync(theirs, seen);
        Assert.That((changed.Code, changed.Header("ETag")), Is.EqualTo((200, (await _admin.GetAsync(url)).Header("ETag"))), changed.Text);
        Assert.That(changed.Header("ETag"), Is.Not.EqualTo(seen));
        foreach (var stale in (string[])[seen, "\"x\"", $"W/{changed.Header("ETag")}"]) (await SendAsync(ours, stale)).AssertProblem(412, "outdated");
        Assert.That(isTheirs((await _admin.GetAsync(url)).Json), Is.True);
        Assert.That((await SendAsync(ours, changed.Header("ETag")!)).Code, Is.EqualTo(200), "as it is now");

        Task<ApiAnswer> SendAsync(JsonObject body, string version) => _admin.SendAsync(method, url, body.ToJsonString(), ("If-Match", version));
    }
}
