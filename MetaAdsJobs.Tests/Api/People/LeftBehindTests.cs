using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>Who may see less tells less: webhooks do not outlive what their makers may see.</summary>
[TestFixture]
public sealed class LeftBehindTests
{
    private Service _service = null!;
    private ApiClient _admin = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.ForPages;
        _admin = _service.Client();
    }

    [OneTimeTearDown]
    public void Stop() => _admin.Dispose();

    [Test]
    public async Task A_webhook_is_switched_off_with_what_its_maker_loses()
    {
        var (one, other) = (await _admin.AddAccountAsync(), await _admin.AddAccountAsync());
        var (program, mail, userId, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{one}", $"+{other}");
        using var client = program;
        var (first, both) = (await HookAsync(client, one), await HookAsync(client, one, other));
        var another = await HookAsync(_admin, one, other);

        await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["accounts"] = Persons.Grants($"+{one}") });
        Assert.That(await StateAsync(first, another), Is.EqualTo("on on"), "within what is left, and somebody else's");
        Assert.That(await StateAsync(both), Is.EqualTo($"{mail} may no longer see all that it tells of"));

        await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["disabled"] = true });
        Assert.That(await StateAsync(first), Is.EqualTo($"{mail} may no longer see all that it tells of"));
        Assert.That(await StateAsync(another), Is.EqualTo("on"));
    }

    [Test]
    public async Task So_it_is_when_a_group_loses_accounts_or_is_removed()
    {
        var (one, other) = (await _admin.AddAccountAsync(), await _admin.AddAccountAsync());
        var group = (string)(await _admin.PostAsync("/meta/account-groups", new JsonObject { ["name"] = $"{Guid.NewGuid()}", ["account_ids"] = new JsonArray(one, other) })).Json["id"]!;
        var body = Persons.UserBody("manager");
        body["groups"] = Persons.Grants($"+{group}");
        var user = await _admin.AddUserAsync(body);
        using var client = _service.With((await _admin.AddKeyAsync((string)user["id"]!)).Secret);
        var (first, second) = (await HookAsync(client, one), await HookAsync(client, other));

        await _admin.PatchAsync($"/meta/account-groups/{group}", new JsonObject { ["account_ids"] = new JsonArray(one) });
        Assert.That(await StateAsync(first, second), Does.StartWith("on ").And.Contain("may no longer see"));
        await _admin.SendAsync(HttpMethod.Delete, $"/meta/account-groups/{group}", null);
        Assert.That(await StateAsync(first), Does.Contain("may no longer see"));
    }

    [Test]
    public async Task A_webhook_of_all_accounts_ends_when_its_maker_has_some_only()
    {
        var body = Persons.UserBody("manager");
        (body["all_accounts"], body["accounts"]) = (true, new JsonArray());
        var user = await _admin.AddUserAsync(body);
        using var client = _service.With((await _admin.AddKeyAsync((string)user["id"]!)).Secret);
        var hook = await HookAsync(client);
        var mine = await _admin.AddAccountAsync();

        await _admin.PatchAsync($"/meta/users/{user["id"]}", new JsonObject { ["name"] = "Another name" });
        Assert.That(await StateAsync(hook), Is.EqualTo("on"));
        await _admin.PatchAsync($"/meta/users/{user["id"]}", new JsonObject { ["accounts"] = Persons.Grants($"+{mine}") });
        Assert.That(await StateAsync(hook), Does.Contain("may no longer see"));
    }

    /// <summary>Whoever gives a webhook another address hears what it tells.</summary>
    [Test]
    public async Task Whose_address_it_is_counts_as_its_maker()
    {
        var account = await _admin.AddAccountAsync();
        var (program, mail, userId, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{account}");
        using var client = program;
        var hook = await HookAsync(_admin, account);
        Assert.That((await client.PatchAsync($"/meta/webhooks/{hook}", new JsonObject { ["url"] = "https://elsewhere.invalid/hook" })).Code, Is.EqualTo(200));

        await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["disabled"] = true });
        Assert.That(await StateAsync(hook), Does.StartWith(mail));
        Assert.That((await _admin.PatchAsync($"/meta/webhooks/{hook}", new JsonObject { ["url"] = "https://receiver.invalid/hook", ["enabled"] = true })).Code, Is.EqualTo(200));
        await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["role"] = "viewer" });
        Assert.That(await StateAsync(hook), Is.EqualTo("on"), "it is the admin's again");
    }

    private static async Task<string> HookAsync(ApiClient client, params string[] accounts)
    {
        var body = new JsonObject { ["url"] = "https://receiver.invalid/hook" };
        if (accounts.Length > 0) body["account_ids"] = new JsonArray([.. accounts.Select(account => (JsonNode)account)]);
        var made = await client.PostAsync("/meta/webhooks", body);
        Assert.That(made.Code, Is.EqualTo(201), made.Text);
        return (string)made.Json["id"]!;
    }

    // on, or why it is off.
    private async Task<string> StateAsync(params string[] hooks)
    {
        var states = new List<string>();
        foreach (var hook in hooks)
        {
            var now = (await _admin.GetAsync($"/meta/webhooks/{hook}")).Json;
            states.Add((bool)now["enabled"]! ? "on" : (string)now["off_reason"]!);
        }

        return string.Join(' ', states);
    }
}
