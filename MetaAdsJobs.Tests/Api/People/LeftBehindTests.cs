using System.Text.Json.Nodes;
using MetaAdsJobs.Launch;
using MetaAdsJobs.Tests.Api.Batches;
using MetaAdsJobs.Tests.Api.Budgets;
using MetaAdsJobs.Tests.Insights.Reading;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>Who may less tells and does less: webhooks do not outlive what their makers may see, batches what their senders may do, and neither the key that they were made by.</summary>
[TestFixture]
public sealed class LeftBehindTests : SharedPagesTests
{
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

    /// <summary>Who switches it on, or has it tell of more, is not who hears it.</summary>
    [TestCase("user", "may no longer see")]
    [TestCase("key", "the key by which it was given its address was revoked")]
    [TestCase("more", "may no longer see")]
    public async Task Nobody_else_has_it_tell_the_same_address_more_than_whose_that_is_may_hear(string loss, string reason)
    {
        var (one, other) = (await _admin.AddAccountAsync(), await _admin.AddAccountAsync());
        var (program, _, userId, keyId, _) = await _service.ProgramAsync(_admin, "manager", $"+{one}");
        using var client = program;
        var hook = await HookAsync(client, one);
        if (loss == "user") await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["disabled"] = true });
        else if (loss == "key") await _admin.SendAsync(HttpMethod.Delete, $"/meta/keys/{keyId}", null);
        var change = new JsonObject { ["enabled"] = true, ["account_ids"] = loss == "more" ? new JsonArray(one, other) : new JsonArray(one) };

        Assert.That((string?)(await _admin.PatchAsync($"/meta/webhooks/{hook}", change)).Json["off_reason"], Does.Contain(reason));
        // As somebody has switched it on before that was looked at.
        await _service.Database.DataSource.DoAsync("UPDATE webhooks SET state = 'on', off_reason = NULL WHERE id = @Hook::uuid", new { Hook = hook });
        await _service.Database.DataSource.DoAsync(await File.ReadAllTextAsync(Path.Combine(ProjectFolder.Path, "db", "migrations", "V0103__webhooks_of_who_had_left.sql")));
        Assert.That(await StateAsync(hook), Does.Contain(reason));
        change["url"] = "https://receiver.invalid/hook";
        await _admin.PatchAsync($"/meta/webhooks/{hook}", change);
        Assert.That(await StateAsync(hook), Is.EqualTo("on"), "it is the admin's now");
    }

    /// <summary>Who has found a key is not told on, nor served, by what he made with it.</summary>
    [TestCase("was revoked", "admin@tests")]
    [TestCase("has expired", "service")]
    public async Task What_was_made_by_a_key_ends_with_it(string end, string teller)
    {
        var account = await _admin.AddAccountAsync();
        var (program, mail, userId, keyId, _) = await _service.ProgramAsync(_admin, "manager", $"+{account}");
        using var client = program;
        using var another = _service.With((await _admin.AddKeyAsync(userId)).Secret);
        var (made, moved, taken, others) = (await HookAsync(client, account), await HookAsync(another, account), await HookAsync(client, account), await HookAsync(another, account));
        foreach (var (by, hook) in ((ApiClient, string)[])[(client, moved), (another, taken)])
            Assert.That((await by.PatchAsync($"/meta/webhooks/{hook}", new JsonObject { ["url"] = "https://elsewhere.invalid/hook" })).Code, Is.EqualTo(200));
        var (batch, othersBatch) = (await client.SendBatchAsync(account), await another.SendBatchAsync(account));

        if (end == "was revoked") Assert.That((await _admin.SendAsync(HttpMethod.Delete, $"/meta/keys/{keyId}", null)).Code, Is.EqualTo(200));
        else await _service.ExpireAsync(keyId);
        foreach (var hook in (string[])[made, moved]) Assert.That(await StateAsync(hook), Is.EqualTo($"the key by which it was given its address {end}"));
        Assert.That(await StateAsync(taken, others), Is.EqualTo("on on"), "the address is another's");
        Assert.That(await _admin.BatchStatesAsync(batch, othersBatch), Is.EqualTo("paused running"));
        foreach (var (thing, why) in ((string, string)[])[(made, $"the key by which it was given its address {end}"), (batch, $"the key that it was sent by {end}")])
            Assert.That((await _admin.GetAsync($"/meta/changes?object={thing}")).Json["items"]![0]!.ToJsonString(), Does.Contain(why).And.Contain($"\"asked_by\":\"{teller}\"").And.Not.Contain(mail));
        Assert.That((string?)(await _admin.GetAsync($"/meta/changes?object={keyId}")).Json["items"]![0]!["outcome"], Is.EqualTo(end.Split(' ')[1]));
    }

    /// <summary>What it proposes waits for somebody; it moves no money by itself any more.</summary>
    [TestCase("disabled")]
    [TestCase("viewer")]
    [TestCase("another account")]
    [TestCase("group")]
    [TestCase("key")]
    [TestCase("expired")]
    public async Task A_pool_acts_no_longer_than_whoever_had_it_act(string loss)
    {
        var (account, other) = (await _admin.AddAccountAsync(), await _admin.AddAccountAsync());
        var (program, mail, userId, keyId, _) = await _service.ProgramAsync(_admin, "manager", $"+{account}");
        using var client = program;
        var mine = await PooledCampaigns.AddAsync(_service.Database.DataSource, account, $"{Guid.NewGuid()}", 10, 20);
        var theirs = await PooledCampaigns.AddAsync(_service.Database.DataSource, account, $"{Guid.NewGuid()}", 10, 20);
        var pools = new List<string>();
        foreach (var (by, body) in ((ApiClient, JsonObject)[])[(client, mine.Body), (_admin, theirs.Body)])
        {
            body["mode"] = "act";
            var made = await by.PostAsync("/meta/budget-pools", body);
            Assert.That(made.Code, Is.EqualTo(201), made.Text);
            pools.Add((string)made.Json["id"]!);
        }

        Assert.That((await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["name"] = "Another name" })).Code, Is.EqualTo(200));
        Assert.That(await ModeAsync(pools[0]), Is.EqualTo("act"));
        if (loss == "group")
        {
            var group = (string)(await _admin.PostAsync("/meta/account-groups", new JsonObject { ["name"] = $"{Guid.NewGuid()}", ["account_ids"] = new JsonArray(account) })).Json["id"]!;
            await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["accounts"] = new JsonArray(), ["groups"] = Persons.Grants($"+{group}") });
            Assert.That(await ModeAsync(pools[0]), Is.EqualTo("act"), "by a group now");
            await _admin.PatchAsync($"/meta/account-groups/{group}", new JsonObject { ["account_ids"] = new JsonArray(other) });
        }
        else if (loss == "key") await _admin.SendAsync(HttpMethod.Delete, $"/meta/keys/{keyId}", null);
        else if (loss == "expired")
        {
            // Nothing that was left so was there before anybody looked at the time of keys.
            await _service.ExpireAsync(keyId);
            Assert.That((await ModeAsync(pools[0]), await ModeAsync(pools[1])), Is.EqualTo(("ask", "act")));
            Assert.That((await _admin.GetAsync($"/meta/changes?object={pools[0]}")).Json["items"]![0]!.ToJsonString(), Does.Contain("the key by which it was made to act has expired"));
            return;
        }
        else await _admin.PatchAsync($"/meta/users/{userId}", loss switch { "disabled" => new JsonObject { ["disabled"] = true }, "viewer" => new() { ["role"] = "viewer" }, _ => new() { ["accounts"] = Persons.Grants($"+{other}", account) } });
        await AssertAsksAsync();
        // As it was left by who had lost it before anybody looked at that.
        await _service.Database.DataSource.DoAsync("""
            BEGIN; ALTER TABLE recorded_acts DISABLE TRIGGER recorded_acts_stay; DELETE FROM recorded_acts WHERE object = @Pool AND fields ? 'mode_why'; ALTER TABLE recorded_acts ENABLE TRIGGER recorded_acts_stay; COMMIT;
            UPDATE budget_pools SET mode = 'act', mode_key = NULL, mode_why = NULL WHERE id = @Pool::uuid
            """, new { Pool = pools[0] });
        await _service.Database.DataSource.DoAsync(await File.ReadAllTextAsync(Path.Combine(ProjectFolder.Path, "db", "migrations", "V0088__pools_of_who_had_left.sql")));
        await AssertAsksAsync();

        async Task AssertAsksAsync()
        {
            Assert.That((await ModeAsync(pools[0]), await ModeAsync(pools[1])), Is.EqualTo(("ask", "act")));
            Assert.That((await _admin.GetAsync($"/meta/changes?object={pools[0]}")).Json["items"]![0]!.ToJsonString(), Does.Contain(loss == "key" ? "the key by which it was made to act was revoked" : $"{mail} may no longer do what it does"));
        }

        async Task<string> ModeAsync(string pool) => (string)(await _admin.GetAsync($"/meta/budget-pools/{pool}")).Json["pool"]!["mode"]!;
    }

    [Test]
    public async Task A_link_that_nobody_has_used_opens_nothing_once_its_user_was_disabled()
    {
        var user = $"/meta/users/{(await _admin.AddUserAsync(Persons.UserBody("viewer")))["id"]}";
        var link = (string)(await _admin.PostAsync($"{user}/link")).Json["url"]!;
        foreach (var disabled in (bool[])[true, false]) await _admin.PatchAsync(user, new JsonObject { ["disabled"] = disabled });
        Assert.That((await Visitor.TryLinkAsync(_service, link)).Code, Is.EqualTo(401));
        using var again = await Visitor.ByLinkAsync(_service, (string)(await _admin.PostAsync($"{user}/link")).Json["url"]!);
    }

    /// <summary>Whoever makes them sees them, and may have kept them.</summary>
    [Test]
    public async Task Who_is_disabled_opens_no_link_of_somebody_else_and_his_page_tells_which_keys_of_others_he_may_know()
    {
        var left = await _admin.AddUserAsync(Persons.UserBody("admin"));
        var user = (string)(await _admin.AddUserAsync(Persons.UserBody("viewer")))["id"]!;
        using var client = _service.Client("admin", (string)left["mail"]!);
        var (link, another) = ((string)(await client.PostAsync($"/meta/users/{user}/link")).Json["url"]!, (string)(await _admin.PostAsync($"/meta/users/{user}/link")).Json["url"]!);
        var name = $"{Guid.NewGuid()}";
        var (key, _) = await client.AddKeyAsync(user, new JsonObject { ["name"] = name });
        var page = $"/console/people/{left["id"]}";

        foreach (var disabled in (bool[])[true, false]) Assert.That((await _admin.PatchAsync($"/meta/users/{left["id"]}", new JsonObject { ["disabled"] = disabled })).Code, Is.EqualTo(200));
        Assert.That((await Visitor.TryLinkAsync(_service, link)).Code, Is.EqualTo(401));
        using var person = await Visitor.ByLinkAsync(_service, another);
        Assert.That(await _admin.Http.GetStringAsync(page), Does.Contain(name));
        Assert.That((await _admin.SendAsync(HttpMethod.Delete, $"/meta/keys/{key}", null)).Code, Is.EqualTo(200));
        Assert.That(await _admin.Http.GetStringAsync(page), Does.Not.Contain(name));
    }

    /// <summary>A link that was being made while its maker was disabled.</summary>
    [Test]
    public async Task A_link_opens_nothing_while_whoever_made_it_is_disabled()
    {
        var left = await _admin.AddUserAsync(Persons.UserBody("admin"));
        var user = (string)(await _admin.AddUserAsync(Persons.UserBody("viewer")))["id"]!;
        using var client = _service.Client("admin", (string)left["mail"]!);
        await _admin.PatchAsync($"/meta/users/{left["id"]}", new JsonObject { ["disabled"] = true });
        var link = (string)(await client.PostAsync($"/meta/users/{user}/link")).Json["url"]!;
        Assert.That((await Visitor.TryLinkAsync(_service, link)).Code, Is.EqualTo(401));
    }

    /// <summary>He may have opened it himself.</summary>
    [Test]
    public async Task A_session_that_was_opened_by_a_link_of_somebody_ends_with_him()
    {
        var left = await _admin.AddUserAsync(Persons.UserBody("admin"));
        var users = new[] { (string)(await _admin.AddUserAsync(Persons.UserBody("viewer")))["id"]!, (string)(await _admin.AddUserAsync(Persons.UserBody("viewer")))["id"]! };
        using var client = _service.Client("admin", (string)left["mail"]!);
        using var his = await Visitor.ByLinkAsync(_service, (string)(await client.PostAsync($"/meta/users/{users[0]}/link")).Json["url"]!);
        using var another = await Visitor.ByLinkAsync(_service, (string)(await _admin.PostAsync($"/meta/users/{users[1]}/link")).Json["url"]!);

        await _admin.PatchAsync($"/meta/users/{left["id"]}", new JsonObject { ["disabled"] = true });

        Assert.That(((await his.GetAsync("/console/me")).Code, (await another.GetAsync("/console/me")).Code), Is.EqualTo((302, 200)));
    }

    /// <summary>It cannot be taken away from whoever signs with it, but be changed: whoever ends a user is told.</summary>
    [Test]
    public async Task The_page_of_a_user_tells_which_publishers_secrets_it_knows()
    {
        var body = Persons.UserBody("manager");
        (body["all_accounts"], body["accounts"]) = (true, new JsonArray());
        var user = (string)(await _admin.AddUserAsync(body))["id"]!;
        using var client = _service.With((await _admin.AddKeyAsync(user)).Secret);
        var (name, another) = ($"p{Guid.NewGuid():N}"[..20], $"p{Guid.NewGuid():N}"[..20]);
        var publisher = (await client.PostAsync("/meta/publishers", new JsonObject { ["name"] = name })).Json["id"];
        var rotated = (await _admin.PostAsync("/meta/publishers", new JsonObject { ["name"] = another })).Json["id"];
        await client.PostAsync($"/meta/publishers/{rotated}/rotate", new JsonObject());
        Assert.That(await _admin.Http.GetStringAsync($"/console/people/{user}"), Does.Contain($">{name}</a>").And.Contain($">{another}</a>"));

        foreach (var one in new[] { publisher, rotated }) await _admin.PostAsync($"/meta/publishers/{one}/rotate", new JsonObject());
        Assert.That(await _admin.Http.GetStringAsync($"/console/people/{user}"), Does.Not.Contain(name).And.Not.Contain(another));
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
