using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Budgets.Reading;
using MetaAdsJobs.Tests.Api.Budgets;
using MetaAdsJobs.Tests.Experiments;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Budgets;

/// <summary>Numbers of pools that are there in part, or are just being put in place: what is decided by them, and when.</summary>
[TestFixture]
public sealed class PoolNumbersTests
{
    private const string Holding = "INSERT INTO insight_syncs (sync_id, social_account_id, since, until, state, holding, requested_by, queued_at) SELECT gen_random_uuid(), @AccountId, now(), now(), 'waiting', true, 'tests', now()";
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("MAX_RETRIES", "2"));

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [TearDown]
    public Task ForgetAsync() => _world.ExecuteAsync("DELETE FROM budget_pools; DELETE FROM insight_syncs");

    /// <summary>What is told of the others is not all of it.</summary>
    [TestCase(null, 0)]
    [TestCase(0, null)]
    public async Task An_ad_set_whose_numbers_are_withheld_of_one_ad_is_left_as_it_is(int? spend, int? results)
    {
        var tree = await _world.PoolAsync("show", 10, 20, 20);
        await _world.ExecuteAsync("""
            INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, spend, results, result_type, currency, raw, is_partial, synced_at)
            VALUES (@AccountId, @day, @Ad, @AdSet, @Campaign, @spend, @results, 'link_click', 'USD', '{}', false, now())
            """, new { tree.Tree.AccountId, day = _world.Today().AddDays(-2), Ad = $"{Guid.NewGuid()}", AdSet = tree.Id(2), Campaign = tree.Tree.Campaign.MetaId, spend = (decimal?)spend, results = (decimal?)results });
        await _world.ProposeAsync();
        Assert.That(await _world.MovesAsync(tree), Is.EqualTo(["10000>8000 step", "10000>12000 step", "10000>10000 withheld"]));
    }

    [Test]
    public async Task A_campaign_whose_numbers_are_withheld_of_one_ad_is_left_as_it_is()
    {
        var (account, _, _) = await _world.AddAccountAsync();
        var pooled = await PooledCampaigns.AddAsync(_world.Database.DataSource, $"{account}", $"{Guid.NewGuid():N}", 10, 20, 20);
        var pool = ((PoolOutcome<BudgetPool>.Done)await _world.Get<SaveBudgetPool>().CreateAsync(JsonSerializer.SerializeToElement(pooled.Body), "ann", CancellationToken.None)).Value;
        await _world.ExecuteAsync("UPDATE insight_campaign_days SET untold_rows = 1 WHERE campaign_meta_id = @Id AND date_start = @day", new { Id = pooled.Ids[2], day = _world.Today().AddDays(-2) });
        await _world.ProposeAsync();

        var reader = _world.Get<BudgetReader>();
        var night = (await reader.ListAsync(pool.Id, null, 50, CancellationToken.None)).Single();
        var moves = (await reader.MovesAsync(night.Id, CancellationToken.None)).ToDictionary(move => move.Id, move => move.Why.Contains("withheld"));
        Assert.That(pooled.Ids.Select(id => moves[id]), Is.EqualTo([false, false, true]));
    }

    /// <summary>The numbers of its members are what they were.</summary>
    [TestCase("UPDATE insight_days SET difference = 150 WHERE social_account_id = @AccountId AND date_start = @day", "differing")]
    [TestCase("UPDATE insight_days SET first_at = NULL WHERE social_account_id = @AccountId AND date_start = @day + 2", "stale")]
    public async Task What_was_accepted_and_would_not_be_proposed_any_more_is_not_begun(string since, string gate)
    {
        var tree = await _world.PoolAsync("act", 10, 20);
        await _world.ProposeAsync();
        await _world.ExecuteAsync(since, new { tree.Tree.AccountId, day = _world.Today().AddDays(-3) });
        await _world.CarryOnAsync();
        var night = await _world.NightAsync(tree);
        Assert.That((night.State, night.StateWhy), Is.EqualTo(("void", $"its numbers do not bear it any more: {gate}")));
        Assert.That(await _world.QueryAsync<string>("SELECT kind FROM campaign_edits WHERE request_id = @RequestId AND kind = 'update'", new { tree.Tree.RequestId }), Is.Empty);
    }

    /// <summary>A part of the day may be there already, and the rest not yet.</summary>
    [Test]
    public async Task What_came_of_a_night_is_not_told_by_numbers_that_a_sync_is_putting_in_place()
    {
        var tree = await _world.PoolAsync("show", 10, 20);
        await _world.ProposeAsync();
        await _world.ExecuteAsync($"UPDATE budget_proposals SET day = day - 1, basis = basis - 1; {Holding}", new { tree.Tree.AccountId });
        await _world.ProposeAsync();
        Assert.That((await _world.NightsAsync(tree)).Select(night => night.ObservedResults), Is.EqualTo([(decimal?)null]));
        await _world.ExecuteAsync("UPDATE insight_syncs SET holding = false, state = 'failed'");
        await _world.ProposeAsync();
        Assert.That((await _world.NightsAsync(tree)).Select(night => night.ObservedResults), Is.EqualTo([null, (decimal?)30]));
    }

    /// <summary>After it was seen which pools are due, and before their numbers are read.</summary>
    [Test]
    public async Task A_sync_that_begins_while_pools_are_looked_for_is_waited_for()
    {
        var tree = await _world.PoolAsync("show", 10, 20);
        await _world.ExecuteAsync("""
            CREATE OR REPLACE FUNCTION known_zone(name text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN name; END $$
            """);
        await using (var connection = await _world.Database.DataSource.OpenConnectionAsync())
        {
            await connection.ExecuteAsync("SELECT pg_advisory_lock(4711)");
            var decided = _world.ProposeAsync();
            await Eventually.TrueAsync(async () => await _world.Database.DataSource.RowsAsync("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 1, () => "nobody looks for pools");
            await _world.ExecuteAsync(Holding, new { tree.Tree.AccountId });
            await connection.ExecuteAsync("SELECT pg_advisory_unlock(4711)");
            await decided;
        }

        Assert.That((await _world.NightsAsync(tree)).Select(night => string.Join(' ', night.Why)), Is.Empty);
        await _world.ExecuteAsync("UPDATE insight_syncs SET holding = false, state = 'failed'");
        await _world.ProposeAsync();
        Assert.That((await _world.NightsAsync(tree)).Select(night => night.State), Is.EqualTo(["shown"]));
    }

    [TestCase(11, "")]
    [TestCase(13, "stale")]
    public async Task Numbers_that_have_not_come_are_waited_for_until_noon(int hour, string told)
    {
        var tree = await _world.PoolAsync("show", 10, 20);
        // Where it is that hour.
        var east = hour - _world.Time.GetUtcNow().Hour;
        await _world.ExecuteAsync("""
            UPDATE social_accounts SET timezone_name = @zone WHERE id = @AccountId; UPDATE insight_days SET first_at = NULL WHERE social_account_id = @AccountId AND date_start >= (@now AT TIME ZONE @zone)::date - 1
            """, new { tree.Tree.AccountId, zone = east == 0 ? "Etc/UTC" : $"Etc/GMT{-east:+0;-0}", now = _world.Time.GetUtcNow() });
        await _world.ProposeAsync();
        Assert.That(string.Join('|', (await _world.NightsAsync(tree)).Select(night => string.Join(' ', night.Why))), Is.EqualTo(told));
    }
}
