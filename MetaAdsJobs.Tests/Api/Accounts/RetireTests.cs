using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Api.Budgets;
using MetaAdsJobs.Tests.Experiments;
using MetaAdsJobs.Tests.Publishers;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Accounts;

/// <summary>Retiring an account: what stands against it, what it leaves, and what may come in between.</summary>
[TestFixture, HasServiceAlone]
public sealed class RetireTests
{
    private Service _service = null!;
    private ApiClient _admin = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _admin = _service.Client();
    }

    [OneTimeTearDown]
    public void Stop() => _admin.Dispose();

    [Test]
    public async Task Its_token_is_gone_nothing_is_taken_for_it_any_more_and_its_history_stays()
    {
        var request = await _admin.NewRequestAsync();
        var (id, url) = ((string)request["social_account_id"]!, $"/meta/accounts/{request["social_account_id"]}");
        var run = await _admin.AcceptAsync(request);
        await EndRunsAsync(id, "failed");
        var sync = (string)(await _admin.PostAsync($"/meta/orchestrate/sync-insights/{id}")).Json["sync_id"]!;

        var retired = await _admin.PostAsync($"{url}/retire");

        Assert.That(retired.Code, Is.EqualTo(200), retired.Text);
        Assert.That((retired.Json["retired_at"], (string?)retired.Json["retired_by"]), Is.EqualTo(((JsonNode?)retired.Json["updated_at"], "admin@tests")).Using<JsonNode?>((a, b) => JsonNode.DeepEquals(a, b)));
        Assert.That(await ScalarAsync<string?>("SELECT access_token FROM social_accounts WHERE id = @id", id), Is.Null);
        Assert.That(((string?)(await _admin.GetAsync($"/meta/insights/syncs/{sync}")).Json["state"], (string?)(await _admin.GetAsync($"/meta/insights/syncs/{sync}")).Json["error"]), Is.EqualTo(("failed", "the account was retired")));

        (await _admin.PatchAsync(url, new JsonObject { ["access_token"] = "another", ["name"] = "Again" })).AssertProblem(409, "account_retired");
        (await _admin.PostAsync($"/meta/orchestrate/sync-insights/{id}")).AssertProblem(409, "account_retired");
        (await _admin.PostAsync($"{url}/stop")).AssertProblem(409, "wrong_state");
        (await _admin.PostAsync($"{url}/start")).AssertProblem(409, "wrong_state");
        (await _admin.GetAsync($"{url}/audiences")).AssertProblem(409, "meta_refuses");
        (await _admin.GetAsync($"{url}/choices")).AssertProblem(409, "meta_refuses");
        (await _admin.PostAsync($"/meta/orchestrate/runs/{run}/retry")).AssertProblem(409, "wrong_state");
        await _service.RefusesFieldsAsync(() => _admin.PostAsync("/meta/orchestrate/run", request), "social_account_id");
        var batch = await _admin.PostAsync("/meta/orchestrate/batch", new JsonObject { ["rows"] = new JsonArray(Row(request)) });
        Assert.That(batch.Code, Is.EqualTo(422), batch.Text);
        Assert.That(batch.Text, Does.Contain("the account is retired since"));

        Assert.That((string?)(await _admin.RunAsync(run))["status"], Is.EqualTo("failed"));
        Assert.That((await _admin.GetAsync($"/meta/insights?social_account_id={id}")).Code, Is.EqualTo(200));
        var act = (await _admin.GetAsync($"/meta/changes?social_account_id={id}&source=here")).Json["items"]![0]!;
        Assert.That(((string?)act["outcome"], (string?)act["asked_by"], act["sent"]!.ToJsonString()), Is.EqualTo(("retired", "admin@tests", """{"retired":{"new":true,"old":false},"access_token":{"new":null,"old":"given"}}""")).Using<string>((a, b) => a == b || JsonNode.DeepEquals(JsonNode.Parse(a), JsonNode.Parse(b))));
        var since = $"limit=200&changed_since={(string)retired.Json["retired_at"]!}";
        Assert.That(await ListedAsync($"?retired=true&{since}"), Does.Contain(id));
        Assert.That(await ListedAsync($"?retired=false&{since}"), Does.Not.Contain(id));
        Assert.That(await ListedAsync($"?{since}"), Does.Contain(id));
        await _service.RefusesFieldsAsync(() => _admin.GetAsync("/meta/accounts?retired=perhaps"), "retired");

        var again = await _admin.PostAsync($"{url}/retire");
        Assert.That((again.Code, (string?)again.Json["updated_at"]), Is.EqualTo((200, (string?)retired.Json["updated_at"])), "twice is once");
        var anew = await _admin.AddAccountAsync(account => account["ad_account_id"] = (string)retired.Json["ad_account_id"]!);
        Assert.That(anew, Is.Not.EqualTo(id));
    }

    [Test]
    public async Task What_is_under_way_or_active_stands_against_it_and_is_counted()
    {
        var request = await _admin.NewRequestAsync();
        var (id, url) = ((string)request["social_account_id"]!, $"/meta/accounts/{request["social_account_id"]}/retire");
        await _admin.AcceptAsync(request);
        await RefusesAsync(0, 0, 1, 0);
        await EndRunsAsync(id, "succeeded");
        foreach (var state in (string[])["activating", "active"])
        {
            await ExecuteAsync("INSERT INTO activations (request_id, social_account_id, state, daily_cents, changed_at) SELECT request_id, social_account_id, @state, 1, now() FROM orchestrations WHERE social_account_id = @id ON CONFLICT (request_id) DO UPDATE SET state = EXCLUDED.state", id, state);
            await RefusesAsync(1, 0, 0, 0);
        }

        await ExecuteAsync("UPDATE activations SET state = 'paused', busy_until = now() + interval '1 minute' WHERE social_account_id = @id", id);
        await RefusesAsync(0, 1, 0, 0);
        await ExecuteAsync("""
            UPDATE activations SET busy_until = now() - interval '1 second' WHERE social_account_id = @id;
            INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, fields, asked_by, state, job_id, asked_at)
            SELECT gen_random_uuid(), social_account_id, request_id, 'campaign', '1', 'publish', '{}', 'ann', 'waiting', '0', now() FROM orchestrations WHERE social_account_id = @id
            """, id);
        await RefusesAsync(0, 0, 0, 1);
        (await _admin.PostAsync(url, new JsonObject { ["leave_active"] = true })).AssertProblem(409, "account_busy");
        await ExecuteAsync("UPDATE campaign_edits SET state = 'cancelled', completed_at = now() WHERE social_account_id = @id", id);
        Assert.That((await _admin.PostAsync(url)).Code, Is.EqualTo(200));

        async Task RefusesAsync(long active, long calls, long runs, long edits)
        {
            var refused = await _service.RefusesAsync(409, () => _admin.PostAsync(url));
            refused.AssertProblem(409, "account_busy");
            Assert.That(JsonNode.DeepEquals(refused.Json["open"], new JsonObject { ["active_campaigns"] = active, ["calls_under_way"] = calls, ["open_runs"] = runs, ["open_edits"] = edits }), refused.Text);
            Assert.That(await ScalarAsync<string?>("SELECT access_token FROM social_accounts WHERE id = @id", id), Is.Not.Null);
        }
    }

    [Test]
    public async Task Only_where_Meta_refuses_the_token_may_what_is_open_be_left_behind()
    {
        var request = await _admin.NewRequestAsync();
        var (id, url) = ((string)request["social_account_id"]!, $"/meta/accounts/{request["social_account_id"]}/retire");
        var run = await _admin.AcceptAsync(request);
        await ExecuteAsync("""
            UPDATE orchestrations SET status = 'running', attempt = 1, lease_until = now() + interval '1 hour' WHERE social_account_id = @id;
            INSERT INTO orchestration_steps (request_id, step, state, meta_id, attempt, started_at) SELECT request_id, 'campaign', 'confirmed', 'META_CAMPAIGN_left', 1, now() FROM orchestrations WHERE social_account_id = @id;
            INSERT INTO activations (request_id, social_account_id, state, daily_cents, changed_at) SELECT request_id, social_account_id, 'active', 1, now() FROM orchestrations WHERE social_account_id = @id;
            INSERT INTO stops (id, social_account_id, stopped_at, stopped_by) VALUES (gen_random_uuid(), @id, now(), 'ann');
            UPDATE social_accounts SET token_rejected_at = now(), token_rejection = 'gone' WHERE id = @id
            """, id);
        var refused = await _admin.PostAsync(url);
        refused.AssertProblem(409, "account_busy");
        Assert.That((string?)refused.Json["detail"], Does.Contain("leave_active"));

        var retired = await _admin.PostAsync(url, new JsonObject { ["leave_active"] = true });

        Assert.That(retired.Code, Is.EqualTo(200), retired.Text);
        var ended = await _admin.RunAsync(run);
        Assert.That(((string?)ended["status"], (string?)ended["errors"]![0], (string?)ended["steps"]![0]!["state"]), Is.EqualTo(("failed", "the account was retired while Meta refused its token: what it has made at Meta is left there", "left")));
        Assert.That(await ScalarAsync<string>("SELECT state FROM activations WHERE social_account_id = @id", id), Is.EqualTo("ended"));
        Assert.That(await ScalarAsync<long>("SELECT count(*) FROM stops WHERE social_account_id = @id AND lifted_at IS NULL", id), Is.Zero);
        var act = (await _admin.GetAsync($"/meta/changes?social_account_id={id}&source=here")).Json["items"]![0]!;
        Assert.That((long?)act["sent"]!["left_active"]!["new"], Is.EqualTo(1));
    }

    [Test]
    public async Task It_may_name_the_version_it_is_for_and_only_admins_may()
    {
        var id = await _admin.AddAccountAsync();
        var seen = (await _admin.GetAsync($"/meta/accounts/{id}")).Header("ETag")!;
        await _admin.PatchAsync($"/meta/accounts/{id}", new JsonObject { ["name"] = "Changed since" });
        (await _admin.PostAsync($"/meta/accounts/{id}/retire", null, ("If-Match", seen))).AssertProblem(412, "outdated");
        using var manager = _service.Client("manager");
        (await manager.PostAsync($"/meta/accounts/{id}/retire")).AssertProblem(403);
        (await _admin.PostAsync($"/meta/accounts/{Guid.NewGuid()}/retire")).AssertProblem(404, "unknown_id");
        (await _admin.PostAsync($"/meta/accounts/{id}/retire", new JsonObject { ["force"] = true })).AssertProblem(422, "invalid_fields");
        var present = (await _admin.GetAsync($"/meta/accounts/{id}")).Header("ETag")!;
        Assert.That((await _admin.PostAsync($"/meta/accounts/{id}/retire", null, ("If-Match", present))).Code, Is.EqualTo(200));
    }

    [Test]
    public async Task Whoever_is_being_accepted_while_it_is_retired_is_counted_first()
    {
        var request = await _admin.NewRequestAsync();
        var id = (string)request["social_account_id"]!;
        await using var other = await _service.Database.DataSource.OpenConnectionAsync();
        await using var accepting = await other.BeginTransactionAsync();
        await other.ExecuteAsync("""
            INSERT INTO orchestrations (request_id, social_account_id, campaign_name, request, requested_by, request_hash, status, accepted_at) VALUES (gen_random_uuid(), @id, 'Sale', '{}', 'ann', '', 'queued', now())
            """, new { id = Guid.Parse(id) });
        var retiring = _admin.PostAsync($"/meta/accounts/{id}/retire");
        await UntilWaitingAsync();
        await accepting.CommitAsync();
        var answer = await retiring;
        answer.AssertProblem(409, "account_busy");
        Assert.That((long?)answer.Json["open"]!["open_runs"], Is.EqualTo(1));
    }

    [Test]
    public async Task Whoever_was_right_a_moment_before_it_was_retired_is_refused_and_nothing_is_written()
    {
        var request = await _admin.NewRequestAsync();
        var id = (string)request["social_account_id"]!;
        var failed = await _admin.AcceptAsync(request);
        await EndRunsAsync(id, "failed");
        var pooled = await PooledCampaigns.AddAsync(_service.Database.DataSource, id, $"r{Guid.NewGuid():N}"[..12], 10, 20);
        var publisher = (await _admin.PostAsync("/meta/publishers", new JsonObject { ["name"] = $"p{Guid.NewGuid():N}"[..20] })).Json["id"];
        var experiment = ExperimentWorld.Body(Guid.Parse(id), Guid.Parse((string)request["clip_id"]!));
        experiment["request"]!["optimization_goal"] = "LANDING_PAGE_VIEWS";
        var before = await WrittenAsync(id);
        await using var other = await _service.Database.DataSource.OpenConnectionAsync();
        await using var retiring = await other.BeginTransactionAsync();
        await other.ExecuteAsync("SELECT 1 FROM social_accounts WHERE id = @id FOR UPDATE; UPDATE social_accounts SET retired_at = now(), retired_by = 'ann', access_token = NULL WHERE id = @id", new { id = Guid.Parse(id) });
        var sent = (Task<ApiAnswer>[])
        [
            _admin.PostAsync("/meta/orchestrate/run", request), _admin.PostAsync($"/meta/orchestrate/runs/{failed}/retry"), _admin.PostAsync($"/meta/orchestrate/sync-insights/{id}"),
            _admin.PostAsync($"/meta/campaigns/{Uri.EscapeDataString(pooled.Ids[0])}/pause"), _admin.PostAsync("/meta/budget-pools", pooled.Body),
            _admin.PostAsync("/meta/experiments", experiment),
            _admin.SendAsync(HttpMethod.Put, $"/meta/publishers/{publisher}/templates/{id}", ClipWorld.Template().ToJsonString()),
        ];
        await UntilWaitingAsync(sent.Length);
        await retiring.CommitAsync();
        foreach (var answer in await Task.WhenAll(sent)) answer.AssertProblem(409, "account_retired");
        Assert.That(await WrittenAsync(id), Is.EqualTo(before));
    }

    [Test]
    public async Task Runs_that_come_with_a_retirement_are_either_there_before_it_or_not_at_all()
    {
        var requests = new List<JsonObject>();
        for (var at = 0; at < 12; at++) requests.Add(await _admin.NewRequestAsync());
        await Task.WhenAll(requests.Select(async request =>
        {
            var id = (string)request["social_account_id"]!;
            var runs = Enumerable.Range(0, 4).Select(_ => _admin.PostAsync("/meta/orchestrate/run", request)).ToList();
            var retired = await _admin.PostAsync($"/meta/accounts/{id}/retire");
            var accepted = (await Task.WhenAll(runs)).Count(answer => answer.Code == 202);
            Assert.That(await ScalarAsync<long>("SELECT count(*) FROM orchestrations WHERE social_account_id = @id", id), Is.EqualTo(accepted));
            Assert.That(retired.Code, Is.EqualTo(200).Or.EqualTo(409), retired.Text);
            if (retired.Code == 200) Assert.That(accepted, Is.Zero, "one slipped through");
        }));
    }

    private static JsonObject Row(JsonObject request)
    {
        var row = request.DeepClone().AsObject();
        row["row_id"] = "1";
        return row;
    }

    private async Task<IEnumerable<string>> ListedAsync(string query) => (await _admin.GetAsync($"/meta/accounts{query}")).Json["items"]!.AsArray().Select(account => (string)account!["id"]!);

    // All that may be begun in it.
    private Task<string?> WrittenAsync(string id) => ScalarAsync<string>("""
        SELECT concat_ws(' ', (SELECT string_agg(request_id || status, ',' ORDER BY request_id) FROM orchestrations WHERE social_account_id = @id), (SELECT count(*) FROM insight_syncs WHERE social_account_id = @id),
            (SELECT count(*) FROM campaign_edits WHERE social_account_id = @id), (SELECT count(*) FROM experiments WHERE social_account_id = @id), (SELECT count(*) FROM budget_pools WHERE social_account_id = @id), (SELECT count(*) FROM clip_templates WHERE social_account_id = @id))
        """, id);

    private Task EndRunsAsync(string id, string status) => ExecuteAsync("UPDATE orchestrations SET status = @state, completed_at = now() WHERE social_account_id = @id", id, status);

    private Task UntilWaitingAsync(int waiting = 1) => Eventually.TrueAsync(async () => await ScalarAsync<long>(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'", $"{Guid.Empty}") >= waiting, () => "nobody waits for the account");

    private async Task ExecuteAsync(string sql, string id, string? state = null)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, new { id = Guid.Parse(id), state });
    }

    private async Task<T?> ScalarAsync<T>(string sql, string id)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T?>(sql, new { id = Guid.Parse(id) });
    }
}
