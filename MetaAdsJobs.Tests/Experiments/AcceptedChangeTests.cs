using MetaAdsJobs.Core.Experiments.Proposing;
using MetaAdsJobs.Core.Experiments.Reading;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Experiments;

/// <summary>What is accepted is done at Meta, each of it once: first what frees money, then what is given of it.</summary>
[TestFixture]
public sealed class AcceptedChangeTests
{
    private RunWorld _world = null!;
    private Begun _one = null!;
    private IReadOnlyList<string> _adSets = [];

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _world = await RunWorld.StartAsync(("DAILY_CAP_CENTS", "none"), ("MAX_RETRIES", "0"));
        _one = await _world.BeginAsync("""{"variants":[{"name":"A"},{"name":"B","creative_title":"B"},{"name":"C","creative_title":"C"}]}""");
        _adSets = await _world.QueryAsync<string>("SELECT meta_id FROM meta_adsets WHERE request_id = @RequestId ORDER BY step", new { _one.Run.RequestId });
        await _world.NumbersAsync(_one, 14, 2, (100, 50), (100, 50), (100, 150));
        await _world.MinuteAsync();
        await _world.ExecuteAsync("""
            CREATE SEQUENCE writes; CREATE TABLE deaths (at bigint);
            CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('writes') = (SELECT at FROM deaths) THEN RAISE EXCEPTION 'the process dies here'; END IF;
                RETURN NEW;
            END $$;
            CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.2); RETURN NEW; END $$;
            """);
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    // As if nothing had been done yet, at Meta and here; and it was accepted.
    [SetUp]
    public async Task AcceptAgainAsync()
    {
        _world.Graph.Faults.Clear();
        await _world.ExecuteAsync("""
            DROP TRIGGER IF EXISTS dies ON experiment_changes; DROP TRIGGER IF EXISTS dies ON campaign_edits; DROP TRIGGER IF EXISTS lingers ON campaign_edits; DELETE FROM deaths;
            DELETE FROM freezes; DELETE FROM experiment_verdicts WHERE is_reopened; UPDATE experiment_changes SET state = 'planned', edit_id = NULL, refusal = NULL; DELETE FROM campaign_edits; ALTER TABLE meta_changes DISABLE TRIGGER meta_changes_stay; DELETE FROM meta_changes;
            UPDATE meta_adsets SET daily_budget = 10000, status = 'ACTIVE'; UPDATE experiment_proposals SET state = 'accepted', accepted_by = 'ann', accepted_at = now();
            UPDATE stub_graph.objects SET status = 'ACTIVE', fields = fields || '{"daily_budget": "10000"}' WHERE id = ANY (@Ids); UPDATE stub_graph.objects SET status = 'PAUSED' WHERE kind = 'campaign'
            """, new { Ids = _adSets.ToArray() });
    }

    /// <summary>Those that go on read all of it before the first of them has written anything.</summary>
    [Test]
    public async Task However_many_go_on_at_once_each_change_is_asked_for_once()
    {
        await _world.ExecuteAsync("CREATE TRIGGER lingers BEFORE INSERT ON campaign_edits FOR EACH ROW EXECUTE FUNCTION linger()");
        await AtOnceAsync();
        Assert.That(await AskedAsync(), Is.EqualTo(["pause", "pause"]), "money is freed before it is given");
        await AtOnceAsync();
        Assert.That(await AskedAsync(), Is.EqualTo(["pause", "pause"]), "and given once it is free");
        await RunEditsAsync();
        await AtOnceAsync();
        await RunEditsAsync();
        await AtOnceAsync();

        Assert.That(await AskedAsync(), Is.EqualTo(["pause", "pause", "update 30000 if 10000"]));
        Assert.That(await AtMetaAsync(), Is.EqualTo("PAUSED 10000, PAUSED 10000, ACTIVE 30000"));
        Assert.That(await ToldAsync(), Is.EqualTo(["A asked succeeded ", "B asked succeeded ", "C asked succeeded "]));
    }

