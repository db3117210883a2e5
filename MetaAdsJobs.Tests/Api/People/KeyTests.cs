using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Api.Budgets;
using MetaAdsJobs.Tests.Experiments;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>Users and the keys of their programs.</summary>
[TestFixture]
public sealed class KeyTests : SharedPagesTests
{
    [Test]
    public async Task A_key_is_shown_once_kept_as_its_hash_and_opens_what_its_user_may_see()
    {
        var account = await _admin.AddAccountAsync();
        await _admin.AddAccountAsync();
        var (program, mail, userId, keyId, secret) = await _service.ProgramAsync(_admin, "manager", $"+{account}");
        using var client = program;

        var me = (await client.GetAsync("/meta/me")).Json;
        Assert.That(((string?)me["name"], (string?)me["role"], (string?)me["key_name"]), Is.EqualTo((mail, "manager", "the program")));
        Assert.That(me["account_ids"]!.AsArray().Select(id => (string)id!), Is.EqualTo([account]));
        Assert.That((await client.GetAsync("/meta/accounts")).Json["items"]!.AsArray().Select(one => (string)one!["id"]!), Is.EqualTo([account]));
        var listed = await _admin.GetAsync($"/meta/users/{userId}/keys");
        Assert.That(listed.Text, Does.Not.Contain(secret).And.Contain(secret[..10]));
        Assert.That((string?)listed.Json["items"]![0]!["last_used_at"], Is.Not.Null);

        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        var hash = await connection.ExecuteScalarAsync<byte[]>("SELECT hash FROM api_keys WHERE id = @id", new { id = Guid.Parse(keyId) });
        Assert.That(hash, Is.EqualTo(SHA256.HashData(Encoding.UTF8.GetBytes(secret))));
        Assert.That(await connection.QueryAsync<string>("SELECT fields::text FROM recorded_acts WHERE object = @keyId", new { keyId }), Has.None.Contain(secret).And.Some.Contain(mail));
        Assert.That(_service.Logs(), Does.Not.Contain(secret));
    }

