using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Batches;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Tests.Api.Batches;
using MetaAdsJobs.Tests.Api.Budgets;
using MetaAdsJobs.Tests.Insights.Reading;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>A key in wrong hands opens what it is for: not its user's other keys and sessions, and nobody else's.</summary>
[TestFixture]
public sealed class LostKeyTests
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

    /// <summary>A call that was under way already: whoever called was looked up before.</summary>
    [TestCase("key")]
    [TestCase("expired")]
    [TestCase("user")]
    [TestCase("group")]
    public async Task What_is_written_after_it_was_revoked_begins_ended(string loss)
    {
        var account = await _admin.AddAccountAsync();
        var group = (string)(await _admin.PostAsync("/meta/account-groups", new JsonObject { ["name"] = $"{Guid.NewGuid()}", ["account_ids"] = new JsonArray(account) })).Json["id"]!;
        var body = Persons.UserBody("manager");
        body["groups"] = Persons.Grants($"+{group}");
        var user = await _admin.AddUserAsync(body);
        var (keyId, secret) = await _admin.AddKeyAsync((string)user["id"]!);
        using var client = _service.With(secret);
        var pooled = await PooledCampaigns.AddAsync(_service.Database.DataSource, account, $"{Guid.NewGuid()}", 10, 20);
        var (mail, sees) = ((string)user["mail"]!, new HashSet<Guid> { Guid.Parse(account) });
        var hook = JsonSerializer.SerializeToElement(new { url = "https://receiver.invalid/hook", account_ids = sees });
        await using var core = InProcess.Configure(_service.Database.ConnectionString, time: null, ("DATA_PROTECTION_KEY", Service.DataProtectionKey));
        using var scope = AccountScope.Enter(new(mail, "manager", sees, sees) { UserId = Guid.Parse((string)user["id"]!), KeyId = Guid.Parse(keyId) }, sees);
        var moved = ((WebhookSaved.Done)await core.GetRequiredService<SaveWebhook>().CreateAsync(hook, mail, CancellationToken.None)).Value;
        Assert.That(moved.IsOn, Is.True);

        var lost = loss switch
        {
            "key" => await _admin.SendAsync(HttpMethod.Delete, $"/meta/keys/{keyId}", null),
            "expired" => await ExpiredAsync(),
            "user" => await _admin.PatchAsync($"/meta/users/{user["id"]}", new JsonObject { ["disabled"] = true }),
            _ => await _admin.PatchAsync($"/meta/account-groups/{group}", new JsonObject { ["account_ids"] = new JsonArray() }),
        };
        Assert.That(lost.Code, Is.EqualTo(200), lost.Text);
        var made = ((WebhookSaved.Done)await core.GetRequiredService<SaveWebhook>().CreateAsync(hook, mail, CancellationToken.None)).Value;
        var again = ((WebhookSaved.Done)await core.GetRequiredService<SaveWebhook>().ChangeAsync(moved.Id, JsonElement.Parse("""{"url":"https://elsewhere.invalid/hook","enabled":true}"""), mail, CancellationToken.None)).Value;
        var pool = pooled.Body;
        pool["mode"] = "act";
        var acts = ((PoolOutcome<BudgetPool>.Done)await core.GetRequiredService<SaveBudgetPool>().CreateAsync(JsonSerializer.SerializeToElement(pool), mail, CancellationToken.None)).Value;
        var changed = await core.GetRequiredService<SaveBudgetPool>().ChangeAsync(acts.Id, JsonElement.Parse("""{"mode":"act","max_step_percent":10}"""), mail, CancellationToken.None);
        var clip = Guid.NewGuid();
        await _service.Database.DataSource.DoAsync("INSERT INTO clips (id, title, image_url, created_at) VALUES (@clip, 'Mine', 'https://cdn.example.com/mine.jpg', now())", new { clip });
        BatchAcceptance sent;
        using (AccountScope.Enter(AccountScope.Caller, null))
            sent = await core.GetRequiredService<AcceptBatch>().OfJsonAsync(JsonSerializer.SerializeToElement(BatchWorld.FileOf([ApiClient.Request(account, $"{clip}").Row("one")])), null, mail, dryRun: false, CancellationToken.None);

        Assert.That((made.IsOn, again.IsOn, changed is PoolOutcome<BudgetPool>.Done), Is.EqualTo((false, false, true)));
        Assert.That((string?)(await _admin.GetAsync($"/meta/budget-pools/{acts.Id}")).Json["pool"]!["mode"], Is.EqualTo("ask"));
        Assert.That((string?)(await _admin.GetAsync($"/meta/batches/{((BatchAcceptance.Accepted)sent).BatchId}")).Json["batch"]!["state"], Is.EqualTo("paused"));

        async Task<ApiAnswer> ExpiredAsync()
        {
            await _service.ExpireAsync(keyId);
            return await _admin.GetAsync($"/meta/users/{user["id"]}");
        }
    }

    /// <summary>A call to resume it that was under way already, whoever has sent the batch.</summary>
    [Test]
    public async Task What_was_paused_is_not_resumed_by_who_has_lost_it([Values("key", "user", "account")] string loss, [Values] bool isOwn)
    {
        var account = await _admin.AddAccountAsync();
        var (program, mail, userId, keyId, _) = await _service.ProgramAsync(_admin, "manager", $"+{account}");
        using var client = program;
        var clip = (string)(await client.PostAsync("/meta/clips", new JsonObject { ["title"] = "Mine", ["image_url"] = "https://cdn.example.com/mine.jpg" })).Json["id"]!;
        var batch = await (isOwn ? client : _admin).AcceptBatchAsync(BatchWorld.FileOf([ApiClient.Request(account, clip).Row("one")]));
        await _admin.PostAsync($"/meta/batches/{batch}/pause");
        var lost = loss switch
        {
            "key" => await _admin.SendAsync(HttpMethod.Delete, $"/meta/keys/{keyId}", null),
            "user" => await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["disabled"] = true }),
            _ => await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["accounts"] = Persons.Grants(account) }),
        };
        Assert.That(lost.Code, Is.EqualTo(200), lost.Text);
        await using var core = InProcess.Configure(_service.Database.ConnectionString, time: null, ("DATA_PROTECTION_KEY", Service.DataProtectionKey));
        var sees = new HashSet<Guid> { Guid.Parse(account) };

        using (AccountScope.Enter(new(mail, "manager", sees, sees) { UserId = Guid.Parse(userId), KeyId = Guid.Parse(keyId) }, sees))
            Assert.That(await core.GetRequiredService<OrderBatch>().ResumeAsync(Guid.Parse(batch), mail, CancellationToken.None), Is.InstanceOf<Change.Done>());
        Assert.That(await StateAsync(), Is.EqualTo("paused"));
        Assert.That((await _admin.GetAsync($"/meta/changes?object={batch}")).Json["items"]![0]!.ToJsonString(), Does.Contain(loss != "key" ? "may no longer do all of it" : "the key that it was resumed by was revoked"));
        await _admin.PostAsync($"/meta/batches/{batch}/resume");
        Assert.That(await StateAsync(), Is.EqualTo("running"), "somebody who may");

        async Task<string?> StateAsync() => (string?)(await _admin.GetAsync($"/meta/batches/{batch}")).Json["batch"]!["state"];
    }

    [Test]
    public async Task A_key_lists_and_revokes_itself_alone_and_no_session()
    {
        var (program, _, userId, keyId, _) = await _service.ProgramAsync(_admin, "viewer");
        using var client = program;
        var (otherId, other) = await _admin.AddKeyAsync(userId);
        using var person = await Visitor.ByLinkAsync(_service, await LinkAsync(userId));
        var session = await SessionAsync(userId);

        Assert.That((await client.GetAsync("/meta/me/keys")).Json["items"]!.AsArray().Select(key => (string?)key!["id"]), Is.EqualTo([keyId]));
        Assert.That((await client.GetAsync("/meta/me/sessions")).Json["items"]!.AsArray(), Is.Empty);
        (await client.SendAsync(HttpMethod.Delete, $"/meta/me/keys/{otherId}", null)).AssertProblem(404);
        (await client.SendAsync(HttpMethod.Delete, $"/meta/me/sessions/{session}", null)).AssertProblem(404);
        Assert.That((await person.GetAsync("/console/me")).Code, Is.EqualTo(200), "the person is still in");
        using (var another = _service.With(other)) Assert.That((await another.GetAsync("/meta/me")).Code, Is.EqualTo(200), "and so is the other program");
        Assert.That((await client.SendAsync(HttpMethod.Delete, $"/meta/me/keys/{keyId}", null)).Code, Is.EqualTo(200), "itself");
        Assert.That((await client.GetAsync("/meta/me")).Code, Is.EqualTo(401));
    }

    [Test]
    public async Task A_session_that_a_key_has_opened_does_no_more()
    {
        var (program, _, userId, keyId, secret) = await _service.ProgramAsync(_admin, "viewer");
        program.Dispose();
        var (otherId, _) = await _admin.AddKeyAsync(userId, new JsonObject { ["name"] = "the other one" });
        using var person = await Visitor.ByLinkAsync(_service, await LinkAsync(userId));
        var session = await SessionAsync(userId);
        using var opened = await Visitor.ByKeyAsync(_service, secret);

        Assert.That((await opened.GetAsync("/console/me")).Text, Does.Contain("the program").And.Not.Contain("the other one").And.Not.Contain($"{session}"));
        Assert.That((await opened.PostAsync($"/console/me/keys/{otherId}/revoke")).Code, Is.EqualTo(404));
        Assert.That((await opened.PostAsync($"/console/me/sessions/{session}/end")).Code, Is.EqualTo(404));
        Assert.That((await person.GetAsync("/console/me")).Code, Is.EqualTo(200));
        Assert.That((await opened.PostAsync($"/console/me/keys/{keyId}/revoke")).Code, Is.EqualTo(302), "its own key");
        Assert.That((await opened.GetAsync("/console/me")).Location, Does.Contain("/signin"), "and itself with it");
    }

    [Test]
    public async Task A_key_of_an_admin_makes_neither_a_key_nor_a_link_for_anybody()
    {
        var body = Persons.UserBody("admin");
        (body["all_accounts"], body["accounts"]) = (true, new JsonArray());
        var (_, secret) = await _admin.AddKeyAsync((string)(await _admin.AddUserAsync(body))["id"]!);
        using var client = _service.With(secret);
        var other = (string)(await client.AddUserAsync(Persons.UserBody("viewer")))["id"]!;

        (await client.PostAsync($"/meta/users/{other}/keys", new JsonObject { ["name"] = "another" })).AssertProblem(403);
        (await client.PostAsync($"/meta/users/{other}/link")).AssertProblem(403);
        using var opened = await Visitor.ByKeyAsync(_service, secret);
        Assert.That((await opened.PostAsync($"/console/people/{other}", $"/console/people/{other}", ("name", "another"))).Code, Is.EqualTo(403));
        Assert.That((await opened.PostAsync($"/console/people/{other}/link", $"/console/people/{other}")).Code, Is.EqualTo(403));
        Assert.That(await _service.Database.DataSource.RowsAsync($"api_keys WHERE user_id = '{other}'"), Is.Zero);
        Assert.That(await _service.Database.DataSource.RowsAsync($"sign_in_links WHERE user_id = '{other}'"), Is.Zero);
    }

    /// <summary>That something was used is told when it can be: reading goes on.</summary>
    [Test]
    public async Task While_the_disk_is_full_a_key_and_a_session_go_on_reading()
    {
        var (program, _, userId, keyId, _) = await _service.ProgramAsync(_admin, "viewer");
        using var client = program;
        using var person = await Visitor.ByLinkAsync(_service, await LinkAsync(userId));
        var session = await SessionAsync(userId);
        var name = $"full_{Guid.NewGuid():N}";
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync($"""
            CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
            UPDATE sessions SET last_seen_at = last_seen_at - interval '5 minutes' WHERE id = '{session}'
            """);

        // One table in a transaction: what is being asked locks both, in its own order.
        await connection.ExecuteAsync($"CREATE TRIGGER {name} BEFORE UPDATE ON api_keys FOR EACH ROW WHEN (OLD.id = '{keyId}') EXECUTE FUNCTION {name}()");
        await connection.ExecuteAsync($"CREATE TRIGGER {name} BEFORE UPDATE ON sessions FOR EACH ROW WHEN (OLD.id = '{session}') EXECUTE FUNCTION {name}()");
        try
        {
            Assert.That((await client.GetAsync("/meta/me")).Code, Is.EqualTo(200));
            Assert.That((await person.GetAsync("/console/me")).Code, Is.EqualTo(200));
            await connection.ExecuteAsync($"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'something else'; END $$");
            Assert.That((await client.GetAsync("/meta/me")).Code, Is.EqualTo(500), "what is wrong otherwise is not kept quiet");
        }
        finally
        {
            await connection.ExecuteAsync($"DROP TRIGGER IF EXISTS {name} ON api_keys");
            await connection.ExecuteAsync($"DROP TRIGGER IF EXISTS {name} ON sessions");
            await connection.ExecuteAsync($"DROP FUNCTION {name}");
        }

        Assert.That((await client.GetAsync("/meta/me")).Code, Is.EqualTo(200));
        Assert.That(await _service.Database.DataSource.RowsAsync($"api_keys WHERE id = '{keyId}' AND last_used_at IS NOT NULL"), Is.EqualTo(1), "once there is room");
    }

    /// <summary>As a change of a large webhook, or of a batch, does: a stop by the same key waits for none of it.</summary>
    [Test]
    public async Task Whoever_holds_a_key_keeps_nobody_from_being_known_by_it()
    {
        var (program, _, _, keyId, _) = await _service.ProgramAsync(_admin, "viewer");
        using var client = program;
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("SELECT 1 FROM api_keys WHERE id = @keyId::uuid FOR SHARE", new { keyId }, transaction);
        Assert.That((await client.GetAsync("/meta/me")).Code, Is.EqualTo(200));
        await transaction.CommitAsync();
        Assert.That((await client.GetAsync("/meta/me")).Code, Is.EqualTo(200));
        Assert.That(await _service.Database.DataSource.RowsAsync($"api_keys WHERE id = '{keyId}' AND last_used_at IS NOT NULL"), Is.EqualTo(1), "told at the next call");
    }

    [Test]
    public async Task An_admin_lists_and_ends_a_users_sessions_and_a_key_of_his_does_not_end_them()
    {
        var (program, _, userId, _, _) = await _service.ProgramAsync(_admin, "viewer");
        program.Dispose();
        var body = Persons.UserBody("admin");
        body["all_accounts"] = true;
        using var adminsKey = _service.With((await _admin.AddKeyAsync((string)(await _admin.AddUserAsync(body))["id"]!)).Secret);
        using var person = await Visitor.ByLinkAsync(_service, await LinkAsync(userId));
        var session = await SessionAsync(userId);

        Assert.That((await _admin.GetAsync($"/meta/users/{userId}/sessions")).Json["items"]!.AsArray().Select(one => (string?)one!["id"]), Is.EqualTo([$"{session}"]));
        Assert.That((await adminsKey.SendAsync(HttpMethod.Delete, $"/meta/users/{userId}/sessions/{session}", null)).Code, Is.EqualTo(403));
        (await _admin.SendAsync(HttpMethod.Delete, $"/meta/users/{Guid.NewGuid()}/sessions/{session}", null)).AssertProblem(404);
        (await _admin.GetAsync($"/meta/users/{Guid.NewGuid()}/sessions")).AssertProblem(404);
        Assert.That((await person.GetAsync("/console/me")).Code, Is.EqualTo(200));
        Assert.That((await _admin.SendAsync(HttpMethod.Delete, $"/meta/users/{userId}/sessions/{session}", null)).Code, Is.EqualTo(204));
        Assert.That((await person.GetAsync("/console/me")).Code, Is.Not.EqualTo(200), "out at the next click");
        Assert.That((await _admin.GetAsync($"/meta/users/{userId}/sessions")).Json["items"]!.AsArray(), Is.Empty);
    }

    private async Task<string> LinkAsync(string userId) => (string)(await _admin.PostAsync($"/meta/users/{userId}/link")).Json["url"]!;

    private async Task<Guid> SessionAsync(string userId)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return await connection.QuerySingleAsync<Guid>("SELECT id FROM sessions WHERE user_id = @userId::uuid AND ended_at IS NULL", new { userId });
    }
}
