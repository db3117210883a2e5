using System.Globalization;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Contract;

/// <summary>Lists asked for by the clip that is shown, by who made a thing, and by when: those that are asked for, and nobody else's.</summary>
[TestFixture, HasServiceAlone]
public sealed class WhoAndWhenFilterTests
{
    private static readonly string Today = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    private static readonly string Tomorrow = TimeProvider.System.GetUtcNow().AddDays(1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    private readonly string _mark = $"w{Guid.NewGuid():N}";
    private Service _service = null!;
    private ApiClient _admin = null!;
    private ApiClient _maker = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _admin = _service.Client("admin", "who and when");
        _maker = _service.Client("manager", _mark);
    }

    [OneTimeTearDown]
    public void Stop()
    {
        _admin.Dispose();
        _maker.Dispose();
    }

    /// <summary>By the clip of the run that made the campaign, by one that an edit has put there since, and by one that another run has added.</summary>
    [Test]
    public async Task Edits_approvals_experiments_batches_and_what_is_due_are_found_by_the_clip_that_is_shown()
    {
        var (request, other) = (await _admin.NewRequestAsync(), await _admin.NewRequestAsync());
        var (run, added) = (await _maker.AcceptAsync(request), await _maker.AcceptAsync(other));
        var clips = new List<string>();
        foreach (var title in (string[])["put there", "added", "elsewhere"]) clips.Add((string)(await _admin.PostAsync("/meta/clips", new JsonObject { ["title"] = title, ["image_url"] = _admin.ImageUrl })).Json["id"]!);
        await ExecuteAsync("""
            INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at) SELECT request_id, social_account_id, @Mark, 'x', 'OUTCOME_TRAFFIC', 'PAUSED', now() FROM orchestrations WHERE request_id = @Run;
            UPDATE orchestrations SET status = 'succeeded', started_at = now(), completed_at = now() WHERE request_id = @Added;
            INSERT INTO run_clips (clip_id, request_id, social_account_id, into_campaign) SELECT @Put, request_id, social_account_id, NULL FROM orchestrations WHERE request_id = @Run;
            INSERT INTO run_clips (clip_id, request_id, social_account_id, into_campaign) SELECT @Into, @Added, social_account_id, @Mark FROM orchestrations WHERE request_id = @Run;
            INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, fields, asked_by, state, asked_at, due_at)
            SELECT gen_random_uuid(), social_account_id, request_id, 'campaign', @Mark, 'publish', '{}', @Mark, 'waiting', now(), '2033-01-01T00:00:00Z' FROM orchestrations WHERE request_id = @Run;
            INSERT INTO approvals (id, edit_id, request_id, social_account_id, state, asked_by, asked_at, expires_at, content, content_hash, daily_cents)
            SELECT edit_id, edit_id, request_id, social_account_id, 'asked', asked_by, now(), now() + interval '7 days', '{"kind":"publish","objects":{}}', 'x', 1 FROM campaign_edits WHERE asked_by = @Mark;
            INSERT INTO experiments (id, social_account_id, request_id, name, thing, metric, smallest_difference, least_results, attribution_days, most_days, planned_results, plan, state, request_hash, created_by, created_at)
            SELECT gen_random_uuid(), social_account_id, request_id, 'x', 'creative', 'result_rate', 0.2, 100, 7, 28, 100, '{}', 'running', '\x00', @Mark, now() FROM orchestrations WHERE request_id = @Run;
            INSERT INTO batches (batch_id, name, row_count, requested_by, state, created_at, completed_at) VALUES (@Batch, 'x', 1, @Mark, 'running', now(), now());
            INSERT INTO batch_rows (batch_id, row, row_id, social_account_id, sent, hash, state, request_id, holds) SELECT @Batch, 1, 'x', social_account_id, '{}', '\x00', 'begun', request_id, true FROM orchestrations WHERE request_id = @Run
            """, new { Mark = _mark, Run = Guid.Parse(run), Added = Guid.Parse(added), Put = Guid.Parse(clips[0]), Into = Guid.Parse(clips[1]), Batch = Guid.NewGuid() });
        var (program, _, _, _, _) = await _service.ProgramAsync(_admin, "manager", (string)request["social_account_id"]!);
        var (foreign, _, _, _, _) = await _service.ProgramAsync(_admin, "manager", (string)other["social_account_id"]!);
        using var own = program;
        using var stranger = foreign;
        const string Due = "/meta/due?from=2032-12-31T00:00:00Z&until=2033-01-02T00:00:00Z&person";
        using var all = Assert.EnterMultipleScope();
        foreach (var url in (string[])["/meta/edits?asked_by", "/meta/approvals?person", "/meta/experiments?created_by", "/meta/batches?requested_by", Due])
        {
            foreach (var caller in (ApiClient[])[_admin, own])
            {
                Assert.That(await CountAsync($"{url}={_mark}", caller), Is.EqualTo(1), url);
                Assert.That(await CountAsync($"{url}={_mark}x", caller), Is.Zero, url);
                foreach (var clip in (string[])[(string)request["clip_id"]!, clips[0]]) Assert.That(await CountAsync($"{url}={_mark}&clip_id={clip}", caller), Is.EqualTo(1), $"{url}: {clip}");
                // What a run has added to a campaign is no part of the experiment's, or batch's, own run.
                Assert.That(await CountAsync($"{url}={_mark}&clip_id={clips[1]}", caller), Is.EqualTo(url.Contains("experiments", StringComparison.Ordinal) || url.Contains("batches", StringComparison.Ordinal) ? 0 : 1), url);
                Assert.That(await CountAsync($"{url}={_mark}&clip_id={clips[2]}", caller), Is.Zero, url);
            }

            Assert.That(await CountAsync($"{url}={_mark}&clip_id={clips[0]}", stranger), Is.Zero, url);
        }

        await ExecuteAsync("UPDATE orchestrations SET activate_at = '2034-01-01T00:00:00Z', status = 'queued', completed_at = NULL WHERE request_id = @Run", new { Run = Guid.Parse(run) });
        const string Building = "/meta/due?from=2033-12-31T00:00:00Z&until=2034-01-02T00:00:00Z&person";
        Assert.That((await CountAsync($"{Building}={_mark}&clip_id={clips[0]}", own), await CountAsync($"{Building}={_mark}&clip_id={clips[2]}", own), await CountAsync($"{Building}={_mark}x", own), await CountAsync($"{Building}={_mark}", stranger)), Is.EqualTo((1, 0, 0, 0)));
    }

