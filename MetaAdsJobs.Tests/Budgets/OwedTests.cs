using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Budgets;

/// <summary>What was taken from members and not given to others is given back once, by whomever.</summary>
[TestFixture]
public sealed class OwedTests
{
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("MAX_RETRIES", "0"));

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [TearDown]
    public Task ForgetAsync() => _world.ExecuteAsync("DELETE FROM budget_pools");

    [Test]
    public async Task What_somebody_has_given_by_hand_is_not_given_back_once_more()
    {
        var tree = await TakenAsync(GraphFaults.Refused(100, 1885272));
        Assert.That(await OwedAsync(tree), Is.EqualTo(20_00));
        Assert.That((await _world.EditAsync(EditKind.Update, tree.Id(1), """{"daily_budget_cents":11500}""")).Status, Is.EqualTo("succeeded"));
        await _world.ProposeAsync();
        var next = await _world.NightAsync(tree);
        Assert.That((next.TotalNowCents, next.TotalCents), Is.EqualTo((180_00, 185_00)), "of twenty, fifteen are there");

        Assert.That((await _world.EditAsync(EditKind.Update, tree.Id(1), """{"daily_budget_cents":12000}""")).Status, Is.EqualTo("succeeded"));
        await _world.CarryOnAsync();
        Assert.That((await _world.NightAsync(tree)).StateWhy, Is.EqualTo("what it was to give back was given by hand since"));
    }

    /// <summary>Its edit has failed, and Meta has done it.</summary>
    [Test]
    public async Task What_Meta_may_have_given_without_an_answer_is_not_given_once_more()
    {
        var tree = await TakenAsync(GraphFaults.DropAfterActing);
        Assert.That(((await _world.NightAsync(tree)).State, (await _world.AtMetaAsync(tree)).Sum(), await OwedAsync(tree)), Is.EqualTo(("partly", 300_00L, 0L)));
    }

    // One brings half of what the others do: what is taken of it, they do not get at once.
    private async Task<PooledTree> TakenAsync(GraphFault fault)
    {
        var tree = await _world.PoolAsync("act", 10, 20, 20);
        await _world.ProposeAsync();
        // Neither is it heard afterwards how they are.
        var given = new HashSet<string>();
        _world.Graph.Faults.Always(call => call.Method == "POST" && call["daily_budget"] is not null && (call.Path == tree.Id(1) || call.Path == tree.Id(2)) && (given.Add(call.Path) || true), fault);
        _world.Graph.Faults.Always(call => call.Method == "GET" && given.Contains(call.Path), GraphFaults.Refused(100, 1885272));
        await _world.UntilOverAsync(tree);
        _world.Graph.Faults.Clear();
        await _world.ExecuteAsync("UPDATE budget_proposals SET day = day - 1, basis = basis - 1; UPDATE campaign_edits SET completed_at = completed_at - interval '1 day'");
        return tree;
    }

    private async Task<long> OwedAsync(PooledTree tree) => (await _world.QueryAsync<long>("SELECT owed_cents FROM budget_proposals WHERE pool_id = @Id ORDER BY id DESC LIMIT 1", new { tree.Pool.Id })).Single();
}
