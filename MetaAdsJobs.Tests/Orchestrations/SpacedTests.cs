using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Clips.Files;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>Where much of an account's limit is used its calls are seconds apart, and a run is sent away after each of them: it ends all the same.</summary>
[TestFixture]
public sealed class SpacedTests
{
    private static readonly GraphFault Used = GraphFaults.Used(90);
    private readonly string _folder = Directory.CreateTempSubdirectory("metaadsjobs-clips-").FullName;
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("CLIP_FILES_DIR", _folder));

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _world.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [SetUp]
    public void Heal() => _world.Graph.Faults.Clear();

    [Test]
    public async Task A_creative_is_made_once_its_videos_thumbnail_was_read()
    {
        var asked = await _world.AcceptAsync(clip: """{"video_id":"120210000000000077"}""");
        _world.Graph.Faults.Always(_ => true, Used);

        var ran = await _world.RunAsync(asked, runs: 40);

        Assert.That((ran.Result.Status, ran.Throws), Is.EqualTo(("succeeded", 0)), ran.Result.WaitReason);
        Assert.That(await _world.AtMetaAsync(asked), Is.EqualTo("ad adset campaign creative"));
    }

    [Test]
    public async Task An_ad_set_is_added_once_the_campaign_that_is_there_was_read()
    {
        var first = await _world.BuildAsync();
        var tree = await _world.TreeAsync(first);
        var body = JsonNode.Parse("""{"daily_budget_cents":5000,"creative_title":"More","landing_url":"https://example.com/more","optimization_goal":"LINK_CLICKS"}""")!.AsObject();
        (body["social_account_id"], body["clip_id"], body["campaign_id"]) = ($"{first.AccountId}", $"{first.ClipId}", tree.Campaign.MetaId);
        var accepted = (Acceptance.Accepted)await _world.Get<AcceptOrchestration>().ExecuteAsync(JsonSerializer.SerializeToElement(body), "tests", null, CancellationToken.None);
        _world.Graph.Faults.Always(_ => true, Used);

        var ran = await _world.RunAsync(first with { RequestId = accepted.RequestId }, runs: 40);

        Assert.That((ran.Result.Status, ran.Throws), Is.EqualTo(("succeeded", 0)), ran.Result.WaitReason);
        Assert.That(await _world.AtMetaAsync(first), Is.EqualTo("ad ad adset adset campaign creative creative"));
    }

    [Test]
    public async Task A_video_whose_parts_are_all_sent_is_finished()
    {
        var asked = await _world.AcceptAsync();
        var (clipId, video) = (Guid.NewGuid(), ClipFileBytes.Video(100_001));
        var about = JsonSerializer.SerializeToElement(new { title = "A clip" });
        Assert.That(await _world.Get<ReceiveClipFile>().ExecuteAsync(clipId, about, "video/mp4", video.Length, new MemoryStream(video), CancellationToken.None), Is.InstanceOf<ReceivedFile.Done>());
        var second = await _world.AgainAsync(asked with { ClipId = clipId });
        _world.Graph.Faults.Always(_ => true, Used);

        var ran = await _world.RunAsync(second, runs: 60);

        Assert.That((ran.Result.Status, ran.Throws), Is.EqualTo(("succeeded", 0)), ran.Result.WaitReason);
        Assert.That(_world.Graph.Calls.Count(call => call.Path == $"{asked.AdAccountId}/advideos" && call["upload_phase"] == "finish"), Is.EqualTo(1));
    }

    [Test]
    public async Task Several_creates_whose_answers_were_lost_are_all_looked_for()
    {
        var asked = await _world.AcceptAsync("""{"ad_sets":[{"ads":[{},{}]}]}""");
        _world.Graph.Faults.Add(call => call.IsCreateOf("adcreatives"), GraphFaults.DropBeforeActing, times: 2);
        await _world.RunAsync(asked, runs: 1);
        _world.Time.Advance(TimeSpan.FromMinutes(5));
        _world.Graph.Faults.Always(call => call.Method == "GET" && call.Edge == "adcreatives", Used);

        var ran = await _world.RunAsync(asked, runs: 40);

        Assert.That(ran.Result.Status, Is.EqualTo("succeeded"), ran.Result.WaitReason);
        Assert.That(await _world.AtMetaAsync(asked), Is.EqualTo("ad ad adset campaign creative creative"));
        Assert.That(_world.Creates(asked, "adcreatives"), Has.Count.EqualTo(4), "two of them never reached Meta");
    }

    [Test]
    public async Task What_fails_when_it_is_activated_is_paused_and_undone()
    {
        var asked = await _world.AcceptAsync("""{"auto_publish":true}""");
        _world.Graph.Faults.Add(call => call["status"] == "ACTIVE", GraphFaults.Refused(100, 1815573));
        _world.Graph.Faults.Always(call => call["status"] == "PAUSED" && !call.IsCreate, Used);

        var ran = await _world.RunAsync(asked, runs: 40);

        Assert.That(ran.Result.Status, Is.EqualTo("failed"), ran.Result.WaitReason);
        Assert.That(await _world.AtMetaAsync(asked), Is.Empty);
    }

    [Test]
    public async Task A_request_that_is_only_judged_is_judged()
    {
        var asked = await _world.AcceptAsync("""{"validate_only":true}""");
        _world.Graph.Faults.Always(_ => true, Used);

        var ran = await _world.RunAsync(asked, runs: 40);

        Assert.That(ran.Result.Status, Is.EqualTo("succeeded"), ran.Result.WaitReason);
        Assert.That(ran.Result.Validation!.Where(finding => finding.Checked).Select(finding => finding.Object), Is.EqualTo(["account", "campaign"]));
    }
}
