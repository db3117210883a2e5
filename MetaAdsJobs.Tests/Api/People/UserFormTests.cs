using System.Globalization;
using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Api.Console;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>What an admin does to users, their keys and sessions from a page, and everybody to keys of their own.</summary>
[TestFixture]
public sealed class UserFormTests : SharedPagesTests
{
    [Test]
    public async Task A_form_that_was_opened_before_another_admin_changed_the_user_gives_nothing_back()
    {
        var account = await _admin.AddAccountAsync();
        var id = (string)(await _admin.AddUserAsync(Persons.UserBody("manager", $"+{account}")))["id"]!;
        var page = $"/console/people/{id}/edit";
        var seen = await _admin.HiddenAsync(page, "seen");
        (string, string)[] fields = [("name", "Corrected"), ("role", "manager"), ("see", account), ("spend", account)];
        await _admin.PatchAsync($"/meta/users/{id}", new JsonObject { ["role"] = "viewer", ["accounts"] = new JsonArray() });

        foreach (var stale in (string[])[seen, ""])
        {
            var outdated = await _admin.SendFormAsync(page, page, [.. fields, ("seen", stale)]);
            Assert.That(((int)outdated.Code, outdated.Text.Contains("Somebody has changed this user", StringComparison.Ordinal)), Is.EqualTo((422, true)), outdated.Text);
        }

        var user = (await _admin.GetAsync($"/meta/users/{id}")).Json;
        Assert.That(((string?)user["name"], (string?)user["role"], user["accounts"]!.AsArray().Count), Is.EqualTo(("Somebody", "viewer", 0)));
        Assert.That((int)(await _admin.SendFormAsync(page, page, fields)).Code, Is.EqualTo(302), "as the user is now");
        Assert.That((string?)(await _admin.GetAsync($"/meta/users/{id}")).Json["name"], Is.EqualTo("Corrected"));
    }

    [Test]
    public async Task Groups_are_made_changed_and_removed_on_a_page_as_they_were_seen()
    {
        var (account, name) = (await _admin.AddAccountAsync(), $"{Guid.NewGuid():N}");
        Assert.That((int)(await _admin.SendFormAsync("/console/people/groups/new", "/console/people/groups/new", [("name", ""), ("account_ids", account)])).Code, Is.EqualTo(422));
        Assert.That((int)(await _admin.SendFormAsync("/console/people/groups/new", "/console/people/groups/new", [("name", name), ("account_ids", account)])).Code, Is.EqualTo(302));
        var group = (await _admin.GetAsync("/meta/account-groups")).Json["items"]!.AsArray().Single(one => (string?)one!["name"] == name)!;
        Assert.That(group["account_ids"]!.AsArray().Select(id => (string?)id), Is.EqualTo([account]));
        Assert.That(await _admin.Http.GetStringAsync("/console/people/groups"), Does.Contain(name));

        var page = $"/console/people/groups/{group["id"]}";
        var seen = await _admin.HiddenAsync(page, "seen");
        await _admin.PatchAsync($"/meta/account-groups/{group["id"]}", new JsonObject { ["account_ids"] = new JsonArray() });
        var outdated = await _admin.SendFormAsync(page, page, [("name", name), ("account_ids", account), ("seen", seen)]);
        Assert.That(((int)outdated.Code, outdated.Text.Contains("Somebody has changed this group", StringComparison.Ordinal)), Is.EqualTo((422, true)), "nothing is given back unseen");
        Assert.That((int)(await _admin.SendFormAsync(page, page, [("name", $"{name} on")])).Code, Is.EqualTo(302));
        Assert.That((string?)(await _admin.GetAsync($"/meta/account-groups/{group["id"]}")).Json["name"], Is.EqualTo($"{name} on"));
        Assert.That((int)(await _admin.SendFormAsync(page, $"{page}/remove", [])).Code, Is.EqualTo(302));
        Assert.That((await _admin.GetAsync($"/meta/account-groups/{group["id"]}")).Code, Is.EqualTo(404));
        Assert.That((await _admin.GetAsync(page)).Code, Is.EqualTo(404));
    }

