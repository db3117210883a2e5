using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Budgets.CarryingOut;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Budgets.Proposing;
using MetaAdsJobs.Core.Budgets.Reading;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Budgets;

/// <summary>Nights of pools on a real database: what they are decided from, and that each is decided once.</summary>
[TestFixture]
public sealed class ProposalTests
{
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("MAX_RETRIES", "2"));

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [TearDown]
    public Task ForgetAsync() => _world.ExecuteAsync("DELETE FROM budget_pools");

    [TestCase("show", "shown", null)]
    [TestCase("ask", "asked", null)]
    [TestCase("act", "accepted", "ann")]
    public async Task A_night_is_decided_once_and_says_what_and_why(string mode, string state, string? by)
    {
        var tree = await _world.PoolAsync(mode, 10, 20, 20);
        await Task.WhenAll(_world.ProposeAsync(), _world.ProposeAsync());
        await _world.ProposeAsync();

        var night = (await _world.NightsAsync(tree)).Single();
        Assert.That((night.State, night.DecidedBy, night.Day, night.Basis, night.TotalNowCents, night.TotalCents), Is.EqualTo((state, by, _world.Today(), _world.Today().AddDays(-1), 300_00, 300_00)));
        Assert.That(await _world.MovesAsync(tree), Is.EqualTo(["10000>8000 step", "10000>11000", "10000>11000"]));
        Assert.That((night.PredictedNow, night.Predicted, night.GainPercent), Is.EqualTo((50.0, 51.3, 2.6)).Using<double>((x, y) => Math.Abs(x - y) < 0.4));
        Assert.That(night.Sureness, Is.GreaterThan(0.99));
    }

    [Test]
    public async Task What_has_ended_of_a_campaign_takes_no_room_under_its_cap()
    {
        var tree = await _world.PoolAsync("show", 10, 20, 20);
        await _world.ExecuteAsync("UPDATE meta_adsets SET end_time = now() - interval '1 day' WHERE meta_id = @Id; UPDATE budget_pools SET least_gain_percent = 0; UPDATE social_accounts SET campaign_cap_cents = 26000 WHERE id = @AccountId", new { Id = tree.Id(2), tree.Tree.AccountId });
        await _world.ProposeAsync();

        Assert.That((await _world.MovesAsync(tree))[1], Does.StartWith("10000>12000"));
    }

    [TestCase("running", "10000>10000 experiment")]
    [TestCase("decided", "10000>8000 step")]
    public async Task What_is_of_an_experiment_is_left_as_it_is_until_that_is_over(string state, string move)
    {
        var tree = await _world.PoolAsync("show", 10, 20, 20);
        await _world.ExecuteAsync("""
            WITH x AS (INSERT INTO experiments (id, social_account_id, request_id, name, thing, metric, smallest_difference, least_results, attribution_days, most_days, planned_results, plan, state, request_hash, created_by, created_at)
                       VALUES (gen_random_uuid(), @AccountId, @RequestId, 'texts', 'text', 'cost_per_result', 0.2, 50, 7, 28, 100, '{}', @state, '', 'tests', now()) RETURNING id)
            INSERT INTO experiment_variants (experiment_id, nth, name, step, fields) SELECT x.id, 0, 'a', s.step, '{}' FROM x, meta_adsets s WHERE s.meta_id = @AdSet
            """, new { tree.Tree.AccountId, tree.Tree.RequestId, state, AdSet = tree.Id(0) });
        await _world.ProposeAsync();

        Assert.That((await _world.MovesAsync(tree))[0], Is.EqualTo(move));
    }

    [Test]
    public async Task Numbers_that_are_stale_incomplete_or_just_being_read_make_no_proposal()
    {
        var tree = await _world.PoolAsync("act", 10, 20);
        await _world.ExecuteAsync("INSERT INTO insight_syncs (sync_id, social_account_id, since, until, state, holding, requested_by, queued_at) SELECT gen_random_uuid(), @AccountId, now(), now(), 'waiting', true, 'tests', now()", new { tree.Tree.AccountId });
        await _world.ProposeAsync();
        Assert.That(await _world.NightsAsync(tree), Is.Empty, "a sync has the account");
        Assert.That(await GatesAsync(tree), Is.EqualTo(["syncing"]), "and one that begins later is seen");

        await _world.ExecuteAsync("UPDATE insight_syncs SET holding = false; UPDATE insight_days SET first_at = NULL WHERE social_account_id = @AccountId AND date_start = @day", new { tree.Tree.AccountId, day = _world.Today().AddDays(-3) });
        Assert.That(await GatesAsync(tree), Is.EqualTo(["incomplete"]));
        await _world.ExecuteAsync("UPDATE insight_days SET first_at = now(), difference = 15 WHERE social_account_id = @AccountId AND date_start = @day", new { tree.Tree.AccountId, day = _world.Today().AddDays(-3) });
        Assert.That(await GatesAsync(tree), Is.EqualTo(["differing"]));
        await _world.ExecuteAsync("UPDATE insight_days SET account_spend = NULL, difference = NULL WHERE social_account_id = @AccountId AND date_start = @day", new { tree.Tree.AccountId, day = _world.Today().AddDays(-3) });
        Assert.That(await GatesAsync(tree), Is.EqualTo(["unreconciled"]));
        await _world.ExecuteAsync("UPDATE insight_days SET difference = 0, first_at = CASE WHEN date_start = @day THEN NULL ELSE first_at END WHERE social_account_id = @AccountId", new { tree.Tree.AccountId, day = _world.Today().AddDays(-1) });
        Assert.That(await GatesAsync(tree), Is.EqualTo(["stale"]));
        await _world.ExecuteAsync("UPDATE insight_days SET first_at = now() WHERE social_account_id = @AccountId", new { tree.Tree.AccountId });
        Assert.That(await GatesAsync(tree), Is.Empty);
    }

    /// <summary>Somebody has synced some minutes after midnight, and Meta did not yet tell all of it; asked again, it told nothing of some ad. The night of these tests is at midnight itself.</summary>
    [Test]
    public async Task A_day_that_was_read_before_its_night_counts_once_that_has_read_it()
    {
        var tree = await _world.PoolAsync("show", 10, 20);
        var yesterday = _world.Today().AddDays(-1);
        await _world.ExecuteAsync("UPDATE insight_days SET synced_at = now(), seen_at = (@yesterday + 1)::timestamp AT TIME ZONE 'America/New_York' - interval '11 minutes' WHERE social_account_id = @AccountId AND date_start = @yesterday", new { tree.Tree.AccountId, yesterday });
        await _world.ProposeAsync();
        Assert.That((await GatesAsync(tree), (await _world.NightsAsync(tree)).Count(night => night.Basis == yesterday)), Is.EqualTo((new[] { "stale" }, 0)));
        await _world.ExecuteAsync("UPDATE insight_days SET seen_at = now() WHERE social_account_id = @AccountId", new { tree.Tree.AccountId });
        await _world.ProposeAsync();
        Assert.That((await _world.NightAsync(tree)).Basis, Is.EqualTo(yesterday));
    }

    /// <summary>Such as one whose token was rejected after its first report.</summary>
    [Test]
    public async Task A_sync_that_holds_its_account_for_long_is_told_at_noon()
    {
        var tree = await _world.PoolAsync("act", 10, 20);
        // Where it is one o'clock.
        var east = 13 - _world.Time.GetUtcNow().Hour;
        await _world.ExecuteAsync("""
            UPDATE social_accounts SET timezone_name = @zone WHERE id = @AccountId; UPDATE insight_days SET first_at = NULL WHERE social_account_id = @AccountId AND date_start >= (@now AT TIME ZONE @zone)::date - 1;
            INSERT INTO insight_syncs (sync_id, social_account_id, since, until, state, holding, requested_by, queued_at) SELECT gen_random_uuid(), @AccountId, now(), now(), 'waiting', true, 'tests', now()
            """, new { tree.Tree.AccountId, zone = east == 0 ? "Etc/UTC" : $"Etc/GMT{-east:+0;-0}", now = _world.Time.GetUtcNow() });
        await _world.ProposeAsync();
        await _world.ExecuteAsync("UPDATE insight_syncs SET holding = false, state = 'failed' WHERE social_account_id = @AccountId", new { tree.Tree.AccountId });
        Assert.That((await _world.NightsAsync(tree)).Select(night => (night.State, string.Join(' ', night.Why))), Is.EqualTo([("none", "stale syncing")]));
    }

    [Test]
    public async Task Numbers_that_were_just_restated_or_withheld_make_no_proposal()
    {
        var tree = await _world.PoolAsync("act", 10, 20, 20);
        // Of an ad that was added to its ad set in Ads Manager.
        await _world.ExecuteAsync("""
            INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, spend, results, result_type, currency, raw, is_partial, synced_at) VALUES (@AccountId, @day, @Ad, @AdSet, @Campaign, 0, 0, 'link_click', 'USD', '{}', false, now());
            INSERT INTO insight_changes (social_account_id, date_start, definition_id, object_id, breakdown, campaign_meta_id, metric, old_value, new_value, was_partial, changed_at)
            SELECT @AccountId, @day, 0, @Ad, '[]', @Campaign, 'results', 10, 90, false, now()
            """, new { tree.Tree.AccountId, day = _world.Today().AddDays(-12), Ad = $"{Guid.NewGuid()}", AdSet = tree.Id(0), Campaign = tree.Tree.Campaign.MetaId });
        Assert.That(await GatesAsync(tree), Is.EqualTo(["restated"]));
        await _world.ExecuteAsync("UPDATE insight_changes SET changed_at = now() - interval '25 hours' WHERE social_account_id = @AccountId", new { tree.Tree.AccountId });
        await _world.ExecuteAsync("UPDATE meta_ad_insights SET results = NULL WHERE adset_meta_id = @Id AND date_start = @day", new { Id = tree.Id(2), day = _world.Today().AddDays(-2) });
        await _world.ProposeAsync();
        Assert.That(await _world.MovesAsync(tree), Is.EqualTo(["10000>8000 step", "10000>12000 step", "10000>10000 withheld"]));
    }

    [Test]
    public async Task What_was_changed_by_hand_is_left_alone_whoever_did_it_and_a_raise_by_half_is_learned_anew()
    {
        var tree = await _world.PoolAsync("show", 10, 5, 20, 20);
        Assert.That((await _world.EditAsync(EditKind.Update, tree.Id(2), """{"daily_budget_cents":10500}""")).Status, Is.EqualTo("succeeded"));
        await _world.ExecuteAsync("""
            INSERT INTO outside_changes (social_account_id, request_id, level, meta_id, field, was, "is", found_at) VALUES (@AccountId, @RequestId, 'adset', @Id, 'daily_budget', '20000', '10000', now() - interval '50 hours')
            """, new { tree.Tree.AccountId, tree.Tree.RequestId, Id = tree.Id(1) });
        await _world.ProposeAsync();
        Assert.That(await _world.MovesAsync(tree), Is.EqualTo(["10000>8000 step", "10000>10000 learning", "10500>10500 changed_by_hand", "10000>12000 step"]));
    }

    [Test]
    public async Task Numbers_restated_after_a_proposal_make_it_void_and_the_night_is_decided_anew()
    {
        var tree = await _world.PoolAsync("ask", 10, 20);
        await _world.ProposeAsync();
        var asked = await _world.NightAsync(tree);
        await _world.ExecuteAsync("UPDATE meta_ad_insights SET results = 11 WHERE adset_meta_id = @Id AND date_start = @day", new { Id = tree.Id(0), day = _world.Today().AddDays(-1) });
        Assert.That(await _world.Get<AnswerProposal>().AcceptAsync(tree.Pool.Id, asked.Id, "bob", CancellationToken.None), Is.InstanceOf<ProposalAnswered.Done>());
        await _world.CarryOnAsync();
        var night = await _world.NightAsync(tree);
        Assert.That((night.State, night.StateWhy), Is.EqualTo(("void", "the numbers that it rests on were restated since")));
        Assert.That(await _world.QueryAsync<string>("SELECT kind FROM campaign_edits WHERE request_id = @RequestId AND kind = 'update'", new { tree.Tree.RequestId }), Is.Empty);
        await _world.ProposeAsync();
        Assert.That((await _world.NightsAsync(tree)).Select(one => one.State), Is.EqualTo(["asked", "void"]));
    }

    [Test]
    public async Task An_answer_counts_once_and_only_on_the_proposals_day()
    {
        var tree = await _world.PoolAsync("ask", 10, 20);
        await _world.ProposeAsync();
        var (asked, answer) = (await _world.NightAsync(tree), _world.Get<AnswerProposal>());
        Assert.That(await answer.DeclineAsync(Guid.NewGuid(), asked.Id, "bob", CancellationToken.None), Is.InstanceOf<ProposalAnswered.Unknown>());
        Assert.That(await answer.DeclineAsync(tree.Pool.Id, asked.Id, "bob", CancellationToken.None), Is.InstanceOf<ProposalAnswered.Done>());
        Assert.That(await answer.AcceptAsync(tree.Pool.Id, asked.Id, "bob", CancellationToken.None), Is.InstanceOf<ProposalAnswered.Refused>());

        await _world.ExecuteAsync("UPDATE budget_proposals SET state = 'asked', day = day - 1");
        Assert.That(((ProposalAnswered.Refused)await answer.AcceptAsync(tree.Pool.Id, asked.Id, "bob", CancellationToken.None)).Reason, Does.StartWith("Its day is over"));
        await _world.ProposeAsync();
        Assert.That((await _world.NightsAsync(tree)).Select(one => one.State), Is.EqualTo(["asked", "lapsed"]));
    }

    [Test]
    public async Task What_came_of_a_night_is_kept_beside_what_was_expected()
    {
        var tree = await _world.PoolAsync("show", 10, 20);
        await _world.ProposeAsync();
        await _world.ExecuteAsync("UPDATE budget_proposals SET day = day - 1, basis = basis - 1");
        await _world.ProposeAsync();
        var before = (await _world.NightsAsync(tree))[1];
        Assert.That((before.ObservedResults, before.ObservedSpend, Math.Round(before.Expected)), Is.EqualTo((30m, 200m, 30)));
    }

    [Test]
    public async Task A_backtest_decides_about_each_day_as_its_night_would_have()
    {
        var tree = await _world.PoolAsync("show", 10, 20);
        await _world.ExecuteAsync("""
            INSERT INTO outside_changes (social_account_id, request_id, level, meta_id, field, was, "is", found_at) VALUES (@AccountId, @RequestId, 'adset', @Id, 'daily_budget', '5000', '10000', now() - interval '10 days')
            """, new { tree.Tree.AccountId, tree.Tree.RequestId, Id = tree.Id(1) });
        var trial = ((PoolOutcome<PoolTrial>.Done)await _world.Get<BacktestPool>().OneAsync(tree.Pool.Id, JsonElement.Parse("""{"days":15}"""), CancellationToken.None)).Value;
        Assert.That((trial.Nights.Count, trial.Nights[0].Day, trial.Nights[^1].Day), Is.EqualTo((15, _world.Today().AddDays(-14), _world.Today())));
        Assert.That(trial.Nights[0].Moves.Single(move => move.Id == tree.Id(1)).NowCents, Is.EqualTo(50_00), "as it was then");
        Assert.That(trial.Nights[^1].Moves.Single(move => move.Id == tree.Id(1)) is { NowCents: 100_00, ProposedCents: 120_00 });
        Assert.That(trial.Nights[5].Moves.Single(move => move.Id == tree.Id(1)).Why, Does.Contain("changed_by_hand"));
        Assert.That((trial.Nights[0].Came, trial.Nights[^1].Came), Is.EqualTo((30.0, (double?)null)));
        await _world.ProposeAsync();
        Assert.That((await _world.MovesAsync(tree))[1], Is.EqualTo("10000>12000 step"), "the last night is this night");
    }

    /// <summary>Whoever changes it has written so, and not committed yet.</summary>
    [Test]
    public async Task A_pool_that_is_changed_while_its_night_is_decided_is_not_carried_out_as_it_was()
    {
        var tree = await _world.PoolAsync("act", 10, 20, 20);
        Task decided;
        await using (var connection = await _world.Database.DataSource.OpenConnectionAsync())
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await connection.ExecuteAsync("SELECT 1 FROM budget_pools WHERE id = @Id FOR UPDATE; UPDATE budget_pools SET mode = 'show', updated_at = updated_at + interval '1 second' WHERE id = @Id", new { tree.Pool.Id }, transaction);
            decided = _world.ProposeAsync();
            await Eventually.TrueAsync(async () => await _world.Database.DataSource.RowsAsync("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 1, () => "nobody waits for the pool");
            await transaction.CommitAsync();
        }

        await decided;
        await _world.ProposeAsync();
        Assert.That((await _world.NightsAsync(tree)).Select(night => night.State), Is.EqualTo(["shown"]));
    }

    /// <summary>Whoever chooses what is raised is not the one who lets it be.</summary>
    [TestCase("act", "bob ann dora")]
    [TestCase("ask", "bob ann dan")]
    public async Task Whoever_reshapes_a_pool_asks_for_what_it_does_and_so_have_its_maker_and_who_accepts_it(string mode, string own)
    {
        var tree = await _world.PoolAsync(mode, 10, 20);
        var save = _world.Get<SaveBudgetPool>();
        async Task<string> ByAsync(string json, string by) => ((PoolOutcome<BudgetPool>.Done)await save.ChangeAsync(tree.Pool.Id, JsonElement.Parse(json), by, CancellationToken.None)).Value.ModeBy;
        string Members(string most) => $$"""{"members":[{"id":"{{tree.Tree.AdSets[0].MetaId}}","max_cents":{{most}}},{"id":"{{tree.Tree.AdSets[1].MetaId}}"}]}""";
        Assert.That((await ByAsync("""{"name":"Boots"}""", "bob"), await ByAsync("""{"max_step_percent":19}""", "bob"), await ByAsync("""{"least_gain_percent":1}""", "cid"), await ByAsync(Members("900000"), "bob")), Is.EqualTo(("ann", "bob", "cid", "bob")));

        await _world.ProposeAsync();
        if (mode == "ask") Assert.That(await _world.Get<AnswerProposal>().AcceptAsync(tree.Pool.Id, (await _world.NightAsync(tree)).Id, "dan", CancellationToken.None), Is.InstanceOf<ProposalAnswered.Done>());
        await _world.CarryOnAsync();
        var asked = (await _world.QueryAsync<Guid>("""
            INSERT INTO approvals (id, edit_id, request_id, social_account_id, state, asked_by, asked_at, expires_at, content, content_hash, daily_cents)
            SELECT gen_random_uuid(), edit_id, request_id, social_account_id, 'asked', asked_by, now(), now() + interval '7 days', edit_content(edit_id), content_hash(edit_content(edit_id)), 1 FROM campaign_edits WHERE request_id = @RequestId AND kind = 'update' RETURNING id
            """, new { tree.Tree.RequestId })).Single();
        if (mode == "act") Assert.That(await ByAsync("""{"max_step_percent":18}""", "dora"), Is.EqualTo("dora"));
        foreach (var by in own.Split(' ')) Assert.That(await _world.Get<DecideApproval>().ApproveAsync(asked, by, null, CancellationToken.None), Is.InstanceOf<Decided.Own>(), by);
        Assert.That(await _world.Get<DecideApproval>().ApproveAsync(asked, "cid", null, CancellationToken.None), Is.InstanceOf<Decided.Done>());
    }

    private async Task<IReadOnlyList<string>> GatesAsync(PooledTree tree)
    {
        await using var connection = await _world.Database.DataSource.OpenConnectionAsync();
        var pool = (await _world.Get<BudgetPoolStore>().FindAsync(tree.Pool.Id, CancellationToken.None))!;
        var seen = (await _world.Get<PictureReader>().ReadAsync(connection, null, [pool], _world.Time.GetUtcNow(), 0, CancellationToken.None))[0][^1];
        return Core.Budgets.Deciding.Rails.OfPool(seen.Picture);
    }
}
