using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Spending;

/// <summary>Meta calls missing what a start is to activate again.</summary>
[TestFixture]
public sealed class StartsSaidMissingTests
{
    private static readonly GraphFault Missing = GraphFaults.Refused(100, 33);
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [TearDown]
    public ValueTask StopAsync() => _world.DisposeAsync();

    /// <param name="hours">So long the start has waited before Meta says so for the first time.</param>
    /// <param name="minutes">So long it says so.</param>
    [TestCase(0, 0, "ACTIVE")]
    [TestCase(2, 0, "ACTIVE")]
    [TestCase(0, 70, "PAUSED", Description = "so long it is not missing in passing")]
    public async Task What_a_stop_has_paused_is_tried_again_for_a_while_when_Meta_calls_a_part_of_it_missing(int hours, int minutes, string status)
    {
        var (built, stopId) = await StartedAsync();
        _world.Time.Advance(TimeSpan.FromHours(hours));
        _world.Graph.Faults.Always(call => call.Path == built.AdsetMetaId && call["status"] == "ACTIVE", Missing);

        var outcome = await ResumedAsync();
        for (var waited = 0; waited < minutes && outcome is JobOutcome.Snoozed; waited += 10)
        {
            _world.Time.Advance(TimeSpan.FromMinutes(10));
            outcome = await ResumedAsync();
        }

        Assert.That(outcome, minutes == 0 ? Is.InstanceOf<JobOutcome.Snoozed>() : Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await StatusAsync(built.CampaignMetaId!), Is.EqualTo("PAUSED"));

        _world.Graph.Faults.Clear();
        Assert.That(await ResumedAsync(), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That((await StatusAsync(built.CampaignMetaId!), await StatusAsync(built.AdsetMetaId!)), Is.EqualTo((status, status)));

        async Task<JobOutcome> ResumedAsync()
        {
            await _world.ExecuteAsync("UPDATE activations SET busy_until = NULL, pausing = '{}'");
            return await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);
        }
    }

    /// <summary>Of a start's job that is delivered twice one may be told so, while the other has all of it active again: it is not paused for that.</summary>
    [Test]
    public async Task What_another_delivery_of_the_start_has_activated_meanwhile_stays_active()
    {
        var (built, stopId) = await StartedAsync();
        _world.Graph.Faults.Add(call => call.Path == built.CampaignMetaId && call["status"] == "ACTIVE", async (call, http, act) =>
        {
            Assert.That(await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
            return await Missing(call, http, act);
        });

        await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);

        Assert.That(await StatusAsync(built.CampaignMetaId!), Is.EqualTo("ACTIVE"));
        Assert.That(await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await _world.QueryAsync<string>("SELECT concat(state, ' ', cardinality(paused_ids)) FROM activations"), Is.EqualTo(["active 0"]));
    }

    /// <summary>The other is at it still: what has been paused since it was permitted is not told as active, and is tried again.</summary>
    [Test]
    public async Task What_another_delivery_of_the_start_is_activating_meanwhile_is_activated_once_more()
    {
        var (built, stopId) = await StartedAsync();
        _world.Graph.Faults.Add(call => call.Path == built.CampaignMetaId && call["status"] == "ACTIVE", async (_, _, act) =>
        {
            var answer = await act();
            _world.Graph.Faults.Add(call => call.Path == built.CampaignMetaId && call["status"] == "ACTIVE", Missing);
            Assert.That(await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Snoozed>());
            return answer;
        });

        await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);
        await _world.ExecuteAsync("UPDATE activations SET busy_until = NULL, pausing = '{}'");
        Assert.That(await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await StatusAsync(built.CampaignMetaId!), Is.EqualTo("ACTIVE"));
        Assert.That(await _world.QueryAsync<string>("SELECT concat(state, ' ', cardinality(paused_ids)) FROM activations"), Is.EqualTo(["active 0"]));
    }

    [Test]
    public async Task A_start_that_is_refused_so_does_not_call_it_ended()
    {
        var (built, stopId) = await StartedAsync();
        _world.Graph.Faults.Always(call => call.Path == built.CampaignMetaId, Missing);

        Assert.That(await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(await StateAsync(), Is.Not.EqualTo("ended"));

        _world.Graph.Faults.Clear();
        await _world.ExecuteAsync("UPDATE activations SET busy_until = NULL, pausing = '{}'");
        Assert.That(await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That((await StateAsync(), await StatusAsync(built.CampaignMetaId!)), Is.EqualTo(("active", "ACTIVE")));
    }

    /// <summary>Nobody knows what it would spend by now, and that it is not shown does not keep a call that switches it on from being carried out.</summary>
    [Test]
    public async Task A_start_switches_nothing_on_that_it_believes_to_be_gone()
    {
        var (built, stopId) = await StartedAsync();
        _world.Graph.Faults.Always(call => call.Method == "GET" && call.Path == built.CampaignMetaId, Missing);
        var sent = _world.Graph.Calls.Count;

        var outcome = await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);
        for (var pass = 0; pass < 7 && outcome is JobOutcome.Snoozed; pass++)
        {
            _world.Time.Advance(TimeSpan.FromMinutes(10));
            await _world.ExecuteAsync("UPDATE activations SET busy_until = NULL, pausing = '{}'");
            outcome = await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);
        }

        Assert.That(outcome, Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(_world.Graph.Calls.Skip(sent).Where(call => call["status"] == "ACTIVE"), Is.Empty);
        Assert.That((await StatusAsync(built.CampaignMetaId!), await StateAsync()), Is.EqualTo(("PAUSED", "idle")));
    }

    private async Task<string> StateAsync() => (await _world.QueryAsync<string>("SELECT state FROM activations")).Single();

    /// <returns>A campaign that a stop has paused, and the stop, which is lifted: its job is to activate it again.</returns>
    private async Task<(CampaignCreation Built, Guid StopId)> StartedAsync()
    {
        var asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        var built = (await _world.RunAsync(asked)).Result.CampaignCreation;
        var stopSwitch = _world.Get<StopSwitch>();
        await stopSwitch.StopAsync(asked.AccountId, "ann", null, CancellationToken.None);
        var stopId = (await _world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        await _world.ExecuteAsync("UPDATE activations SET busy_until = NULL");
        Assert.That(await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        await stopSwitch.StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);
        return (built, stopId);
    }

    private async Task<string> StatusAsync(string metaId) => (await _world.QueryAsync<string>("SELECT status FROM stub_graph.objects WHERE id = @metaId", new { metaId })).Single();
}
