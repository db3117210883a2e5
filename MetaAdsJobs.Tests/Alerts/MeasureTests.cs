using MetaAdsJobs.Core.Alerts.Evaluating;
using MetaAdsJobs.Core.Alerts.Rules;

namespace MetaAdsJobs.Tests.Alerts;

/// <summary>How rules measure what is stored: windows of account days, floors, medians, and what is not known.</summary>
[TestFixture]
public sealed class MeasureTests
{
    private AlertWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await AlertWorld.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task A_window_adds_up_the_accounts_last_whole_days_and_no_others()
    {
        var account = await _world.AddAccountAsync();
        await _world.AddDaysAsync(account, 5);
        await _world.AddCampaignAsync(account, "high", [100, 10, 20, 30]);
        await _world.AddCampaignAsync(account, "low", [100, 1, null, 3]);
        var rule = await _world.AddRuleAsync(account, """{"metric":"spend","when":"above","threshold":50,"window_days":3}""");
        Assert.That(await _world.VerdictsAsync(rule), Is.EqualTo(["high: breach 60"]));
        Assert.That(await _world.VerdictsAsync(rule with { Direction = AlertRule.Below, ResolveAt = null }), Is.EqualTo(["low: breach 4"]), "a day without a row is one of zero");
        Assert.That(await _world.VerdictsAsync(rule with { Threshold = 60 }, new(account, "high"), new(account, "never seen")), Is.EqualTo(["high: fine 60", "never seen: fine"]));
        Assert.That(await _world.VerdictsAsync(rule with { Threshold = 60, ResolveAt = 55 }, [new(account, "high")]), Is.EqualTo(["high: held 60"]));
        Assert.That(await _world.VerdictsAsync(rule with { CampaignIds = ["low"], Threshold = 3 }), Is.EqualTo(["low: breach 4"]));
    }

    // The calendar is the account's: at the same moment it may be two days in two zones.
    [TestCase("Pacific/Kiritimati")]
    [TestCase("Pacific/Pago_Pago")]
    public async Task Days_are_those_of_the_account(string timezone)
    {
        var account = await _world.AddAccountAsync(timezone);
        await _world.AddDaysAsync(account, 3, timezone: timezone);
        // What is not over does not count, even where it was stored.
        await _world.ExecuteAsync("INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend) VALUES (@account, @today, now(), gen_random_uuid(), true, 0, 0, 0, 0)",
            new { account, today = _world.LastDay(timezone).AddDays(1) });
        await _world.AddCampaignAsync(account, "a", [7, 9, 500], timezone: timezone, lastDaysAgo: -1);
        var rule = await _world.AddRuleAsync(account, """{"metric":"spend","when":"above","threshold":1,"window_days":2}""");
        Assert.That(await _world.VerdictsAsync(rule), Is.EqualTo(["a: breach 16"]));
    }

