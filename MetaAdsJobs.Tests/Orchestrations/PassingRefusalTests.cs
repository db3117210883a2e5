using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>Meta refuses some creates for good, by its own word, and accepts the same minutes later.</summary>
[TestFixture]
public sealed class PassingRefusalTests
{
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("MAX_RETRIES", "0"));

    [OneTimeTearDown]
    public ValueTask StopAsync() => _world.DisposeAsync();

    [TestCase("adcreatives", 1487390)]
    [TestCase("adcreatives", 1443226)]
    [TestCase("adsets", 33)]
    [TestCase("ads", 33)]
    public async Task A_refusal_that_may_pass_is_tried_again_later_without_a_retry_or_a_look(string edge, int subcode)
    {
        var asked = await _world.AcceptAsync();
        _world.Graph.Faults.Add(call => call.IsCreateOf(edge) && call.Path.StartsWith(asked.AdAccountId, StringComparison.Ordinal), GraphFaults.Refused(100, subcode, "No", "Not now."), times: 2);

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, string.Join("; ", ran.Result.Errors)), Is.EqualTo(("succeeded", "")));
        Assert.That(_world.Creates(asked, edge), Has.Count.EqualTo(3));
        Assert.That(_world.Graph.Calls.Where(call => call.Method == "GET" && call.Edge == edge && call.Path.StartsWith(asked.AdAccountId, StringComparison.Ordinal)), Is.Empty, "the refusal proves that there is nothing to look for");
        Assert.That(ran.Waits.Select(wait => wait.Reason), Has.Exactly(2).Contains("No: Not now."));
        Assert.That(ran.Throws, Is.Zero, "a retry was used up");
        Assert.That(await _world.AtMetaAsync(asked), Is.EqualTo("ad adset campaign creative"));
    }

    [Test]
    public async Task A_refusal_that_stays_ends_the_run_after_spaced_tries_and_says_how_many()
    {
        var asked = await _world.AcceptAsync();
        _world.Graph.Faults.Always(call => call.IsCreateOf("adcreatives") && call.Path.StartsWith(asked.AdAccountId, StringComparison.Ordinal), GraphFaults.Refused(100, 1487390, "Creative refused", "We are unable to create it."));

        var ran = await _world.RunAsync(asked);

        var tries = _world.Creates(asked, "adcreatives");
        Assert.That(ran.Result.Status, Is.EqualTo("failed"));
        Assert.That(ran.Result.Errors, Has.Count.EqualTo(1));
        Assert.That(ran.Result.Errors[0], Does.StartWith("Creative refused: We are unable to create it.").And.Contain("tried 5 times"));
        Assert.That(tries, Has.Count.EqualTo(5));
        Assert.That(tries[^1].At - tries[0].At, Is.InRange(TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)));
        Assert.That(await _world.AtMetaAsync(asked), Is.Empty);

        _world.Graph.Faults.Clear();
        _world.Get<Core.Orchestrations.RetryOrchestration>().Reopen(asked.RequestId);
        _world.Graph.Faults.Add(call => call.IsCreateOf("adcreatives"), GraphFaults.Refused(100, 1487390), times: 2);
        Assert.That((await _world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"), "a person's retry has all its tries back");
    }

    [Test]
    public async Task A_refusal_that_is_meant_is_not_repeated()
    {
        var asked = await _world.AcceptAsync();
        _world.Graph.Faults.Always(call => call.IsCreateOf("adcreatives") && call.Path.StartsWith(asked.AdAccountId, StringComparison.Ordinal), GraphFaults.Refused(100, 1443048));

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, _world.Creates(asked, "adcreatives").Count, await _world.AtMetaAsync(asked)), Is.EqualTo(("failed", 1, "")));
        Assert.That(ran.Result.Errors[0], Does.Not.Contain("tried"));
    }
}
