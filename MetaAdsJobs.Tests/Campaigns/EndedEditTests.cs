using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Reading;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>An edit that gives up when it is the database that fails: it may have ended already, and nobody has heard of it.</summary>
[TestFixture]
public sealed class EndedEditTests
{
    private RunWorld _world = null!;
    private DatabaseProxy _proxy = null!;
    private ServiceProvider _cutOff = null!;
    private CampaignTree _tree = null!;
    private Guid _edit;

    [SetUp]
    public async Task StartAsync()
    {
        _world = await RunWorld.StartAsync(("MAX_RETRIES", "0"));
        var connection = new NpgsqlConnectionStringBuilder(_world.Database.ConnectionString);
        _proxy = new(connection.Port);
        connection.Port = _proxy.Port;
        _cutOff = InProcess.Configure(connection.ConnectionString, _world.Time,
            ("META_ADS_MODE", "live"), ("META_GRAPH_URL", _world.Graph.BaseUrl), ("DATA_PROTECTION_KEY", OtherProcess.Key), ("MAX_RETRIES", "0"));
        _tree = await _world.BuiltAsync();
        _edit = await _world.AskAsync(EditKind.Publish, _tree.Campaign.MetaId);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _cutOff.DisposeAsync();
        _proxy.Dispose();
        await _world.DisposeAsync();
    }

    /// <param name="lost">The end itself, or the look for what comes after it.</param>
    [TestCase("compare_at = clock_timestamp() + 2", TestName = "{m}(the answer to its end is lost)")]
    [TestCase("NOT r.held OR", TestName = "{m}(what comes next cannot be read)")]
    public async Task What_has_succeeded_is_not_taken_back(string lost)
    {
        _proxy.LosesAnswerTo = lost;

        Assert.That(await _cutOff.GetRequiredService<RunEdit>().ExecuteAsync(_edit, CancellationToken.None), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(_proxy.LosesAnswerTo, Is.Null, "no answer was lost");
        var edit = await _world.UntilEndedAsync(_edit);

        Assert.That((edit.Status, await _world.SwitchedAsync(_tree), await _world.CountedAsync()), Is.EqualTo(("succeeded", "AAA", "active 10000")));
    }

    /// <summary>Then another attempt takes it back: what the first has sent late comes too late.</summary>
    [Test]
    public async Task What_has_not_ended_is_taken_back_by_another_attempt()
    {
        _proxy.CommitWords = "compare_at = clock_timestamp() + 2";
        _proxy.Next = DatabaseProxy.Cut.BeforeCommit;
        var paused = new List<string>();
        _world.Graph.Faults.Always(call => call["status"] == "PAUSED", async (_, _, act) =>
        {
            paused.AddRange(await _world.QueryAsync<string>("SELECT concat(state, ' ', attempt) FROM campaign_edits"));
            return await act();
        });

        Assert.That(await _cutOff.GetRequiredService<RunEdit>().ExecuteAsync(_edit, CancellationToken.None), Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(_proxy.Next, Is.EqualTo(DatabaseProxy.Cut.Nothing), "nothing was cut");
        var edit = await _world.UntilEndedAsync(_edit);

        Assert.That(edit.Status, Is.EqualTo("failed"));
        Assert.That(edit.Error, Does.StartWith("gave up after 1 attempts"));
        Assert.That((paused, await _world.SwitchedAsync(_tree), (await _world.CountedAsync())![..4]), Is.EqualTo((new[] { "running 2" }, "pAA", "idle")));
    }
}
