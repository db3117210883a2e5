using System.Globalization;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Contract;

/// <summary>Parameters do what the description says, on every list; and lists can be asked for by account, clip and time.</summary>
[TestFixture, HasServiceAlone]
public sealed class FilterTests
{
    private static readonly string Today = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    private static readonly string Tomorrow = TimeProvider.System.GetUtcNow().AddDays(1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    private Service _service = null!;
    private ApiClient _admin = null!;
    private JsonObject _request = null!;
    private string _run = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        // Questions that go to Meta are few for each caller.
        _admin = _service.Client("admin", "filters");
        _request = await _admin.NewRequestAsync();
        _run = await _admin.AcceptAsync(_request);
    }

    [OneTimeTearDown]
    public void Stop() => _admin.Dispose();

    private static IEnumerable<string> Lists => Call.All.Where(call => call.IsOurs && call.Method == "GET" && call.Parameters.Any(parameter => (string?)parameter["in"] == "query")).Select(call => call.Path);

    [TestCaseSource(nameof(Lists))]
    public async Task A_parameter_that_is_not_as_described_is_refused_by_its_name_and_a_word_that_is_is_taken(string path)
    {
        var call = Call.All.Single(call => call.Path == path && call.Method == "GET");
        var url = path.Replace("{night}", Today, StringComparison.Ordinal);
        while (url.Contains('{', StringComparison.Ordinal)) url = string.Concat(url.AsSpan(0, url.IndexOf('{', StringComparison.Ordinal)), $"{Guid.NewGuid()}", url.AsSpan(url.IndexOf('}', StringComparison.Ordinal) + 1));
        var query = call.Parameters.Where(parameter => (string?)parameter["in"] == "query").ToList();
        foreach (var parameter in query)
        {
            var (name, schema) = ((string)parameter["name"]!, parameter["schema"]!);
            if (schema["enum"] is null && schema["format"] is null && (string?)schema["type"] == "string") continue;
            foreach (var wrong in WrongOf(schema))
            {
                var answer = await _admin.GetAsync($"{url}?{name}={wrong}");
                answer.AssertProblem(422);
                Assert.That(answer.WrongFields, Does.Contain(name), $"{path} {name}={wrong}");
            }

            foreach (var word in IsQuestion(path) ? [] : schema["enum"]?.AsArray() ?? [])
            {
                var answer = await _admin.GetAsync($"{url}?{name}={word}");
                if (answer.Code == 422) Assert.That(answer.WrongFields, Does.Not.Contain(name), $"{path} {name}={word}");
            }
        }

        var required = query.Where(parameter => (bool?)parameter["required"] == true).Select(parameter => (string)parameter["name"]!).ToList();
        var without = await _admin.GetAsync(url);
        if (required.Count > 0) Assert.That(without.WrongFields, Is.SupersetOf(required.Where(name => name != "q")), path);
        else if (path != "/meta/insights/days") Assert.That(without.Code, Is.Not.EqualTo(422), $"{path}: {without.Text}");
    }

    private static IEnumerable<string> ByDay => Call.All.Where(call => call.IsOurs && call.Method == "GET" && !call.Path.Contains('{', StringComparison.Ordinal)).Where(call => call.Parameters.Any(parameter => (string?)parameter["name"] == "since")).Select(call => call.Path);

    [TestCaseSource(nameof(ByDay))]
    public async Task The_first_and_the_last_day_that_can_be_written_are_days(string path)
    {
        foreach (var days in (string[])["since=0001-01-01", "until=9999-12-31", "since=0001-01-01&until=9999-12-31", "until=0001-01-01", "since=9999-12-31"])
            Assert.That((await _admin.GetAsync($"{path}?{days}")).Code, Is.EqualTo(200).Or.EqualTo(422), $"{path}?{days}");
    }

    private static IEnumerable<TestCaseData> ByMoment => Call.All.Where(call => call.IsOurs && call.Method == "GET" && !call.Path.Contains('{', StringComparison.Ordinal))
        .SelectMany(call => call.Parameters.Where(parameter => (string?)parameter["schema"]!["format"] == "date-time").Select(parameter => new TestCaseData(call.Path, (string)parameter["name"]!)));

    [TestCaseSource(nameof(ByMoment))]
    public async Task The_first_and_the_last_moment_that_can_be_written_are_moments(string path, string name)
    {
        foreach (var moment in (string[])["0001-01-01T00:00:00%2B14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59-12:00"])
            Assert.That((await _admin.GetAsync($"{path}?{name}={moment}")).Code, Is.EqualTo(200).Or.EqualTo(422), moment);
    }