    [Test]
    public async Task What_is_not_known_is_no_data_and_neither_zero_nor_well()
    {
        var (late, holed, withheld, day) = (await _world.AddAccountAsync(), await _world.AddAccountAsync(), await _world.AddAccountAsync(), await _world.AddAccountAsync());
        const string Body = """{"metric":"spend","when":"below","threshold":5,"window_days":3}""";

        await _world.AddDaysAsync(late, 5, lastDaysAgo: 2);
        await _world.AddCampaignAsync(late, "a", [1, 1, 1], lastDaysAgo: 2);
        Assert.That(await _world.VerdictsAsync(await _world.AddRuleAsync(late, Body)), Is.EqualTo(["a: no_data 3"]), "the numbers are three days old");

        await _world.AddDaysAsync(day, 5, lastDaysAgo: 1);
        await _world.AddCampaignAsync(day, "a", [1, 1, 1], lastDaysAgo: 1);
        Assert.That(await _world.VerdictsAsync(await _world.AddRuleAsync(day, Body)), Is.EqualTo(["a: breach 3"]), "the night is still to come");

        await _world.AddDaysAsync(holed, 1);
        await _world.AddDaysAsync(holed, 1, lastDaysAgo: 1, areFinal: false);
        await _world.AddDaysAsync(holed, 3, lastDaysAgo: 2);
        await _world.AddCampaignAsync(holed, "a", [1, 1, 1]);
        Assert.That(await _world.VerdictsAsync(await _world.AddRuleAsync(holed, Body), [new(holed, "a")]), Has.Exactly(1).StartsWith("a: no_data"), "a day of the window was not read whole");

        await _world.AddDaysAsync(withheld, 5);
        await _world.AddCampaignAsync(withheld, "a", [1, 1, 1]);
        await _world.AddCampaignAsync(withheld, "b", [1, 1], lastDaysAgo: 1);
        await _world.AddCampaignAsync(withheld, "b", [0], untold: 1);
        Assert.That(await _world.VerdictsAsync(await _world.AddRuleAsync(withheld, Body)), Is.EqualTo(["a: breach 3", "b: no_data 2"]), "Meta kept some of it to itself");

        var never = await _world.AddAccountAsync();
        Assert.That(await _world.VerdictsAsync(await _world.AddRuleAsync(never, """{"metric":"spend","level":"account","when":"below","threshold":5}""")), Is.EqualTo([$"{never}: no_data"]));
        Assert.That(await _world.VerdictsAsync(await _world.AddRuleAsync(never, Body), [new(never, "once seen")]), Is.EqualTo(["once seen: no_data"]), "it does not recover by being unknown");
    }

    /// <summary>Minutes after midnight Meta does not yet tell all of the day that is over.</summary>
    [Test]
    public async Task A_day_that_was_read_before_its_nights_time_is_judged_once_the_night_has_read_it()
    {
        await using var world = await AlertWorld.StartAsync(("NIGHTLY_SYNC_AT", "03:00"));
        var (account, day) = (await world.AddAccountAsync(), world.LastDay());
        await world.AddDaysAsync(account, 5);
        await world.AddCampaignAsync(account, "a", [60, 60, 60, 60, 1]);
        await world.ExecuteAsync("UPDATE insight_days SET account_spend = 200, difference = 5 WHERE social_account_id = @account AND date_start = @day", new { account, day });
        var spend = await world.AddRuleAsync(account, """{"metric":"spend","when":"below","threshold":5}""");
        var difference = await world.AddRuleAsync(account, """{"metric":"difference_percent","when":"above","threshold":0,"window_days":1}""");
        var age = await world.AddRuleAsync(account, """{"metric":"sync_age_hours","when":"above","threshold":26}""");

        await ReadAtAsync("first_at", TimeSpan.FromMinutes(5));
        Assert.That(await world.VerdictsAsync(spend), Is.Empty, "of the day before it is fine");
        Assert.That(await world.VerdictsAsync(difference), Is.EqualTo([$"{account}: no_data 0"]));
        Assert.That(await world.VerdictsAsync(age), Has.Exactly(1).StartsWith($"{account}: breach "), "it goes by the day before");

        await ReadAtAsync("seen_at", TimeSpan.FromHours(3));
        Assert.That(await world.VerdictsAsync(spend), Is.EqualTo(["a: breach 1"]));
        Assert.That(await world.VerdictsAsync(difference), Is.EqualTo([$"{account}: breach 2.5"]));
        Assert.That(await world.VerdictsAsync(age), Is.Empty);

        Task ReadAtAsync(string column, TimeSpan time) =>
            world.ExecuteAsync($"UPDATE insight_days SET {column} = (@day + 1 + @time) AT TIME ZONE 'America/New_York' WHERE social_account_id = @account AND date_start = @day", new { account, day, time });
    }

