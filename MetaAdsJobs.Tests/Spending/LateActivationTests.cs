using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Comparing;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.StubGraph;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace MetaAdsJobs.Tests.Spending;

/// <summary>
/// A call that activates is carried out late: after somebody has paused the campaign, or read that it is paused, and before he asks whether such a call can still come. By then it cannot, and has come all the same.
/// </summary>
[TestFixture]
public sealed class LateActivationTests
{
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("Orchestration:OnFailure", "Keep"), ("MAX_RETRIES", "0"));

    [TearDown]
    public ValueTask StopAsync() => _world.DisposeAsync();

    [Test]
    public async Task A_stop_pauses_it_again()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        var stopId = await StoppedAsync();
        LateAfter("PAUSED");
        async Task<JobOutcome> PauseAsync() => await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None);

        Assert.That(await PauseAsync(), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(await PauseAsync(), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("ppp", "paused 10000")));
    }

    [Test]
    public async Task An_edit_that_pauses_it_pauses_it_again()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        var editId = await _world.AskAsync(EditKind.Pause, tree.Campaign.MetaId);
        LateAfter("PAUSED");

        Assert.That(await _world.RunEditAsync(editId), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(await _world.RunEditAsync(editId), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("pAA", "idle 10000")));
    }

    [Test]
    public async Task A_run_that_fails_and_keeps_it_pauses_it_again()
    {
        var asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        _world.Graph.Faults.Add(call => call["status"] == "ACTIVE" && call.Path.StartsWith("META_CAMPAIGN", StringComparison.Ordinal), GraphFaults.Refused(100, 1885183));
        LateAfter("PAUSED");

        Assert.That(await _world.RunAsync(asked, runs: 4), Has.Property("Result").With.Property("Status").EqualTo("failed"));

        Assert.That(await _world.QueryAsync<string>("SELECT o.status || ' ' || v.state FROM stub_graph.objects o, activations v WHERE o.kind = 'campaign'"), Is.EqualTo(["PAUSED idle"]));
    }

    /// <summary>By default what a failed run has made is deleted; of what Meta will not delete nothing is switched on by a call that comes late.</summary>
    [Test]
    public async Task A_run_that_fails_pauses_again_what_it_cannot_delete()
    {
        await _world.DisposeAsync();
        _world = await RunWorld.StartAsync(("MAX_RETRIES", "0"));
        var asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        _world.Graph.Faults.Add(call => call["status"] == "ACTIVE" && call.Path.StartsWith("META_CAMPAIGN", StringComparison.Ordinal), GraphFaults.Refused(100, 1885183));
        _world.Graph.Faults.Always(call => call.Method == "DELETE" && call.Path.StartsWith("META_CAMPAIGN", StringComparison.Ordinal), GraphFaults.Refused(200));
        LateAfter("PAUSED");

        var failed = (await _world.RunAsync(asked, runs: 4)).Result;

        Assert.That(failed.Status, Is.EqualTo("failed"));
        Assert.That(failed.Errors, Has.Some.StartsWith("left at Meta, delete it by hand: campaign "));
        Assert.That(failed.Errors, Has.None.Contains("perhaps active"), "it was paused");
        Assert.That(await _world.QueryAsync<string>("SELECT status FROM stub_graph.objects WHERE kind = 'campaign'"), Is.EqualTo(["PAUSED"]));
    }

    [Test]
    public async Task Whoever_compares_it_believes_nothing_that_was_read_before()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        await _world.ExecuteAsync("""
            UPDATE meta_campaigns SET compare_at = clock_timestamp();
            ALTER TABLE meta_changes DISABLE TRIGGER meta_changes_stay;
            UPDATE meta_changes SET sent_at = sent_at - interval '1 hour';
            UPDATE activations SET busy_until = clock_timestamp() + interval '1 hour';
            UPDATE stub_graph.objects SET status = 'PAUSED' WHERE kind = 'campaign'
            """);
        _world.Graph.Faults.Add(call => call.Method == "GET" && call.Path == tree.Campaign.MetaId, LateAsync);

        await _world.Get<CompareCampaigns>().RunAsync(20, CancellationToken.None);

        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 10000"));
    }

    private async Task<Guid> StoppedAsync()
    {
        await _world.Get<StopSwitch>().StopAsync(null, "bob", null, CancellationToken.None);
        return (await _world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
    }

    private void LateAfter(string status) => _world.Graph.Faults.Add(call => call["status"] == status && call.Path.StartsWith("META_CAMPAIGN", StringComparison.Ordinal), LateAsync);

    // The answer takes so long that all that was permitted is over.
    private async Task<StubAnswer?> LateAsync(GraphServer server, HttpContext http, Func<Task<StubAnswer?>> act)
    {
        var answer = await act();
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE kind = 'campaign'; UPDATE activations SET busy_until = clock_timestamp()");
        return answer;
    }
}
