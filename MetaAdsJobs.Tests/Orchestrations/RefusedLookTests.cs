using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>Meta refuses, in passing, to list what is there: that proves nothing of a create whose answer was lost.</summary>
[TestFixture]
public sealed class RefusedLookTests
{
    [TestCase("campaigns")]
    [TestCase("adsets")]
    [TestCase("adcreatives")]
    [TestCase("ads")]
    public async Task A_look_that_is_refused_once_is_repeated(string edge)
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync();
        world.Graph.Faults.Add(call => call.IsCreateOf(edge), GraphFaults.DropAfterActing);
        world.Graph.Faults.Add(call => call.Method == "GET" && call.Edge == edge, GraphFaults.Refused(100, 33));

        var ran = await world.RunAsync(asked);

        Assert.That(world.Graph.Faults.Left, Is.Zero, "it was not looked for");
        Assert.That((ran.Result.Status, string.Join("; ", ran.Result.Errors)), Is.EqualTo(("succeeded", "")));
        Assert.That(world.Creates(asked, edge), Has.Count.EqualTo(1));
        Assert.That(await world.AtMetaAsync(asked), Is.EqualTo("ad adset campaign creative"));
    }

    [Test]
    public async Task Looks_that_are_refused_use_up_the_retries_and_the_end_says_what_is_not_known()
    {
        await using var world = await RunWorld.StartAsync(("MAX_RETRIES", "2"));
        var asked = await world.AcceptAsync();
        world.Graph.Faults.Add(call => call.IsCreateOf("adsets"), GraphFaults.DropAfterActing);
        world.Graph.Faults.Add(call => call.Method == "GET" && call.Edge == "adsets", GraphFaults.Refused(100, 33, "No", "Not there."), times: 2);

        var ran = await world.RunAsync(asked);

        Assert.That(world.Graph.Faults.Left, Is.Zero, "it was not looked for as often");
        Assert.That(ran.Result.Status, Is.EqualTo("failed"));
        Assert.That(ran.Result.Errors[0], Does.StartWith("whether the adset was made is not known").And.Contain("No: Not there."));
        Assert.That(await world.AtMetaAsync(asked), Is.Empty, "the undo finds it");
    }
}
