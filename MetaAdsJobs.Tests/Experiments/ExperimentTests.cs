using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Experiments.Evaluating;
using MetaAdsJobs.Core.Experiments.Planning;
using MetaAdsJobs.Core.Experiments.Proposing;
using MetaAdsJobs.Core.Experiments.Reading;
using MetaAdsJobs.Tests.Orchestrations;
using Npgsql;

namespace MetaAdsJobs.Tests.Experiments;

/// <summary>From the request to what is done about it, on a real database.</summary>
[TestFixture]
public sealed class ExperimentTests
{
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("DAILY_CAP_CENTS", "none"));

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task An_experiment_is_one_tree_with_an_ad_set_for_each_variant()
    {
        var one = await _world.BeginAsync();

        Assert.That(await _world.AtMetaAsync(one.Run), Is.EqualTo("ad ad adset adset campaign creative creative"));
        Assert.That(_world.Creates(one.Run, "adsets").Select(call => call["daily_budget"]), Is.EqualTo(["10000", "10000"]));
        Assert.That(_world.Creates(one.Run, "adcreatives").Select(call => (string?)JsonNode.Parse(call["object_story_spec"]!)!["link_data"]!["name"]), Is.EquivalentTo(["Amazing Product", "Really amazing"]));
        var read = await _world.ReadAsync(one);
        Assert.That(read.Variants.Select(variant => (variant.Name, variant.MetaId is not null)), Is.EqualTo([("Plain", true), ("Loud", true)]));
        Assert.That((read.Experiment.State, read.Experiment.Ending, read.Says), Is.EqualTo(("running", (string?)null, "No day counts yet: the first is the one after all variants were shown, once nothing more can be put down to it.")));
    }

    [Test]
    public async Task Of_text_the_variants_may_be_ads_of_one_ad_set_and_the_worse_ones_are_paused()
    {
        var one = await _world.BeginAsync("""{"level":"ad"}""");
        Assert.That(await _world.AtMetaAsync(one.Run), Is.EqualTo("ad ad adset campaign creative creative"));
        Assert.That(_world.Creates(one.Run, "adsets").Select(call => call["daily_budget"]), Is.EqualTo(["10000"]), "one budget, and Meta divides it");
        await _world.NumbersAsync(one, 14, 2, (140, 42), (60, 36));
        await _world.MinuteAsync();

        var read = await _world.ReadAsync(one);
        Assert.That((read.Experiment.Ending, read.Experiment.Winner), Is.EqualTo(("winner", "Loud")), "that they spend as Meta likes is no gate");
        Assert.That(read.Gates.Select(gate => gate.Name), Does.Contain("shown_together").And.Not.Contain("spend_share"));
        Assert.That(read.Limits, Does.StartWith("The variants are ads of one ad set"));
        Assert.That(read.Proposals.Single().Changes.Select(change => $"{change.Variant} {change.Action}"), Is.EqualTo(["Plain pause"]), "of one budget nothing is to be moved");
        Assert.That(await AcceptAsync(one), Is.EqualTo(ProposalAnswer.Accepted));
        Assert.That(await _world.QueryAsync<string>("SELECT concat(level, ' ', kind, ' ', meta_id) FROM campaign_edits WHERE request_id = @RequestId", new { one.Run.RequestId }), Is.EqualTo([$"ad pause {read.Variants[0].MetaId}"]));
        Assert.That((await _world.QueryAsync<string>("SELECT meta_id FROM meta_ads WHERE request_id = @RequestId ORDER BY step", new { one.Run.RequestId })), Is.EqualTo(read.Variants.Select(variant => variant.MetaId)));
    }

    [Test]
    public async Task A_key_begins_one_experiment_whatever_comes_at_once()
    {
        var (account, _, clip) = await _world.AddAccountAsync();
        var begun = (await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _world.StartAsync(ExperimentWorld.Body(account, clip), "a key of mine")))).Cast<ExperimentStarted.Begun>().ToList();
        Assert.That((begun.DistinctBy(one => one.ExperimentId).Count(), begun.Count(one => !one.Replayed)), Is.EqualTo((1, 1)));
        Assert.That((await _world.QueryAsync<int>("SELECT count(*)::int FROM orchestrations WHERE social_account_id = @account", new { account })).Single(), Is.EqualTo(1), "what came second left no run behind");
        Assert.That(await _world.StartAsync(ExperimentWorld.Body(account, clip, """{"name":"Another"}"""), "a key of mine"), Is.InstanceOf<ExperimentStarted.KeyReused>());
    }

    [Test]
    public async Task What_cannot_be_written_leaves_no_run_behind()
    {
        var (account, _, clip) = await _world.AddAccountAsync();
        await _world.ExecuteAsync("ALTER TABLE experiment_variants ADD CONSTRAINT broken CHECK (name <> 'Broken')");

        Assert.That(() => _world.StartAsync(ExperimentWorld.Body(account, clip, """{"variants":[{"name":"Broken"},{"name":"B","creative_title":"B"}]}""")), Throws.InstanceOf<PostgresException>());
        Assert.That(await _world.QueryAsync<Guid>("SELECT request_id FROM orchestrations WHERE social_account_id = @account UNION SELECT id FROM experiments WHERE social_account_id = @account", new { account }), Is.Empty);
    }

    [Test]
    public async Task A_trial_tells_what_it_takes_by_the_accounts_own_numbers_and_writes_nothing()
    {
        var one = await _world.BeginAsync();
        await _world.NumbersAsync(one, 20, 1, (100, 40), (100, 40));
        var before = await _world.QueryAsync<int>("SELECT count(*)::int FROM experiments");
        var planned = await _world.StartAsync(ExperimentWorld.Body(one.Run.AccountId, one.Run.ClipId), dryRun: true);

        Assert.That(planned, Is.InstanceOf<ExperimentStarted.Planned>());
        var plan = ((ExperimentStarted.Planned)planned).Plan;
        Assert.That((plan.CostPerResult, plan.Currency, plan.AttributionDays), Is.EqualTo(((double?)2.5, "USD", 1)));
        Assert.That(plan.ResultsPerVariant, Is.InRange(900, 1000));
        Assert.That((plan.ExpectedDays, plan.ExpectedCost), Is.EqualTo(((double?)28, (double?)5600)), "about 950 results at 2.50, with 100 a day for each of two");
        Assert.That(await _world.QueryAsync<int>("SELECT count(*)::int FROM experiments"), Is.EqualTo(before));
    }

    [Test]
    public async Task A_winner_is_told_and_what_follows_from_it_is_done_once_by_a_persons_word()
    {
        var one = await _world.BeginAsync();
        var webhook = await AddWebhookAsync(one);
        await _world.NumbersAsync(one, 14, 2, (100, 30), (100, 40));
        await _world.MinuteAsync();
        var read = await _world.ReadAsync(one);
        Assert.That((read.Experiment.State, read.Experiment.Ending, read.Experiment.Winner, read.Experiment.Days), Is.EqualTo(("decided", "winner", "Loud", 14)));
        Assert.That(read.Says, Does.StartWith("Loud wins: at least ").And.EndsWith(" better than the next one, after 14 days."));
        Assert.That(read.Variants.Select(variant => FormattableString.Invariant($"{variant.Amount:0.000} {variant.SpendShare:0.00} {variant.IsLoser}")), Is.EqualTo(["3.333 0.50 True", "2.500 0.50 False"]));
        Assert.That(read.Proposals.Single().Changes.Select(change => $"{change.Variant} {change.Action} {change.DailyBudgetCents} {change.State}"), Is.EqualTo(["Plain pause  planned", "Loud budget 20000 planned"]));
        Assert.That((await _world.Get<ExperimentReader>().HistoryAsync(one.Id, CancellationToken.None))!.Select(night => (night.Days, night.Ending is not null)), Is.EqualTo(Enumerable.Range(1, 14).Select(day => (day, day == 14))));
        Assert.That(await ToldAsync(webhook), Is.EqualTo(["experiment.decided Experiment Which title: Loud wins, after 14 days"]));

        Assert.That(await EditsAsync(one), Is.Empty, "nothing is done before somebody says so");
        await _world.ExecuteAsync("UPDATE insight_syncs SET completed_at = completed_at - interval '3 days' WHERE social_account_id = @AccountId", new { one.Run.AccountId });
        Assert.That(await AcceptAsync(one), Is.EqualTo(ProposalAnswer.NotFresh), "nobody knows what Meta has changed since");
        await _world.ExecuteAsync("UPDATE insight_syncs SET completed_at = completed_at + interval '3 days' WHERE social_account_id = @AccountId", new { one.Run.AccountId });
        Assert.That(await AcceptAsync(one), Is.EqualTo(ProposalAnswer.Accepted));
        Assert.That(await AcceptAsync(one), Is.EqualTo(ProposalAnswer.NotOpen));
        await _world.MinuteAsync();
        Assert.That(await EditsAsync(one), Is.EqualTo(["pause ann"]), "the budget was not asked for");
        Assert.That((await _world.ReadAsync(one)).Proposals.Single().Changes.Select(change => (change.State, change.EditId is not null)), Is.EqualTo([("asked", true), ("left", false)]));
    }

    [Test]
    public async Task Restated_numbers_take_back_what_was_proposed_and_it_is_decided_anew()
    {
        var one = await _world.BeginAsync();
        await _world.NumbersAsync(one, 14, 2, (100, 60), (100, 90));
        await _world.MinuteAsync();
        await _world.NumbersAsync(one, 14, 2, (100, 60), (100, 61));
        Assert.That(await AcceptAsync(one), Is.EqualTo(ProposalAnswer.NotFresh), "before it is known what they say now");
        await _world.MinuteAsync();
        var read = await _world.ReadAsync(one);

        Assert.That((read.Experiment.State, read.Experiment.Reopened, read.Experiment.Proposal), Is.EqualTo(("running", 1, "withdrawn")));
        Assert.That(read.Says, Is.EqualTo("Keep waiting: Meta changed today what had been counted."));
        Assert.That((await _world.Get<ExperimentReader>().HistoryAsync(one.Id, CancellationToken.None))![^1].IsReopened, Is.True);
        Assert.That(await AcceptAsync(one), Is.EqualTo(ProposalAnswer.NotOpen));
    }

    [TestCase("UPDATE meta_ad_insights SET results = NULL WHERE social_account_id = @AccountId AND date_start = @day")]
    [TestCase("UPDATE meta_ad_insights SET spend = NULL WHERE social_account_id = @AccountId AND date_start = @day")]
    [TestCase("UPDATE insight_days SET first_at = NULL WHERE social_account_id = @AccountId AND date_start = @day"), TestCase("UPDATE insight_days SET is_partial = true WHERE social_account_id = @AccountId AND date_start = @day"), TestCase("UPDATE insight_days SET account_spend = NULL, difference = NULL WHERE social_account_id = @AccountId AND date_start = @day")]
    public Task What_Meta_has_not_told_is_not_nothing(string untold) => WaitsAsync(untold, "days are missing or not whole");

    [Test]
    public Task Ads_that_do_not_add_up_to_the_account_decide_nothing() =>
        WaitsAsync("UPDATE insight_days SET account_spend = 1000, difference = CASE WHEN date_start = @day THEN -150 ELSE 0 END WHERE social_account_id = @AccountId", "the account's ads do not add up to what Meta says of it");

    private const string OfAnAd = "FROM meta_ads d JOIN orchestrations o USING (request_id) WHERE o.social_account_id = @AccountId LIMIT 1";

    [TestCase($"INSERT INTO outside_changes (social_account_id, request_id, level, meta_id, field, was, \"is\", found_at) SELECT @AccountId, d.request_id, 'ad', d.meta_id, 'creative', '1', '2', (SELECT max(date_start) + interval '14 hours' FROM insight_days WHERE social_account_id = @AccountId) {OfAnAd}", TestName = "In Ads Manager, found on the day after the last")]
    [TestCase($"INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, fields, asked_by, state, asked_at, completed_at) SELECT gen_random_uuid(), @AccountId, d.request_id, 'ad', d.meta_id, 'update', '{{\"creative_title\":\"Louder\"}}', 'ann', 'succeeded', now(), @day + interval '18 hours' {OfAnAd}")]
    public Task A_variant_that_was_changed_midway_is_compared_with_nobody(string change) => WaitsAsync(change, "a variant was changed on the days that count");

    [Test]
    public Task A_day_that_was_asked_for_again_and_not_told_is_as_old_as_it_was() =>
        WaitsAsync("UPDATE insight_days SET seen_at = @day + interval '36 hours' WHERE social_account_id = @AccountId AND date_start = @day", "results may still be put down to its days");

    private const string OnlyViews = """UPDATE meta_ad_insights SET raw = '{"actions":[{"action_type":"landing_page_view","value":"40"}]}'""";
    private const string LeftOut = "UPDATE insight_days SET sync_id = (SELECT sync_id FROM insight_syncs WHERE social_account_id = @AccountId LIMIT 1) WHERE social_account_id = @AccountId; UPDATE insight_syncs SET left_out = ARRAY";
    private const string Without = $"{LeftOut}['the account on ' || @day || ' in report ads, without ";

    /// <summary>Its row has lost all lists, and of the results the last that was told stays; or Meta would not tell the list.</summary>
    [TestCase("UPDATE meta_ad_insights SET raw = '{}' WHERE social_account_id = @AccountId AND date_start = @day", null)]
    [TestCase($"{OnlyViews} WHERE social_account_id = @AccountId AND date_start = @day; {Without}reach, action_values: too much for Meta'] WHERE social_account_id = @AccountId", null)]
    [TestCase($"UPDATE meta_ad_insights SET raw = '{{}}', results = NULL, result_type = NULL WHERE social_account_id = @AccountId AND date_start = @day; {Without}actions, reach: too much for Meta'] WHERE social_account_id = @AccountId", "LANDING_PAGE_VIEWS")]
    [TestCase($"{Without}reach'] WHERE social_account_id = @AccountId; INSERT INTO insight_reports (sync_id, no, definition_id, since, until, scope, mode, state, refused_fields) SELECT sync_id, 1, 0, @day, @day, 'account', 'direct', 'read', ARRAY['action_values'] FROM insight_syncs WHERE social_account_id = @AccountId; {OnlyViews} WHERE social_account_id = @AccountId AND date_start = @day", null)]
    public Task What_results_are_worth_is_not_nothing_where_Meta_has_not_told_it(string untold, string? counts) =>
        WaitsAsync(untold, "days are missing or not whole", $$"""{"metric":"value_per_spend","counts":{{(counts is null ? "null" : $"\"{counts}\"")}}}""");

    /// <summary>Meta leaves out a list of what had no value, whether nothing came that counts or what came had none; that it would not tell one is of some ads and days.</summary>
    [TestCase("PURCHASE", "'the account on ' || @day || ' in report ads, without reach: too much for Meta'", true)]
    [TestCase(null, "'ad 9 on ' || @day || ' in report ads, without action_values: too much', 'the account on ' || @day + 1 || ' in report ads, without action_values: too much', 'report by-age of ' || @day - 2 || ' to ' || @day + 2 || ', without action_values: no'", true)]
    [TestCase(null, "'ad ' || (SELECT min(ad_meta_id) FROM meta_ad_insights WHERE social_account_id = @AccountId) || ' on ' || @day || ' in report ads, without action_values: too much for Meta'", false)]
    [TestCase(null, "'report ads of ' || @day - 2 || ' to ' || @day + 2 || ', without action_values: no'", false)]
    public async Task A_day_on_which_nothing_had_a_value_is_told(string? counts, string leftOut, bool isTold)
    {
        var one = await _world.BeginAsync($$"""{"metric":"value_per_spend","counts":{{(counts is null ? "null" : $"\"{counts}\"")}}}""");
        await _world.NumbersAsync(one, 14, 2, (100, 30), (100, 40));
        await _world.ExecuteAsync($"{OnlyViews} WHERE social_account_id = @AccountId AND date_start = @day; {LeftOut}[{leftOut}] WHERE social_account_id = @AccountId",
            new { one.Run.AccountId, day = DateOnly.FromDateTime(_world.Time.GetUtcNow().UtcDateTime).AddDays(-6) });
        await _world.MinuteAsync();
        Assert.That((await _world.ReadAsync(one)).Gates.Single(gate => gate.Name == "numbers_complete").IsOpen, Is.EqualTo(isTold));
    }

    /// <summary>Its ads are made at once and shown weeks later.</summary>
    [Test]
    public async Task One_that_was_not_shown_yet_is_waited_for()
    {
        var one = await _world.BeginAsync("""{"most_days":7}""");
        await _world.ExecuteAsync("UPDATE experiments SET created_at = now() - interval '100 days' WHERE id = @Id", new { one.Id });
        await _world.NumbersAsync(one, 80, 2, (0, 0), (0, 0));
        await _world.ExecuteAsync("DELETE FROM meta_ad_insights WHERE social_account_id = @AccountId", new { one.Run.AccountId });
        await _world.MinuteAsync();
        Assert.That(((await _world.ReadAsync(one)).Experiment.State, (await NosAsync(one)).Count), Is.EqualTo(("running", 1)));
    }

    private const string FailedHalfway =
        "INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, queued_at, completed_at, stored_until) SELECT gen_random_uuid(), @AccountId, current_date, current_date, 'tests', 'failed', now(), @now + interval '1 second', current_date";

    /// <summary>Of the sync of one old day nothing gets fresh, however often it is judged; one that has failed may have put other numbers in place.</summary>
    [TestCase("UPDATE insight_days SET seen_at = synced_at - interval '5 days' WHERE social_account_id = @AccountId", ProposalAnswer.NotFresh)]
    [TestCase(FailedHalfway, ProposalAnswer.Accepted)]
    [TestCase("INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, queued_at, holding) SELECT gen_random_uuid(), @AccountId, current_date, current_date, 'tests', 'running', now(), true", ProposalAnswer.NotFresh)]
    public async Task What_was_proposed_on_other_numbers_than_stand_there_is_not_accepted(string change, ProposalAnswer judgedAgain)
    {
        var one = await _world.BeginAsync();
        await _world.NumbersAsync(one, 14, 2, (100, 30), (100, 40));
        await _world.MinuteAsync();
        await _world.ExecuteAsync(change, new { one.Run.AccountId, now = _world.Time.GetUtcNow() });
        Assert.That(await AcceptAsync(one), Is.EqualTo(ProposalAnswer.NotFresh));
        _world.Time.Advance(TimeSpan.FromSeconds(2));
        await _world.MinuteAsync();
        Assert.That(await AcceptAsync(one), Is.EqualTo(judgedAgain));
    }

    [TestCase("6 days", "running")]
    [TestCase("8 days", "stopped")]
    public async Task One_whose_ads_were_never_made_is_stopped_after_a_week(string ago, string state)
    {
        var (account, _, clip) = await _world.AddAccountAsync();
        var begun = (ExperimentStarted.Begun)await _world.StartAsync(ExperimentWorld.Body(account, clip));
        await _world.ExecuteAsync("UPDATE orchestrations SET status = 'failed', completed_at = @now - @ago::interval WHERE request_id = @RequestId", new { begun.RequestId, ago, now = _world.Time.GetUtcNow() });
        await _world.MinuteAsync();
        Assert.That((await _world.Get<ExperimentReader>().FindAsync(begun.ExperimentId, CancellationToken.None))!.Experiment.State, Is.EqualTo(state));
    }

    private async Task WaitsAsync(string change, string why, string experiment = "{}")
    {
        var one = await _world.BeginAsync(experiment);
        await _world.NumbersAsync(one, 14, 2, (100, 30), (100, 40));
        await _world.ExecuteAsync(change, new { one.Run.AccountId, day = DateOnly.FromDateTime(_world.Time.GetUtcNow().UtcDateTime).AddDays(-6) });
        await _world.MinuteAsync();
        var read = await _world.ReadAsync(one);
        Assert.That((read.Experiment.State, read.Says), Is.EqualTo(("running", $"Keep waiting: {why}.")));
    }

    [Test]
    public async Task Days_that_count_are_no_fewer_than_those_for_which_results_are_put_down_to_an_ad()
    {
        var (account, _, clip) = await _world.AddAccountAsync();
        var body = ExperimentWorld.Body(account, clip);
        (body["request"]!["optimization_goal"], body["request"]!["campaign_objective"], body["request"]!["pixel_id"]) = ("OFFSITE_CONVERSIONS", "OUTCOME_SALES", "3000000001");
        Assert.That((await _world.StartAsync(body)) is ExperimentStarted.Invalid invalid ? string.Join(", ", invalid.Errors.ToDictionary().Keys) : null, Is.EqualTo("attribution_days"));
        body["attribution_days"] = 7;
        Assert.That(await _world.StartAsync(body, dryRun: true), Is.InstanceOf<ExperimentStarted.Planned>());
        body["attribution_days"] = 1;
        body["request"]!["attribution_spec"] = JsonNode.Parse("""[{"event_type":"CLICK_THROUGH","window_days":1}]""");
        Assert.That(await _world.StartAsync(body, dryRun: true), Is.InstanceOf<ExperimentStarted.Planned>());
    }

    [Test]
    public async Task Nothing_is_judged_while_a_sync_puts_days_in_place_and_nothing_twice_on_the_same_numbers()
    {
        var one = await _world.BeginAsync();
        await _world.NumbersAsync(one, 10, 2, (100, 30), (100, 31));
        await _world.ExecuteAsync("INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, queued_at, holding) SELECT gen_random_uuid(), @AccountId, current_date, current_date, 'tests', 'running', now(), true", new { one.Run.AccountId });
        await _world.MinuteAsync();
        Assert.That(await NosAsync(one), Is.Empty);
        await _world.ExecuteAsync("UPDATE insight_syncs SET holding = false, state = 'failed' WHERE holding AND social_account_id = @AccountId", new { one.Run.AccountId });
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => _world.MinuteAsync()));
        await _world.MinuteAsync();
        Assert.That(await NosAsync(one), Is.EqualTo(Enumerable.Range(1, 10)));
    }

    [TestCase("value_per_spend", null, 12.5 * 1 / 100)]
    [TestCase("result_rate", null, 20 / 40.0)]
    public async Task Value_and_rates_are_of_one_type_of_action_alone(string metric, string? counts, double amount)
    {
        var one = await _world.BeginAsync($$"""{"metric":"{{metric}}","counts":{{(counts is null ? "null" : $"\"{counts}\"")}}}""");
        await _world.NumbersAsync(one, 8, 2, (100, 20), (100, 20));
        await _world.JudgeAsync(one);

        Assert.That((await _world.ReadAsync(one)).Variants.Select(variant => variant.Amount), Has.All.EqualTo(amount).Within(1e-9));
    }

    [Test]
    public async Task One_that_is_stopped_is_judged_no_more_and_its_ads_are_left_alone()
    {
        var one = await _world.BeginAsync();
        Assert.That(await _world.Get<StopExperiment>().ExecuteAsync(one.Id, "bob", CancellationToken.None), Is.True);
        Assert.That(await _world.Get<StopExperiment>().ExecuteAsync(one.Id, "bob", CancellationToken.None), Is.False);
        await _world.NumbersAsync(one, 14, 2, (100, 60), (100, 90));
        await _world.MinuteAsync();

        Assert.That(await NosAsync(one), Is.Empty);
        Assert.That(await EditsAsync(one), Is.Empty);
        Assert.That((await _world.ReadAsync(one)).Says, Is.EqualTo("It was stopped by bob; nothing more is judged."));
    }

    private Task<ProposalAnswer> AcceptAsync(Begun one) => _world.Get<AcceptProposal>().ExecuteAsync(one.Id, proposalId: null, moveBudget: false, "ann", CancellationToken.None);

    private Task<IReadOnlyList<string>> EditsAsync(Begun one) => _world.QueryAsync<string>("SELECT concat(kind, ' ', asked_by) FROM campaign_edits WHERE request_id = @RequestId ORDER BY kind", new { one.Run.RequestId });

    private Task<IReadOnlyList<int>> NosAsync(Begun one) => _world.QueryAsync<int>("SELECT no FROM experiment_verdicts WHERE experiment_id = @Id ORDER BY no", new { one.Id });

    private async Task<Guid> AddWebhookAsync(Begun one)
    {
        var saved = await _world.Get<SaveWebhook>().CreateAsync(System.Text.Json.JsonElement.Parse($$"""{"url":"https://example.com/hook","event_types":["experiment.decided"],"account_ids":["{{one.Run.AccountId}}"]}"""), "ann", CancellationToken.None);
        return ((WebhookSaved.Done)saved).Value.Id;
    }

    private Task<IReadOnlyList<string>> ToldAsync(Guid webhook) => _world.QueryAsync<string>(
        "SELECT concat(e.type, ' ', e.data ->> 'text') FROM event_deliveries d JOIN events e ON e.id = d.event_id WHERE d.webhook_id = @webhook", new { webhook });
}
