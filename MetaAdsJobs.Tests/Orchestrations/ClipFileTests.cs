using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Clips.Files;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>A clip's file comes to Meta whole and once, whatever happens on the way.</summary>
[TestFixture]
public sealed class ClipFileTests
{
    private static readonly byte[] Video = ClipFileBytes.Video(100_001);
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
    public void Forget()
    {
        _world.Graph.Faults.Clear();
        _world.Graph.ForgetCalls();
    }

    [Test]
    public async Task A_video_is_sent_in_the_parts_that_Meta_asks_for()
    {
        var asked = await AskAsync(Video);

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, string.Join("; ", ran.Result.Errors)), Is.EqualTo(("succeeded", "")));
        var sent = Sent(asked);
        Assert.That(sent.Select(call => string.Join('&', call.Parameters.Where(field => field.Key != "upload_session_id").Select(field => $"{field.Key}={field.Value}"))), Is.EqualTo((string[])
        [
            "upload_phase=start&file_size=100001", "upload_phase=transfer&start_offset=0", "upload_phase=transfer&start_offset=25001", "upload_phase=transfer&start_offset=50002",
            "upload_phase=transfer&start_offset=75003", $"upload_phase=finish&title=A clip [{Marker.ForVideo(asked.ClipId, asked.AdAccountId)}]",
        ]));
        Assert.That(sent.SelectMany(call => call.Files.SelectMany(file => file.Content.ToArray())), Is.EqualTo(Video), "byte for byte");
        Assert.That(sent.SelectMany(call => call.Files.Select(file => file.Name)), Has.All.EqualTo("video_file_chunk"));
        Assert.That((string?)_world.Story(asked)["video_data"]!["video_id"], Is.EqualTo((await AtMetaAsync(asked)).Single()));

        var second = await _world.AgainAsync(asked);
        Assert.That((await _world.RunAsync(second)).Result.Status, Is.EqualTo("succeeded"));
        Assert.That(Sent(asked), Has.Count.EqualTo(sent.Count), "one video for all requests of the account");
    }

    [TestCase("start", true, ExpectedResult = "2 calls, 0 throws")]
    [TestCase("start", false, ExpectedResult = "2 calls, 0 throws")]
    [TestCase("transfer", true, ExpectedResult = "5 calls, 0 throws")]
    [TestCase("transfer", false, ExpectedResult = "5 calls, 0 throws")]
    [TestCase("finish", true, ExpectedResult = "1 calls, 1 throws")]
    [TestCase("finish", false, ExpectedResult = "2 calls, 1 throws")]
    public async Task<string> An_answer_that_is_lost_makes_no_second_video(string phase, bool isDone)
    {
        var asked = await AskAsync(Video);
        _world.Graph.Faults.Add(call => call["upload_phase"] == phase && call["start_offset"] is null or "25001", isDone ? GraphFaults.DropAfterActing : GraphFaults.DropBeforeActing);

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, string.Join("; ", ran.Result.Errors)), Is.EqualTo(("succeeded", "")));
        Assert.That(await AtMetaAsync(asked), Has.Count.EqualTo(1));
        await IsWholeAsync(asked);
        // A part is sent again, and refused for another if it was taken; a finish is looked at first.
        return $"{Sent(asked, phase).Count} calls, {ran.Throws} throws";
    }

    [TestCase(2, 1)]
    [TestCase(3, 2)]
    public async Task A_finish_that_was_lost_and_is_refused_the_next_time_is_looked_at_until_it_must_be_visible(int finishes, int throws)
    {
        var asked = await AskAsync(Video);
        _world.Graph.Faults.Add(call => call["upload_phase"] == "finish", GraphFaults.DropAfterActing);
        // Meta does not show the video until the second finish was refused, or not even then: forgotten, it would be made twice.
        _world.Graph.Faults.Always(call => call["fields"] == "title,status" && Sent(asked, "finish").Count < finishes, GraphFaults.Refused(100, 33));
        var since = _world.Time.GetUtcNow();

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, string.Join("; ", ran.Result.Errors)), Is.EqualTo(("succeeded", "")));
        Assert.That(((await AtMetaAsync(asked)).Count, Sent(asked, "start").Count, Sent(asked, "finish").Count, ran.Throws), Is.EqualTo((1, 1, finishes, throws)));
        Assert.That(_world.Time.GetUtcNow() - since, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(30 + 30 + 60)), "the wait for its turn, the lease, and the settle delay");
    }

    [Test]
    public async Task An_attempt_that_is_cut_off_is_gone_on_with_where_it_was()
    {
        var asked = await AskAsync(Video);
        await CutAsync(asked, at: "50002", isTaken: true);
        _world.Graph.ForgetCalls();

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, Sent(asked, "start").Count), Is.EqualTo(("succeeded", 0)));
        // What came of the third part's call nobody has heard: Meta tells.
        Assert.That(Sent(asked, "transfer").Select(call => call["start_offset"]), Is.EqualTo(["50002", "75003"]));
        await IsWholeAsync(asked);
    }

    [Test]
    public async Task Of_an_attempt_that_has_died_nobody_else_sends_while_it_may_live_and_then_its_upload_is_gone_on_with()
    {
        var asked = await AskAsync(Video);
        await CutAsync(asked);
        await _world.ExecuteAsync("UPDATE clip_videos SET held_until = now() + interval '1 hour' WHERE clip_id = @ClipId", new { asked.ClipId });
        _world.Graph.ForgetCalls();

        var held = await _world.RunAsync(asked, runs: 3);

        Assert.That(held.Waits.Select(wait => wait.Reason), Has.All.EqualTo("another orchestration uploads the clip's video"));
        Assert.That(Sent(asked), Is.Empty);
        await _world.ExecuteAsync("UPDATE clip_videos SET held_until = now() - interval '1 second' WHERE clip_id = @ClipId", new { asked.ClipId });
        Assert.That((await _world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
        Assert.That(Sent(asked).Select(call => call["upload_phase"]), Is.EqualTo(["transfer", "transfer", "transfer", "finish"]));
        await IsWholeAsync(asked);
    }

    /// <summary>Of a large part, or over a slow line: it is as long as Meta says.</summary>
    [Test]
    public async Task A_part_that_takes_longer_than_the_hold_is_not_begun_by_another()
    {
        var asked = await AskAsync(Video);
        var second = await _world.AgainAsync(asked);
        var meanwhile = new List<string>();
        _world.Graph.Faults.Always(call => call["upload_phase"] == "transfer", async (_, _, act) =>
        {
            await _world.ExecuteAsync("UPDATE clip_videos SET held_until = clock_timestamp() - interval '5 seconds' WHERE clip_id = @ClipId", new { asked.ClipId });
            meanwhile.AddRange((await _world.RunAsync(second, runs: 1)).Waits.Select(wait => wait.Reason));
            return await act();
        });

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, ran.Waits.Select(wait => wait.Reason).Distinct()), Is.EqualTo(("succeeded", (string[])[ClipFileUpload.Processed])));
        Assert.That(meanwhile, Is.EqualTo(Enumerable.Repeat("another orchestration uploads the clip's video", 4)));
        Assert.That(Sent(asked, "transfer").Select(call => call["start_offset"]), Is.EqualTo(["0", "25001", "50002", "75003"]));
        Assert.That((await _world.RunAsync(second)).Result.Status, Is.EqualTo("succeeded"));
    }

    [TestCase(2, "succeeded")]
    [TestCase(0, "failed")]
    public async Task A_session_that_Meta_has_forgotten_begins_anew_if_it_has_lain_for_long(int hours, string status)
    {
        var asked = await AskAsync(Video);
        await CutAsync(asked);
        await _world.ExecuteAsync("DELETE FROM stub_graph.uploads WHERE account_id = @Account", new { Account = asked.AdAccountId[4..] });
        _world.Time.Advance(TimeSpan.FromHours(hours));
        _world.Graph.ForgetCalls();

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, Sent(asked, "start").Count), Is.EqualTo((status, hours > 0 ? 1 : 0)), string.Join("; ", ran.Result.Errors));
        Assert.That(await AtMetaAsync(asked), Has.Count.EqualTo(hours > 0 ? 1 : 0));
    }

    [Test]
    public async Task Between_two_stretches_it_tells_how_far_it_is_and_hears_that_it_is_cancelled()
    {
        var asked = await AskAsync(Video);
        _world.Graph.Faults.Always(call => call["upload_phase"] == "transfer", async (_, _, act) =>
        {
            _world.Time.Advance(TimeSpan.FromSeconds(10));
            return await act();
        });

        var first = await _world.RunAsync(asked, runs: 1);
        await _world.Get<CancelOrchestration>().ExecuteAsync(asked.RequestId, "tests", CancellationToken.None);
        var ended = await _world.RunAsync(asked);

        Assert.That(first.Waits.Single().Reason, Is.EqualTo("50 % of the clip's video is at Meta"));
        Assert.That((ended.Result.Status, Sent(asked, "transfer").Count, Sent(asked, "finish").Count), Is.EqualTo(("cancelled", 2, 0)));
    }

    [Test]
    public async Task What_Meta_refuses_is_told_in_its_words_and_the_next_request_begins_anew()
    {
        var asked = await AskAsync(ClipFileBytes.Video(500));

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, ran.Throws), Is.EqualTo(("failed", 0)));
        Assert.That(ran.Result.Errors[0], Does.StartWith("Video Too Small: "));
        Assert.That(await _world.QueryAsync<int>("SELECT 1 FROM clip_videos WHERE clip_id = @ClipId", new { asked.ClipId }), Is.Empty);
    }

    [Test]
    public async Task A_part_that_Meta_asks_for_again_and_again_ends_the_run()
    {
        var asked = await AskAsync(Video);
        _world.Graph.Faults.Always(call => call["upload_phase"] == "transfer", GraphFaults.Says("""{"start_offset":"0","end_offset":"25001"}"""));

        var ran = await _world.RunAsync(asked);

        Assert.That(ran.Result.Status, Is.EqualTo("failed"));
        Assert.That(ran.Result.Errors[0], Does.Contain("again and again"));
    }

    [Test]
    public async Task A_file_that_a_worker_cannot_find_is_told_by_the_folders_key()
    {
        var asked = await AskAsync(Video);
        foreach (var file in Directory.GetFiles(_folder)) File.Delete(file);

        var ran = await _world.RunAsync(asked);

        Assert.That(ran.Result.Status, Is.EqualTo("failed"));
        Assert.That(ran.Result.Errors[0], Does.Contain("CLIP_FILES_DIR"));
    }

    [TestCase(1), TestCase(2, Description = "the first answer is lost")]
    public async Task An_image_is_uploaded_as_a_file(int times)
    {
        var asked = await AskAsync(FileServer.Picture, "image/png");
        _world.Graph.Faults.Add(call => call.Edge == "adimages", GraphFaults.DropAfterActing, times - 1);

        var ran = await _world.RunAsync(asked);

        Assert.That(ran.Result.Status, Is.EqualTo("succeeded"), string.Join("; ", ran.Result.Errors));
        var sent = _world.Graph.Calls.Where(call => call.Edge == "adimages").Select(call => (call.Parameters.Count, call.Files.Single().FileName, Convert.ToBase64String(call.Files.Single().Content.Span)));
        Assert.That(sent, Is.EqualTo(Enumerable.Repeat((0, "clip.png", Convert.ToBase64String(FileServer.Picture)), times)));
        Assert.That((string?)_world.Story(asked)["link_data"]!["image_hash"], Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(FileServer.Picture)[..16])));
    }

    [Test]
    public async Task Files_that_belong_to_no_clip_are_swept_after_a_day()
    {
        await AskAsync(Video);
        var kept = Directory.GetFiles(_folder).Select(Path.GetFileName).ToHashSet();
        string[] orphans = [$"{Guid.NewGuid():N}", $"{Guid.NewGuid():N}.part"];
        foreach (var name in (string[])[.. orphans, $"{Guid.NewGuid():N}", "notes.txt"]) await File.WriteAllTextAsync(Path.Combine(_folder, name), "x");
        foreach (var name in (string[])[.. orphans, "notes.txt", .. kept.OfType<string>()]) File.SetLastWriteTimeUtc(Path.Combine(_folder, name), _world.Time.GetUtcNow().UtcDateTime.AddHours(-25));

        await _world.ExecuteAsync("UPDATE clips SET file_key = file_key || 'x'");
        await _world.Get<SweepClipFiles>().ExecuteAsync(CancellationToken.None);
        Assert.That(Directory.GetFiles(_folder), Has.Length.EqualTo(kept.Count + 4), "the folder is another database's");
        await _world.ExecuteAsync("UPDATE clips SET file_key = rtrim(file_key, 'x')");
        await _world.Get<SweepClipFiles>().ExecuteAsync(CancellationToken.None);

        var left = Directory.GetFiles(_folder).Select(Path.GetFileName).ToList();
        Assert.That(left, Is.SupersetOf(kept.Append("notes.txt")).And.Count.EqualTo(kept.Count + 2));
        Assert.That(left.Intersect(orphans), Is.Empty);
    }

    private async Task<Asked> AskAsync(byte[] file, string type = "video/mp4")
    {
        var asked = await _world.AcceptAsync();
        var clipId = Guid.NewGuid();
        var about = JsonSerializer.SerializeToElement(new { title = "A clip" });
        Assert.That(await _world.Get<ReceiveClipFile>().ExecuteAsync(clipId, about, type, file.Length, new MemoryStream(file), CancellationToken.None), Is.InstanceOf<ReceivedFile.Done>());
        return await _world.AgainAsync(asked with { ClipId = clipId });
    }

    /// <summary>Stops the attempt while it sends a part.</summary>
    /// <param name="isTaken">Meta has it all the same.</param>
    private async Task CutAsync(Asked asked, string at = "25001", bool isTaken = false)
    {
        using var stops = new CancellationTokenSource();
        _world.Graph.Faults.Add(call => call["start_offset"] == at, async (_, http, act) =>
        {
            if (isTaken) await act();
            var isGone = new TaskCompletionSource();
            await using var waits = http.RequestAborted.Register(isGone.SetResult);
            await stops.CancelAsync();
            await isGone.Task;
            return null;
        });
        Assert.That(async () => await _world.Get<RunOrchestration>().ExecuteAsync(asked.RequestId, stops.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    private List<RecordedCall> Sent(Asked asked, string? phase = null) =>
        [.. _world.Graph.Calls.Where(call => call.Path == $"{asked.AdAccountId}/advideos" && call.Method == "POST" && (phase is null || call["upload_phase"] == phase))];

    private Task<IReadOnlyList<string>> AtMetaAsync(Asked asked) =>
        _world.QueryAsync<string>("SELECT id FROM stub_graph.objects WHERE kind = 'video' AND account_id = @Account", new { Account = asked.AdAccountId[4..] });

    private async Task IsWholeAsync(Asked asked)
    {
        var parts = JsonNode.Parse((await _world.QueryAsync<string>("SELECT fields ->> 'parts' FROM stub_graph.objects WHERE kind = 'video' AND account_id = @Account", new { Account = asked.AdAccountId[4..] })).Single())!.AsArray();
        var at = 0;
        foreach (var part in parts)
        {
            var bytes = (int)part!["bytes"]!;
            Assert.That(((int)part["start"]!, (string?)part["sha256"]), Is.EqualTo((at, Convert.ToHexStringLower(SHA256.HashData(Video.AsSpan(at, bytes))))));
            at += bytes;
        }

        Assert.That(at, Is.EqualTo(Video.Length));
    }
}