    [Test]
    public async Task A_restated_number_counts_as_it_stands_now()
    {
        var account = await _world.AddAccountAsync();
        await _world.AddDaysAsync(account, 3);
        await _world.AddCampaignAsync(account, "a", [60]);
        var rule = await _world.AddRuleAsync(account, """{"metric":"spend","when":"above","threshold":50}""");
        await _world.EvaluateAsync(rule);
        Assert.That(await _world.FiringAsync(rule), Is.EqualTo(["a"]));
        await _world.ExecuteAsync("UPDATE insight_campaign_days SET spend = 40 WHERE social_account_id = @account", new { account });
        Assert.That((await _world.EvaluateAsync(rule)).Counts.Recovered, Is.EqualTo(1));
    }

    [Test]
    public async Task Ratios_floors_and_spend_without_results_are_told_as_they_are()
    {
        var account = await _world.AddAccountAsync();
        await _world.AddDaysAsync(account, 3);
        await _world.AddCampaignAsync(account, "dear", [300], clicks: 100, results: 3);
        await _world.AddCampaignAsync(account, "few", [300], clicks: 10, results: 0);
        await _world.AddCampaignAsync(account, "in vain", [200], clicks: 90, results: 0);
        await _world.AddCampaignAsync(account, "mixed", [200], clicks: 90, results: null);
        await _world.AddCampaignAsync(account, "untouched", [200], clicks: 0, results: 1);

        Task<IReadOnlyList<string>> Of(string body) => VerdictsAsync(account, body);
        Assert.That(await Of("""{"metric":"cpc","when":"above","threshold":2.5}"""), Is.EqualTo(["dear: breach 3", "few: breach 30"]), "no clicks are no price");
        Assert.That(await Of("""{"metric":"cpc","when":"above","threshold":2.5,"floor_metric":"clicks","floor_least":50}"""), Is.EqualTo(["dear: breach 3"]));
        Assert.That(await Of("""{"metric":"cost_per_result","when":"above","threshold":50}"""), Is.EqualTo(["dear: breach 100", "mixed: no_data", "untouched: breach 200"]));
        Assert.That(await Of("""{"metric":"ctr","when":"below","threshold":5}"""), Is.EqualTo(["few: breach 1", "untouched: breach 0"]));
        Assert.That(await Of("""{"metric":"cpm","when":"above","threshold":250}"""), Is.EqualTo(["dear: breach 300", "few: breach 300"]));
        Assert.That(await Of("""{"metric":"spend_without_results","when":"above","threshold":0,"floor_metric":"clicks","floor_least":50}"""), Is.EqualTo(["in vain: breach 200", "mixed: no_data 200"]), "what has no click yet may still come");
    }

    /// <summary>The same spend and no result at all is not well; without a row it is over.</summary>
    [TestCase("""{"metric":"cost_per_result","when":"above","threshold":50}""", "results = 0")]
    [TestCase("""{"metric":"spend","when":"above","threshold":50,"floor_metric":"clicks","floor_least":50}""", "clicks = 49")]
    [TestCase("""{"metric":"cpc","when":"above","threshold":200,"compare":"median"}""", "clicks = 0")]
    public async Task What_fires_and_has_too_little_to_be_judged_by_fires_on_until_it_has_no_row(string body, string change)
    {
        var account = await _world.AddAccountAsync();
        await _world.AddDaysAsync(account, 10);
        await _world.AddCampaignAsync(account, "a", [10, 10, 10, 10, 10, 10, 10, 60], results: 1);
        var rule = await _world.AddRuleAsync(account, body);
        await _world.EvaluateAsync(rule);
        Assert.That(await _world.FiringAsync(rule), Is.EqualTo(["a"]));
        foreach (var (sql, firing) in ((string, string[])[])[($"UPDATE insight_campaign_days SET {change}", ["a"]), ("DELETE FROM insight_campaign_days", [])])
        {
            await _world.ExecuteAsync($"{sql} WHERE social_account_id = @account AND date_start = @day", new { account, day = _world.LastDay() });
            await _world.EvaluateAsync(rule);
            Assert.That(await _world.FiringAsync(rule), Is.EqualTo(firing), sql);
        }
    }

