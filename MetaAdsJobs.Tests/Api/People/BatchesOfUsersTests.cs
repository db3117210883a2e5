using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Batches;
using MetaAdsJobs.Tests.Api.Batches;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>A batch goes by what who sent it may do, or who has resumed it since.</summary>
[TestFixture]
public sealed class BatchesOfUsersTests : SharedPagesTests
{
    [Test]
    public async Task A_batch_lets_no_more_rows_in_than_who_sent_it_may()
    {
        var (one, other) = (await _admin.AddAccountAsync(), await _admin.AddAccountAsync());
        var group = (string)(await _admin.PostAsync("/meta/account-groups", new JsonObject { ["name"] = $"{Guid.NewGuid()}", ["account_ids"] = new JsonArray(one, other) })).Json["id"]!;
        var body = Persons.UserBody("manager");
        body["groups"] = Persons.Grants($"+{group}");
        var user = $"/meta/users/{(await _admin.AddUserAsync(body))["id"]}";
        using var client = _service.With((await _admin.AddKeyAsync(user["/meta/users/".Length..])).Secret);
        var (first, both, admins) = (await client.SendBatchAsync(one), await client.SendBatchAsync(one, other), await _admin.SendBatchAsync(one, other));

        await _admin.PatchAsync($"/meta/account-groups/{group}", new JsonObject { ["account_ids"] = new JsonArray(one) });
        Assert.That(await _admin.BatchStatesAsync(first, both, admins), Is.EqualTo("running paused running"));
        Assert.That((await _admin.GetAsync($"/meta/changes?object={both}")).Json["items"]![0]!.ToJsonString(), Does.Contain("may no longer do all of it"));
        await _admin.PatchAsync(user, new JsonObject { ["accounts"] = Persons.Grants(one), ["groups"] = new JsonArray() });
        Assert.That(await _admin.BatchStatesAsync(first), Is.EqualTo("paused"), "may look only");
    }

    [Test]
    public async Task Who_resumes_it_answers_for_it_from_then_on()
    {
        var (one, other) = (await _admin.AddAccountAsync(), await _admin.AddAccountAsync());
        var (program, _, sender, sentBy, _) = await _service.ProgramAsync(_admin, "manager", $"+{one}", $"+{other}");
        using var client = program;
        var (second, _, resumer, key, _) = await _service.ProgramAsync(_admin, "manager", $"+{one}");
        using var resuming = second;
        var (batch, byKey) = (await client.SendBatchAsync(one), await client.SendBatchAsync(one));
        await _admin.PatchAsync($"/meta/users/{sender}", new JsonObject { ["accounts"] = Persons.Grants($"+{other}") });
        Assert.That(await _admin.BatchStatesAsync(batch, byKey), Is.EqualTo("paused paused"));
        using var another = _service.With((await _admin.AddKeyAsync(resumer)).Secret);
        Assert.That((await another.PostAsync($"/meta/batches/{batch}/resume")).Code, Is.InRange(200, 202));
        Assert.That((await resuming.PostAsync($"/meta/batches/{byKey}/resume")).Code, Is.InRange(200, 202));

        var more = await client.SendBatchAsync(other);
        await _admin.PatchAsync($"/meta/users/{sender}", new JsonObject { ["role"] = "viewer" });
        Assert.That((await _admin.SendAsync(HttpMethod.Delete, $"/meta/keys/{sentBy}", null)).Code, Is.EqualTo(200));
        Assert.That(await _admin.BatchStatesAsync(batch, byKey, more), Is.EqualTo("running running paused"), "whatever becomes of who sent it, and of the key");

        Assert.That((await _admin.SendAsync(HttpMethod.Delete, $"/meta/keys/{key}", null)).Code, Is.EqualTo(200));
        Assert.That(await _admin.BatchStatesAsync(batch, byKey), Is.EqualTo("running paused"));
        Assert.That((await _admin.GetAsync($"/meta/changes?object={byKey}")).Json["items"]![0]!.ToJsonString(), Does.Contain("the key that it was resumed by was revoked"));
        await _admin.PatchAsync($"/meta/users/{resumer}", new JsonObject { ["disabled"] = true });
        Assert.That(await _admin.BatchStatesAsync(batch), Is.EqualTo("paused"));
    }

