using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Spending;

/// <summary>What a start, or a run, had done when its process died: told, whoever comes to it next.</summary>
[TestFixture]
public sealed class DeadStartsTests
{
    private const string Activated = "ann: ad ACTIVE outcome_unknown, ann: adset ACTIVE outcome_unknown, ann: campaign ACTIVE outcome_unknown";
    private const string Paused = "bob: campaign PAUSED done, bob: adset PAUSED done, bob: ad PAUSED done";

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

    [Test]
    public async Task What_it_has_activated_is_told_by_the_stop_that_pauses_it_and_once()
    {
        await DiesAsync();
        var stopId = await StopAsync();

        Assert.That(await PauseAsync(stopId), Is.InstanceOf<JobOutcome.Snoozed>());
        await _world.NothingUnderWayAsync();
        for (var pass = 0; pass < 2; pass++) Assert.That(await PauseAsync(stopId), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await ToldAsync(), Is.EqualTo($"{Paused}, {Activated}, {Paused}"));
    }

    [Test]
    public async Task What_it_has_activated_and_has_no_room_any_more_is_told_when_it_is_paused()
    {
        await DiesAsync();
        await _world.NothingUnderWayAsync();
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 5000");

        Assert.That(await ResumeAsync(), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That((await ToldAsync(), await _world.CountedAsync()), Is.EqualTo(($"{Activated}, ann: campaign PAUSED done", "paused 10000")));
    }

    [Test]
    public async Task What_it_has_activated_and_Meta_will_not_have_active_any_more_is_told_when_it_is_paused()
    {
        await DiesAsync();
        _world.Graph.Faults.Always(call => call.Path == _tree.Ads[0].MetaId && call["status"] == "ACTIVE", GraphFaults.Refused(100, 1885183));

        Assert.That(await ResumeAsync(), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await ToldAsync(), Is.EqualTo($"{Activated}, ann: ad ACTIVE rejected, ann: campaign PAUSED done"));
    }

    [Test]
    public async Task What_it_has_activated_is_told_by_the_start_that_is_to_leave_it_paused()
    {
        await DiesAsync();
        await _world.NothingUnderWayAsync();
        var stopId = await StopAsync();
        await LiftAsync(reactivate: false);

        Assert.That(await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That((await ToldAsync(), await _world.CountedAsync()), Is.EqualTo(($"{Activated}, {Paused.Replace("bob", "ann", StringComparison.Ordinal)}", "idle 10000")));
    }

    /// <summary>What it has told itself nobody tells again.</summary>
    [Test]
    public async Task What_it_has_activated_and_told_is_told_once()
    {
        _world.Graph.Faults.Always(call => call.Path == _tree.Campaign.MetaId && call["status"] == "ACTIVE", GraphFaults.DropAfterActing);
        Assert.That(await ResumeAsync(), Is.InstanceOf<JobOutcome.Snoozed>());
        var told = await ToldAsync();
        await _world.NothingUnderWayAsync();

        Assert.That(await PauseAsync(await StopAsync()), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await ToldAsync(), Is.EqualTo($"{told}, {Paused}"));
    }

    [Test]
    public async Task What_an_attempt_at_a_run_has_activated_is_told_by_the_stop_that_pauses_it()
    {
        await _world.ExecuteAsync("""
            ALTER TABLE meta_changes DISABLE TRIGGER meta_changes_stay;
            DELETE FROM meta_changes WHERE sent ->> 'status' = 'ACTIVE';
            UPDATE orchestrations SET status = 'waiting', completed_at = NULL;
            UPDATE orchestration_steps SET state = 'started' WHERE step = 'activate';
            UPDATE activations SET state = 'activating', paused_ids = '{}', busy_until = NULL;
            UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE kind IN ('campaign', 'adset', 'ad')
            """);

        Assert.That(await PauseAsync(await StopAsync()), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await ToldAsync(), Is.EqualTo($"{Activated.Replace("ann", "tests", StringComparison.Ordinal)}, {Paused}"));
    }

    /// <summary>Its process, when all was on.</summary>
    private async Task DiesAsync()
    {
        var spender = await ListedAsync();
        Assert.That((await _world.Get<Activations>().PermitAsync(spender.RequestId, spender.Account, 10000, endsAt: null, PermitHolder.LiftedStop, CancellationToken.None)).Refusal, Is.Null);
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE kind IN ('campaign', 'adset', 'ad')");
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
