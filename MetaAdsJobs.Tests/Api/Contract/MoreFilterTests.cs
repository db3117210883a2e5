using System.Globalization;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Contract;

/// <summary>What the filters of the lists of people, programs, nights and texts find: of rows that differ in one thing those that are asked for, and never what the caller does not see.</summary>
[TestFixture, HasServiceAlone]
public sealed class MoreFilterTests
{
    private static readonly string Today = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    private static readonly string Tomorrow = TimeProvider.System.GetUtcNow().AddDays(1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    private readonly string _mark = $"m{Guid.NewGuid():N}";
    private Service _service = null!;
    private ApiClient _admin = null!;
    private string _mine = null!;
    private string _other = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _admin = _service.Client("admin", "more filters");
        (_mine, _other) = (await _admin.AddAccountAsync(), await _admin.AddAccountAsync());
    }

    [OneTimeTearDown]
    public void Stop() => _admin.Dispose();

    [Test]
    public async Task Keys_are_found_by_person_and_by_how_they_stand()
    {
        var (user, other) = (await _admin.AddUserAsync(Persons.UserBody("viewer")), await _admin.AddUserAsync(Persons.UserBody("viewer")));
        var (id, mail) = ((string)user["id"]!, (string)user["mail"]!);
        var (live, liveSecret) = await _admin.AddKeyAsync(id);
        var (later, _) = await _admin.AddKeyAsync(id, new JsonObject { ["name"] = "later", ["expires_at"] = "2090-01-01T00:00:00Z" });
        var (expired, _) = await _admin.AddKeyAsync(id);
        var (revoked, _) = await _admin.AddKeyAsync(id);
        var (both, _) = await _admin.AddKeyAsync(id);
        var (others, _) = await _admin.AddKeyAsync((string)other["id"]!);
        foreach (var one in (string[])[revoked, both]) Assert.That((await _admin.SendAsync(HttpMethod.Delete, $"/meta/keys/{one}", null)).Code, Is.EqualTo(200));
        await ExecuteAsync("UPDATE api_keys SET expires_at = now() - interval '1 hour' WHERE id = ANY (@Ids)", new { Ids = new[] { Guid.Parse(expired), Guid.Parse(both) } });
        string[] all = [live, later, expired, revoked, both, others];
        using var program = _service.With(liveSecret);
        using var together = Assert.EnterMultipleScope();
        await FindsAsync("/meta/keys?limit=200", all, all);
        await FindsAsync($"/meta/keys?person={mail}", all, live, later, expired, revoked, both);
        await FindsAsync($"/meta/keys?person={mail.ToUpperInvariant()}&state=live", all, live, later);
        await FindsAsync($"/meta/keys?person=x{mail}", all);
        foreach (var (state, ofUser, ofAll) in ((string, string[], string[])[])[("live", [live, later], [live, later, others]), ("expired", [expired], [expired]), ("revoked", [revoked, both], [revoked, both])])
        {
            await FindsAsync($"/meta/keys?state={state}&limit=200", all, ofAll);
            await FindsAsync($"/meta/users/{id}/keys?state={state}", all, ofUser);
            await FindsAsync($"/meta/me/keys?state={state}", all, program, "id", state == "live" ? [live] : []);
        }
    }

