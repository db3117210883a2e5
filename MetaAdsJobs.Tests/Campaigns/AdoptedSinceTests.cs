using MetaAdsJobs.Core.Campaigns.Adopting;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>A run that has made a campaign without having heard of it, and somebody who adopts that campaign.</summary>
[TestFixture]
public sealed class AdoptedSinceTests
{
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task It_is_not_adopted_whatever_somebody_calls_it_who_keeps_its_marker()
    {
        var (asked, campaign, _) = await LostAsync();
        await _world.ExecuteAsync("""UPDATE stub_graph.objects SET name = 'Autumn' || substring(name FROM ' \[maj.*') WHERE id = @campaign""", new { campaign });

        Assert.That(await _world.Get<AdoptCampaign>().ExecuteAsync(asked.AccountId, campaign, "ann", CancellationToken.None), Is.InstanceOf<Adoption.Refused>().And.Property("Reason").Contains($"{asked.RequestId}"));

        var ran = await _world.RunAsync(asked);
        Assert.That((ran.Result.Status, ran.Result.CampaignCreation.CampaignMetaId), Is.EqualTo(("succeeded", campaign)));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Adopted_while_it_lacked_its_marker_it_is_neither_taken_over_nor_deleted(bool isCancelled)
    {
        var (asked, campaign, name) = await LostAsync();
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET name = 'By hand' WHERE id = @campaign", new { campaign });
        Assert.That(await _world.Get<AdoptCampaign>().ExecuteAsync(asked.AccountId, campaign, "ann", CancellationToken.None), Is.InstanceOf<Adoption.Done>());
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET name = @name WHERE id = @campaign", new { name, campaign });
        if (isCancelled) Assert.That(await _world.Get<CancelOrchestration>().ExecuteAsync(asked.RequestId, "ann", CancellationToken.None), Is.InstanceOf<Change.Done>());

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, await _world.AtMetaAsync(asked)), Is.EqualTo(isCancelled ? ("cancelled", "campaign") : ("succeeded", "ad adset campaign campaign creative")));
        Assert.That(ran.Result.CampaignCreation.CampaignMetaId, Is.Not.EqualTo(campaign));
        Assert.That(_world.Graph.Calls.Any(call => call.Method == "DELETE"), Is.False);
    }

    private async Task<(Asked Asked, string Campaign, string Name)> LostAsync()
    {
        var asked = await _world.AcceptAsync();
        _world.Graph.Faults.Add(call => call.IsCreateOf("campaigns"), GraphFaults.DropAfterActing);
        await _world.RunAsync(asked, runs: 1);
        var (campaign, name) = (await _world.QueryAsync<(string, string)>("SELECT id, name FROM stub_graph.objects WHERE kind = 'campaign'")).Single();
        return (asked, campaign, name);
    }
}