    [Test]
    public async Task Its_runs_tell_the_key_that_it_was_sent_by_and_it_tells_who_has_resumed_it()
    {
        var account = await _admin.AddAccountAsync();
        var (program, mail, _, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{account}");
        using var client = program;
        var batch = await client.SendBatchAsync(account);
        await using var core = InProcess.Configure(_service.Database.ConnectionString, time: null, ("DATA_PROTECTION_KEY", Service.DataProtectionKey));
        await core.GetRequiredService<FeedBatches>().ExecuteAsync(Guid.Parse(batch), CancellationToken.None);

        var runs = (await _admin.GetAsync($"/meta/orchestrate/runs?requested_by={mail}&requested_key=the%20program")).Json["items"]!.AsArray();
        Assert.That(runs.Select(run => ((string?)run!["social_account_id"], (string?)run["requested_key"])), Is.EqualTo([(account, "the program")]));
        Assert.That(await ToldAsync(), Is.EqualTo(("the program", (string?)null, (string?)null)));
        await _admin.PostAsync($"/meta/batches/{batch}/pause");
        await client.PostAsync($"/meta/batches/{batch}/resume");
        Assert.That(await ToldAsync(), Is.EqualTo(("the program", mail, "the program")));

        async Task<(string?, string?, string?)> ToldAsync()
        {
            var told = (await _admin.GetAsync($"/meta/batches/{batch}")).Json["batch"]!;
            return ((string?)told["requested_key"], (string?)told["resumed_by"], (string?)told["resumed_key"]);
        }
    }

    /// <summary>Neither which batch it was, nor how much of it was made.</summary>
    [Test]
    public async Task Under_its_idempotency_key_it_is_told_again_to_who_sees_all_its_accounts()
    {
        var (one, other) = (await _admin.AddAccountAsync(), await _admin.AddAccountAsync());
        var (program, _, userId, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{one}", $"+{other}");
        using var client = program;
        var clip = (string)(await client.PostAsync("/meta/clips", new JsonObject { ["title"] = "Mine", ["image_url"] = "https://cdn.example.com/mine.jpg" })).Json["id"]!;
        var file = BatchWorld.FileOf(((string[])[one, other]).Select(account => ApiClient.Request(account, clip).Row($"{Guid.NewGuid()}")));
        var first = await SendAsync(client);
        Assert.That(first.Code, Is.EqualTo(202), first.Text);

        using var lesser = _service.With((await _admin.AddKeyAsync(userId, new JsonObject { ["name"] = "of one account", ["accounts"] = Persons.Grants($"+{one}") })).Secret);
        (await SendAsync(lesser)).AssertProblem(422, "idempotency_key_reused");
        Assert.That((string?)(await SendAsync(client)).Json["batch_id"], Is.EqualTo((string?)first.Json["batch_id"]));
        await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["accounts"] = Persons.Grants($"+{one}") });
        (await SendAsync(client)).AssertProblem(422, "idempotency_key_reused");

        Task<ApiAnswer> SendAsync(ApiClient by) => by.PostAsync("/meta/orchestrate/batch", file, ("Idempotency-Key", "a batch"));
    }

    /// <summary>They wait again when the batch that was first is cancelled.</summary>
    [Test]
    public async Task Nor_rows_that_another_batch_was_sent_first()
    {
        var account = await _admin.AddAccountAsync();
        var (program, _, userId, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{account}");
        using var client = program;
        var clip = (string)(await client.PostAsync("/meta/clips", new JsonObject { ["title"] = "Mine", ["image_url"] = "https://cdn.example.com/mine.jpg" })).Json["id"]!;
        var file = BatchWorld.FileOf([ApiClient.Request(account, clip).Row("the same")]);
        var (first, again) = (await _admin.AcceptBatchAsync(file), await client.AcceptBatchAsync(file));
        Assert.That(await _service.Database.DataSource.RowsAsync($"batch_rows WHERE batch_id = '{again}' AND state = 'again'"), Is.EqualTo(1));

        await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["accounts"] = Persons.Grants(account) });
        Assert.That(await _admin.BatchStatesAsync(first, again), Is.EqualTo("running paused"));
    }
}