    /// <summary>Before each write in turn; after one is before the next.</summary>
    [Test]
    public async Task Whenever_a_process_dies_each_change_is_asked_for_once()
    {
        var deaths = 0;
        for (var at = 1; at <= 20; at++)
        {
            await AcceptAgainAsync();
            await _world.ExecuteAsync("""
                ALTER SEQUENCE writes RESTART; INSERT INTO deaths VALUES (@at);
                CREATE TRIGGER dies BEFORE UPDATE ON experiment_changes FOR EACH ROW EXECUTE FUNCTION die(); CREATE TRIGGER dies BEFORE INSERT ON campaign_edits FOR EACH ROW EXECUTE FUNCTION die()
                """, new { at });
            var died = false;
            for (var round = 0; round < 4; round++)
            {
                try
                {
                    await _world.MinuteAsync();
                }
                catch (AggregateException exception) when (exception.ToString().Contains("the process dies here", StringComparison.Ordinal))
                {
                    died = true;
                }

                await RunEditsAsync();
            }

            Assert.That(await AskedAsync(), Is.EqualTo(["pause", "pause", "update 30000 if 10000"]), $"died at {at}");
            Assert.That(await AtMetaAsync(), Is.EqualTo("PAUSED 10000, PAUSED 10000, ACTIVE 30000"), $"died at {at}");
            if (!died) break;
            deaths++;
        }

        Assert.That(deaths, Is.EqualTo(6), "three times it makes an edit and notes it");
    }

    [Test]
    public async Task What_was_not_paused_pays_for_nothing()
    {
        _world.Graph.Faults.Add(call => call.Method == "POST" && call.Path == _adSets[0], GraphFaults.Refused(100, 1885272));
        await GoOnAsync();

        Assert.That(await AskedAsync(), Is.EqualTo(["pause", "pause"]));
        Assert.That(await AtMetaAsync(), Is.EqualTo("ACTIVE 10000, PAUSED 10000, ACTIVE 10000"));
        Assert.That((await ToldAsync())[^1], Is.EqualTo($"C refused  what was to be paused for it was not: {_adSets[0]}"));
    }

    /// <summary>Restated since it was accepted: what is not done yet is not done any more.</summary>
    [TestCase("{0}", "A asked|B refused|C refused", "pause")]
    [TestCase("{0,1}", "A asked|B asked|C refused", "pause pause")]
    public async Task What_the_numbers_do_not_say_any_more_is_not_done(string losers, string told, string asked)
    {
        await RestateAsync(losers);
        await GoOnAsync();

        Assert.That(string.Join(' ', await AskedAsync()), Is.EqualTo(asked));
        Assert.That(string.Join('|', (await ToldAsync()).Select(change => string.Join(' ', change.Split(' ').Take(2)))), Is.EqualTo(told));
        Assert.That((await ToldAsync())[^1], Does.EndWith("Meta has changed the numbers that it rested on"));
    }

    [Test]
    public async Task What_is_on_again_pays_for_nothing()
    {
        await _world.MinuteAsync();
        await RunEditsAsync();
        await _world.ExecuteAsync("UPDATE meta_adsets SET status = 'ACTIVE' WHERE meta_id = @Id", new { Id = _adSets[1] });
        await GoOnAsync();

        Assert.That(await AskedAsync(), Is.EqualTo(["pause", "pause"]));
        Assert.That((await ToldAsync())[^1], Is.EqualTo($"C refused  what was paused for it is on again: {_adSets[1]}"));
    }