    [Test]
    public async Task Users_are_found_by_role_by_the_account_that_they_see_and_by_change()
    {
        var group = await _admin.PostAsync("/meta/account-groups", new JsonObject { ["name"] = _mark, ["account_ids"] = new JsonArray(_mine) });
        Assert.That(group.Code, Is.EqualTo(201), group.Text);
        async Task<string> AddAsync(string name, string role, Action<JsonObject> give)
        {
            var body = new JsonObject { ["name"] = name, ["mail"] = $"{name}-{_mark}@example.com", ["role"] = role };
            give(body);
            return (string)(await _admin.AddUserAsync(body))["id"]!;
        }

        var direct = await AddAsync("direct", "manager", body => body["accounts"] = Persons.Grants(_mine));
        var grouped = await AddAsync("grouped", "viewer", body => body["groups"] = Persons.Grants((string)group.Json["id"]!));
        var everywhere = await AddAsync("everywhere", "admin", body => body["all_accounts"] = true);
        var elsewhere = await AddAsync("elsewhere", "viewer", body => body["accounts"] = Persons.Grants(_other));
        var disabled = await AddAsync("disabled", "manager", body => body["accounts"] = Persons.Grants(_mine));
        Assert.That((await _admin.PatchAsync($"/meta/users/{disabled}", new JsonObject { ["disabled"] = true })).Code, Is.EqualTo(200));
        await ExecuteAsync("UPDATE users SET updated_at = '2020-01-01T00:00:00Z' WHERE id = @Id", new { Id = Guid.Parse(elsewhere) });
        string[] all = [direct, grouped, everywhere, elsewhere, disabled];
        using var together = Assert.EnterMultipleScope();
        foreach (var (query, found) in ((string, string[])[])
                 [("limit=200", all), ("role=manager", [direct, disabled]), ("role=viewer", [grouped, elsewhere]), ("role=admin", [everywhere]), ($"social_account_id={_mine}", [direct, grouped, everywhere]),
                  ($"social_account_id={_other}", [everywhere, elsewhere]), ($"social_account_id={_mine}&role=viewer", [grouped]), ($"social_account_id={Guid.NewGuid()}", []),
                  ($"changed_since={Today}T00:00:00Z", [direct, grouped, everywhere, disabled]), ("changed_since=2020-01-01T00:00:00Z", all), ($"changed_since={Tomorrow}T00:00:00Z", [])])
            await FindsAsync($"/meta/users?search={_mark}&{query}", all, found);
    }

    [Test]
    public async Task Nights_are_found_by_day_and_proposals_by_day_and_state()
    {
        var pool = Guid.NewGuid();
        await ExecuteAsync("""
            INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, nightly_for, state, queued_at)
            SELECT gen_random_uuid(), @Account, '2019-03-01', '2019-03-01', 'night', '2019-03-01'::date + n, 'succeeded', now() FROM generate_series(0, 3) n;
            INSERT INTO budget_pools (id, social_account_id, name, level, mode, mode_by, max_step_percent, least_gain_percent, created_by, created_at, updated_at) VALUES (@Pool, @Account, 'pool', 'adset', 'show', 'x', 20, 2, 'x', now(), now());
            INSERT INTO budget_proposals (id, pool_id, day, made_at, state, why, evidence_hash, total_now_cents, total_cents, predicted_now, predicted, gain_percent, gain_in_the_end)
            SELECT gen_random_uuid(), @Pool, '2019-03-01'::date + n, now(), CASE WHEN n < 2 THEN 'shown' ELSE 'lapsed' END, '{}', 'x', 0, 0, 0, 0, 0, 0 FROM generate_series(0, 3) n;
            """, new { Account = Guid.Parse(_mine), Pool = pool });
        string[] days = ["2019-03-01", "2019-03-02", "2019-03-03", "2019-03-04"];
        var (own, _, _, _, _) = await _service.ProgramAsync(_admin, "viewer", _mine);
        var (stranger, _, _, _, _) = await _service.ProgramAsync(_admin, "viewer", _other);
        using var mine = own;
        using var others = stranger;
        using var together = Assert.EnterMultipleScope();
        foreach (var (query, found) in ((string, string[])[])[("since=2019-03-02&until=2019-03-03", days[1..3]), ("since=2019-03-01&until=2019-03-01", days[..1]), ("until=2019-03-02", days[..2]), ("since=2019-03-03", days[2..]), ("until=2019-02-28", [])])
        {
            foreach (var caller in (ApiClient[])[_admin, mine])
            {
                await FindsAsync($"/meta/insights/nights?{query}&limit=200", days, caller, "night", found);
                await FindsAsync($"/meta/budget-pools/{pool}/proposals?{query}", days, caller, "day", found);
            }

            await FindsAsync($"/meta/insights/nights?{query}", days, others, "night");
            Assert.That((await others.GetAsync($"/meta/budget-pools/{pool}/proposals?{query}")).Code, Is.EqualTo(404));
        }

        await FindsAsync($"/meta/budget-pools/{pool}/proposals?state=shown", days, _admin, "day", days[..2]);
        await FindsAsync($"/meta/budget-pools/{pool}/proposals?state=lapsed&until=2019-03-03", days, _admin, "day", days[2]);
        await FindsAsync($"/meta/budget-pools/{pool}/proposals?state=done", days, _admin, "day");
    }

