using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations.Undo;

/// <summary>An undo that Meta lets get only so far, and creatives that are not its own. One try is all that anything has that nobody waits for.</summary>
[TestFixture]
public sealed class UndoRunnerTests
{
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("MAX_RETRIES", "0"), ("Orchestration:MaxUndoTries", "1"));

    [TearDown]
    public ValueTask StopAsync() => _world.DisposeAsync();

    /// <summary>An error of Meta's own, in Graph's envelope: what it answers most often while something of it is down.</summary>
    [Test]
    public async Task What_may_be_on_is_tried_again_while_Meta_answers_with_its_own_errors_and_what_hangs_on_it_goes_at_once()
    {
        var asked = await PerhapsOnAsync();

        var waits = await _world.RunAsync(asked, runs: 1);

        Assert.That((waits.Result.Status, await _world.AtMetaAsync(asked)), Is.EqualTo(("waiting", "campaign")));
        _world.Graph.Faults.Clear();
        var ran = await _world.RunAsync(asked);
        Assert.That((ran.Result.Status, await _world.AtMetaAsync(asked)), Is.EqualTo(("failed", "")));
        Assert.That(ran.Result.Errors, Has.None.Contains("left at Meta"));
    }

    [Test]
    public async Task What_is_left_in_the_end_and_was_not_paused_is_told_as_perhaps_active()
    {
        var asked = await PerhapsOnAsync();
        await _world.RunAsync(asked, runs: 1);
        // As if it had been tried for six hours.
        await _world.ExecuteAsync("UPDATE orchestrations SET failures = 79");

        var ran = await _world.RunAsync(asked, runs: 1);

        var campaign = (await _world.QueryAsync<string>("SELECT id FROM stub_graph.objects WHERE kind = 'campaign'")).Single();
        Assert.That(ran.Result.Status, Is.EqualTo("failed"));
        Assert.That(ran.Result.Errors, Has.Some.EqualTo($"left at Meta, delete it by hand: campaign {campaign} (perhaps active)"));
        Assert.That(await _world.QueryAsync<string>("SELECT state FROM activations"), Is.EqualTo(["active"]));
    }

    /// <summary>Its creative is refused as long as the ad shows it: that is not for good.</summary>
    [Test]
    public async Task An_ad_that_cannot_be_deleted_yet_keeps_nothing_else_at_Meta()
    {
        var asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        _world.Graph.Faults.Always(call => call["status"] == "ACTIVE" && IsOf(call, "META_CAMPAIGN_"), GraphFaults.Refused(100, 1885183));
        _world.Graph.Faults.Always(call => call.Method == "DELETE" && IsOf(call, "META_AD_"), GraphFaults.FailBeforeActing);

        var waits = await _world.RunAsync(asked, runs: 1);

        Assert.That((waits.Result.Status, await _world.AtMetaAsync(asked)), Is.EqualTo(("waiting", "creative")), "with the campaign goes the ad");
        _world.Graph.Faults.Clear();
        var ran = await _world.RunAsync(asked);
        Assert.That((ran.Result.Status, await _world.AtMetaAsync(asked)), Is.EqualTo(("failed", "")));
        Assert.That(ran.Result.Errors, Has.None.Contains("left at Meta"));
    }

    /// <summary>Meta may answer a create with the id of an equal creative that was there before. No ad shows it, so that Meta would delete it.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task A_creative_that_was_there_before_stays_and_is_not_named_as_left(bool isOfAnotherRequest)
    {
        var first = await _world.AcceptAsync();
        await _world.RunAsync(first);
        var creative = (await _world.QueryAsync<string>("SELECT id FROM stub_graph.objects WHERE kind = 'creative'")).Single();
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET deleted_at = now(), status = 'DELETED' WHERE kind = 'ad'");
        if (!isOfAnotherRequest) await _world.ExecuteAsync("DELETE FROM meta_ads; DELETE FROM meta_creatives; DELETE FROM orchestration_steps WHERE step = 'creative'; UPDATE stub_graph.objects SET name = 'By hand' WHERE kind = 'creative'");
        var asked = await _world.AgainAsync(first);
        // Whatever it is called: another's journal has it.
        if (isOfAnotherRequest) await _world.ExecuteAsync("UPDATE stub_graph.objects SET name = @Name WHERE kind = 'creative'", new { Name = Marker.Name("x", Marker.For(asked.RequestId, 1, StepName.Creative)) });
        _world.Graph.Faults.Add(call => call.IsCreateOf("adcreatives"), GraphFaults.Says($$"""{"id":"{{creative}}"}"""));
        _world.Graph.Faults.Always(call => call.IsCreateOf("ads"), GraphFaults.Refused(100, 1885183));

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, await _world.AtMetaAsync(asked)), Is.EqualTo(("failed", "adset campaign creative")), "those of the first alone");
        Assert.That(_world.Graph.Calls.Any(call => call.Method == "DELETE" && call.Path == creative), Is.False);
        Assert.That(ran.Result.Errors, Has.None.Contains("left at Meta"));
        var step = ran.Result.Steps.Single(one => one.Step == "creative");
        Assert.That((step.State, step.MetaId), Is.EqualTo(("pending", (string?)null)));
        Assert.That(step.Error, Does.Contain(creative));
    }

    /// <summary>An answer without its name proves nothing of a creative: neither that it is another's, nor that it is there.</summary>
    [Test]
    public async Task A_creative_of_which_Meta_tells_no_name_is_asked_for_again()
    {
        var asked = await _world.AcceptAsync();
        _world.Graph.Faults.Add(call => call.IsCreateOf("ads"), GraphFaults.Refused(100, 1885183));
        _world.Graph.Faults.Add(call => call.Method == "GET" && IsOf(call, "META_CREATIVE_"), GraphFaults.Says("{}"));

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, await _world.AtMetaAsync(asked), _world.Graph.Faults.Left), Is.EqualTo(("failed", "", 0)));
        Assert.That(ran.Result.Errors, Has.None.Contains("left at Meta"));
    }

    // Its campaign may be on: Meta has refused that call alone, and answers all that is changed of it since with an error of its own.
    private async Task<Asked> PerhapsOnAsync()
    {
        var asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        _world.Graph.Faults.Always(call => call["status"] == "ACTIVE" && IsOf(call, "META_CAMPAIGN_"), GraphFaults.Refused(100, 1885183));
        _world.Graph.Faults.Always(call => call.Method != "GET" && IsOf(call, "META_CAMPAIGN_"), GraphFaults.FailBeforeActing);
        return asked;
    }

    private static bool IsOf(RecordedCall call, string prefix) => call.Path.StartsWith(prefix, StringComparison.Ordinal);
}
