using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Alerts.Evaluating;
using MetaAdsJobs.Core.Alerts.Reading;
using MetaAdsJobs.Core.Alerts.Rules;
using MetaAdsJobs.Core.Jobs;
using Npgsql;

namespace MetaAdsJobs.Tests.Alerts;

/// <summary>Evaluations on a real database: what is found, what became of it and what is told of it are one commit.</summary>
[TestFixture]
public sealed class EvaluateTests
{
    private AlertWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await AlertWorld.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [TearDown]
    public Task ForgetAsync() => _world.ExecuteAsync("DELETE FROM webhooks; DELETE FROM event_deliveries; DELETE FROM events");

    [Test]
    public async Task An_alert_is_told_with_its_rule_its_members_and_the_age_of_the_data_and_told_again_when_it_is_over()
    {
        var account = await SpendingAsync(("one", 60), ("other", 10));
        var (webhook, _) = await _world.AddWebhookAsync("""{"url":"https://receiver.example/1"}""");
        var rule = await RuleAsync(account);
        await _world.EvaluateAsync(rule);
        await _world.EvaluateAsync(rule);

        var told = (await _world.ToldAsync(webhook)).Single();
        Assert.That(((string?)told["rule"], (string?)told["status"], (string?)told["condition"], (int?)told["firing"], (int?)told["message"], (string?)told["severity"]),
            Is.EqualTo(("A rule", "open", "spend above 50 on the last day", 1, 1, "warning")));
        Assert.That((long?)told["data_age_minutes"], Is.InRange(179, 190));
        var member = told["members"]!.AsArray().Single()!;
        Assert.That(((string?)member["id"], (decimal?)member["value"], (string?)member["state"], (bool?)member["new"], (string?)member["account"]), Is.EqualTo(("one", 60m, "firing", true, "Account in America/New_York")));

        await SpendAsync(account, "one", 5);
        await _world.ExecuteAsync("UPDATE insight_days SET seen_at = synced_at - interval '1 hour' WHERE social_account_id = @account", new { account });
        await _world.EvaluateAsync(rule);
        _world.Time.Advance(TimeSpan.FromMinutes(61));
        await _world.EvaluateAsync(rule);
        var over = (await _world.ToldAsync(webhook)).Skip(1).Single();
        Assert.That(((string?)over["status"], (string?)over["resolved_why"], (int?)over["firing"], (string?)over["members"]![0]!["state"]), Is.EqualTo(("resolved", "all have been well for the cooldown", 0, "recovered")));
        Assert.That((long?)over["data_age_minutes"], Is.InRange(299, 310), "what was asked for again in vain is as old as it was");
        Assert.That((string?)over["alert_id"], Is.EqualTo((string?)told["alert_id"]));
    }

    [Test]
    public async Task Of_a_retired_account_nothing_is_told_and_what_was_told_is_over()
    {
        var account = await _world.AddAccountAsync();
        await _world.ExecuteAsync("UPDATE social_accounts SET token_expires_at = now() + interval '1 day', token_checked_at = now() WHERE id = @account", new { account });
        var rule = await _world.AddRuleAsync(account, """{"metric":"token_days_left","when":"below","threshold":7}""");
        await _world.EvaluateAsync(rule);
        Assert.That(await _world.FiringAsync(rule), Has.Count.EqualTo(1));
        await _world.ExecuteAsync("UPDATE social_accounts SET retired_at = now(), access_token = NULL WHERE id = @account", new { account });
        await _world.EvaluateAsync(rule);
        Assert.That(await _world.FiringAsync(rule), Is.Empty);
    }

    [Test]
    public async Task A_token_that_never_expires_is_well_again()
    {
        var account = await _world.AddAccountAsync();
        await _world.ExecuteAsync("UPDATE social_accounts SET token_expires_at = @Now + interval '1 day', token_checked_at = @Now WHERE id = @account", new { account, Now = _world.Time.GetUtcNow() });
        var rule = await _world.AddRuleAsync(account, """{"metric":"token_days_left","when":"below","threshold":7}""");
        await _world.EvaluateAsync(rule);
        await _world.ExecuteAsync("UPDATE social_accounts SET token_expires_at = NULL WHERE id = @account", new { account });
        Assert.That((await _world.EvaluateAsync(rule)).Counts.Recovered, Is.EqualTo(1));
    }

