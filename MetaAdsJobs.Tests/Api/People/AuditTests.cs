using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>Who did what, here.</summary>
[TestFixture]
public sealed class AuditTests : SharedPagesTests
{
    [Test]
    public async Task Changes_of_accounts_caps_tokens_users_and_rules_are_told_with_old_and_new_and_no_secret()
    {
        var account = await _admin.AddAccountAsync();
        var (program, mail, userId, _, _) = await _service.ProgramAsync(_admin, "admin", $"+{account}");
        using var client = program;
        await client.PatchAsync($"/meta/accounts/{account}", new JsonObject { ["daily_cap_cents"] = 7000, ["access_token"] = $"{Service.SecretToken}another" });
        var rule = (string)(await client.PostAsync("/meta/alerts/rules", new JsonObject { ["name"] = "Mine", ["metric"] = "spend", ["when"] = "above", ["threshold"] = 5, ["account_ids"] = new JsonArray(account) })).Json["id"]!;
        await client.PatchAsync($"/meta/alerts/rules/{rule}", new JsonObject { ["threshold"] = 6 });
        await client.SendAsync(HttpMethod.Delete, $"/meta/alerts/rules/{rule}", null);

        var told = (await _admin.GetAsync($"/meta/changes?person={mail}&source=here")).Json["items"]!.AsArray();
        Assert.That(told.Select(change => $"{change!["method"]} {change["outcome"]}"), Is.EqualTo(["alert rule removed", "alert rule changed", "alert rule made", "account changed"]));
        Assert.That(told.Select(change => (string?)change!["key_name"]), Has.All.EqualTo("the program"));
        Assert.That(told[3]!["sent"]!.ToJsonString(), Is.EqualTo("""{"access_token":{"new":"given","old":null},"daily_cap_cents":{"new":7000,"old":null}}"""));
        Assert.That(told[1]!["sent"]!.ToJsonString(), Is.EqualTo("""{"threshold":{"new":6,"old":5}}"""));

        var users = (await _admin.GetAsync($"/meta/changes?object={userId}")).Json["items"]!.AsArray();
        Assert.That((users.Count, (string?)users[0]!["asked_by"], (string?)users[0]!["sent"]!["role"]!["new"]), Is.EqualTo((1, "admin@tests", "admin")));
        var mine = await client.GetAsync("/meta/changes?source=here");
        Assert.That(mine.Json["items"]!.AsArray().Select(change => (string?)change!["social_account_id"]).Distinct(), Is.EqualTo([account]), "of no other account, and of no user");
    }

    [Test]
    public async Task A_group_that_is_removed_is_told_as_it_was()
    {
        var (account, name) = (await _admin.AddAccountAsync(), $"{Guid.NewGuid()}");
        var group = (string)(await _admin.PostAsync("/meta/account-groups", new JsonObject { ["name"] = name, ["account_ids"] = new JsonArray(account) })).Json["id"]!;
        Assert.That((await _admin.SendAsync(HttpMethod.Delete, $"/meta/account-groups/{group}", null)).Code, Is.InRange(200, 204));

        var told = (await _admin.GetAsync($"/meta/changes?object={group}")).Json["items"]![0]!;
        Assert.That(((string?)told["outcome"], (string?)told["sent"]!["name"]!["old"], told["sent"]!["account_ids"]!["old"]!.ToJsonString()), Is.EqualTo(("removed", name, $"[\"{account}\"]")));
    }