    [TestCase(7, new double[] { 1, 2, 3, 4, 5, 6, 7 }, 20, ExpectedResult = "a: breach 20 of 4")]
    [TestCase(7, new double[] { 8, 2, 3, -1, 5, 6, 7 }, 20, ExpectedResult = "a: breach 20 of 5")]
    [TestCase(7, new double[] { 4, -1, -1, -1, -1, 4, 4 }, 20, ExpectedResult = "")]
    [TestCase(7, new double[] { -1, -1, -1, 2, 4, 6, 8 }, 20, ExpectedResult = "a: breach 20 of 5")]
    [TestCase(7, new double[] { -1, -1, -1, -1, 4, 6, 8 }, 20, ExpectedResult = "")]
    [TestCase(7, new double[] { 10, 10, 10, 10, 10, 10, 10 }, 20, ExpectedResult = "")]
    [TestCase(28, new double[] { 1, 2, 3, 4, 5, 6, 7 }, 20, ExpectedResult = "")]
    public async Task<string> A_median_is_of_the_objects_own_days_before_the_window_from_its_first_on(int days, double[] past, double now)
    {
        // -1: no row. Of the third case the median is zero, of which nothing is a percentage; the fifth and the last have too short a past.
        var account = await _world.AddAccountAsync();
        await _world.AddDaysAsync(account, 40);
        await _world.AddCampaignAsync(account, "a", [.. past.Append(now).Select(value => value < 0 ? (decimal?)null : (decimal)value)]);
        var rule = await _world.AddRuleAsync(account, $$"""{"metric":"spend","when":"above","threshold":200,"compare":"median","median_days":{{days}}}""");
        return string.Join(' ', await _world.VerdictsAsync(rule));
    }

    [Test]
    public async Task A_window_of_days_is_compared_as_one_of_them_and_ratios_as_they_are()
    {
        var account = await _world.AddAccountAsync();
        await _world.AddDaysAsync(account, 40);
        await _world.AddCampaignAsync(account, "a", [10, 10, 10, 10, 10, 10, 10, 1, 2, 3], clicks: 10);
        Assert.That(await VerdictsAsync(account, """{"metric":"spend","when":"below","threshold":50,"compare":"median","window_days":3}"""), Is.EqualTo(["a: breach 2 of 10"]));
        Assert.That(await VerdictsAsync(account, """{"metric":"cpc","when":"below","threshold":50,"compare":"median","window_days":3}"""), Is.EqualTo(["a: breach 0.2 of 1"]));
    }

    [Test]
    public async Task Numbers_of_ads_and_ad_sets_come_from_their_rows_and_their_names_with_them()
    {
        var account = await _world.AddAccountAsync();
        await _world.AddDaysAsync(account, 10);
        var last = _world.LastDay();
        await _world.ExecuteAsync("""
            SELECT ensure_insight_partitions(@last - 10, @last);
            INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, impressions, clicks, spend, results, currency, raw, is_partial, synced_at)
            SELECT @account, @last - d, concat('ad ', @account::uuid, a), concat('set ', @account::uuid, a / 2), 'c', 100, CASE WHEN a = 3 AND d = 0 THEN NULL ELSE 10 END, a * 10, 0, 'USD', jsonb_build_object('ad_name', 'Ad ' || a, 'adset_name', 'Set ' || a / 2), false, now()
            FROM generate_series(1, 4) a, generate_series(0, 9) d
            """, new { account, last });
        var ads = await _world.AddRuleAsync(account, """{"metric":"clicks","level":"ad","when":"above","threshold":15,"window_days":2,"floor_metric":"spend","floor_least":41}""");
        var turn = await _world.EvaluateAsync(ads);
        Assert.That(turn.States.Select(state => (state.Name, state.Value, state.NoDataSince is not null)), Is.EquivalentTo(new (string?, decimal?, bool)[] { ("Ad 4", 20, false), ("Ad 3", null, true) }), "a metric that Meta withheld is not zero");
        var sets = await _world.AddRuleAsync(account, """{"metric":"spend","level":"adset","when":"above","threshold":45}""");
        Assert.That((await _world.EvaluateAsync(sets)).States.Select(state => (state.Name, state.Value)), Is.EquivalentTo(new (string?, decimal?)[] { ("Set 1", 50) }));
    }