    [Test]
    public async Task What_a_user_may_see_changes_with_the_next_call()
    {
        var (one, other) = (await _admin.AddAccountAsync(), await _admin.AddAccountAsync());
        var (program, _, userId, _, _) = await _service.ProgramAsync(_admin, "manager", one);
        using var client = program;
        Assert.That((await client.GetAsync($"/meta/accounts/{other}")).Code, Is.EqualTo(404));
        Assert.That((await client.PostAsync($"/meta/accounts/{one}/stop")).Code, Is.EqualTo(403), "seen only");

        await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["accounts"] = Persons.Grants($"+{other}") });
        Assert.That((await client.GetAsync($"/meta/accounts/{one}")).Code, Is.EqualTo(404));
        Assert.That((await client.GetAsync($"/meta/accounts/{other}")).Code, Is.EqualTo(200));
        await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["role"] = "viewer" });
        Assert.That((await client.PostAsync($"/meta/accounts/{other}/stop")).Code, Is.EqualTo(403), "the key's role is its user's at the most");
        await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["disabled"] = true });
        Assert.That((await client.GetAsync("/meta/me")).Code, Is.EqualTo(401));
        await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["disabled"] = false, ["all_accounts"] = true });
        Assert.That((await client.GetAsync($"/meta/accounts/{one}")).Code, Is.EqualTo(200));
    }

    [Test]
    public async Task A_group_gives_what_is_in_it_at_the_moment()
    {
        var (one, other) = (await _admin.AddAccountAsync(), await _admin.AddAccountAsync());
        var group = (await _admin.PostAsync("/meta/account-groups", new JsonObject { ["name"] = $"{Guid.NewGuid()}", ["account_ids"] = new JsonArray(one) })).Json;
        var body = Persons.UserBody("viewer");
        body["groups"] = Persons.Grants((string)group["id"]!);
        var user = await _admin.AddUserAsync(body);
        using var client = _service.With((await _admin.AddKeyAsync((string)user["id"]!)).Secret);
        Assert.That((await client.GetAsync($"/meta/accounts/{one}")).Code, Is.EqualTo(200));
        Assert.That((await client.GetAsync($"/meta/accounts/{other}")).Code, Is.EqualTo(404));

        await _admin.PatchAsync($"/meta/account-groups/{group["id"]}", new JsonObject { ["account_ids"] = new JsonArray(other) });
        Assert.That((await client.GetAsync($"/meta/accounts/{one}")).Code, Is.EqualTo(404));
        Assert.That((await client.GetAsync($"/meta/accounts/{other}")).Code, Is.EqualTo(200));
        await _admin.SendAsync(HttpMethod.Delete, $"/meta/account-groups/{group["id"]}", null);
        Assert.That((await client.GetAsync($"/meta/accounts/{other}")).Code, Is.EqualTo(404));
    }

    [Test]
    public async Task A_key_may_be_given_less_than_its_user_and_never_more()
    {
        var (one, other) = (await _admin.AddAccountAsync(), await _admin.AddAccountAsync());
        var user = await _admin.AddUserAsync(Persons.UserBody("viewer", $"+{one}"));
        var (_, secret) = await _admin.AddKeyAsync((string)user["id"]!, new JsonObject { ["name"] = "wide", ["role"] = "admin", ["accounts"] = Persons.Grants($"+{one}", $"+{other}") });
        using var client = _service.With(secret);

        var me = (await client.GetAsync("/meta/me")).Json;
        Assert.That((string?)me["role"], Is.EqualTo("viewer"));
        Assert.That(me["account_ids"]!.AsArray().Select(id => (string)id!), Is.EqualTo([one]));
        Assert.That((await client.PostAsync("/meta/me/keys", new JsonObject { ["name"] = "another" })).Code, Is.EqualTo(405), "a key makes no key: whoever works here makes one at the console");
        Assert.That((await client.GetAsync("/meta/users")).Code, Is.EqualTo(403));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_key_that_was_given_accounts_to_look_at_spends_nothing_there_whatever_its_user_may(bool hasAll)
    {
        var account = await _admin.AddAccountAsync();
        var body = hasAll ? Persons.UserBody("manager") : Persons.UserBody("manager", $"+{account}");
        if (hasAll) (body["all_accounts"], body["accounts"]) = (true, new JsonArray());
        var user = (string)(await _admin.AddUserAsync(body))["id"]!;
        foreach (var (grant, code) in ((string, int)[])[(account, 403), ($"+{account}", 202)])
        {
            using var client = _service.With((await _admin.AddKeyAsync(user, new JsonObject { ["name"] = "of one account", ["accounts"] = Persons.Grants(grant) })).Secret);
            Assert.That((await client.GetAsync($"/meta/accounts/{account}")).Code, Is.EqualTo(200));
            Assert.That((await client.PostAsync($"/meta/accounts/{account}/stop", new JsonObject { ["reason"] = "!" })).Code, Is.EqualTo(code), grant);
        }
    }

    [Test]
    public async Task A_key_ends_at_its_time()
    {
        var user = await _admin.AddUserAsync(Persons.UserBody("viewer"));
        var (id, secret) = await _admin.AddKeyAsync((string)user["id"]!, new JsonObject { ["name"] = "short", ["expires_at"] = "2100-01-01T00:00:00Z" });
        using var client = _service.With(secret);
        Assert.That((await client.GetAsync("/meta/me")).Code, Is.EqualTo(200));
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = @id", new { id = Guid.Parse(id) });
        var refused = await client.GetAsync("/meta/me");
        Assert.That((refused.Code, refused.Header("WWW-Authenticate")), Is.EqualTo((401, "Bearer error=\"invalid_token\", error_description=\"The key is not valid, or no longer\"")));
        Assert.That((await _admin.PostAsync($"/meta/users/{user["id"]}/keys", new JsonObject { ["name"] = "past", ["expires_at"] = "2020-01-01T00:00:00Z" })).WrongFields, Is.EqualTo(["expires_at"]));
    }

    [TestCase("""{}""", "name mail role")]
    [TestCase("""{"name":"A","mail":"nobody","role":"owner","more":1}""", "mail role more")]
    [TestCase("""{"name":"A","mail":"a@b","role":"viewer","accounts":[{"may_spend":true}],"groups":[{"id":"x"}]}""", "accounts[0].id groups[0].id")]
    [TestCase("""{"name":"A","mail":"a@b","role":"viewer","all_accounts":true,"accounts":[{"id":"7d0c0000-0000-4000-8000-00000000ffff"}]}""", "all_accounts")]
    [TestCase("""{"name":"A","mail":"a@b","role":"viewer","accounts":[{"id":"7d0c0000-0000-4000-8000-00000000ffff"}]}""", "accounts[0].id")]
    public async Task What_is_wrong_with_a_user_is_told_by_the_names_of_its_fields(string body, string fields)
    {
        var refused = await _admin.PostAsync("/meta/users", JsonNode.Parse(body));
        Assert.That(refused.Code, Is.EqualTo(422), refused.Text);
        Assert.That(refused.WrongFields, Is.EquivalentTo(fields.Split(' ')), refused.Text);
    }

    [Test]
    public async Task A_mail_is_of_one_user()
    {
        var body = Persons.UserBody("viewer");
        await _admin.AddUserAsync(body);
        body["mail"] = ((string)body["mail"]!).ToUpperInvariant();
        Assert.That((await _admin.PostAsync("/meta/users", body)).Code, Is.EqualTo(409));
    }

    [Test]
    public async Task An_edit_and_what_it_changes_tell_who_asked_and_by_which_key()
    {
        var account = await _admin.AddAccountAsync();
        var campaign = (await PooledCampaigns.AddAsync(_service.Database.DataSource, account, $"k{Guid.NewGuid():N}", 10)).Ids[0];
        var (program, mail, _, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{account}");
        using var client = program;
        var asked = await client.PostAsync($"/meta/campaigns/{Uri.EscapeDataString(campaign)}/pause");
        Assert.That(asked.Code, Is.EqualTo(202), asked.Text);
        var one = (await _admin.GetAsync((string)asked.Json["status_url"]!)).Json;
        var listed = (await _admin.GetAsync($"/meta/edits?asked_by={mail}")).Json["items"]![0]!;
        foreach (var edit in (JsonNode[])[one, listed]) Assert.That(((string?)edit["asked_by"], (string?)edit["asked_key"]), Is.EqualTo((mail, "the program")));
        Assert.That(WebUtility.HtmlDecode(await _admin.Http.GetStringAsync($"/console/campaigns/{Uri.EscapeDataString(campaign)}")), Does.Contain($"{mail} · the program"));

        Assert.That((await ListedAsync($"/meta/edits?asked_by={mail}&asked_key=the%20program")).Count(), Is.EqualTo(1));
        Assert.That(await ListedAsync($"/meta/edits?asked_by={mail}&asked_key=another"), Is.Empty);
        Assert.That((await _admin.GetAsync("/meta/edits?asked_key=another")).WrongFields, Is.EqualTo(["asked_key"]));
        using var token = _service.Client("manager", "somebody");
        var other = (string)(await token.PostAsync($"/meta/campaigns/{Uri.EscapeDataString(campaign)}/pause")).Json["status_url"]!;
        Assert.That(((string?)(await _admin.GetAsync(other)).Json["asked_by"], (string?)(await _admin.GetAsync(other)).Json["asked_key"]), Is.EqualTo(("somebody", (string?)null)), "by no key");
    }

    [Test]
    public async Task A_run_tells_who_ordered_last_and_by_which_key()
    {
        var request = await _admin.NewRequestAsync();
        var (program, mail, _, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{request["social_account_id"]}");
        using var client = program;
        var run = await _admin.AcceptAsync(request);
        Assert.That((string?)(await _admin.RunAsync(run))["ordered_by"], Is.Null);

        Assert.That((await client.PostAsync($"/meta/orchestrate/runs/{run}/cancel")).Code, Is.EqualTo(202));

        foreach (var told in (JsonNode?[])[await _admin.RunAsync(run), (await ListedAsync($"/meta/orchestrate/runs?search={run}")).Single()])
            Assert.That(((string?)told!["requested_by"], (string?)told["ordered_by"], (string?)told["ordered_key"]), Is.EqualTo(("admin@tests", mail, "the program")));
        Assert.That(WebUtility.HtmlDecode(await _admin.Http.GetStringAsync($"/console/runs/{run}")), Does.Contain($"{mail} · the program"));
    }

    [Test]
    public async Task Who_has_asked_is_the_user_and_the_key_and_idempotency_is_the_users_own()
    {
        var request = await _admin.NewRequestAsync();
        var account = (string)request["social_account_id"]!;
        var (program, mail, userId, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{account}");
        var (stranger, _, _, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{account}");
        using var client = program;
        using var other = stranger;
        var clip = (string)(await client.PostAsync("/meta/clips", new JsonObject { ["title"] = "Mine", ["image_url"] = "https://cdn.example.com/x.jpg" })).Json["id"]!;
        request["clip_id"] = clip;
        var run = await client.AcceptAsync(request, ("Idempotency-Key", "one"));
        Assert.That(await client.AcceptAsync(request, ("Idempotency-Key", "one")), Is.EqualTo(run));
        Assert.That(await other.AcceptAsync(request, ("Idempotency-Key", "one")), Is.Not.EqualTo(run));

        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        Assert.That(await connection.QuerySingleAsync<(string, string)>("SELECT requested_by, requested_key FROM orchestrations WHERE request_id = @run", new { run = Guid.Parse(run) }), Is.EqualTo((mail, "the program")));

        foreach (var (key, count) in ((string, int)[])[("the%20program", 1), ("another", 0)])
            Assert.That((await ListedAsync($"/meta/orchestrate/runs?requested_by={mail}&requested_key={key}")).Count(), Is.EqualTo(count), key);
        Assert.That(await ListedAsync($"/meta/changes?person={mail}&key=another"), Is.Empty);
        Assert.That(await ListedAsync("/meta/changes?person=admin@tests&source=here&limit=1"), Is.Not.Empty);
        Assert.That((await _admin.GetAsync("/meta/orchestrate/runs?requested_key=another")).WrongFields, Is.EqualTo(["requested_key"]));
        Assert.That((await _admin.GetAsync("/meta/changes?key=another")).WrongFields, Is.EqualTo(["key"]));

        // What a key was used for in an account that is seen no more is neither told nor done again.
        await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["accounts"] = new JsonArray() });
        Assert.That((await client.PostAsync("/meta/orchestrate/run", request, ("Idempotency-Key", "one"))).Code, Is.EqualTo(403));
        var second = await _admin.NewRequestAsync();
        await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["accounts"] = Persons.Grants($"+{second["social_account_id"]}") });
        second["clip_id"] = (string)(await client.PostAsync("/meta/clips", new JsonObject { ["title"] = "Mine", ["image_url"] = "https://cdn.example.com/y.jpg" })).Json["id"]!;
        Assert.That((await client.PostAsync("/meta/orchestrate/run", second, ("Idempotency-Key", "one"))).WrongFields, Is.EqualTo(["Idempotency-Key"]));
    }

    /// <summary>Neither which run or experiment it was, nor that there was one.</summary>
    [Test]
    public async Task What_was_asked_for_in_an_account_that_is_seen_no_more_is_not_told_again_to_who_sees_another()
    {
        var request = await _admin.NewRequestAsync();
        var (account, other) = ((string)request["social_account_id"]!, await _admin.AddAccountAsync());
        var (program, _, userId, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{account}");
        using var client = program;
        request["clip_id"] = (string)(await client.PostAsync("/meta/clips", new JsonObject { ["title"] = "Mine", ["image_url"] = "https://cdn.example.com/z.jpg" })).Json["id"]!;
        var run = await client.AcceptAsync(request, ("Idempotency-Key", "a run"));
        var experiment = ExperimentWorld.Body(Guid.Parse(account), Guid.Parse((string)request["clip_id"]!));
        var begun = await client.PostAsync("/meta/experiments", experiment, ("Idempotency-Key", "an experiment"));
        Assert.That(begun.Code, Is.EqualTo(202), begun.Text);

        await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["accounts"] = Persons.Grants($"+{other}") });
        var again = await client.PostAsync("/meta/orchestrate/run", request, ("Idempotency-Key", "a run"));
        Assert.That((again.Code, string.Join(' ', again.WrongFields)), Is.EqualTo((422, "social_account_id clip_id")), again.Text);
        var repeated = await client.PostAsync("/meta/experiments", experiment, ("Idempotency-Key", "an experiment"));
        Assert.That((repeated.Code, string.Join(' ', repeated.WrongFields)), Is.EqualTo((422, "Idempotency-Key")), repeated.Text);

        await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["accounts"] = Persons.Grants($"+{account}") });
        Assert.That(await client.AcceptAsync(request, ("Idempotency-Key", "a run")), Is.EqualTo(run));
        Assert.That((string?)(await client.PostAsync("/meta/experiments", experiment, ("Idempotency-Key", "an experiment"))).Json["experiment_id"], Is.EqualTo((string?)begun.Json["experiment_id"]));
    }

    /// <summary>It is looked at now and then, as of a session.</summary>
    [TestCase("revoked")]
    [TestCase("disabled")]
    public async Task A_live_page_that_a_key_has_opened_ends_with_it(string how)
    {
        var patience = TimeSpan.FromMinutes(2);
        var (program, _, userId, keyId, secret) = await _service.ProgramAsync(_admin, "viewer", await _admin.AddAccountAsync());
        program.Dispose();
        using var http = new HttpClient { BaseAddress = _service.BaseUrl };
        http.DefaultRequestHeaders.Authorization = new("Bearer", secret);
        using var live = await http.GetAsync("/console/live", HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await live.Content.ReadAsStreamAsync());
        Assert.That(await lines.ReadLineAsync().WaitAsync(patience), Is.EqualTo("event: open"));

        var ended = how == "revoked" ? await _admin.SendAsync(HttpMethod.Delete, $"/meta/keys/{keyId}", null) : await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["disabled"] = true });
        Assert.That(ended.Code, Is.EqualTo(200), ended.Text);
        Assert.That(await lines.ReadToEndAsync().WaitAsync(patience), Does.Contain("event: over"));
    }

    private async Task<IEnumerable<JsonNode?>> ListedAsync(string url) => (await _admin.GetAsync(url)).Json["items"]!.AsArray();
}