    [Test]
    public async Task A_run_that_is_cancelled_and_an_edit_that_is_taken_back_are_told_with_the_key_that_did_it()
    {
        var account = await _admin.AddAccountAsync();
        var (program, mail, _, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{account}");
        using var client = program;
        var clip = (string)(await client.PostAsync("/meta/clips", new JsonObject { ["title"] = "Mine", ["image_url"] = "https://cdn.example.com/mine.jpg" })).Json["id"]!;
        var (run, edit) = (await client.AcceptAsync(ApiClient.Request(account, clip)), $"{Guid.CreateVersion7()}");
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("""
                INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at) VALUES (@run::uuid, @account::uuid, @edit || '-c', 'x', 'OUTCOME_SALES', 'PAUSED', now());
                INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, fields, asked_by, state, asked_at, due_at)
                VALUES (@edit::uuid, @account::uuid, @run::uuid, 'campaign', @edit || '-c', 'publish', '{}', 'somebody', 'waiting', now(), now() + interval '1 day')
                """, new { run, account, edit });

        // Whoever cancels it once more changes nothing.
        foreach (var again in (ApiClient[])[client, client, _admin]) Assert.That((await again.PostAsync($"/meta/orchestrate/runs/{run}/cancel")).Code, Is.EqualTo(202));
        Assert.That((await client.PostAsync($"/meta/edits/{edit}/cancel")).Code, Is.EqualTo(200));

        var told = (await _admin.GetAsync($"/meta/changes?person={mail}&key=the%20program")).Json["items"]!.AsArray();
        Assert.That(told.Select(change => $"{change!["method"]} {change["path"]} {change["outcome"]} {change["social_account_id"]}"), Is.EqualTo([$"edit {edit} cancelled {account}", $"run {run} cancelled {account}"]));
        Assert.That((await _admin.GetAsync($"/meta/changes?object={run}")).Json["items"]!.AsArray(), Has.Count.EqualTo(1));
        Assert.That((string?)(await _admin.RunAsync(run))["ordered_by"], Is.EqualTo(mail));
    }

    [Test]
    public async Task Pages_of_both_sources_hold_each_change_once_and_csv_holds_them_all()
    {
        var account = await _admin.AddAccountAsync();
        for (var cap = 1; cap <= 4; cap++) await _admin.PatchAsync($"/meta/accounts/{account}", new JsonObject { ["daily_cap_cents"] = cap });
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("""
                INSERT INTO meta_changes (social_account_id, asked_by, method, path, sent, sent_at, outcome)
                SELECT @account::uuid, 'somebody', 'POST', 'x', '{}', clock_timestamp() + n * interval '1 millisecond', 'done' FROM generate_series(-2, 2) n
                """, new { account });
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await _admin.GetAsync($"/meta/changes?social_account_id={account}&limit=3{(cursor is null ? "" : $"&cursor={cursor}")}")).Json;
            seen.AddRange(page["items"]!.AsArray().Select(change => $"{change!["source"]} {change["id"]}"));
            cursor = (string?)page["next_cursor"];
        }
        while (cursor is not null);
        Assert.That((seen.Count, seen.Distinct().Count()), Is.EqualTo((10, 10)), string.Join(", ", seen));

        using var request = new HttpRequestMessage(HttpMethod.Get, $"/meta/changes?social_account_id={account}");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/csv"));
        using var csv = await _admin.Http.SendAsync(request);
        Assert.That((await csv.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(11));
        Assert.That((await _admin.GetAsync("/meta/changes?source=there&cursor=1&since=x&limit=0")).WrongFields, Is.EquivalentTo(["source", "cursor", "since", "limit"]));
    }

    [Test]
    public async Task Each_session_is_told_with_what_it_was_opened_and_why_it_ended()
    {
        var (program, mail, userId, _, secret) = await _service.ProgramAsync(_admin, "viewer", await _admin.AddAccountAsync());
        program.Dispose();
        using var byKey = await Visitor.ByKeyAsync(_service, secret);
        using var byLink = await Visitor.ByLinkAsync(_service, (string)(await _admin.PostAsync($"/meta/users/{userId}/link")).Json["url"]!);
        var token = $"{Guid.NewGuid():N}";
        using var byToken = await Visitor.ByKeyAsync(_service, Service.Token("viewer", token));
        Assert.That(await ToldAsync(token), Is.EqualTo(["opened  token"]));
        Assert.That(await ToldAsync(mail), Is.EqualTo(["opened  link", "opened the program key"]));

        await _admin.PatchAsync($"/meta/users/{userId}", new JsonObject { ["role"] = "manager" });
        var ended = (await _admin.GetAsync("/meta/changes?person=admin@tests&source=here")).Json["items"]!.AsArray().Where(change => (string?)change!["outcome"] == "ended" && (string?)change["answer"] == mail);
        Assert.That(ended.Select(change => (string?)change!["sent"]!["why"]!["new"]), Is.EqualTo(["what this user may do was changed", "what this user may do was changed"]));
    }

    [TestCase("UPDATE recorded_acts SET person = 'x'")]
    [TestCase("DELETE FROM recorded_acts")]
    [TestCase("TRUNCATE recorded_acts")]
    [TestCase("UPDATE meta_changes SET asked_by = 'x'")]
    [TestCase("DELETE FROM meta_changes")]
    [TestCase("TRUNCATE meta_changes")]
    public async Task The_audit_is_added_to_only(string sql)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        var refused = await Assert.ThrowsAsync<PostgresException>(() => connection.ExecuteAsync(sql));
        Assert.That(refused.MessageText, Does.StartWith("the audit is added to only"));
    }

    private async Task<IEnumerable<string>> ToldAsync(string person) => (await _admin.GetAsync($"/meta/changes?person={person}&source=here")).Json["items"]!.AsArray()
        .Select(change => $"{change!["outcome"]} {change["key_name"]} {change["sent"]!["by"]!["new"]}");
}
