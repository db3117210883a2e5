using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;

namespace MetaAdsJobs.Tests.Spending;

/// <summary>What a start had done when its process died: told, whoever comes to it next.</summary>
[TestFixture]
public sealed class DeadStartsTests
{
    private RunWorld _world = null!;
    private CampaignTree _tree = null!;
    private Guid _start;
    private long _toldBefore;

    [SetUp]
    public async Task StartAsync()
    {
        _world = await RunWorld.StartAsync();
        _tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        await _world.NothingUnderWayAsync();
        _start = await StopAsync();
        Assert.That(await PauseAsync(_start), Is.InstanceOf<JobOutcome.Completed>());
        await LiftAsync(reactivate: true);
        _toldBefore = (await _world.QueryAsync<long>("SELECT max(id) FROM meta_changes")).Single();
    }

    [TearDown]
    public async Task EndAsync() => await _world.DisposeAsync();

    [Test]
    public async Task What_it_has_paused_itself_is_told_before_it_is_activated_again()
    {
        Assert.That(await _world.Get<StopStore>().PausesItselfAsync(await ListedAsync(), CancellationToken.None), Is.True);
        await _world.ExecuteAsync("UPDATE activations SET pausing_until = clock_timestamp() - interval '2 seconds'");

        Assert.That(await ResumeAsync(), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await ToldAsync(), Is.EqualTo("bob: campaign PAUSED outcome_unknown, ann: ad ACTIVE done, ann: adset ACTIVE done, ann: campaign ACTIVE done"));
        Assert.That(await _world.QueryAsync<int>("SELECT cardinality(untold_ids) FROM activations"), Is.EqualTo([0]));
    }

    private async Task<Spender> ListedAsync()
    {
        var stop = (await _world.Get<StopStore>().FindAsync(_start, CancellationToken.None))!;
        return (await _world.Get<Spenders>().ListPausedAsync(stop, null, CancellationToken.None)).Single();
    }

    private async Task<Guid> StopAsync()
    {
        await _world.Get<StopSwitch>().StopAsync(_tree.AccountId, "bob", null, CancellationToken.None);
        return (await _world.QueryAsync<Guid>("SELECT id FROM stops WHERE lifted_at IS NULL")).Single();
    }

    private Task<JobOutcome> PauseAsync(Guid stopId) => _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None);

    private Task LiftAsync(bool reactivate) => _world.Get<StopSwitch>().StartAsync(_tree.AccountId, "ann", reactivate, CancellationToken.None);

    private Task<JobOutcome> ResumeAsync() => _world.Get<ResumeSpending>().ExecuteAsync(_start, CancellationToken.None);

    /// <summary>What the audit has since the start, in its order.</summary>
    private async Task<string> ToldAsync() => string.Join(", ", await _world.QueryAsync<string>("""
        SELECT concat(c.asked_by, ': ', o.kind, ' ', c.sent ->> 'status', ' ', c.outcome) FROM meta_changes c JOIN stub_graph.objects o ON o.id = c.path WHERE c.id > @_toldBefore ORDER BY c.id
        """, new { _toldBefore }));
}