    [Test]
    public async Task What_is_due_freezes_and_pools_are_told_page_by_page()
    {
        var mark = $"{Guid.NewGuid():N}";
        await ExecuteAsync($"""
            INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at) SELECT request_id, social_account_id, '{mark}', 'x', 'OUTCOME_TRAFFIC', 'PAUSED', now() FROM orchestrations WHERE request_id = @Run ON CONFLICT DO NOTHING;
            INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, fields, asked_by, state, asked_at, due_at)
            SELECT gen_random_uuid(), social_account_id, request_id, 'campaign', '{mark}', 'publish', '{"{}"}', '{mark}', 'missed', now(), '2031-01-01T00:00:00Z'::timestamptz + n / 2 * interval '1 hour' FROM orchestrations, generate_series(0, 4) n WHERE request_id = @Run;
            INSERT INTO freezes (id, social_account_id, from_at, until_at, made_by, made_at) SELECT gen_random_uuid(), social_account_id, '2031-01-01', '2031-01-02', '{mark}', now() FROM orchestrations, generate_series(0, 4) n WHERE request_id = @Run;
            INSERT INTO budget_pools (id, social_account_id, name, level, mode, mode_by, max_step_percent, least_gain_percent, created_by, created_at, updated_at)
            SELECT gen_random_uuid(), social_account_id, 'pool', 'adset', 'show', 'x', 20, 2, '{mark}', now(), now() FROM orchestrations, generate_series(0, 4) n WHERE request_id = @Run;
            """);
        using var all = Assert.EnterMultipleScope();
        foreach (var (url, id) in ((string, string)[])
                 [($"/meta/due?from=2030-12-31T00:00:00Z&until=2031-02-01T00:00:00Z&social_account_id={_request["social_account_id"]}", "edit_id"), ($"/meta/freezes?person={mark}", "id"), ($"/meta/budget-pools?social_account_id={_request["social_account_id"]}", "id")])
        {
            var (seen, cursor) = (new List<string?>(), "");
            do
            {
                var page = await _admin.GetAsync($"{url}&limit=2{cursor}");
                Assert.That(page.Code, Is.EqualTo(200), page.Text);
                seen.AddRange(page.Json["items"]!.AsArray().Select(one => (string?)one![id]));
                cursor = (string?)page.Json["next_cursor"] is { } next ? $"&cursor={Uri.EscapeDataString(next)}" : null;
            }
            while (cursor is not null && seen.Count < 20);
            Assert.That((seen.Count, seen.Distinct().Count()), Is.EqualTo((5, 5)), url);
            Assert.That((await _admin.GetAsync($"{url}&cursor=x")).WrongFields, Is.EqualTo(["cursor"]), url);
        }

        using var maker = _service.Client("manager", mark);
        await ExecuteAsync($"INSERT INTO freezes (id, from_at, until_at, made_by, made_at) SELECT gen_random_uuid(), '2031-01-01', '2031-01-02', '{mark}', now() FROM generate_series(6, 1000)");
        var freeze = new JsonObject { ["from"] = "2031-01-01T00:00:00Z", ["until"] = "2031-02-01T00:00:00Z" };
        var refused = await maker.PostAsync("/meta/freezes", freeze);
        await ExecuteAsync($"DELETE FROM freezes WHERE made_by = '{mark}'");
        Assert.That((refused.Code, refused.WrongFields.Single()), Is.EqualTo((422, "$")), refused.Text);
    }

    [Test]
    public async Task Of_an_account_in_a_zone_that_this_machine_does_not_know_that_is_told()
    {
        var request = await _admin.NewRequestAsync();
        (_run, var before) = (await _admin.AcceptAsync(request), _run);
        await ExecuteAsync("UPDATE social_accounts SET timezone_name = 'Mars/Olympus_Mons' WHERE id = (SELECT social_account_id FROM orchestrations WHERE request_id = @Run)");
        var refused = await _admin.PostAsync("/meta/freezes", new JsonObject { ["social_account_id"] = (string)request["social_account_id"]!, ["from"] = "2030-01-01T00:00", ["until"] = "2030-02-01T00:00" });
        await ExecuteAsync("UPDATE social_accounts SET timezone_name = 'UTC' WHERE id = (SELECT social_account_id FROM orchestrations WHERE request_id = @Run)");
        _run = before;
        refused.AssertProblem(409);
        Assert.That((string?)refused.Json["detail"], Does.Contain("Mars/Olympus_Mons"));
    }