    [Test]
    public async Task Without_anybody_who_listens_it_is_there_for_people_to_see()
    {
        var account = await SpendingAsync(("one", 60));
        var rule = await RuleAsync(account);
        await _world.EvaluateAsync(rule);
        var alert = (await _world.Get<AlertReader>().ListAsync(new(RuleId: rule.Id), null, 10, CancellationToken.None)).Single();
        Assert.That((alert.State, alert.Firing, alert.Messages), Is.EqualTo(("open", 1, 1)));
        Assert.That(await _world.QueryAsync<long>("SELECT count(*) FROM events"), Is.EqualTo([0]));
    }

    [Test]
    public async Task A_webhook_of_some_accounts_hears_of_their_members_alone()
    {
        var (mine, other) = (await SpendingAsync(("mine", 60)), await SpendingAsync(("theirs", 70)));
        var third = await SpendingAsync(("well", 1));
        var (all, _) = await _world.AddWebhookAsync("""{"url":"https://receiver.example/1"}""");
        var (some, _) = await _world.AddWebhookAsync($$"""{"url":"https://receiver.example/2","account_ids":["{{mine}}"]}""");
        var (none, _) = await _world.AddWebhookAsync($$"""{"url":"https://receiver.example/3","account_ids":["{{third}}"]}""");
        var rule = await _world.AddRuleAsync(null, $$"""{"metric":"spend","when":"above","threshold":50,"account_ids":["{{mine}}","{{other}}","{{third}}"]}""");
        await _world.EvaluateAsync(rule);
        string Members(JsonNode told) => string.Join(' ', told["members"]!.AsArray().Select(member => (string?)member!["id"]).Order());
        Assert.That((await _world.ToldAsync(all)).Select(Members), Is.EqualTo(["mine theirs"]));
        Assert.That((await _world.ToldAsync(some)).Select(Members), Is.EqualTo(["mine"]));
        Assert.That((int?)(await _world.ToldAsync(some))[0]["firing"], Is.EqualTo(1));
        Assert.That(await _world.ToldAsync(none), Is.Empty);

        var byAccount = await _world.AddRuleAsync(null, $$"""{"metric":"spend","when":"above","threshold":50,"group_by":"account","account_ids":["{{mine}}","{{other}}"]}""");
        await _world.EvaluateAsync(byAccount);
        Assert.That((await _world.ToldAsync(some)).Skip(1).Select(Members), Is.EqualTo(["mine"]));
        Assert.That((await _world.ToldAsync(all)).Skip(1).Select(Members), Is.EquivalentTo(["mine", "theirs"]));
    }

