using MetaAdsJobs.Core.Budgets.CarryingOut;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Budgets.Reading;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Comparing;
using MetaAdsJobs.Core.Campaigns.Proposed;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Budgets;

/// <summary>What is accepted is done at Meta: all of it once, what is taken before what is given.</summary>
[TestFixture]
public sealed class CarryOutTests
{
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("MAX_RETRIES", "0"));

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [TearDown]
    public async Task ForgetAsync()
    {
        _world.Graph.Faults.Clear();
        await _world.ExecuteAsync("DROP TRIGGER IF EXISTS dies ON budget_proposals; DROP TRIGGER IF EXISTS dies ON budget_moves; DROP TRIGGER IF EXISTS dies ON campaign_edits; DROP TRIGGER IF EXISTS lingers ON campaign_edits; DELETE FROM budget_pools; DELETE FROM freezes");
    }

    [Test]
    public async Task What_is_taken_is_taken_before_it_is_given_and_the_sum_stays()
    {
        var tree = await _world.PoolAsync("act", 10, 10, 20, 20);
        await _world.ProposeAsync();
        await _world.CarryOnAsync();
        Assert.That(await AskedAsync(tree), Is.EqualTo([80_00L, 80_00L]), "lowerings alone");
        await _world.CarryOnAsync();
        Assert.That(await AskedAsync(tree), Has.Count.EqualTo(2), "until they are done");
        await _world.UntilOverAsync(tree);
        Assert.That(await _world.AtMetaAsync(tree), Is.EqualTo([80_00L, 80_00L, 120_00L, 120_00L]));
        var night = await _world.NightAsync(tree);
        Assert.That((night.State, night.StateWhy), Is.EqualTo(("done", (string?)null)));
        Assert.That(await _world.QueryAsync<string>("SELECT DISTINCT asked_by FROM campaign_edits WHERE request_id = @RequestId AND kind = 'update'", new { tree.Tree.RequestId }), Is.EqualTo(["ann"]), "in the name of who gave the pool its mode");
        Assert.That(await _world.QueryAsync<string>("SELECT concat(state, ' ', daily_cents) FROM activations WHERE request_id = @RequestId", new { tree.Tree.RequestId }), Is.EqualTo(["active 40000"]));

        await _world.ExecuteAsync("UPDATE budget_proposals SET day = day - 1, basis = basis - 1");
        await _world.ProposeAsync();
        Assert.That(await _world.MovesAsync(tree), Is.EqualTo(["8000>8000 once_a_day", "8000>8000 once_a_day", "12000>12000 once_a_day", "12000>12000 once_a_day"]), "moved today already, and by no hand");
    }

    /// <summary>Before each write in turn; after one is before the next.</summary>
    [Test]
    public async Task Whenever_a_process_dies_every_change_is_made_once()
    {
        await _world.ExecuteAsync("""
            CREATE SEQUENCE writes; CREATE TABLE deaths (at bigint);
            CREATE OR REPLACE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('writes') = (SELECT at FROM deaths) THEN RAISE EXCEPTION 'the process dies here'; END IF;
                RETURN NEW;
            END $$;
            """);
        var tree = await _world.PoolAsync("act", 10, 10, 20, 20);
        var deaths = 0;
        for (var at = 1; at <= 40; at++)
        {
            tree = await ResetAsync(tree);
            await _world.ExecuteAsync("""
                ALTER SEQUENCE writes RESTART; DELETE FROM deaths; INSERT INTO deaths VALUES (@at);
                CREATE OR REPLACE TRIGGER dies BEFORE UPDATE ON budget_proposals FOR EACH ROW EXECUTE FUNCTION die(); CREATE OR REPLACE TRIGGER dies BEFORE UPDATE ON budget_moves FOR EACH ROW EXECUTE FUNCTION die();
                CREATE OR REPLACE TRIGGER dies BEFORE INSERT ON campaign_edits FOR EACH ROW EXECUTE FUNCTION die()
                """, new { at });
            var died = false;
            for (var round = 0; round < 8 && (await _world.NightAsync(tree)).State == "accepted"; round++)
            {
                try
                {
                    await _world.CarryOnAsync();
                }
                catch (AggregateException exception) when (exception.ToString().Contains("the process dies here", StringComparison.Ordinal))
                {
                    died = true;
                }

                await _world.RunEditsAsync(tree);
            }

            Assert.That((await _world.NightAsync(tree)).State, Is.EqualTo("done"), $"died at {at}");
            Assert.That(await _world.AtMetaAsync(tree), Is.EqualTo([80_00L, 80_00L, 120_00L, 120_00L]), $"died at {at}");
            Assert.That(await AskedAsync(tree), Is.EquivalentTo([80_00L, 80_00L, 120_00L, 120_00L]), $"died at {at}: each once");
            if (!died) break;
            deaths++;
        }

        Assert.That(deaths, Is.EqualTo(10), "it begins, four times makes an edit and notes it, and ends");
    }

    [Test]
    public async Task Several_at_once_ask_for_each_change_once()
    {
        var tree = await _world.PoolAsync("act", 10, 10, 20, 20);
        await _world.ProposeAsync();
        // All have read how it stands before the first of them has written anything.
        await _world.ExecuteAsync("""
            CREATE OR REPLACE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END $$;
            CREATE OR REPLACE TRIGGER lingers BEFORE INSERT ON campaign_edits FOR EACH ROW EXECUTE FUNCTION linger()
            """);
        var jobs = await JobsAsync();
        for (var round = 0; round < 5; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Run(_world.CarryOnAsync)));
            if (round == 0) Assert.That(await JobsAsync() - jobs, Is.EqualTo(2), "no job without its edit");
            await _world.RunEditsAsync(tree);
        }

        Assert.That(await AskedAsync(tree), Is.EquivalentTo([80_00L, 80_00L, 120_00L, 120_00L]));
        Assert.That((await _world.NightAsync(tree)).State, Is.EqualTo("done"));
    }

    /// <summary>Of two workers one may be allowed what the other was refused a moment before: one of the two is noted, and counts.</summary>
    [Test]
    public async Task A_change_is_asked_for_or_refused_and_never_both()
    {
        var tree = await _world.PoolAsync("act", 10, 20);
        await _world.ProposeAsync();
        await _world.CarryOnAsync();
        var (night, edits) = (await _world.NightAsync(tree), _world.Get<ProposedEdits>());
        await edits.RefuseAsync(CarryOutProposals.Moves, night.Id, tree.Id(0), "too late", CancellationToken.None);
        await edits.RefuseAsync(CarryOutProposals.Moves, night.Id, tree.Id(1), "in time", CancellationToken.None);
        await edits.AskAsync(new(CarryOutProposals.Moves, night.Id, EditLevel.Adset, tree.Id(1), EditKind.Update, ProposedEdit.Budget(120_00, 100_00), "ann", null), CancellationToken.None);

        Assert.That(await AskedAsync(tree), Is.EqualTo([80_00L]));
        Assert.That((await _world.Get<BudgetReader>().MovesAsync(night.Id, CancellationToken.None)).OrderBy(move => move.Id == tree.Id(1)).Select(move => (move.EditId is not null, move.Refused)), Is.EqualTo([(true, (string?)null), (false, "in time")]));
    }

    [Test]
    public async Task What_was_not_taken_is_not_given_and_what_was_taken_and_not_given_is_owed()
    {
        var tree = await _world.PoolAsync("act", 10, 10, 20, 20);
        await _world.ProposeAsync();
        _world.Graph.Faults.Add(call => call.Method == "POST" && call.Path == tree.Id(0), GraphFaults.Refused(100, 1885272));
        var given = 0;
        _world.Graph.Faults.Add(call => call.Method == "POST" && (call.Path == tree.Id(2) || call.Path == tree.Id(3)) && given++ == 0, GraphFaults.Refused(100, 1885272));
        await _world.UntilOverAsync(tree);
        var (night, budgets) = (await _world.NightAsync(tree), await _world.AtMetaAsync(tree));
        Assert.That((night.State, budgets.Sum(), await OwedAsync(tree)), Is.EqualTo(("partly", 380_00L, 20_00L)));
        Assert.That(await _world.QueryAsync<string>("SELECT refused FROM budget_moves WHERE refused IS NOT NULL"), Is.EqualTo(["what was to be taken for it from others was not taken"]));

        await _world.ExecuteAsync("UPDATE budget_proposals SET day = day - 1, basis = basis - 1; UPDATE campaign_edits SET completed_at = completed_at - interval '1 day'");
        _world.Graph.Faults.Clear();
        await _world.ProposeAsync();
        var next = await _world.NightAsync(tree);
        Assert.That((next.TotalNowCents, next.TotalCents), Is.EqualTo((380_00, 400_00)));
        await _world.UntilOverAsync(tree);
        Assert.That(((await _world.NightAsync(tree)).State, (await _world.AtMetaAsync(tree)).Sum(), await OwedAsync(tree)), Is.EqualTo(("done", 400_00L, 0L)));
    }

    /// <summary>A night gives back as much as its members may go up; the rest is not forgotten, however that night ends.</summary>
    [Test]
    public async Task What_a_night_has_no_room_for_stays_owed()
    {
        var tree = await _world.PoolAsync("act", 10, 10, 20, 20);
        await _world.ProposeAsync();
        await _world.ExecuteAsync("UPDATE budget_proposals SET state = 'partly', owed_cents = 30000");
        foreach (var (state, sum) in ((string, long)[])[("done", 480_00), ("partly", 0), ("done", 0)])
        {
            // In one step a day would meet the one before.
            await _world.ExecuteAsync("UPDATE budget_proposals SET day = day - 1000, basis = basis - 1000; UPDATE budget_proposals SET day = day + 999, basis = basis + 999; UPDATE campaign_edits SET completed_at = completed_at - interval '1 day'; ALTER TABLE meta_changes DISABLE TRIGGER meta_changes_stay; UPDATE meta_changes SET sent_at = sent_at - interval '1 day'");
            await _world.ProposeAsync();
            if (state == "partly") _world.Graph.Faults.Add(call => call.Method == "POST" && call["daily_budget"] is not null && call.Path == tree.Id(3), GraphFaults.Refused(100, 1885272));
            await _world.UntilOverAsync(tree);
            _world.Graph.Faults.Clear();

            var (atMeta, owed) = ((await _world.AtMetaAsync(tree)).Sum(), await OwedAsync(tree));
            Assert.That(((await _world.NightAsync(tree)).State, atMeta + owed), Is.EqualTo((state, 700_00L)), $"{atMeta} at Meta, {owed} owed");
            if (sum > 0) Assert.That(atMeta, Is.EqualTo(sum));
        }
    }

    [Test]
    public async Task What_somebody_changes_meanwhile_stays_as_they_want_it()
    {
        var tree = await _world.PoolAsync("act", 10, 20);
        await _world.ProposeAsync();
        // In Ads Manager, where nobody here has looked since.
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET fields = jsonb_set(fields, '{daily_budget}', '\"15000\"') WHERE id = @Id", new { Id = tree.Id(0) });
        await _world.UntilOverAsync(tree);
        Assert.That(await _world.AtMetaAsync(tree), Is.EqualTo([150_00L, 100_00L]));
        Assert.That((await _world.NightAsync(tree)).State, Is.EqualTo("partly"));
        // The comparison that follows its edit finds it: a hand's change like any other.
        await _world.ExecuteAsync("UPDATE meta_campaigns SET compare_at = clock_timestamp() WHERE compare_at < clock_timestamp() + interval '5 minutes'; ALTER TABLE meta_changes DISABLE TRIGGER meta_changes_stay; UPDATE meta_changes SET sent_at = sent_at - interval '1 hour'");
        await _world.NothingUnderWayAsync();
        await _world.Get<CompareCampaigns>().RunAsync(20, CancellationToken.None);
        Assert.That(await _world.QueryAsync<string>("SELECT concat(field, ' ', was, ' ', \"is\") FROM outside_changes WHERE meta_id = @Id", new { Id = tree.Id(0) }), Is.EqualTo(["daily_budget 10000 15000"]));
        await _world.ExecuteAsync("UPDATE budget_proposals SET day = day - 1, basis = basis - 1");
        await _world.ProposeAsync();
        Assert.That((await _world.MovesAsync(tree))[0], Is.EqualTo("15000>15000 changed_by_hand learning"));
    }

    [Test]
    public async Task A_freeze_a_stop_and_a_cap_hold_and_a_day_that_is_over_ends_it()
    {
        var tree = await _world.PoolAsync("act", 10, 20);
        await _world.ProposeAsync();
        await _world.ExecuteAsync("INSERT INTO freezes (id, from_at, until_at, made_by, made_at) VALUES (gen_random_uuid(), now() - interval '1 hour', now() + interval '30 days', 'ops', now())");
        await _world.CarryOnAsync();
        Assert.That((await AskedAsync(tree), (await _world.NightAsync(tree)).State), Is.EqualTo((Array.Empty<long>(), "accepted")), "a freeze passes");
        await _world.ExecuteAsync("UPDATE budget_proposals SET day = day - 1");
        await _world.CarryOnAsync();
        Assert.That((await _world.NightAsync(tree)).State, Is.EqualTo("lapsed"));

        await _world.ExecuteAsync("DELETE FROM freezes; DELETE FROM budget_proposals; UPDATE budget_pools SET least_gain_percent = 0; UPDATE social_accounts SET campaign_cap_cents = 21000 WHERE id = @AccountId", new { tree.Tree.AccountId });
        await _world.ProposeAsync();
        Assert.That(await _world.MovesAsync(tree), Is.EqualTo(["10000>9500", "10000>10500 cap"]), "each has its part of what is left under the campaign's cap");
    }

    [Test]
    public async Task A_pool_whose_proposal_has_begun_keeps_its_members_and_is_not_taken_away()
    {
        var tree = await _world.PoolAsync("act", 10, 20);
        await _world.ProposeAsync();
        var save = _world.Get<SaveBudgetPool>();
        await _world.CarryOnAsync();
        Assert.That(await save.DeleteAsync(tree.Pool.Id, CancellationToken.None), Is.InstanceOf<PoolOutcome<BudgetPool>.Refused>());
        Assert.That(await save.ChangeAsync(tree.Pool.Id, System.Text.Json.JsonElement.Parse("""{"mode":"show"}"""), "bob", CancellationToken.None), Is.InstanceOf<PoolOutcome<BudgetPool>.Done>());
        await _world.UntilOverAsync(tree);
        Assert.That(((await _world.NightAsync(tree)).State, (await _world.AtMetaAsync(tree)).Sum()), Is.EqualTo(("done", 200_00L)), "what was taken is given all the same");
        Assert.That(await save.DeleteAsync(tree.Pool.Id, CancellationToken.None), Is.InstanceOf<PoolOutcome<BudgetPool>.Done>());
    }

    /// <summary>By somebody, or since the key by which it was made to act was revoked.</summary>
    [Test]
    public async Task A_proposal_that_has_not_begun_is_void_once_its_pool_is_changed([Values] bool isRevoked)
    {
        var tree = await _world.PoolAsync("act", 10, 20);
        await _world.ProposeAsync();
        await using (var connection = await _world.Database.DataSource.OpenConnectionAsync())
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await _world.ExecuteAsync("UPDATE budget_pools SET mode_key = id WHERE id = @Id", new { tree.Pool.Id });
            if (isRevoked) await PoolsOfUsers.AskOfKeyAsync(connection, transaction, tree.Pool.Id, _world.Time.GetUtcNow(), CancellationToken.None);
            else await _world.Get<SaveBudgetPool>().ChangeAsync(tree.Pool.Id, System.Text.Json.JsonElement.Parse("""{"mode":"ask"}"""), "bob", CancellationToken.None);
            await transaction.CommitAsync();
        }

        await _world.CarryOnAsync();
        Assert.That(await AskedAsync(tree), Is.Empty);
        await _world.ProposeAsync();
        Assert.That((await _world.NightsAsync(tree)).Select(night => night.State), Is.EqualTo(["asked", "void"]));
    }

    [Test]
    public async Task What_was_begun_and_left_lying_is_void_once_its_pool_is_changed()
    {
        var tree = await _world.PoolAsync("act", 10, 20);
        await _world.ProposeAsync();
        await _world.ExecuteAsync("UPDATE budget_proposals SET begun_at = @at", new { at = _world.Time.GetUtcNow().AddMinutes(-11) });
        await _world.Get<SaveBudgetPool>().ChangeAsync(tree.Pool.Id, System.Text.Json.JsonElement.Parse("""{"mode":"show"}"""), "bob", CancellationToken.None);
        await _world.CarryOnAsync();
        Assert.That(((await _world.NightAsync(tree)).State, await AskedAsync(tree)), Is.EqualTo(("void", Array.Empty<long>())));
    }

    /// <summary>Another process may have read it before: what is done for it since looks like somebody's change.</summary>
    [TestCase(0, "accepted")]
    [TestCase(11, "void")]
    public async Task What_was_begun_a_moment_ago_is_dropped_by_nobody(int minutesAgo, string state)
    {
        var tree = await _world.PoolAsync("act", 10, 20);
        await _world.ProposeAsync();
        await _world.ExecuteAsync("""
            UPDATE budget_proposals SET begun_at = @at; UPDATE meta_ad_insights SET results = 11 WHERE adset_meta_id = @Id AND date_start = @day
            """, new { at = _world.Time.GetUtcNow().AddMinutes(-minutesAgo), Id = tree.Id(0), day = _world.Today().AddDays(-1) });
        await _world.CarryOnAsync();
        Assert.That(((await _world.NightAsync(tree)).State, (await AskedAsync(tree)).Count), Is.EqualTo((state, minutesAgo == 0 ? 1 : 0)));
    }

    private Task<IReadOnlyList<long>> AskedAsync(PooledTree tree) =>
        _world.QueryAsync<long>("SELECT (fields ->> 'daily_budget_cents')::bigint FROM campaign_edits WHERE request_id = @RequestId AND kind = 'update' ORDER BY 1", new { tree.Tree.RequestId });

    private async Task<long> JobsAsync() => (await _world.QueryAsync<long>("SELECT count(*) FROM hangfire.job")).Single();

    private async Task<long> OwedAsync(PooledTree tree) => (await _world.QueryAsync<long>("SELECT owed_cents FROM budget_proposals WHERE pool_id = @Id ORDER BY id DESC LIMIT 1", new { tree.Pool.Id })).Single();

    // As if nothing had been done yet, at Meta and here.
    private async Task<PooledTree> ResetAsync(PooledTree tree)
    {
        await ForgetAsync();
        await _world.ExecuteAsync("""
            DELETE FROM campaign_edits WHERE request_id = @RequestId AND kind = 'update'; ALTER TABLE meta_changes DISABLE TRIGGER meta_changes_stay; DELETE FROM meta_changes WHERE request_id = @RequestId; UPDATE meta_adsets SET daily_budget = 10000 WHERE request_id = @RequestId;
            UPDATE stub_graph.objects SET fields = jsonb_set(fields, '{daily_budget}', '"10000"') WHERE id = ANY (@Ids)
            """, new { tree.Tree.RequestId, Ids = tree.Tree.AdSets.Select(set => set.MetaId).ToArray() });
        tree = tree with { Pool = await _world.SavePoolAsync(tree.Tree, "act") };
        await _world.ProposeAsync();
        return tree;
    }
}