    [Test]
    public async Task Runs_are_found_by_clip_by_day_and_by_what_has_changed()
    {
        var clip = (string)_request["clip_id"]!;
        Assert.That(await RunsAsync($"clip_id={clip}"), Is.EqualTo([_run]));
        Assert.That(await RunsAsync($"clip_id={Guid.NewGuid()}"), Is.Empty);
        Assert.That(await RunsAsync($"clip_id={clip}&since={Today}&until={Tomorrow}"), Is.EqualTo([_run]));
        Assert.That(await RunsAsync($"clip_id={clip}&since={Tomorrow}"), Is.Empty);
        Assert.That(await RunsAsync($"clip_id={clip}&until=2026-01-01"), Is.Empty);
        var later = Uri.EscapeDataString(TimeProvider.System.GetUtcNow().AddHours(1).ToString("O", CultureInfo.InvariantCulture));
        Assert.That(await RunsAsync($"clip_id={clip}&changed_since={later}"), Is.EqualTo([_run]), "it has not ended: it may change at any time");
        await ExecuteAsync("UPDATE orchestrations SET status = 'succeeded', started_at = now(), completed_at = now() WHERE request_id = @Run");
        Assert.That(await RunsAsync($"clip_id={clip}&changed_since={later}"), Is.Empty);
        Assert.That(await RunsAsync($"clip_id={clip}&changed_since={Today}T00:00:00Z"), Is.EqualTo([_run]));
    }

    [Test]
    public async Task Accounts_clips_syncs_and_batches_are_found_by_time_and_batches_by_account()
    {
        var account = (string)_request["social_account_id"]!;
        var batch = await _admin.PostAsync("/meta/orchestrate/batch", new JsonObject { ["rows"] = new JsonArray(Row()) });
        Assert.That(batch.Code, Is.EqualTo(202), batch.Text);
        Assert.That((await _admin.PostAsync($"/meta/orchestrate/sync-insights/{account}")).Code, Is.EqualTo(200));
        foreach (var (url, isByAccount) in ((string, bool)[])[("/meta/batches", true), ("/meta/insights/syncs", true), ("/meta/clips", false)])
        {
            var mine = isByAccount ? $"&social_account_id={account}" : "";
            Assert.That((await _admin.GetAsync($"{url}?since={Today}&until={Tomorrow}{mine}")).Json["items"]!.AsArray(), Is.Not.Empty, url);
            Assert.That((await _admin.GetAsync($"{url}?since={Tomorrow}{mine}")).Json["items"]!.AsArray(), Is.Empty, url);
            Assert.That((await _admin.GetAsync($"{url}?until=2020-01-01{mine}")).Json["items"]!.AsArray(), Is.Empty, url);
            if (isByAccount) Assert.That((await _admin.GetAsync($"{url}?social_account_id={Guid.NewGuid()}")).Json["items"]!.AsArray(), Is.Empty, url);
        }

        Assert.That((await _admin.GetAsync($"/meta/accounts?changed_since={Today}T00:00:00Z&limit=200")).Json["items"]!.AsArray(), Is.Not.Empty);
        Assert.That((await _admin.GetAsync($"/meta/accounts?changed_since={Tomorrow}T00:00:00Z")).Json["items"]!.AsArray(), Is.Empty);
        (await _admin.GetAsync($"/meta/orchestrate/runs?since={Tomorrow}&until={Today}")).AssertProblem(422, "invalid_fields");

        JsonObject Row()
        {
            var row = _request.DeepClone().AsObject();
            row["row_id"] = $"{Guid.NewGuid()}";
            return row;
        }
    }

