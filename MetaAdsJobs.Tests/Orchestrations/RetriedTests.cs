using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>A person's retry goes on from what an earlier round has left in the journal, and no retry of ours helps it along.</summary>
[TestFixture]
public sealed class RetriedTests
{
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("MAX_RETRIES", "0"));

    [OneTimeTearDown]
    public ValueTask StopAsync() => _world.DisposeAsync();

    [SetUp]
    public void ForgetFaults() => _world.Graph.Faults.Clear();

    [Test]
    public async Task One_that_failed_at_its_activation_is_built_anew_and_activated()
    {
        var asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        _world.Graph.Faults.Always(call => IsActivation(call), GraphFaults.Refused(100, 1885272, "No payment method", "Add one."));
        Assert.That((await _world.RunAsync(asked)).Result.Status, Is.EqualTo("failed"));
        Assert.That(await _world.AtMetaAsync(asked), Is.Empty);

        var ran = await RetryAsync(asked);

        Assert.That((ran.Result.Status, ran.Throws), Is.EqualTo(("succeeded", 0)), string.Join("; ", ran.Result.Errors));
        Assert.That(await _world.QueryAsync<string>("SELECT state FROM activations WHERE request_id = @RequestId", new { asked.RequestId }), Is.EqualTo(["active"]));
    }

    [Test]
    public async Task One_whose_creative_was_there_several_times_goes_on_with_the_one_that_is_left()
    {
        var asked = await _world.AcceptAsync();
        _world.Graph.Faults.Add(call => call.IsCreateOf("adcreatives"), async (_, _, act) =>
        {
            await act();
            await act();
            return null;
        });
        Assert.That((await _world.RunAsync(asked)).Result.Status, Is.EqualTo("failed"));
        // With no retry left the undo has looked for them, and left them to a person.
        var creatives = await _world.QueryAsync<string>("SELECT id FROM stub_graph.objects WHERE account_id = @Account AND kind = 'creative'", new { Account = asked.AdAccountId[4..] });
        Assert.That(creatives, Has.Count.EqualTo(2));
        await _world.Get<MetaAds>().DeleteAsync(new(asked.AdAccountId, "a token"), creatives[0], CancellationToken.None);

        var ran = await RetryAsync(asked);

        Assert.That((ran.Result.Status, ran.Throws), Is.EqualTo(("succeeded", 0)), string.Join("; ", ran.Result.Errors));
        Assert.That(await _world.AtMetaAsync(asked), Is.EqualTo("ad adset campaign creative"));
    }

    /// <summary>A step whose outcome was never settled keeps the round, and so the marker of what the undo has deleted; Meta's list still shows that.</summary>
    [Test]
    public async Task What_its_undo_has_deleted_is_not_adopted_by_its_old_marker()
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync();
        world.Graph.Faults.Add(call => call.IsCreateOf("ads"), GraphFaults.Refused(100, 1885272));
        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("failed"));
        var (old, name) = (await world.QueryAsync<(string, string)>("SELECT id, name FROM stub_graph.objects WHERE kind = 'campaign'")).Single();
        await world.ExecuteAsync("UPDATE orchestration_steps SET state = 'left', meta_id = NULL WHERE step = 'creative'");
        world.Graph.Faults.Add(call => call.IsCreateOf("campaigns"), GraphFaults.DropAfterActing);
        world.Graph.Faults.Add(call => call.Method == "GET" && call.Edge == "campaigns", GraphFaults.Says($$"""{"data":[{"id":"{{old}}","name":"{{name}}"}]}"""));

        Assert.That(await world.Get<RetryOrchestration>().ExecuteAsync(asked.RequestId, "a person", CancellationToken.None), Is.InstanceOf<Change.Done>());
        var ran = await world.RunAsync(asked);

        Assert.That(world.Graph.Faults.Left, Is.Zero, "it was not looked for");
        Assert.That(ran.Result.Status, Is.EqualTo("succeeded"), string.Join("; ", ran.Result.Errors));
        Assert.That(ran.Result.CampaignCreation.CampaignMetaId, Is.Not.EqualTo(old));
        Assert.That(world.Creates(asked, "campaigns").Select(call => call["name"]), Is.EqualTo([name, name]), "the marker is the same");
        Assert.That(await world.AtMetaAsync(asked), Is.EqualTo("ad adset campaign creative"));
    }

    [Test]
    public void Nothing_is_activated_before_everything_else_was_looked_at_again() =>
        Assert.That(new TreeShape(TreeTests.Request(2, 3)).NeedsOf(StepName.Activate), Is.SupersetOf([StepName.Ad, "ad:1.3", "ad:2.1", "ad:2.3", StepName.Media]));

    private async Task<Ran> RetryAsync(Asked asked)
    {
        _world.Graph.Faults.Clear();
        Assert.That(await _world.Get<RetryOrchestration>().ExecuteAsync(asked.RequestId, "a person", CancellationToken.None), Is.InstanceOf<Change.Done>());
        return await _world.RunAsync(asked);
    }

    private static bool IsActivation(RecordedCall call) => call.Method == "POST" && call["status"] == "ACTIVE";
}