    [Test]
    public async Task However_many_accounts_are_ticked_the_form_is_read()
    {
        var (admin, _) = await AdminAsync();
        using var boss = admin;
        var page = $"/console/people/{(await _admin.AddUserAsync(Persons.UserBody("manager")))["id"]}/edit";
        // Of accounts that there are not: what is told of them shows that they were read.
        var accounts = Enumerable.Range(0, 700).Select(_ => $"{Guid.NewGuid()}").ToList();
        var answer = await boss.PostAsync(page, page, [("seen", await _admin.HiddenAsync(page, "seen")), ("name", "Somebody"), ("role", "viewer"), .. accounts.Select(account => ("see", account)), .. accounts.Select(account => ("spend", account))]);
        Assert.That((answer.Code, answer.Text.Contains("accounts[99].id", StringComparison.Ordinal)), Is.EqualTo((422, true)), answer.Text);
    }

    [TestCase("30", "viewer", 200)]
    [TestCase("", "", 200)]
    [TestCase("0", "", 422)]
    [TestCase("36501", "", 422)]
    [TestCase("soon", "", 422)]
    public async Task A_key_ends_in_so_many_days_and_has_the_role_that_the_form_says(string days, string role, int code)
    {
        var user = await _admin.AddUserAsync(Persons.UserBody("manager", $"+{await _admin.AddAccountAsync()}"));
        var page = $"/console/people/{user["id"]}";
        using var person = await Visitor.ByLinkAsync(_service, (string)(await _admin.PostAsync($"/meta/users/{user["id"]}/link")).Json["url"]!);
        (string, string)[] fields = [("name", "report"), ("expires_at", days), ("role", role)];

        var byAdmin = await _admin.SendFormAsync(page, page, fields);
        var byUser = await person.PostAsync("/console/me", "/console/me", fields);

        Assert.That(((int)byAdmin.Code, byUser.Code), Is.EqualTo((code, code)), byAdmin.Text);
        var keys = (await _admin.GetAsync($"/meta/users/{user["id"]}/keys")).Json["items"]!.AsArray();
        if (code != 200)
        {
            Assert.That(keys, Is.Empty);
            foreach (var text in (string[])[byAdmin.Text, byUser.Text]) Assert.That(text, Does.Contain("must be a number of days from 1 to 36500").And.Contain($"value=\"{days}\""));
            return;
        }

        Assert.That(keys.Select(key => (string?)key!["role"]), Is.EqualTo(Enumerable.Repeat(role.Length > 0 ? role : "manager", 2)));
        foreach (var key in keys)
            if (days.Length == 0) Assert.That((string?)key!["expires_at"], Is.Null);
            else Assert.That(DateTimeOffset.Parse((string)key!["expires_at"]!, CultureInfo.InvariantCulture), Is.EqualTo(TimeProvider.System.GetUtcNow().AddDays(30)).Within(TimeSpan.FromMinutes(5)));
    }

    [Test]
    public async Task A_key_opens_the_accounts_that_are_ticked_and_those_that_are_live_come_first()
    {
        var (one, other, foreign) = (await _admin.AddAccountAsync(), await _admin.AddAccountAsync(), await _admin.AddAccountAsync());
        var group = (string)(await _admin.PostAsync("/meta/account-groups", new JsonObject { ["name"] = $"{Guid.NewGuid():N}", ["account_ids"] = new JsonArray(other) })).Json["id"]!;
        var body = Persons.UserBody("manager", $"+{one}");
        body["groups"] = Persons.Grants($"+{group}");
        var user = (string)(await _admin.AddUserAsync(body))["id"]!;
        var page = $"/console/people/{user}";
        Assert.That(await _admin.Http.GetStringAsync(page), Does.Contain($"value=\"{one}\"").And.Contain($"value=\"group:{group}\"").And.Not.Contain(foreign));

        var (admin, _) = await AdminAsync();
        using var boss = admin;
        Assert.That((await boss.PostAsync(page, page, ("name", "of one"), ("see", one), ("see", $"group:{group}"), ("spend", one))).Code, Is.EqualTo(200));
        Assert.That((await boss.PostAsync(page, page, ("name", "of none"), ("see", $"{Guid.NewGuid()}"))).Code, Is.EqualTo(422));
        var key = (await _admin.GetAsync($"/meta/users/{user}/keys")).Json["items"]!.AsArray().Single()!;
        Assert.That((bool)key["all_accounts"]!, Is.False);
        Assert.That(key["accounts"]![0]!.ToJsonString(), Does.Contain(one).And.Contain("\"may_spend\":true"));
        Assert.That(key["groups"]![0]!.ToJsonString(), Does.Contain(group).And.Contain("\"may_spend\":false"));
        Assert.That((await _admin.SendAsync(HttpMethod.Delete, $"/meta/keys/{(await _admin.AddKeyAsync(user, new JsonObject { ["name"] = "revoked" })).Id}", null)).Code, Is.EqualTo(200));
        var shown = await _admin.Http.GetStringAsync(page);
        Assert.That(shown, Does.Contain("accounts: 1, groups: 1"));
        Assert.That(shown.IndexOf(">of one<", StringComparison.Ordinal), Is.InRange(1, shown.IndexOf(">revoked<", StringComparison.Ordinal)));
    }