    [Test]
    public async Task What_a_publisher_has_sent_is_found_by_its_own_id_of_the_clip_and_by_when_it_was_decided()
    {
        var publishers = new List<string>();
        foreach (var name in (string[])["a", "b"]) publishers.Add((string)(await _admin.PostAsync("/meta/publishers", new JsonObject { ["name"] = $"{name}{_mark[..20]}" })).Json["id"]!);
        var (early, retaken, fresh, foreign) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        await ExecuteAsync("""
            INSERT INTO clip_events (id, publisher_id, message_id, body_hash, type, clip_key, title, data, changed_at, received_at)
            SELECT e.id, e.publisher, e.id::text, '\x00', 'clip.published', e.key, 'A clip', '{}', now(), e.at
            FROM (VALUES (@Early, @One, 'one', '2020-01-01'::timestamptz), (@Retaken, @One, 'two', '2020-01-01'), (@Fresh, @One, 'one', now()), (@Foreign, @Two, 'one', now())) e (id, publisher, key, at);
            INSERT INTO clip_outcomes (event_id, social_account_id, state, decided_at) VALUES (@Early, @Account, 'refused', '2020-01-01'), (@Retaken, @Account, 'refused', now());
            """, new { Early = early, Retaken = retaken, Fresh = fresh, Foreign = foreign, One = Guid.Parse(publishers[0]), Two = Guid.Parse(publishers[1]), Account = Guid.Parse(_mine) });
        string[] all = [$"{early}", $"{retaken}", $"{fresh}", $"{foreign}"];
        using var together = Assert.EnterMultipleScope();
        foreach (var (query, found) in ((string, string[])[])
                 [("limit=9", all[..3]), ("clip_key=one", [all[0], all[2]]), ("clip_key=two", [all[1]]), ("clip_key=One", []), ($"changed_since={Today}T00:00:00Z", all[1..3]), ($"clip_key=one&changed_since={Today}T00:00:00Z", [all[2]]),
                  ("changed_since=2020-01-01T00:00:00Z", all[..3]), ($"changed_since={Tomorrow}T00:00:00Z", [])])
            await FindsAsync($"/meta/publishers/{publishers[0]}/events?{query}", all, found);
    }