    [Test]
    public async Task Clips_are_found_by_who_added_them_and_by_since_when_they_are_there()
    {
        var account = await _admin.AddAccountAsync();
        var (program, mail, _, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{account}");
        var (foreign, _, _, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{await _admin.AddAccountAsync()}");
        using var own = program;
        using var stranger = foreign;
        var clip = (string)(await own.PostAsync("/meta/clips", new JsonObject { ["title"] = "Mine", ["image_url"] = own.ImageUrl })).Json["id"]!;
        using var all = Assert.EnterMultipleScope();
        foreach (var caller in (ApiClient[])[_admin, own])
        {
            Assert.That((await caller.GetAsync($"/meta/clips?created_by={mail}")).Json["items"]!.AsArray().Select(one => (string?)one!["id"]), Is.EqualTo([clip]));
            Assert.That(await CountAsync($"/meta/clips?created_by=x{mail}", caller), Is.Zero);
            Assert.That(await CountAsync($"/meta/clips?created_by={mail}&changed_since={Today}T00:00:00Z", caller), Is.EqualTo(1));
            Assert.That(await CountAsync($"/meta/clips?created_by={mail}&changed_since={Tomorrow}T00:00:00Z", caller), Is.Zero);
        }

        Assert.That(await CountAsync($"/meta/clips?created_by={mail}", stranger), Is.Zero);
    }

    [Test]
    public async Task Webhooks_rules_users_keys_and_accounts_are_found_by_the_day_on_which_they_were_made_and_some_by_who_made_them()
    {
        var account = await _admin.AddAccountAsync(body => body["name"] = _mark);
        var older = await _admin.AddAccountAsync(body => body["name"] = _mark);
        var (program, mail, userId, keyId, _) = await _service.ProgramAsync(_admin, "manager", $"+{account}");
        using var own = program;
        var second = await _admin.AddUserAsync(new JsonObject { ["name"] = _mark, ["mail"] = $"{_mark}@example.com", ["role"] = "viewer" });
        await _admin.AddUserAsync(new JsonObject { ["name"] = _mark, ["mail"] = $"{_mark}x@example.com", ["role"] = "viewer" });
        var (earlierKey, _) = await _admin.AddKeyAsync(userId);
        foreach (var _ in (int[])[1, 2])
        {
            Assert.That((await own.PostAsync("/meta/webhooks", new JsonObject { ["url"] = "https://receiver.invalid/hook", ["account_ids"] = new JsonArray(account) })).Code, Is.EqualTo(201));
            Assert.That((await own.PostAsync("/meta/alerts/rules", new JsonObject { ["name"] = _mark, ["metric"] = "spend", ["when"] = "above", ["threshold"] = 1, ["account_ids"] = new JsonArray(account) })).Code, Is.EqualTo(201));
        }

        await ExecuteAsync("""
            UPDATE webhooks SET created_at = '2020-01-01T12:00:00Z' WHERE id = (SELECT id FROM webhooks WHERE created_by = @Mail LIMIT 1);
            UPDATE alert_rules SET created_at = '2020-01-01T12:00:00Z' WHERE id = (SELECT id FROM alert_rules WHERE created_by = @Mail LIMIT 1);
            UPDATE api_keys SET created_at = '2020-01-01T12:00:00Z' WHERE id = @Key;
            UPDATE users SET created_at = '2020-01-01T12:00:00Z' WHERE id = @User;
            UPDATE social_accounts SET created_at = '2020-01-01T12:00:00Z' WHERE id = @Account
            """, new { Mail = mail, Key = Guid.Parse(earlierKey), User = Guid.Parse((string)second["id"]!), Account = Guid.Parse(older) });
        using var all = Assert.EnterMultipleScope();
        foreach (var (url, caller) in ((string, ApiClient)[])
                 [($"/meta/webhooks?created_by={mail}", _admin), ($"/meta/webhooks?created_by={mail}", own), ($"/meta/alerts/rules?created_by={mail}", _admin), ($"/meta/alerts/rules?created_by={mail}", own),
                  ($"/meta/keys?person={mail}", _admin), ($"/meta/users/{userId}/keys?limit=9", _admin), ($"/meta/users?search={_mark}", _admin), ($"/meta/accounts?search={_mark}", _admin)])
            foreach (var (days, count) in ((string, int)[])[("", 2), ("&until=2020-01-01", 1), ("&since=2020-01-01&until=2020-01-01", 1), ("&until=2019-12-31", 0), ("&since=2020-01-02", 1), ($"&since={Today}", 1), ($"&since={Tomorrow}", 0)])
                Assert.That(await CountAsync($"{url}{days}", caller), Is.EqualTo(count), $"{url}{days}");
        foreach (var url in (string[])["/meta/webhooks", "/meta/alerts/rules"]) Assert.That(await CountAsync($"{url}?created_by=x{mail}", _admin), Is.Zero, url);
        Assert.That((await own.GetAsync($"/meta/me/keys?since={Today}")).Json["items"]!.AsArray().Select(one => (string?)one!["id"]), Is.EqualTo([keyId]), "a key sees itself");
        Assert.That(await CountAsync($"/meta/me/keys?since={Tomorrow}", own), Is.Zero);
    }

    [Test]
    public async Task Keys_change_when_they_are_made_or_revoked_and_when_their_time_is_over_and_not_by_being_used()
    {
        var user = (string)(await _admin.AddUserAsync(Persons.UserBody("viewer")))["id"]!;
        var (made, _) = await _admin.AddKeyAsync(user);
        var (used, _) = await _admin.AddKeyAsync(user);
        var (revoked, _) = await _admin.AddKeyAsync(user);
        var (over, _) = await _admin.AddKeyAsync(user);
        var (later, _) = await _admin.AddKeyAsync(user, new JsonObject { ["name"] = "later", ["expires_at"] = "2090-01-01T00:00:00Z" });
        await ExecuteAsync("""
            UPDATE api_keys SET created_at = '2020-01-01T00:00:00Z' WHERE id = ANY (@Old);
            UPDATE api_keys SET last_used_at = now() WHERE id = @Used;
            UPDATE api_keys SET expires_at = now() WHERE id = @Over
            """, new { Old = new[] { used, revoked, over, later }.Select(Guid.Parse).ToArray(), Used = Guid.Parse(used), Over = Guid.Parse(over) });
        Assert.That((await _admin.SendAsync(HttpMethod.Delete, $"/meta/keys/{revoked}", null)).Code, Is.EqualTo(200));
        async Task<IEnumerable<string>> ListAsync(string since) => (await _admin.GetAsync($"/meta/users/{user}/keys?changed_since={since}")).Json["items"]!.AsArray().Select(one => (string)one!["id"]!);
        Assert.That(await ListAsync("2021-01-01T00:00:00Z"), Is.EquivalentTo([made, revoked, over]));
        Assert.That(await ListAsync("2020-01-01T00:00:00Z"), Is.EquivalentTo([made, used, revoked, over, later]));
        Assert.That(await ListAsync($"{Tomorrow}T00:00:00Z"), Is.Empty);
    }

    private static async Task<int> CountAsync(string url, ApiClient caller)
    {
        var answer = await caller.GetAsync(url);
        Assert.That(answer.Code, Is.EqualTo(200), $"{url}: {answer.Text}");
        return answer.Json["items"]!.AsArray().Count;
    }

    private async Task ExecuteAsync(string sql, object parameters)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }
}
