using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Review;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;

namespace MetaAdsJobs.Tests.Spending;

/// <summary>A stop that comes, and goes, while an earlier start is at it: the later word of a person counts, and nothing is forgotten.</summary>
[TestFixture]
public sealed class StopsMeetStartsTests
{
    private readonly List<Guid> _stops = [];
    private RunWorld _world = null!;
    private CampaignTree _tree = null!;
    private StopSwitch _switch = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _world = await RunWorld.StartAsync();
        _switch = _world.Get<StopSwitch>();
        _stops.Clear();
        _tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        await _world.NothingUnderWayAsync();
        Assert.That(await StopAsync(), Is.InstanceOf<JobOutcome.Completed>());
        await LiftAsync(reactivate: true);
    }

    [TearDown]
    public async Task StopFixtureAsync() => await _world.DisposeAsync();

    [Test]
    public async Task What_a_later_stop_pauses_is_activated_by_its_own_start()
    {
        AtActive(_tree.Campaign.MetaId, async () =>
        {
            Assert.That(await StopAsync(), Is.InstanceOf<JobOutcome.Snoozed>(), "a call may be under way");
            await LiftAsync(reactivate: true);
        });

        await ResumeAsync(0);
        Assert.That(await _world.SwitchedAsync(_tree), Is.EqualTo("ppp"), "the stop was there last");
        await ResumeAsync(1);

        Assert.That((await _world.SwitchedAsync(_tree), await _world.CountedAsync(), await NotedAsync()), Is.EqualTo(("AAA", "active 10000", 0)));
    }

    /// <param name="atCampaign">The later stop comes when all has been activated; else before its campaign is.</param>
    [Test]
    public async Task What_a_later_stop_pauses_and_is_to_stay_paused_stays_so([Values] bool atCampaign)
    {
        AtActive(atCampaign ? _tree.Campaign.MetaId : _tree.AdSets[0].MetaId, async () =>
        {
            await StopAsync();
            await LiftAsync(reactivate: false);
        });

        await ResumeAsync(0);
        await ResumeAsync(1);
        await ResumeAsync(0);

        Assert.That(await _world.SwitchedAsync(_tree), Is.EqualTo("ppp"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("activating 10000"), "calls may be under way: it counts until they cannot be");
        await _world.NothingUnderWayAsync();
        await ResumeAsync(1);
        Assert.That((await _world.CountedAsync(), await NotedAsync()), Is.EqualTo(("idle 10000", 0)));
        Assert.That((await _world.EditAsync(EditKind.Resume, _tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"), "nothing keeps a person from it");
    }

    [Test]
    public async Task Of_two_starts_that_are_at_it_the_later_one_ends_it()
    {
        var (isAtCampaign, goesOn, later) = (new TaskCompletionSource(), new TaskCompletionSource(), (Task?)null);
        AtActive(_tree.Campaign.MetaId, async () =>
        {
            await StopAsync();
            await LiftAsync(reactivate: true);
            AtActive(_tree.Campaign.MetaId, async () =>
            {
                isAtCampaign.SetResult();
                await goesOn.Task;
            });
            later = ResumeAsync(1);
            await isAtCampaign.Task;
        });

        await ResumeAsync(0);
        Assert.That(await NotedAsync(), Is.GreaterThan(0), "what was noted since is not this one's");
        goesOn.SetResult();
        await later!;

        Assert.That((await _world.SwitchedAsync(_tree), await _world.CountedAsync(), await NotedAsync()), Is.EqualTo(("AAA", "active 10000", 0)));
    }

    /// <summary>Meta reviews an ad when it is switched on.</summary>
    [Test]
    public async Task What_a_start_has_switched_on_again_is_looked_at_anew()
    {
        Assert.That((await LooksAsync(), await LooksAsync()), Is.EqualTo((1, 0)), "as paused it is settled");
        Assert.That(await ResumeAsync(0), Is.InstanceOf<JobOutcome.Completed>());
        await _world.ExecuteAsync("""UPDATE stub_graph.objects SET fields = fields || '{"issues_info":[{"level":"AD","error_summary":"No hats"}]}' WHERE kind = 'ad'""");

        Assert.That((await LooksAsync(), await LooksAsync()), Is.EqualTo((1, 0)));

        Assert.That((await _world.Get<OrchestrationReader>().FindAsync(_tree.RequestId, CancellationToken.None))!.Errors, Is.EqualTo(["at Meta: the ad is ACTIVE: No hats"]));
    }

    private async Task<int> LooksAsync()
    {
        _world.Time.Advance(TimeSpan.FromMinutes(1));
        return await _world.Get<ReviewObjects>().RunAsync(20, CancellationToken.None);
    }

    // Right after it was done.
    private void AtActive(string metaId, Func<Task> happens) => _world.Graph.Faults.Add(call => call.Path == metaId && call["status"] == "ACTIVE", async (_, _, act) =>
    {
        var answer = await act();
        await happens();
        return answer;
    });

    private async Task<JobOutcome> StopAsync()
    {
        await _switch.StopAsync(_tree.AccountId, "bob", null, CancellationToken.None);
        _stops.Add((await _world.QueryAsync<Guid>("SELECT id FROM stops WHERE lifted_at IS NULL")).Single());
        return await _world.Get<PauseSpending>().ExecuteAsync(_stops[^1], CancellationToken.None);
    }

    private Task LiftAsync(bool reactivate) => _switch.StartAsync(_tree.AccountId, "ann", reactivate, CancellationToken.None);

    private Task<JobOutcome> ResumeAsync(int stop) => _world.Get<ResumeSpending>().ExecuteAsync(_stops[stop], CancellationToken.None);

    private async Task<int> NotedAsync() => (await _world.QueryAsync<int>("SELECT cardinality(paused_ids) FROM activations")).Single();
}