    [Test]
    public async Task Nobody_is_told_that_what_was_paused_brings_less()
    {
        var account = await _world.AddAccountAsync();
        await _world.AddDaysAsync(account, 10);
        await _world.AddCampaignAsync(account, $"{account}", [10, 0]);
        var rule = await _world.AddRuleAsync(account, """{"metric":"spend","when":"below","threshold":5}""");
        Assert.That(await _world.VerdictsAsync(rule), Has.Count.EqualTo(1));
        await _world.ExecuteAsync("""
            INSERT INTO clips (id, title, video_id, created_at) VALUES (@account, 'A clip', '1', now());
            INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, request_hash, status, accepted_at) VALUES (@account, @account, @account, 'x', '{}', 'x', '', 'succeeded', now());
            INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at) VALUES (@account, @account, @account, 'x', 'x', 'PAUSED', now());
            """.Replace("@account, 'x', 'x', 'PAUSED'", "@account::uuid::text, 'x', 'x', 'PAUSED'", StringComparison.Ordinal), new { account });
        Assert.That(await _world.VerdictsAsync(rule), Is.Empty);
    }

    private const string Below = """{"metric":"spend","when":"below","threshold":5}""";

    /// <summary>Meta returns no row for what has delivered nothing, such as when a card is declined.</summary>
    [Test]
    public async Task What_is_on_and_delivers_nothing_at_all_is_below_and_what_fired_goes_on()
    {
        var (account, name) = await OnAsync();
        await _world.AddCampaignAsync(account, $"campaign of {name}", [100, 3], lastDaysAgo: 1);
        foreach (var level in (string[])["campaign", "adset", "ad"])
            Assert.That(await VerdictsAsync(account, Below.Replace("}", $",\"level\":\"{level}\"}}", StringComparison.Ordinal)), Is.EqualTo([$"{level} of {name}: breach 0"]));
        var rule = await _world.AddRuleAsync(account, Below);
        Assert.That(await _world.VerdictsAsync(rule, new WatchedKey(account, $"campaign of {name}")), Is.EqualTo([$"campaign of {name}: breach 0"]), "it is no better");
        Assert.That(await _world.VerdictsAsync(rule with { CampaignIds = ["another"] }), Is.Empty);
        Assert.That(await VerdictsAsync(account, """{"metric":"ctr","when":"below","threshold":5}"""), Is.Empty, "nothing of nothing is no rate");
        await _world.AddCampaignAsync(account, $"campaign of {name}", [60]);
        Assert.That(await _world.VerdictsAsync(rule), Is.Empty);
    }

