using System.Text.Json;

namespace MetaAdsJobs.Tests.Alerts;

/// <summary>However much breaks, or however often: few messages. By evaluations on a real database; <see cref="JudgeTests"/> has more of them by a clock alone.</summary>
[TestFixture]
public sealed class StormTests
{
    private AlertWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await AlertWorld.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [TearDown]
    public Task ForgetAsync() => _world.ExecuteAsync("DELETE FROM webhooks; DELETE FROM event_deliveries; DELETE FROM events");

    [Test]
    public async Task A_thousand_objects_that_break_at_once_make_one_message_that_lists_them_all_and_one_when_they_are_well()
    {
        var account = await _world.AddAccountAsync();
        await _world.AddDaysAsync(account, 3);
        await _world.ExecuteAsync("""
            INSERT INTO insight_campaign_days (social_account_id, date_start, campaign_meta_id, rows, vanished_rows, impressions, clicks, spend, results, result_type, currency, first_at)
            SELECT @account, @day, 'campaign ' || n, 1, 0, 1000, 10, 100, 0, 'x', 'USD', now() FROM generate_series(1, 1000) n
            """, new { account, day = _world.LastDay() });
        var (webhook, _) = await _world.AddWebhookAsync("""{"url":"https://receiver.example/1"}""");
        var (slack, _) = await _world.AddWebhookAsync("""{"url":"https://hooks.slack.example/1","format":"slack"}""");
        var rule = await _world.AddRuleAsync(account, """{"metric":"spend","when":"above","threshold":50}""");
        for (var minute = 0; minute < 10; minute++) await _world.EvaluateAsync(rule);
        var told = (await _world.ToldAsync(webhook)).Single();
        Assert.That(told["members"]!.AsArray().Select(member => (string?)member!["id"]), Is.EquivalentTo(Enumerable.Range(1, 1000).Select(n => $"campaign {n}")));
        var text = MetaAdsJobs.Core.Events.Texts.SlackText.Of("alert.opened", JsonElement.Parse(told.ToJsonString()), "https://ads.example.com");
        Assert.That(Enumerable.Range(1, 1000).Where(n => !text.Contains($"campaign {n}", StringComparison.Ordinal)), Is.Empty);
        Assert.That(text.Length, Is.LessThan(40_000), "of more Slack shows nothing");
        Assert.That(text, Does.EndWith($"https://ads.example.com/console/alerts/{told["alert_id"]}"));

        await _world.ExecuteAsync("UPDATE insight_campaign_days SET spend = 1 WHERE social_account_id = @account", new { account });
        await _world.EvaluateAsync(rule);
        _world.Time.Advance(TimeSpan.FromMinutes(61));
        await _world.EvaluateAsync(rule);
        Assert.That((await _world.ToldAsync(webhook)).Select(one => one["members"]!.AsArray().Count), Is.EqualTo([1000, 1000]));
        Assert.That(await _world.ToldAsync(slack), Has.Count.EqualTo(2));
    }

    /// <summary>Few messages of one alert are few for each who listens: others' are none of his.</summary>
    [Test]
    public async Task A_webhook_of_some_accounts_hears_at_once_of_the_first_of_theirs_whenever_others_were_told_of_theirs()
    {
        var accounts = new[] { await _world.AddAccountAsync(), await _world.AddAccountAsync() };
        foreach (var account in accounts)
        {
            await _world.AddDaysAsync(account, 3);
            await _world.AddCampaignAsync(account, $"of {account}", [1]);
        }

        var (all, _) = await _world.AddWebhookAsync("""{"url":"https://receiver.example/1"}""");
        var (hook, _) = await _world.AddWebhookAsync($$"""{"url":"https://receiver.example/2","account_ids":["{{accounts[0]}}"]}""");
        var rule = await _world.AddRuleAsync(null, $$"""{"metric":"spend","when":"above","threshold":50,"account_ids":["{{string.Join("\",\"", accounts)}}"]}""");
        foreach (var (minutes, mine, theirs) in ((int, decimal, decimal)[])[(5, 1, 60), (5, 60, 60), (5, 60, 60), (5, 1, 1), (61, 1, 1)])
        {
            await _world.ExecuteAsync("UPDATE insight_campaign_days SET spend = CASE WHEN social_account_id = @first THEN @mine ELSE @theirs END WHERE social_account_id = ANY (@accounts)", new { accounts, first = accounts[0], mine, theirs });
            _world.Time.Advance(TimeSpan.FromMinutes(minutes));
            await _world.EvaluateAsync(rule);
        }

        foreach (var webhook in (Guid[])[all, hook])
            Assert.That(await _world.QueryAsync<string>("SELECT type FROM event_deliveries WHERE webhook_id = @webhook ORDER BY occurred_at", new { webhook }), Is.EqualTo(["alert.opened", "alert.resolved"]));
        Assert.That((await _world.ToldAsync(hook)).Select(told => ((int)told["new"]!, (int)told["firing"]!, told["members"]!.AsArray().Count)), Is.EqualTo([(1, 1, 1), (1, 0, 1)]));
    }