    [Test]
    public async Task Alerts_approvals_freezes_deliveries_and_edits_are_found_by_account_person_day_and_what_has_changed()
    {
        var (account, mark) = ((string)_request["social_account_id"]!, $"{Guid.NewGuid():N}");
        var hook = (string)(await _admin.PostAsync("/meta/webhooks", new JsonObject { ["url"] = "https://receiver.invalid/hook" })).Json["id"]!;
        await _admin.PostAsync($"/meta/webhooks/{hook}/test");
        using (var maker = _service.Client("manager", mark))
        {
            var freeze = new JsonObject { ["social_account_id"] = account, ["from"] = "2030-01-01T00:00:00Z", ["until"] = "2030-02-01T00:00:00Z" };
            foreach (var _ in (int[])[1, 2]) Assert.That((await maker.PostAsync("/meta/freezes", freeze)).Code, Is.EqualTo(201));
            var first = (await _admin.GetAsync($"/meta/freezes?person={mark}")).Json["items"]![0]!["id"];
            Assert.That((await maker.PostAsync($"/meta/freezes/{first}/end")).Code, Is.EqualTo(200));
        }

        await ExecuteAsync($"""
            INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at) SELECT request_id, social_account_id, '{mark}', 'x', 'OUTCOME_TRAFFIC', 'ACTIVE', now() FROM orchestrations WHERE request_id = @Run;
            INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, fields, asked_by, asked_key, state, asked_at)
            SELECT gen_random_uuid(), social_account_id, request_id, 'campaign', '{mark}', 'publish', '{"{}"}', '{mark}', 'a key', 'waiting', now() FROM orchestrations WHERE request_id = @Run;
            INSERT INTO approvals (id, edit_id, request_id, social_account_id, state, asked_by, asked_at, expires_at, content, content_hash, daily_cents)
            SELECT edit_id, edit_id, request_id, social_account_id, 'asked', asked_by, now(), now() + interval '7 days', '{"{\"kind\":\"publish\",\"objects\":{}}"}', 'x', 1 FROM campaign_edits WHERE asked_by = '{mark}';
            INSERT INTO alert_episodes (id, rule_id, rule_name, metric, level, severity, social_account_id, opened_at, messages, acknowledged_by) SELECT gen_random_uuid(), id, name, metric, 'account', 'info', '{account}', now(), 0, '{mark}' FROM alert_rules LIMIT 1;
            """);
        foreach (var (url, person, isOpen) in ((string, string?, bool)[])
                 [("/meta/alerts", "person", true), ("/meta/approvals", "person", true), ("/meta/freezes", "person", false), ($"/meta/webhooks/{hook}/deliveries", null, true), ("/meta/edits", "asked_by", true)])
        {
            var mine = person is null ? "" : $"&{person}={mark}";
            async Task<int> CountAsync(string query) => (await _admin.GetAsync($"{url}?{query}{mine}")).Json["items"]!.AsArray().Count;
            Assert.That(await CountAsync($"since={Today}&until={Tomorrow}"), Is.EqualTo(1), url);
            Assert.That(await CountAsync($"since={Tomorrow}"), Is.Zero, url);
            Assert.That(await CountAsync("until=2026-01-01"), Is.Zero, url);
            Assert.That(await CountAsync($"changed_since={Today}T00:00:00Z"), Is.EqualTo(url == "/meta/freezes" ? 2 : 1), $"{url}: those that are over, too");
            Assert.That(await CountAsync($"changed_since={Tomorrow}T00:00:00Z"), Is.EqualTo(isOpen ? 1 : 0), url);
            Assert.That(await CountAsync($"social_account_id={Guid.NewGuid()}"), Is.Zero, url);
            if (person is not null) Assert.That((await _admin.GetAsync($"{url}?social_account_id={account}&{person}={Guid.NewGuid()}")).Json["items"]!.AsArray(), Is.Empty, url);
            if (person is not null) Assert.That(await CountAsync($"social_account_id={account}"), Is.EqualTo(1), url);
        }

        Assert.That((string?)(await _admin.GetAsync($"/meta/edits?asked_by={mark}")).Json["items"]![0]!["asked_key"], Is.EqualTo("a key"));
        Assert.That((await _admin.GetAsync($"/meta/approvals?since={Tomorrow}&until={Today}&status=over&changed_since=x")).WrongFields, Is.EquivalentTo(["since", "status", "changed_since"]));
    }

