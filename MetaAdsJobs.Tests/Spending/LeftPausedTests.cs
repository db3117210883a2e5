using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Recurring;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Spending;

/// <summary>A start that is to leave paused what its stop has paused, while an earlier start is not done with activating it again.</summary>
[TestFixture]
public sealed class LeftPausedTests
{
    private RunWorld _world = null!;
    private Asked _asked = null!;
    private string _campaign = null!;
    private Guid _first;

    [SetUp]
    public async Task StartAsync()
    {
        _world = await RunWorld.StartAsync();
        _asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        _campaign = (await _world.RunAsync(_asked)).Result.CampaignCreation.CampaignMetaId!;
        await _world.NothingUnderWayAsync();
        _first = await StopAsync();
        await _world.Get<StopSwitch>().StartAsync(_asked.AccountId, "ann", reactivate: true, CancellationToken.None);
    }

    [TearDown]
    public async Task EndAsync() => await _world.DisposeAsync();

    [Test]
    public async Task What_an_earlier_start_could_not_activate_yet_is_left_paused_by_all_starts()
    {
        _world.Graph.Faults.Always(call => call.Path == _campaign && call["status"] == "ACTIVE", GraphFaults.DropBeforeActing);
        Assert.That(await ResumeAsync(_first), Is.InstanceOf<JobOutcome.Snoozed>());
        _world.Graph.Faults.Clear();
        var second = await StopAsync();
        await LeaveAsync();
        var sent = Activations();

        Assert.That(await ResumeAsync(_first), Is.InstanceOf<JobOutcome>(), "the job of the earlier start comes again");
        Assert.That(await ResumeAsync(second), Is.InstanceOf<JobOutcome.Snoozed>(), "a call of the earlier start may still be carried out");
        await _world.NothingUnderWayAsync();
        Assert.That(await ResumeAsync(second), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await StandsAsync(), Is.EqualTo("PAUSED idle 0"));

        var third = await StopAsync();
        await _world.Get<StopSwitch>().StartAsync(_asked.AccountId, "ann", reactivate: true, CancellationToken.None);
        Assert.That(await ResumeAsync(third), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That((await StandsAsync(), Activations()), Is.EqualTo(("PAUSED idle 0", sent)));
    }

    /// <summary>A permit is not looked at again while its calls are sent.</summary>
    [Test]
    public async Task What_an_earlier_start_is_activating_at_that_moment_is_paused_again()
    {
        var (second, leaving, activated) = (Guid.Empty, (JobOutcome?)null, "");
        _world.Graph.Faults.Add(call => call.Path == _campaign && call["status"] == "ACTIVE", async (_, _, act) =>
        {
            second = await StopAsync();
            await LeaveAsync();
            leaving = await ResumeAsync(second);
            var answer = await act();
            activated = await StandsAsync();
            return answer;
        });

        await ResumeAsync(_first);

        Assert.That(leaving, Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(activated, Does.StartWith("ACTIVE activating"), "it counts");
        Assert.That(await ResumeAsync(second), Is.InstanceOf<JobOutcome.Snoozed>(), "another call may yet come");
        Assert.That(await StandsAsync(), Does.StartWith("PAUSED activating"));
        await _world.NothingUnderWayAsync();
        Assert.That(await ResumeAsync(second), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await StandsAsync(), Is.EqualTo("PAUSED idle 0"));
        Assert.That(await ResumeAsync(_first), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await StandsAsync(), Is.EqualTo("PAUSED idle 0"));
    }

    /// <summary>A stop that comes meanwhile does so instead, and whatever it notes, its start does not activate.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task What_was_left_stays_so_when_another_stop_comes_before_it_is_over(bool isOver)
    {
        _world.Graph.Faults.Always(call => call.Path == _campaign && call["status"] == "ACTIVE", GraphFaults.DropBeforeActing);
        await ResumeAsync(_first);
        _world.Graph.Faults.Clear();
        var second = await StopAsync();
        await LeaveAsync();
        var third = await StopAsync();
        Assert.That(await ResumeAsync(second), Is.InstanceOf<JobOutcome.Completed>(), "the stop is at it");
        if (isOver)
        {
            await _world.NothingUnderWayAsync();
            Assert.That(await _world.Get<PauseSpending>().ExecuteAsync(third, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        }

        await _world.Get<StopSwitch>().StartAsync(_asked.AccountId, "ann", reactivate: true, CancellationToken.None);
        Assert.That(await ResumeAsync(third), isOver ? Is.InstanceOf<JobOutcome.Completed>() : Is.InstanceOf<JobOutcome.Snoozed>());
        await _world.NothingUnderWayAsync();
        Assert.That(await ResumeAsync(third), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await StandsAsync(), Is.EqualTo("PAUSED idle 0"));
    }

    [Test]
    public async Task What_was_left_and_has_no_job_any_more_is_found_by_the_sweep()
    {
        await _world.ExecuteAsync("UPDATE activations SET state = 'activating', is_left = true, paused_ids = '{}'; UPDATE stops SET job_id = NULL, lifted_at = lifted_at - interval '5 minutes'");

        await _world.Get<Sweep>().RescueBrakesAsync(CancellationToken.None);

        Assert.That(await _world.QueryAsync<Guid>("SELECT id FROM stops WHERE job_id IS NOT NULL"), Is.EqualTo([_first]));
        Assert.That(await ResumeAsync(_first), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await StandsAsync(), Is.EqualTo("PAUSED idle 0"));
    }

    [Test]
    public async Task One_that_somebody_has_seen_to_since_keeps_none_of_the_others_from_being_paused()
    {
        await using var world = await RunWorld.StartAsync(("Spending:PausesAtOnce", "1"));
        var (runs, campaigns) = (new List<Guid>(), new List<string>());
        for (var i = 0; i < 3; i++)
        {
            var asked = await world.AcceptAsync("""{"auto_publish":true}""");
            runs.Add(asked.RequestId);
            campaigns.Add((await world.RunAsync(asked)).Result.CampaignCreation.CampaignMetaId!);
        }

        await world.NothingUnderWayAsync();
        await world.Get<StopSwitch>().StopAsync(null, "bob", null, CancellationToken.None);
        await world.Get<StopSwitch>().StartAsync(null, "ann", reactivate: false, CancellationToken.None);
        await world.ExecuteAsync("UPDATE activations SET state = 'activating', is_left = true, paused_ids = '{}'");
        world.Graph.Faults.Add(call => call.Path == campaigns[0] && call["status"] == "PAUSED", async (_, _, act) =>
        {
            await world.ExecuteAsync($"UPDATE activations SET state = 'active', is_left = false, changed_at = clock_timestamp() WHERE request_id = '{runs[1]}'");
            return await act();
        });

        await world.Get<ResumeSpending>().ExecuteAsync((await world.QueryAsync<Guid>("SELECT id FROM stops")).Single(), CancellationToken.None);

        Assert.That(await world.QueryAsync<string>("SELECT status FROM stub_graph.objects WHERE id = ANY (@Campaigns) ORDER BY array_position(@Campaigns, id)", new { Campaigns = campaigns.ToArray() }), Is.EqualTo(["PAUSED", "ACTIVE", "PAUSED"]));
    }

    private async Task<Guid> StopAsync()
    {
        await _world.Get<StopSwitch>().StopAsync(_asked.AccountId, "bob", null, CancellationToken.None);
        var stopId = (await _world.QueryAsync<Guid>("SELECT id FROM stops WHERE lifted_at IS NULL")).Single();
        await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None);
        return stopId;
    }

    private Task LeaveAsync() => _world.Get<StopSwitch>().StartAsync(_asked.AccountId, "ann", reactivate: false, CancellationToken.None);

    private Task<JobOutcome> ResumeAsync(Guid stopId) => _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);

    private int Activations() => _world.Graph.Calls.Count(call => call["status"] == "ACTIVE");

    /// <summary>The campaign's switch at Meta, its activation, and how much of it a start would activate again.</summary>
    private async Task<string> StandsAsync() =>
        (await _world.QueryAsync<string>("SELECT concat(status, ' ', (SELECT concat(state, ' ', cardinality(paused_ids)) FROM activations)) FROM stub_graph.objects WHERE id = @_campaign", new { _campaign })).Single();
}
