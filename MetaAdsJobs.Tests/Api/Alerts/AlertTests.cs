using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Alerts.Evaluating;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Tests.Api.Alerts;

/// <summary>Rules and alerts over HTTP.</summary>
[TestFixture, HasServiceAlone]
public sealed class AlertTests
{
    private Service _service = null!;
    private ApiClient _manager = null!;
    private ServiceProvider _core = null!;
    private string _account = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _manager = _service.Client("manager");
        _core = InProcess.Configure(_service.Database.ConnectionString, time: null);
        using var admin = _service.Client();
        _account = await admin.AddAccountAsync();
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, first_at)
            SELECT @account::uuid, (now() AT TIME ZONE a.timezone_name)::date - n, now() - interval '2 hours', gen_random_uuid(), false, 0, 0, 0, 0, now() FROM social_accounts a, generate_series(1, 10) n WHERE a.id = @account::uuid;
            INSERT INTO insight_campaign_days (social_account_id, date_start, campaign_meta_id, rows, vanished_rows, impressions, clicks, spend, results, result_type, currency, first_at)
            SELECT @account::uuid, (now() AT TIME ZONE a.timezone_name)::date - n, 'loud', 1, 0, 1000, 10, 100, 0, 'x', 'USD', now() FROM social_accounts a, generate_series(1, 10) n WHERE a.id = @account::uuid
            """, new { account = _account });
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _manager.Dispose();
        await _core.DisposeAsync();
    }

    [Test]
    public async Task The_built_in_rules_are_there_on_and_can_be_changed_but_not_taken_away()
    {
        var rules = (await _manager.GetAsync("/meta/alerts/rules")).Json["items"]!.AsArray();
        var builtIn = rules.Where(rule => (string?)rule!["built_in"] is not null).ToList();
        Assert.That(builtIn.Select(rule => (string?)rule!["built_in"]), Is.EquivalentTo(["run_failed", "token_expiring", "ad_rejected", "sync_late", "reconcile_difference", "spend_without_results"]));
        Assert.That(builtIn.Select(rule => (bool?)rule!["enabled"]), Has.All.True);
        var url = $"/meta/alerts/rules/{builtIn[0]!["id"]}";
        Assert.That((await _manager.SendAsync(HttpMethod.Delete, url, null)).Code, Is.EqualTo(409));
        var changed = await _manager.PatchAsync(url, new JsonObject { ["threshold"] = 12.5, ["cooldown_minutes"] = 120 });
        Assert.That(((decimal?)changed.Json["threshold"], (int?)changed.Json["cooldown_minutes"]), Is.EqualTo((12.5m, 120)), changed.Text);
        foreach (var (field, value) in ((string, string)[])[("name", "Mine"), ("metric", "spend"), ("level", "adset")])
            Assert.That((await _manager.PatchAsync(url, new JsonObject { [field] = value })).WrongFields, Is.EqualTo([field]));
        await _manager.PatchAsync(url, new JsonObject { ["threshold"] = builtIn[0]!["threshold"]!.DeepClone(), ["cooldown_minutes"] = 60 });
    }

    [TestCase("""{}""", "name metric when threshold")]
    [TestCase("""{"name":"x","metric":"roas","when":"over","threshold":"high","severity":"bad","group_by":"ad","compare":"mean"}""", "metric when threshold severity group_by compare")]
    [TestCase("""{"name":"x","metric":"spend","when":"above","threshold":1,"window_days":0,"evaluations":61,"cooldown_minutes":4,"unknown":1}""", "window_days evaluations cooldown_minutes unknown")]
    [TestCase("""{"name":"x","metric":"spend","when":"above","threshold":1,"level":"run","window_hours":3,"floor_metric":"spend"}""", "level window_hours floor_least")]
    [TestCase("""{"name":"x","metric":"failed_runs","when":"above","threshold":0,"window_days":3,"compare":"median","floor_metric":"spend","floor_least":1,"campaign_ids":["1"]}""", "window_days compare floor_metric campaign_ids")]
    [TestCase("""{"name":"x","metric":"spend","when":"above","threshold":50,"resolve_at":60,"median_days":7}""", "resolve_at median_days")]
    [TestCase("""{"name":"x","metric":"spend","when":"below","threshold":50,"resolve_at":40,"compare":"median","median_days":8}""", "resolve_at median_days")]
    [TestCase("""{"name":"x","metric":"spend","when":"above","threshold":50,"account_ids":["7d0c0000-0000-4000-8000-00000000ffff"]}""", "account_ids[0]")]
    [TestCase("""{"name":"x","metric":"spend","when":"above","threshold":50,"account_ids":["7"],"campaign_ids":[]}""", "account_ids[0] campaign_ids")]
    [TestCase("""[1]""", "$")]
    public async Task What_is_wrong_with_a_rule_is_told_all_at_once_by_the_names_of_its_fields(string body, string fields)
    {
        foreach (var url in (string[])["/meta/alerts/rules", "/meta/alerts/rules/try"])
        {
            var refused = await _manager.PostAsync(url, JsonNode.Parse(body));
            Assert.That(refused.Code, Is.EqualTo(422), refused.Text);
            Assert.That(refused.WrongFields, Is.EquivalentTo(fields.Split(' ')), refused.Text);
        }
    }

    [Test]
    public async Task A_rule_is_made_tried_switched_on_and_what_it_finds_is_listed_acknowledged_and_muted()
    {
        var body = new JsonObject { ["name"] = "Loud", ["metric"] = "spend", ["when"] = "above", ["threshold"] = 250.5, ["window_days"] = 3, ["evaluations"] = 2, ["account_ids"] = new JsonArray(_account) };
        var trial = await _manager.PostAsync("/meta/alerts/rules/try", With(body, "days", 5));
        Assert.That(((int?)trial.Json["alerts"], (int?)trial.Json["messages"], trial.Json["days"]!.AsArray().Count, trial.Json["days"]![1]!["fired"]!.ToJsonString()), Is.EqualTo((1, 1, 5, "[\"loud\"]")), trial.Text);

        var made = await _manager.PostAsync("/meta/alerts/rules", body);
        Assert.That((made.Code, (bool?)made.Json["enabled"], (string?)made.Json["created_by"], (string?)made.Json["level"]), Is.EqualTo((201, false, "manager@tests", "campaign")), made.Text);
        var url = made.Header("Location") ?? $"/meta/alerts/rules/{made.Json["id"]}";
        Assert.That((int?)(await _manager.PostAsync($"{url}/try", new JsonObject { ["threshold"] = 400 })).Json["alerts"], Is.EqualTo(0));
        Assert.That((await _manager.PostAsync($"{url}/try", new JsonObject { ["days"] = 61 })).WrongFields, Is.EqualTo(["days"]));

        await _manager.PatchAsync(url, new JsonObject { ["enabled"] = true, ["evaluations"] = 1 });
        var rule = Guid.Parse((string)made.Json["id"]!);
        await _core.GetRequiredService<EvaluateAlerts>().EvaluateAsync(rule, null, CancellationToken.None);
        var detail = await _manager.GetAsync(url);
        Assert.That(((string?)detail.Json["objects"]![0]!["state"], (decimal?)detail.Json["objects"]![0]!["value"], (int?)detail.Json["evaluations"]![0]!["fired"]), Is.EqualTo(("firing", 300m, 1)), detail.Text);

        using var viewer = _service.Client("viewer");
        var listed = (await viewer.GetAsync($"/meta/alerts?state=open&rule_id={rule}&social_account_id={_account}")).Json["items"]![0]!;
        var alert = $"/meta/alerts/{listed["id"]}";
        Assert.That(((string?)listed["rule"], (string?)listed["state"], (int?)listed["firing"]), Is.EqualTo(("Loud", "open", 1)));
        Assert.That((await viewer.GetAsync(alert)).Json["members"]![0]!["id"]!.ToString(), Is.EqualTo("loud"));
        Assert.That((string?)(await _manager.PostAsync($"{alert}/acknowledge")).Json["acknowledged_by"], Is.EqualTo("manager@tests"));
        Assert.That((string?)(await _manager.PostAsync($"{alert}/mute")).Json["muted_by"], Is.EqualTo("manager@tests"));

        Assert.That((await _manager.SendAsync(HttpMethod.Delete, url, null)).Code, Is.EqualTo(204));
        Assert.That((await _manager.PostAsync($"{alert}/mute")).Code, Is.EqualTo(409));
        var page = (await viewer.GetAsync($"/meta/alerts?limit=1&rule_id={rule}")).Json;
        Assert.That(((string?)page["items"]![0]!["state"], (string?)page["items"]![0]!["resolved_why"]), Is.EqualTo(("resolved", "the rule was taken away")));
    }

    [Test]
    public async Task A_rule_that_was_narrowed_shows_nothing_of_its_former_accounts_to_who_does_not_see_them()
    {
        using var admin = _service.Client();
        var former = await admin.AddAccountAsync();
        var made = await admin.PostAsync("/meta/alerts/rules", new JsonObject { ["name"] = "Two", ["metric"] = "spend", ["when"] = "above", ["threshold"] = 1, ["account_ids"] = new JsonArray(_account, former) });
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("""
                INSERT INTO alert_states (rule_id, social_account_id, object, name, is_firing, streak, since)
                SELECT @rule::uuid, account::uuid, 'of ' || account, 'campaign', true, 1, now() FROM unnest(@accounts) account;
                INSERT INTO alert_evaluations (rule_id, first_at, last_at, objects, breached, too_little, waiting, no_data, firing, fired, recovered, told, held_by, milliseconds)
                VALUES (@rule::uuid, now(), now(), 2, 2, 0, 0, 0, 2, 2, 0, '{}', '{}', 1)
                """, new { rule = (string)made.Json["id"]!, accounts = (string[])[_account, former] });
        var url = $"/meta/alerts/rules/{made.Json["id"]}";
        await admin.PatchAsync(url, new JsonObject { ["threshold"] = 2 });
        Assert.That((await admin.GetAsync(url)).Json["evaluations"]!.AsArray(), Has.Count.EqualTo(1), "of the same accounts");
        Assert.That((await admin.PatchAsync(url, new JsonObject { ["account_ids"] = new JsonArray(_account) })).Code, Is.EqualTo(200));

        using var client = (await _service.ProgramAsync(admin, "viewer", _account)).Client;
        var seen = await client.GetAsync(url);
        Assert.That((seen.Code, string.Join(' ', seen.Json["objects"]!.AsArray().Select(one => (string?)one!["id"]))), Is.EqualTo((200, $"of {_account}")), seen.Text);
        Assert.That(seen.Json["evaluations"]!.AsArray(), Is.Empty, "they counted what was in both");
        Assert.That((await admin.SendAsync(HttpMethod.Delete, url, null)).Code, Is.EqualTo(204));
    }

    [Test]
    public async Task Pages_of_alerts_have_those_that_are_open_first_and_each_once()
    {
        var rule = Guid.NewGuid();
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
        {
            for (var number = 0; number < 7; number++)
                await connection.ExecuteAsync("""
                    INSERT INTO alert_episodes (id, rule_id, rule_name, metric, level, severity, social_account_id, opened_at, closed_at, messages)
                    VALUES (@id, @rule, @name, 'spend', 'campaign', 'info', @account::uuid, now(), CASE WHEN @isOver THEN now() END, 1)
                    """, new { id = Guid.CreateVersion7(DateTimeOffset.UnixEpoch.AddDays(number)), rule, name = $"{number}", isOver = number is not (2 or 5), account = number is 2 or 5 ? $"{Guid.Empty}"[..35] + number : _account });
        }

        var (names, cursor) = (new List<string>(), "");
        do
        {
            var page = (await _manager.GetAsync($"/meta/alerts?rule_id={rule}&limit=2{cursor}")).Json;
            names.AddRange(page["items"]!.AsArray().Select(one => (string)one!["rule"]!));
            cursor = (string?)page["next_cursor"] is { } next ? $"&cursor={next}" : null;
        } while (cursor is not null);

        Assert.That(names, Is.EqualTo(["5", "2", "6", "4", "3", "1", "0"]));
        Assert.That((await _manager.GetAsync("/meta/alerts?cursor=x&state=none&rule_id=7")).WrongFields, Is.EquivalentTo(["cursor", "state", "rule_id"]));
    }

    private static JsonObject With(JsonObject body, string name, JsonNode value)
    {
        var copy = body.DeepClone().AsObject();
        copy[name] = value;
        return copy;
    }
}