    [TestCase("UPDATE meta_campaigns SET status = 'PAUSED' WHERE social_account_id = @account")]
    [TestCase("UPDATE meta_adsets SET status = 'PAUSED' WHERE request_id = @account")]
    [TestCase("UPDATE meta_ads SET status = 'PAUSED' WHERE request_id = @account")]
    [TestCase("UPDATE meta_adsets SET end_time = now() - interval '1 hour' WHERE request_id = @account")]
    [TestCase("UPDATE meta_adsets SET start_time = now() WHERE request_id = @account")]
    [TestCase("UPDATE meta_ads SET created_at = now() WHERE request_id = @account")]
    [TestCase("UPDATE meta_campaigns SET lifetime_budget = 100 WHERE social_account_id = @account")]
    [TestCase("UPDATE activations SET state = 'paused' WHERE request_id = @account")]
    [TestCase("INSERT INTO stops (id, social_account_id, stopped_at, stopped_by, lifted_at) VALUES (@account, @account, now() - interval '9 days', 'ann', now())")]
    [TestCase("INSERT INTO campaign_edits (edit_id, request_id, social_account_id, level, meta_id, kind, fields, asked_by, state, asked_at, completed_at) VALUES (@account, @account, @account, 'campaign', 'x', 'resume', '{}', 'ann', 'succeeded', now(), now())")]
    [TestCase("INSERT INTO outside_changes (social_account_id, request_id, level, meta_id, field, was, \"is\", found_at) VALUES (@account, @account, 'campaign', 'x', 'status', 'PAUSED', 'ACTIVE', now())")]
    public async Task What_was_not_on_throughout_the_window_is_not_told_of(string change)
    {
        var (account, _) = await OnAsync();
        Assert.That(await VerdictsAsync(account, Below), Has.Count.EqualTo(1));
        await _world.ExecuteAsync(change, new { account });
        Assert.That(await VerdictsAsync(account, Below), Is.Empty);
    }

    /// <summary>Meta leaves on what has ended.</summary>
    [Test]
    public async Task Nor_is_what_has_ended_and_had_numbers_before()
    {
        var (account, name) = await OnAsync();
        await _world.AddCampaignAsync(account, $"campaign of {name}", [10, 3]);
        await _world.ExecuteAsync("UPDATE meta_adsets SET end_time = now() - interval '1 hour' WHERE request_id = @account", new { account });
        Assert.That(await VerdictsAsync(account, Below), Is.Empty);
    }

    /// <summary>A campaign that is on for a month, with an ad set and an ad; their ids tell of which name they are.</summary>
    private async Task<(Guid Account, string Name)> OnAsync()
    {
        var account = await _world.AddAccountAsync();
        await _world.AddDaysAsync(account, 10);
        await _world.ExecuteAsync("""
            INSERT INTO clips (id, title, video_id, created_at) VALUES (@account, 'A clip', '1', now());
            INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, request_hash, status, accepted_at) VALUES (@account, @account, @account, 'x', '{}', 'x', '', 'succeeded', now());
            INSERT INTO activations (request_id, social_account_id, state, daily_cents, changed_at) VALUES (@account, @account, 'active', 10000, now());
            WITH campaign AS (
                INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at) VALUES (@account, @account, 'campaign of ' || @name, 'x', 'x', 'ACTIVE', now() - interval '30 days') RETURNING id),
            adset AS (
                INSERT INTO meta_adsets (request_id, step, campaign_db_id, meta_id, name, optimization_goal, billing_event, daily_budget, currency, targeting, status, created_at)
                SELECT @account, 'adset', id, 'adset of ' || @name, 'x', 'REACH', 'IMPRESSIONS', 10000, 'USD', '{}', 'ACTIVE', now() - interval '30 days' FROM campaign RETURNING id),
            creative AS (
                INSERT INTO meta_creatives (request_id, step, social_account_id, kind, meta_id, name, created_at) VALUES (@account, 'creative', @account, 'outside', 'creative of ' || @name, 'x', now()) RETURNING id)
            INSERT INTO meta_ads (request_id, step, adset_db_id, creative_db_id, meta_id, name, status, created_at)
            SELECT @account, 'ad', adset.id, creative.id, 'ad of ' || @name, 'x', 'ACTIVE', now() - interval '30 days' FROM adset, creative
            """, new { account, name = $"{account}" });
        return (account, $"{account}");
    }

    private async Task<IReadOnlyList<string>> VerdictsAsync(Guid account, string body) => await _world.VerdictsAsync(await _world.AddRuleAsync(account, body));
}