    [Test]
    public async Task Batches_campaigns_experiments_pools_and_syncs_are_found_by_person_and_by_what_has_changed_and_campaigns_by_clip()
    {
        var mark = $"{Guid.NewGuid():N}";
        using var person = _service.Client("manager", mark);
        var row = _request.DeepClone().AsObject();
        row["row_id"] = mark;
        Assert.That((await person.PostAsync("/meta/orchestrate/batch", new JsonObject { ["rows"] = new JsonArray(row) })).Code, Is.EqualTo(202));
        Assert.That((await person.PostAsync($"/meta/orchestrate/sync-insights/{await _admin.AddAccountAsync()}")).Code, Is.EqualTo(200));
        var request = await _admin.NewRequestAsync();
        (_run, var before) = (await person.AcceptAsync(request), _run);
        await ExecuteAsync($"""
            INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at) SELECT request_id, social_account_id, '{mark}', 'x', 'OUTCOME_TRAFFIC', 'PAUSED', now() FROM orchestrations WHERE request_id = @Run;
            INSERT INTO experiments (id, social_account_id, request_id, name, thing, metric, smallest_difference, least_results, attribution_days, most_days, planned_results, plan, state, request_hash, created_by, created_at)
            SELECT gen_random_uuid(), social_account_id, request_id, 'x', 'creative', 'result_rate', 0.2, 100, 7, 28, 100, '{"{}"}', 'running', '\x00', '{mark}', now() FROM orchestrations WHERE request_id = @Run;
            INSERT INTO budget_pools (id, social_account_id, name, level, mode, mode_by, max_step_percent, least_gain_percent, created_by, created_at, updated_at)
            SELECT gen_random_uuid(), social_account_id, 'pool', 'adset', 'show', 'x', 20, 2, '{mark}', now(), now() FROM orchestrations WHERE request_id = @Run;
            """);
        using var all = Assert.EnterMultipleScope();
        foreach (var (url, name, isOpen) in ((string, string, bool?)[])
                 [("/meta/batches", "requested_by", true), ("/meta/insights/syncs", "requested_by", true), ("/meta/campaigns", "requested_by", null), ("/meta/experiments", "created_by", true), ("/meta/budget-pools", "created_by", false)])
        {
            async Task<int> CountAsync(string query) => (await _admin.GetAsync($"{url}?{query}")).Json["items"]!.AsArray().Count;
            Assert.That(await CountAsync($"{name}={mark}"), Is.EqualTo(1), url);
            Assert.That(await CountAsync($"{name}={mark}x"), Is.Zero, url);
            if (isOpen is null) continue;
            Assert.That(await CountAsync($"{name}={mark}&changed_since={Today}T00:00:00Z"), Is.EqualTo(1), url);
            Assert.That(await CountAsync($"{name}={mark}&changed_since={Tomorrow}T00:00:00Z"), Is.EqualTo(isOpen == true ? 1 : 0), $"{url}: what has not ended may change at any time");
        }

        await ExecuteAsync($"UPDATE experiments SET state = 'decided', decided_at = now() WHERE created_by = '{mark}'; UPDATE batches SET completed_at = now() WHERE requested_by = '{mark}'");
        foreach (var url in (string[])["/meta/experiments?created_by", "/meta/batches?requested_by"])
        {
            Assert.That((await _admin.GetAsync($"{url}={mark}&changed_since={Today}T00:00:00Z")).Json["items"]!.AsArray(), Has.Count.EqualTo(1), url);
            Assert.That((await _admin.GetAsync($"{url}={mark}&changed_since={Tomorrow}T00:00:00Z")).Json["items"]!.AsArray(), Is.Empty, url);
        }

        var (clip, account) = ((string)request["clip_id"]!, (string)request["social_account_id"]!);
        Assert.That((string?)(await _admin.GetAsync($"/meta/campaigns?clip_id={clip}")).Json["items"]!.AsArray().Single()!["campaign_id"], Is.EqualTo(mark));
        Assert.That((await _admin.GetAsync($"/meta/campaigns?clip_id={Guid.NewGuid()}")).Json["items"]!.AsArray(), Is.Empty);
        Assert.That((await _admin.GetAsync($"/meta/clips?social_account_id={account}")).Json["items"]!.AsArray().Select(one => (string?)one!["id"]), Is.EqualTo([clip]));
        Assert.That((await _admin.GetAsync($"/meta/clips?social_account_id={Guid.NewGuid()}")).Json["items"]!.AsArray(), Is.Empty);
        _run = before;
    }

    private static IEnumerable<string> WrongOf(JsonNode schema)
    {
        yield return "%C2%A7";
        if ((string?)schema["type"] != "integer") yield break;
        yield return "0";
        yield return $"{(int)schema["maximum"]! + 1}";
    }

    private static bool IsQuestion(string path) => path.EndsWith("/targeting", StringComparison.Ordinal) || path.EndsWith("/audiences", StringComparison.Ordinal);

    private async Task<IEnumerable<string>> RunsAsync(string query) => (await _admin.GetAsync($"/meta/orchestrate/runs?{query}")).Json["items"]!.AsArray().Select(run => (string)run!["request_id"]!);

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, new { Run = Guid.Parse(_run) });
    }
}