    /// <summary>It may wait for weeks, as here for the end of a freeze.</summary>
    [TestCase("what Meta has restated", "Meta has changed the numbers that it rested on")]
    [TestCase("a loser that is on again", "what was paused for it is on again: {0}")]
    public async Task A_raise_that_waits_is_taken_back_for(string what, string why)
    {
        await _world.MinuteAsync();
        await RunEditsAsync();
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE kind = 'campaign'; INSERT INTO freezes (id, from_at, until_at, made_by, made_at) VALUES (gen_random_uuid(), now() - interval '1 hour', now() + interval '30 days', 'ops', now())");
        await _world.MinuteAsync();
        var raise = (await _world.QueryAsync<Guid>("SELECT edit_id FROM campaign_edits WHERE kind = 'update'")).Single();
        Assert.That(await _world.RunEditAsync(raise), Is.InstanceOf<JobOutcome.Snoozed>());
        await _world.MinuteAsync();
        Assert.That((await ToldAsync())[^1], Is.EqualTo("C asked waiting "), "nothing stands against it but the freeze");

        if (what.StartsWith("what", StringComparison.Ordinal)) await RestateAsync("{0,1}");
        else await _world.ExecuteAsync("UPDATE meta_adsets SET status = 'ACTIVE' WHERE meta_id = @Id", new { Id = _adSets[1] });
        await _world.MinuteAsync();

        Assert.That((await ToldAsync())[^1], Is.EqualTo($"C asked cancelled {why.Replace("{0}", _adSets[1], StringComparison.Ordinal)}"));
        await _world.ExecuteAsync("DELETE FROM freezes");
        await GoOnAsync();
        Assert.That(await AtMetaAsync(), Is.EqualTo("PAUSED 10000, PAUSED 10000, ACTIVE 10000"));
    }

    [Test]
    public async Task What_others_have_been_given_less_since_is_not_given_to_the_winner()
    {
        await _world.ExecuteAsync("UPDATE meta_adsets SET daily_budget = 2000 WHERE meta_id = @Id", new { Id = _adSets[1] });
        await GoOnAsync();

        Assert.That(await AskedAsync(), Is.EqualTo(["pause", "pause"]));
        Assert.That((await ToldAsync())[^1], Is.EqualTo($"C refused  the budget of {_adSets[1]}, which was to be given to it, has been changed since"));
    }

    [Test]
    public async Task A_winner_whose_budget_somebody_has_changed_keeps_that()
    {
        await _world.ExecuteAsync("""UPDATE stub_graph.objects SET fields = fields || '{"daily_budget": "15000"}' WHERE id = @Id""", new { Id = _adSets[2] });
        await GoOnAsync();

        Assert.That(await AtMetaAsync(), Is.EqualTo("PAUSED 10000, PAUSED 10000, ACTIVE 15000"));
        Assert.That((await ToldAsync())[^1], Is.EqualTo("C asked failed "));
    }

    /// <summary>No winner is named any more.</summary>
    private Task<IReadOnlyList<int>> RestateAsync(string losers) => _world.ExecuteAsync("""
        INSERT INTO experiment_verdicts (experiment_id, no, judged_at, today, since, until, days, ending, winner, leader, losers, restated_on, is_reopened, gates, totals, comparisons, numbers)
        SELECT experiment_id, no + 1, judged_at, today, since, until, days, NULL, NULL, leader, @losers::int[], today, true, gates, totals, comparisons, numbers FROM experiment_verdicts ORDER BY no DESC LIMIT 1
        """, new { losers });

    private Task AtOnceAsync() => Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(_world.MinuteAsync)));

    private async Task GoOnAsync()
    {
        for (var round = 0; round < 3; round++)
        {
            await _world.MinuteAsync();
            await RunEditsAsync();
        }
    }

    private async Task RunEditsAsync()
    {
        foreach (var edit in await _world.QueryAsync<Guid>("SELECT edit_id FROM campaign_edits WHERE state IN ('queued', 'waiting') ORDER BY number")) await _world.UntilEndedAsync(edit);
    }

    private Task<IReadOnlyList<string>> AskedAsync() => _world.QueryAsync<string>(
        "SELECT rtrim(concat(kind, ' ', fields ->> 'daily_budget_cents', ' if ' || (fields ->> 'if_budget_is'))) FROM campaign_edits ORDER BY kind");

    private async Task<string> AtMetaAsync() => string.Join(", ", await _world.QueryAsync<string>(
        "SELECT concat(status, ' ', fields ->> 'daily_budget') FROM unnest(@Ids) WITH ORDINALITY AS w (id, nth) JOIN stub_graph.objects o USING (id) ORDER BY nth", new { Ids = _adSets.ToArray() }));

    private async Task<IReadOnlyList<string>> ToldAsync() =>
        [.. (await _world.ReadAsync(_one)).Proposals.Single(proposal => proposal.State == "accepted").Changes.OrderBy(change => change.Variant).Select(change => $"{change.Variant} {change.State} {change.EditStatus} {change.Refusal}")];
}