    [Test]
    public async Task Webhooks_and_rules_are_found_by_the_account_that_they_are_of_and_by_change()
    {
        var run = await _admin.AcceptAsync(await _admin.NewRequestAsync());
        await ExecuteAsync("""
            UPDATE orchestrations SET social_account_id = @Account WHERE request_id = @Run;
            INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at) VALUES (@Run, @Account, @Mark, 'x', 'OUTCOME_TRAFFIC', 'PAUSED', now())
            """, new { Run = Guid.Parse(run), Account = Guid.Parse(_mine), Mark = _mark });
        async Task<string> AddAsync(string url, JsonObject body)
        {
            var made = await _admin.PostAsync(url, body);
            Assert.That(made.Code, Is.EqualTo(201), made.Text);
            return (string)made.Json["id"]!;
        }

        JsonArray?[] accounts = [new(_mine), new(_other), new(_mine, _other), null];
        var (hooks, rules) = (new List<string>(), new List<string>());
        foreach (var of in accounts)
        {
            hooks.Add(await AddAsync("/meta/webhooks", new JsonObject { ["url"] = "https://receiver.invalid/hook", ["account_ids"] = of?.DeepClone() }));
            rules.Add(await AddAsync("/meta/alerts/rules", new JsonObject { ["name"] = _mark, ["metric"] = "spend", ["when"] = "above", ["threshold"] = 1, ["account_ids"] = of?.DeepClone() }));
        }

        var ofCampaign = await AddAsync("/meta/alerts/rules", new JsonObject { ["name"] = _mark, ["metric"] = "spend", ["when"] = "above", ["threshold"] = 1, ["level"] = "campaign", ["campaign_ids"] = new JsonArray(_mark) });
        await ExecuteAsync("UPDATE webhooks SET updated_at = '2020-01-01' WHERE id = @Hook; UPDATE alert_rules SET updated_at = '2020-01-01' WHERE id = @Rule", new { Hook = Guid.Parse(hooks[0]), Rule = Guid.Parse(rules[0]) });
        var (program, _, _, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{_mine}");
        using var own = program;
        using var together = Assert.EnterMultipleScope();
        foreach (var (url, of, more) in ((string, List<string>, string[])[])[("/meta/webhooks", hooks, []), ("/meta/alerts/rules", rules, [ofCampaign])])
        {
            string[] all = [.. of, .. more];
            await FindsAsync($"{url}?social_account_id={_mine}", all, [of[0], of[2], of[3], .. more]);
            await FindsAsync($"{url}?social_account_id={_other}", all, of[1], of[2], of[3]);
            await FindsAsync($"{url}?social_account_id={Guid.NewGuid()}", all);
            await FindsAsync($"{url}?changed_since={Today}T00:00:00Z", all, [.. all[1..]]);
            await FindsAsync($"{url}?changed_since={Tomorrow}T00:00:00Z", all);
            await FindsAsync($"{url}?social_account_id={_mine}", all, own, "id", of[0]);
            await FindsAsync($"{url}?social_account_id={_other}", all, own, "id");
            await FindsAsync($"{url}?changed_since=2019-01-01T00:00:00Z", all, own, "id", of[0]);
        }
    }

    [Test]
    public async Task Clips_are_found_by_words_of_the_title_and_accounts_by_a_part_of_the_name_or_id()
    {
        var (meta, named) = ($"act_{Random.Shared.NextInt64(1_000_000_000, 9_999_999_999)}", $"Shop {_mark} North");
        var account = await _admin.AddAccountAsync(body => (body["name"], body["ad_account_id"]) = (named, meta));
        var (program, _, _, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{account}");
        var (stranger, _, _, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{_other}");
        using var own = program;
        using var others = stranger;
        var clips = new List<string>();
        foreach (var title in (string[])[$"{_mark}: Summer sale", $"{_mark} winter"]) clips.Add((string)(await own.PostAsync("/meta/clips", new JsonObject { ["title"] = title, ["image_url"] = own.ImageUrl })).Json["id"]!);
        using var together = Assert.EnterMultipleScope();
        foreach (var caller in (ApiClient[])[_admin, own])
        {
            foreach (var (search, found) in ((string, string[])[])[(_mark, [.. clips]), ($"SUMM {_mark}", [clips[0]]), ($"{_mark} winter", [clips[1]]), ($"{_mark} ummer", []), ("!!", [])])
                await FindsAsync($"/meta/clips?search={Uri.EscapeDataString(search)}", clips, caller, "id", found);
            foreach (var search in (string[])[$"{_mark} north", meta, meta[4..]]) await FindsAsync($"/meta/accounts?search={Uri.EscapeDataString(search)}", [account, _other], caller, "id", account);
            await FindsAsync($"/meta/accounts?search={_mark}&retired=true", [account], caller, "id");
            await FindsAsync($"/meta/accounts?search={_mark}x", [account], caller, "id");
        }

        await FindsAsync($"/meta/clips?search={_mark}&social_account_id={_other}", clips);
        await FindsAsync($"/meta/clips?search={_mark}", clips, others, "id");
        await FindsAsync($"/meta/accounts?search={_mark}", [account], others, "id");
    }

    /// <summary>And by the time at which they may have been committed: while they are written nobody sees them.</summary>
    [Test]
    public async Task Restated_values_are_found_by_when_they_changed()
    {
        await ExecuteAsync("""
            SELECT ensure_insight_partitions(current_date, current_date);
            INSERT INTO insight_changes (social_account_id, date_start, definition_id, object_id, breakdown, metric, old_value, new_value, was_partial, changed_at)
            SELECT @Account, current_date, 0, 'an ad', '[]', n.metric, 1, 2, false, n.at FROM (VALUES ('spend', '2021-06-01T12:00:00Z'::timestamptz), ('clicks', '2020-01-01T00:00:00Z')) n (metric, at)
            """, new { Account = Guid.Parse(_mine) });
        foreach (var (query, found) in ((string, string[])[])[("", ["clicks", "spend"]), ("&changed_since=2021-06-01T12:00:00Z", ["spend"]), ("&changed_since=2021-06-01T12:15:00Z", ["spend"]), ("&changed_since=2020-01-01T00:00:00Z", ["clicks", "spend"]), ("&changed_since=2021-06-01T12:15:01Z", [])])
            await FindsAsync($"/meta/insights/changes?social_account_id={_mine}{query}", ["clicks", "spend"], _admin, "metric", found);
    }

    [Test]
    public async Task Batches_are_found_by_state_and_their_rows_by_account()
    {
        await ExecuteAsync("""
            INSERT INTO batches (batch_id, name, row_count, requested_by, state, created_at, completed_at)
            SELECT gen_random_uuid(), n.name, 0, @Mark, n.state, now(), n.at
            FROM (VALUES ('under way', 'running', NULL), ('over', 'running', now()), ('held', 'paused', NULL), ('ending', 'cancelled', NULL), ('ended', 'cancelled', now())) n (name, state, at)
            """, new { Mark = _mark });
        string[] all = ["under way", "over", "held", "ending", "ended"];
        var rows = new JsonArray();
        var accounts = new List<string>();
        foreach (var row in (string[])["first", "second"])
        {
            var request = await _admin.NewRequestAsync();
            accounts.Add((string)request["social_account_id"]!);
            request["row_id"] = row;
            rows.Add(request);
        }

        var batch = await _admin.PostAsync("/meta/orchestrate/batch", new JsonObject { ["rows"] = rows });
        Assert.That(batch.Code, Is.EqualTo(202), batch.Text);
        using var together = Assert.EnterMultipleScope();
        foreach (var (state, found) in ((string, string[])[])[("running", ["under way"]), ("completed", ["over"]), ("paused", ["held"]), ("cancelled", ["ending", "ended"])])
            await FindsAsync($"/meta/batches?requested_by={_mark}&state={state}", all, _admin, "name", found);
        foreach (var (query, found) in ((string, string[])[])
                 [("", ["first", "second"]), ($"?social_account_id={accounts[0]}", ["first"]), ($"?social_account_id={accounts[1]}&state=waiting", ["second"]), ($"?social_account_id={accounts[1]}&state=created", []), ($"?social_account_id={_mine}", [])])
            Assert.That((await _admin.GetAsync($"{batch.Json["status_url"]}{query}")).Json["rows"]!["items"]!.AsArray().Select(row => (string?)row!["row_id"]), Is.EqualTo(found), query);
    }

    private Task FindsAsync(string url, IReadOnlyCollection<string> all, params string[] found) => FindsAsync(url, all, _admin, "id", found);

    /// <summary>Of all of these, and of whatever else there is, these.</summary>
    private static async Task FindsAsync(string url, IReadOnlyCollection<string> all, ApiClient caller, string field, params string[] found)
    {
        var answer = await caller.GetAsync(url);
        Assert.That(answer.Code, Is.EqualTo(200), $"{url}: {answer.Text}");
        Assert.That(answer.Json["items"]!.AsArray().Select(item => (string)item![field]!).Where(all.Contains), Is.EquivalentTo(found), url);
    }

    private async Task ExecuteAsync(string sql, object parameters)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }
}