    [Test]
    public async Task An_admin_sees_a_users_sessions_and_ends_one_and_by_a_key_none()
    {
        var user = await _admin.AddUserAsync(Persons.UserBody("viewer", await _admin.AddAccountAsync()));
        using var person = await Visitor.ByLinkAsync(_service, (string)(await _admin.PostAsync($"/meta/users/{user["id"]}/link")).Json["url"]!);
        var page = $"/console/people/{user["id"]}";
        var action = $"{page}/sessions/{await SessionAsync((string)user["mail"]!)}/end";

        var (admin, key) = await AdminAsync();
        using var boss = admin;
        using var byKey = await Visitor.ByKeyAsync(_service, key);

        Assert.That((await byKey.GetAsync(page)).Text, Does.Contain(">Sessions<").And.Not.Contain(action), "a key that was lost ends nobody's");
        Assert.That((await byKey.PostAsync(action)).Code, Is.EqualTo(403));
        Assert.That((await boss.PostAsync(action.Replace($"{user["id"]}", $"{Guid.NewGuid()}", StringComparison.Ordinal))).Code, Is.EqualTo(404), "of another user");
        Assert.That((await person.GetAsync("/console")).Code, Is.EqualTo(200));
        Assert.That((await boss.GetAsync(page)).Text, Does.Contain($"action=\"{action}\""));
        Assert.That((await boss.PostAsync(action, page, ("back", page))).Location, Does.StartWith(page).And.Contain("done="));

        Assert.That((await person.GetAsync("/console")).Location, Does.Contain("/signin"), "out at the next click");
        Assert.That((await boss.GetAsync(page)).Text, Does.Contain("No sessions."));
        var told = (await _admin.GetAsync($"/meta/changes?object={action.Split('/')[^2]}")).Json["items"]!.AsArray();
        Assert.That(told.Select(change => $"{change!["outcome"]} {change["answer"]} {change["sent"]!.ToJsonString()}"), Is.EqualTo((string[])
        [
            $$$"""ended {{{user["mail"]}}} {"why":{"new":"ended by an admin","old":null}}""", $$$"""opened {{{user["mail"]}}} {"by":{"new":"link","old":null}}""",
        ]));
    }

    /// <returns>One who sees all accounts, at a browser; and a key of the same.</returns>
    private async Task<(Visitor Visitor, string Key)> AdminAsync()
    {
        var body = Persons.UserBody("admin");
        (body["all_accounts"], body["accounts"]) = (true, new JsonArray());
        var id = (string)(await _admin.AddUserAsync(body))["id"]!;
        var visitor = await Visitor.ByLinkAsync(_service, (string)(await _admin.PostAsync($"/meta/users/{id}/link")).Json["url"]!);
        return (visitor, (await _admin.AddKeyAsync(id)).Secret);
    }

    private async Task<string> SessionAsync(string mail) => (string)(await _admin.GetAsync($"/meta/changes?person={mail}&source=here")).Json["items"]!.AsArray().First(change => (string?)change!["method"] == "session")!["path"]!;
}