    [Test]
    public async Task A_commit_that_fails_leaves_nothing_and_the_next_evaluation_tells_it_once()
    {
        var account = await SpendingAsync(("one", 60));
        var (webhook, _) = await _world.AddWebhookAsync("""{"url":"https://receiver.example/1"}""");
        var rule = await RuleAsync(account);
        // The last statement of all: nothing of it stands unless all of it does.
        await _world.ExecuteAsync("""
            CREATE FUNCTION fail_alert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the commit failed'; END $$;
            CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON alert_evaluations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail_alert();
            """);
        await Assert.ThrowsAsync<PostgresException>(() => _world.EvaluateAsync(rule));
        await _world.ExecuteAsync("DROP TRIGGER at_commit ON alert_evaluations; DROP FUNCTION fail_alert");
        Assert.That(await _world.QueryAsync<long>("SELECT (SELECT count(*) FROM alert_states WHERE rule_id = @Id) + (SELECT count(*) FROM alert_episodes WHERE rule_id = @Id) + (SELECT count(*) FROM events)", new { rule.Id }), Is.EqualTo([0]));
        await _world.EvaluateAsync(rule);
        await _world.EvaluateAsync(rule);
        Assert.That(await _world.ToldAsync(webhook), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task One_rule_is_evaluated_by_one_at_a_time()
    {
        var account = await SpendingAsync([.. Enumerable.Range(0, 50).Select(n => ($"{n}", 60m))]);
        var (webhook, _) = await _world.AddWebhookAsync("""{"url":"https://receiver.example/1"}""");
        var rule = await RuleAsync(account);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => _world.Get<EvaluateAlerts>().EvaluateAsync(rule.Id, null, CancellationToken.None))));
        Assert.That(await _world.ToldAsync(webhook), Has.Count.EqualTo(1));
        Assert.That(await _world.QueryAsync<long>("SELECT count(*) FROM alert_members m JOIN alert_episodes e ON e.id = m.episode_id WHERE e.rule_id = @Id", new { rule.Id }), Is.EqualTo([50]));
    }

    /// <summary>Of two jobs that have seen it to be due the later one comes when the other has done with it.</summary>
    [Test]
    public async Task What_two_jobs_have_seen_to_be_due_is_one_look()
    {
        var account = await _world.AddAccountAsync();
        await _world.ExecuteAsync("UPDATE social_accounts SET token_rejected_at = now() WHERE id = @account", new { account });
        var rule = await _world.AddRuleAsync(account, """{"metric":"token_days_left","when":"below","threshold":7,"evaluations":2}""");
        var evaluate = _world.Get<EvaluateAlerts>();
        Assert.That((await evaluate.EvaluateAsync(rule.Id, null, CancellationToken.None))!.Counts.Waiting, Is.EqualTo(1));
        Assert.That(await evaluate.EvaluateAsync(rule.Id, null, CancellationToken.None), Is.Null);
        Assert.That((await _world.EvaluateAsync(rule)).Counts.Fired, Is.EqualTo(1), "the next look is another");
    }

    /// <summary>Such as one of a later version.</summary>
    [Test]
    public async Task A_rule_that_cannot_be_evaluated_keeps_no_other_from_it()
    {
        var account = await SpendingAsync(("one", 60));
        var (broken, rule) = (await RuleAsync(account), await RuleAsync(account));
        await _world.ExecuteAsync("UPDATE alert_rules SET metric = 'weather' WHERE id = @Id", new { broken.Id });
        await Assert.ThrowsAsync<AggregateException>(() => _world.Get<EvaluateAlerts>().ExecuteAsync(CancellationToken.None));
        await _world.ExecuteAsync("DELETE FROM alert_rules WHERE id = @Id", new { broken.Id });
        Assert.That(await _world.FiringAsync(rule), Is.EqualTo(["one"]));
    }

    [Test]
    public async Task What_a_rule_has_open_is_over_when_it_is_switched_off_and_begins_anew_when_it_is_switched_on()
    {
        var account = await SpendingAsync(("one", 60));
        var (webhook, _) = await _world.AddWebhookAsync("""{"url":"https://receiver.example/1"}""");
        var rule = await RuleAsync(account);
        await _world.EvaluateAsync(rule);
        await ChangeAsync(rule, """{"enabled":false}""");
        Assert.That(await _world.EvaluateAsync(rule), Is.Null);
        Assert.That((await _world.ToldAsync(webhook)).Select(one => (string?)one["resolved_why"]), Is.EqualTo([null, "the rule was switched off"]));
        await ChangeAsync(rule, """{"enabled":true}""");
        await _world.EvaluateAsync(rule);
        Assert.That((await _world.ToldAsync(webhook)).Select(one => (string?)one["status"]), Is.EqualTo(["open", "resolved", "open"]));

        Assert.That(await _world.Get<SaveAlertRule>().DeleteAsync(rule.Id, CancellationToken.None), Is.InstanceOf<AlertRuleSaved.Done>());
        Assert.That((string?)(await _world.ToldAsync(webhook))[^1]["resolved_why"], Is.EqualTo("the rule was taken away"));
        Assert.That(await _world.Get<AlertReader>().ListAsync(new(RuleId: rule.Id), null, 10, CancellationToken.None), Has.Count.EqualTo(2), "what was told stays");
    }

    [Test]
    public async Task Why_it_acted_and_why_not_is_noted_and_what_is_the_same_is_one_row()
    {
        var account = await SpendingAsync(("one", 60), ("few", 70));
        await _world.ExecuteAsync("UPDATE insight_campaign_days SET clicks = 1 WHERE social_account_id = @account AND campaign_meta_id = 'few'", new { account });
        var rule = await _world.AddRuleAsync(account, """{"metric":"spend","when":"above","threshold":50,"floor_metric":"clicks","floor_least":50}""");
        for (var times = 0; times < 5; times++) await _world.EvaluateAsync(rule);
        var noted = await _world.Get<AlertReader>().EvaluationsAsync(rule.Id, 10, CancellationToken.None);
        Assert.That(noted.Select(one => (one.Times, one.Objects, one.Breached, one.TooLittle, one.Firing, one.Fired, string.Join(' ', one.Told))), Is.EqualTo([(4, 2, 1, 1, 1, 0, ""), (1, 2, 1, 1, 1, 1, "alert.opened")]));

        _world.Time.Advance(TimeSpan.FromDays(100));
        await _world.Get<PurgeAlerts>().ExecuteAsync(CancellationToken.None);
        Assert.That(await _world.Get<AlertReader>().EvaluationsAsync(rule.Id, 10, CancellationToken.None), Is.Empty);
        Assert.That(await _world.Get<AlertReader>().ListAsync(new("open", rule.Id), null, 10, CancellationToken.None), Has.Count.EqualTo(1), "what is open stays");
    }

    [Test]
    public async Task Rules_of_days_are_evaluated_when_numbers_have_come_in_and_others_every_time()
    {
        var account = await SpendingAsync(("one", 60));
        var (days, now) = (await RuleAsync(account), await _world.AddRuleAsync(account, """{"metric":"sync_age_hours","when":"above","threshold":36}"""));
        async Task<string> TimesAsync() => string.Join(' ', await _world.QueryAsync<int?>("SELECT sum(times)::int FROM alert_evaluations WHERE rule_id = ANY (@ids) GROUP BY rule_id ORDER BY rule_id", new { ids = new[] { days.Id, now.Id } }));
        async Task RunAsync(int minutes)
        {
            _world.Time.Advance(TimeSpan.FromMinutes(minutes));
            Assert.That(await _world.Get<EvaluateAlerts>().ExecuteAsync(CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        }

        await RunAsync(0);
        await RunAsync(10);
        Assert.That(await TimesAsync(), Is.EqualTo("1 2"), "nothing has come in");
        await _world.ExecuteAsync("INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, queued_at, completed_at) VALUES (gen_random_uuid(), @account, '2026-01-01', '2026-01-01', 'x', 'succeeded', @at, @at)",
            new { account, at = _world.Time.GetUtcNow() });
        await RunAsync(1);
        await RunAsync(3);
        await RunAsync(61);
        Assert.That(await TimesAsync(), Is.EqualTo("3 5"), "once for the sync, and once an hour");
    }

    [Test]
    public async Task Runs_tokens_syncs_and_differences_are_told_as_they_stand()
    {
        var account = await _world.AddAccountAsync();
        await _world.AddDaysAsync(account, 8);
        async Task<string> OfAsync(string body) => string.Join(", ", await _world.VerdictsAsync(await _world.AddRuleAsync(account, body)));
        const string Token = """{"metric":"token_days_left","when":"below","threshold":7}""";
        const string Sync = """{"metric":"sync_age_hours","when":"above","threshold":36}""";
        const string Difference = """{"metric":"difference_percent","when":"above","threshold":0,"window_days":7}""";

        Assert.That(await OfAsync(Token), Is.EqualTo($"{account}: no_data"), "it was never checked");
        await _world.ExecuteAsync("UPDATE social_accounts SET token_checked_at = @Now, token_expires_at = @Now + interval '6 days' WHERE id = @account", new { account, Now = _world.Time.GetUtcNow() });
        Assert.That(await OfAsync(Token), Is.EqualTo($"{account}: breach 6"));
        await _world.ExecuteAsync("UPDATE social_accounts SET token_expires_at = NULL WHERE id = @account", new { account });
        Assert.That(await OfAsync(Token), Is.Empty, "it never expires");
        await _world.ExecuteAsync("UPDATE social_accounts SET token_rejected_at = now() WHERE id = @account", new { account });
        Assert.That(await OfAsync(Token), Is.EqualTo($"{account}: breach 0"));

        Assert.That(await OfAsync(Sync), Is.Empty);
        await _world.ExecuteAsync("UPDATE insight_days SET date_start = date_start - 2 WHERE social_account_id = @account", new { account });
        Assert.That(await OfAsync(Sync), Does.StartWith($"{account}: breach "));

        Assert.That(await OfAsync(Difference), Is.Empty);
        await _world.ExecuteAsync("UPDATE insight_days SET account_spend = 200, difference = 5 WHERE social_account_id = @account AND date_start = @day", new { account, day = _world.LastDay().AddDays(-4) });
        Assert.That(await OfAsync(Difference), Is.EqualTo($"{account}: breach 2.5"));
        await _world.ExecuteAsync("UPDATE insight_days SET account_spend = NULL, difference = NULL WHERE social_account_id = @account AND date_start = @day", new { account, day = _world.LastDay().AddDays(-3) });
        Assert.That(await OfAsync(Difference), Is.EqualTo($"{account}: breach 2.5"), "whatever the other day may differ by");
        Assert.That(await OfAsync(Difference.Replace("\"threshold\":0", "\"threshold\":3", StringComparison.Ordinal)), Is.EqualTo($"{account}: no_data 2.5"), "that day may differ by more");
        await _world.ExecuteAsync("UPDATE insight_days SET account_spend = NULL, difference = NULL WHERE social_account_id = @account", new { account });
        Assert.That(await OfAsync(Difference), Is.EqualTo($"{account}: no_data 0"), "Meta told no sum to hold it against");
    }

    [Test]
    public async Task A_failed_run_is_told_by_its_name_until_it_is_tried_again_or_a_day_is_over()
    {
        var account = await _world.AddAccountAsync();
        await _world.ExecuteAsync("""
            INSERT INTO clips (id, title, video_id, created_at) VALUES (@account, 'A clip', '1', now());
            INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, request_hash, status, accepted_at, completed_at)
            SELECT gen_random_uuid(), @account, @account, name, request::jsonb, 'x', '', status, @Now, @Now - ago::interval
            FROM (VALUES ('Autumn', '{}', 'failed', '1 hour'), ('A check', '{"validate_only": true}', 'failed', '1 hour'), ('Long ago', '{}', 'failed', '25 hours'), ('Well', '{}', 'succeeded', '1 hour')) AS r (name, request, status, ago)
            """, new { account, Now = _world.Time.GetUtcNow() });
        var rule = await _world.AddRuleAsync(account, """{"metric":"failed_runs","when":"above","threshold":0}""");
        Assert.That((await _world.EvaluateAsync(rule)).Episodes.Single().After.Members.Values.Select(member => member.Name), Is.EqualTo(["Autumn"]));
        await _world.ExecuteAsync("UPDATE orchestrations SET status = 'queued', completed_at = NULL WHERE social_account_id = @account AND campaign_name = 'Autumn'", new { account });
        Assert.That((await _world.EvaluateAsync(rule)).Counts.Recovered, Is.EqualTo(1));
        Assert.That(await _world.VerdictsAsync(rule with { Level = "account", WindowHours = 48 }), Is.EqualTo([$"{account}: breach 1"]));
    }

    [Test]
    public async Task A_rule_that_is_tried_tells_day_by_day_what_it_would_have_done_and_writes_nothing()
    {
        var account = await _world.AddAccountAsync();
        await _world.AddDaysAsync(account, 20);
        await _world.AddCampaignAsync(account, "one", [10, 10, 60, 60, 60, 10, 10, 60, 10]);
        var before = await _world.QueryAsync<long>("SELECT (SELECT count(*) FROM alert_states) + (SELECT count(*) FROM alert_episodes) + (SELECT count(*) FROM alert_rules) + (SELECT count(*) FROM alert_evaluations)");
        var tried = (RuleTried.Done)await _world.Get<TryAlertRule>().NewAsync(
            JsonElement.Parse($$"""{"name":"Tried","metric":"spend","when":"above","threshold":50,"evaluations":2,"days":9,"account_ids":["{{account}}"]}"""), CancellationToken.None);
        Assert.That(string.Join(' ', tried.Trial.Days.Select(day => $"{day.Breached}{(day.Waiting > 0 ? "w" : "")}{(day.Fired.Count > 0 ? "f" : "")}{(day.Recovered > 0 ? "r" : "")}{(day.Messages.Count > 0 ? "m" : "")}")),
            Is.EqualTo("0 0 1w 1fm 1 0r 0m 1w 0"));
        Assert.That((tried.Trial.Alerts, tried.Trial.Messages, tried.Trial.Days[3].Fired), Is.EqualTo((1, 2, (string[])["one"])));
        Assert.That(await _world.QueryAsync<long>("SELECT (SELECT count(*) FROM alert_states) + (SELECT count(*) FROM alert_episodes) + (SELECT count(*) FROM alert_rules) + (SELECT count(*) FROM alert_evaluations)"), Is.EqualTo(before));
    }

    private Task<Guid> SpendingAsync(params (string Campaign, decimal Spend)[] campaigns) => _world.SpendingAsync(campaigns);

    private Task SpendAsync(Guid account, string campaign, decimal spend) => _world.SpendAsync(account, campaign, spend);

    private Task<AlertRule> RuleAsync(Guid account) => _world.AddRuleAsync(account, """{"metric":"spend","when":"above","threshold":50}""");

    private async Task ChangeAsync(AlertRule rule, string body) =>
        Assert.That(await _world.Get<SaveAlertRule>().ChangeAsync(rule.Id, JsonElement.Parse(body), CancellationToken.None), Is.InstanceOf<AlertRuleSaved.Done>());
}