    /// <summary>An alert of all accounts is open for as long as anything of any of them fires.</summary>
    [Test]
    public async Task A_webhook_of_some_accounts_hears_of_no_update_in_which_nothing_of_theirs_is_new()
    {
        var (mine, other) = (await _world.SpendingAsync(("mine", 60), ("more", 1)), await _world.SpendingAsync(("theirs", 70), ("others", 1)));
        var (all, _) = await _world.AddWebhookAsync("""{"url":"https://receiver.example/1"}""");
        var (some, _) = await _world.AddWebhookAsync($$"""{"url":"https://receiver.example/2","account_ids":["{{mine}}"]}""");
        var rule = await _world.AddRuleAsync(null, $$"""{"metric":"spend","when":"above","threshold":50,"account_ids":["{{mine}}","{{other}}"]}""");
        foreach (var (account, campaign, spend) in ((Guid, string, decimal)[])[(mine, "mine", 60), (mine, "mine", 1), (other, "others", 80), (mine, "more", 90), (other, "theirs", 70)])
        {
            await _world.SpendAsync(account, campaign, spend);
            _world.Time.Advance(TimeSpan.FromMinutes(61));
            await _world.EvaluateAsync(rule);
        }

        Task<IReadOnlyList<string>> TypesAsync(Guid webhook) => _world.QueryAsync<string>("SELECT type FROM event_deliveries WHERE webhook_id = @webhook ORDER BY occurred_at", new { webhook });
        Assert.That(await TypesAsync(all), Is.EqualTo(["alert.opened", "alert.updated", "alert.updated"]));
        Assert.That(await TypesAsync(some), Is.EqualTo(["alert.opened", "alert.updated"]));
        Assert.That((int?)(await _world.ToldAsync(some))[1]["new"], Is.EqualTo(1));
    }

    [Test]
    public async Task A_run_that_fails_again_every_ten_minutes_for_a_day_makes_two_messages()
    {
        var account = await _world.AddAccountAsync();
        await _world.ExecuteAsync("""
            INSERT INTO clips (id, title, video_id, created_at) VALUES (@account, 'A clip', '1', now());
            INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, request_hash, status, accepted_at) VALUES (@account, @account, @account, 'Autumn', '{}', 'x', '', 'queued', @Now)
            """, new { account, Now = _world.Time.GetUtcNow() });
        var (webhook, _) = await _world.AddWebhookAsync("""{"url":"https://receiver.example/1","event_types":["alert.opened","alert.updated","alert.resolved"]}""");
        var rule = await _world.AddRuleAsync(account, """{"metric":"failed_runs","when":"above","threshold":0}""");
        for (var look = 0; look < 24 * 12; look++)
        {
            await TurnAsync(look % 2 == 0 ? "failed" : "queued");
            await _world.EvaluateAsync(rule);
            _world.Time.Advance(TimeSpan.FromMinutes(5));
        }

        Assert.That((await _world.ToldAsync(webhook)).Select(told => (string?)told["status"]), Is.EqualTo(["open"]));
        await TurnAsync("succeeded");
        for (var look = 0; look < 14; look++)
        {
            await _world.EvaluateAsync(rule);
            _world.Time.Advance(TimeSpan.FromMinutes(5));
        }

        var all = await _world.ToldAsync(webhook);
        Assert.That(all.Select(told => (string?)told["status"]), Is.EqualTo(["open", "resolved"]));
        Assert.That((int?)all[1]["members"]![0]!["times"], Is.EqualTo(24 * 6));
        Assert.That((await _world.QueryAsync<long>("SELECT sum(times) FROM alert_evaluations WHERE rule_id = @Id", new { rule.Id }))[0], Is.EqualTo((24 * 12) + 14), "each is told why it acted or not");

        Task TurnAsync(string status) => _world.ExecuteAsync("UPDATE orchestrations SET status = @status, completed_at = CASE WHEN @status = 'queued' THEN NULL ELSE @Now END WHERE request_id = @account", new { status, account, Now = _world.Time.GetUtcNow() });
    }
}
