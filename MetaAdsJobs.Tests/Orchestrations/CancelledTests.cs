using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>Whoever was told that his cancel is accepted counts on it, whatever becomes of the attempt that is under way at that moment.</summary>
[TestFixture]
public sealed class CancelledTests
{
    [TestCase("Delete")]
    [TestCase("Keep")]
    public async Task A_cancel_that_comes_while_Meta_refuses_a_create_undoes_all_and_no_retry_brings_it_back(string onFailure)
    {
        await using var world = await RunWorld.StartAsync(("Orchestration:OnFailure", onFailure));
        var asked = await world.AcceptAsync();
        Change? change = null;
        world.Graph.Faults.Add(call => call.IsCreateOf("ads"), async (graph, http, act) =>
        {
            change = await CancelAsync(world, asked);
            return await GraphFaults.Refused(100, 1885272)(graph, http, act);
        });

        var ran = await world.RunAsync(asked);

        Assert.That(change, Is.InstanceOf<Change.Done>());
        Assert.That((ran.Result.Status, string.Join("; ", ran.Result.Errors)), Is.EqualTo(("cancelled", "")));
        Assert.That(await world.AtMetaAsync(asked), Is.Empty);
        Assert.That(await world.Get<RetryOrchestration>().ExecuteAsync(asked.RequestId, "a person", CancellationToken.None), Is.InstanceOf<Change.WrongState>());
        world.Get<RetryOrchestration>().Reopen(asked.RequestId);
        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("cancelled"), "a requeue has opened it again");
    }

    [Test]
    public async Task A_cancel_that_comes_during_the_last_retry_ends_the_run_as_cancelled()
    {
        await using var world = await RunWorld.StartAsync(("MAX_RETRIES", "0"), ("Orchestration:OnFailure", "Keep"));
        var asked = await world.AcceptAsync();
        world.Graph.Faults.Add(call => call.IsCreateOf("adsets"), async (graph, http, act) =>
        {
            await CancelAsync(world, asked);
            return await GraphFaults.DropAfterActing(graph, http, act);
        });

        var ran = await world.RunAsync(asked);

        Assert.That((ran.Result.Status, await world.AtMetaAsync(asked)), Is.EqualTo(("cancelled", "")), string.Join("; ", ran.Result.Errors));
    }

    [Test]
    public async Task A_cancel_that_comes_while_several_are_found_is_carried_out_and_names_them()
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync();
        world.Graph.Faults.Add(call => call.IsCreateOf("campaigns"), async (_, _, act) =>
        {
            await act();
            await act();
            return null;
        });
        world.Graph.Faults.Add(call => call is { Method: "GET", Edge: "campaigns" }, async (_, _, act) =>
        {
            await CancelAsync(world, asked);
            return await act();
        });

        var ran = await world.RunAsync(asked);

        Assert.That(world.Graph.Faults.Left, Is.Zero, "it was not looked for");
        Assert.That(ran.Result.Status, Is.EqualTo("cancelled"), string.Join("; ", ran.Result.Errors));
        var campaigns = await world.QueryAsync<string>("SELECT id FROM stub_graph.objects WHERE kind = 'campaign' AND deleted_at IS NULL");
        Assert.That(campaigns, Has.Count.EqualTo(2), "nobody can tell which of them is a person's");
        Assert.That(ran.Result.Errors.Single(), Does.StartWith("left at Meta, delete it by hand: campaign").And.Contain(campaigns[0]).And.Contain(campaigns[1]));
    }

    private static Task<Change> CancelAsync(RunWorld world, Asked asked) => world.Get<CancelOrchestration>().ExecuteAsync(asked.RequestId, "a person", CancellationToken.None);
}
