using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>A video at Meta is used when it is processed and has a picture of its own, whoever uploaded it.</summary>
[TestFixture]
public sealed class VideoWaitTests
{
    private const string Processing = """{"status":{"video_status":"processing"},"picture":"https://x/placeholder","thumbnails":{"data":[{"uri":"https://x/placeholder"}]},"id":"1"}""";
    private const string OnlyPlaceholder = """{"status":{"video_status":"ready"},"picture":"https://x/placeholder","id":"1"}""";
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("MAX_RETRIES", "0"));

    [OneTimeTearDown]
    public ValueTask StopAsync() => _world.DisposeAsync();

    [SetUp]
    public void Forget()
    {
        _world.Graph.Faults.Clear();
        _world.Graph.ForgetCalls();
    }

    [Test]
    public async Task A_video_given_by_its_id_is_awaited_until_it_has_a_thumbnail()
    {
        var asked = await _world.AcceptAsync(clip: """{"video_id":"120210000000000001"}""");
        Say(Processing, times: 2);
        Say(OnlyPlaceholder, times: 2);

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, string.Join("; ", ran.Result.Errors)), Is.EqualTo(("succeeded", "")));
        Assert.That((string?)_world.Story(asked)["video_data"]!["image_url"], Is.EqualTo("https://scontent.example.com/thumbnails/120210000000000001/1.jpg"));
        Assert.That(_world.Creates(asked, "adcreatives"), Has.Count.EqualTo(1), "it was asked for before the video could be used");
        Assert.That((ran.Waits.Count, ran.Throws), Is.EqualTo((4, 0)));
        Assert.That(ran.Result.Steps.Select(step => (step.Step, step.State)), Does.Contain(("media", "confirmed")));
    }

    [Test]
    public async Task A_video_that_was_uploaded_is_awaited_until_it_has_a_thumbnail()
    {
        var asked = await _world.AcceptAsync(clip: """{"video_url":"https://cdn.example.com/clip.mp4"}""");
        Say(OnlyPlaceholder, times: 2);

        var ran = await _world.RunAsync(asked);

        Assert.That(ran.Result.Status, Is.EqualTo("succeeded"), string.Join("; ", ran.Result.Errors));
        Assert.That((string?)_world.Story(asked)["video_data"]!["image_url"], Does.StartWith("https://scontent.example.com/thumbnails/"));
        Assert.That(_world.Creates(asked, "advideos"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_video_that_is_never_processed_ends_the_run_in_time_and_nothing_is_left()
    {
        var asked = await _world.AcceptAsync(clip: """{"video_id":"120210000000000002"}""");
        Say(Processing, times: int.MaxValue);
        var since = _world.Time.GetUtcNow();

        var ran = await _world.RunAsync(asked);

        Assert.That(ran.Result.Status, Is.EqualTo("failed"));
        Assert.That(ran.Result.Errors[0], Does.Contain("within 60 minutes"));
        Assert.That(_world.Time.GetUtcNow() - since, Is.InRange(TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(65)));
        Assert.That((_world.Creates(asked, "adcreatives").Count, await _world.AtMetaAsync(asked)), Is.EqualTo((0, "")));
    }

    [Test]
    public async Task A_picture_is_better_than_nothing_when_a_processed_video_never_gets_a_thumbnail()
    {
        var asked = await _world.AcceptAsync(clip: """{"video_id":"120210000000000003"}""");
        Say(OnlyPlaceholder, times: int.MaxValue);

        var ran = await _world.RunAsync(asked);

        Assert.That(ran.Result.Status, Is.EqualTo("succeeded"), string.Join("; ", ran.Result.Errors));
        Assert.That((string?)_world.Story(asked)["video_data"]!["image_url"], Is.EqualTo("https://x/placeholder"));
    }

    [TestCase("""{"video_url":"https://cdn.example.com/clip.mp4"}""")]
    [TestCase("""{"video_id":"120210000000000004"}""")]
    public async Task A_thumbnail_of_Metas_is_read_again_each_time_it_is_used_since_its_address_expires(string clip)
    {
        var first = await _world.AcceptAsync(clip: clip);
        await _world.RunAsync(first);
        _world.Time.Advance(TimeSpan.FromDays(10));
        var second = await _world.AgainAsync(first);
        Say("""{"status":{"video_status":"ready"},"thumbnails":{"data":[{"uri":"https://x/of-today"}]},"id":"1"}""", times: int.MaxValue);

        var ran = await _world.RunAsync(second);

        Assert.That(ran.Result.Status, Is.EqualTo("succeeded"), string.Join("; ", ran.Result.Errors));
        Assert.That((string?)_world.Story(second)["video_data"]!["image_url"], Is.EqualTo("https://x/of-today"));
    }

    [Test]
    public async Task A_video_with_a_thumbnail_of_its_own_waits_for_nothing_but_its_processing()
    {
        var asked = await _world.AcceptAsync(clip: """{"video_id":"120210000000000005","thumbnail_url":"https://cdn.example.com/own.jpg"}""");
        Say(Processing);
        Say(OnlyPlaceholder, times: int.MaxValue);

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, ran.Waits.Count), Is.EqualTo(("succeeded", 1)));
        Assert.That((string?)_world.Story(asked)["video_data"]!["image_url"], Is.EqualTo("https://cdn.example.com/own.jpg"));
    }

    [Test]
    public async Task A_video_that_becomes_unusable_between_two_runs_is_waited_for_and_not_sent_without_a_picture()
    {
        var asked = await _world.AcceptAsync(clip: """{"video_id":"120210000000000006"}""");
        _world.Graph.Faults.Add(call => call.IsCreateOf("adcreatives"), GraphFaults.ThrottledFor(TimeSpan.FromDays(5)));
        Say("""{"status":{"video_status":"ready"},"thumbnails":{"data":[{"uri":"https://x/of-today"}]},"id":"1"}""");
        Say("""{"status":{"video_status":"ready"},"id":"1"}""", times: 2);

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, string.Join("; ", ran.Result.Errors), ran.Throws), Is.EqualTo(("succeeded", "", 0)));
        Assert.That(_world.Creates(asked, "adcreatives"), Has.Count.EqualTo(2));
        Assert.That((string?)_world.Story(asked)["video_data"]!["image_url"], Is.EqualTo("https://scontent.example.com/thumbnails/120210000000000006/1.jpg"));
    }

    [Test]
    public async Task A_run_that_made_its_creative_before_videos_were_awaited_goes_on_without()
    {
        var asked = await _world.AcceptAsync(clip: """{"video_id":"120210000000000007"}""");
        _world.Graph.Faults.Add(call => call.IsCreateOf("ads"), GraphFaults.Refused(100, 33));
        await _world.RunAsync(asked, runs: 1);
        await _world.ExecuteAsync("DELETE FROM orchestration_steps WHERE request_id = @RequestId AND step = 'media'", new { asked.RequestId });
        _world.Graph.ForgetCalls();

        var ran = await _world.RunAsync(asked);

        Assert.That(ran.Result.Status, Is.EqualTo("succeeded"), string.Join("; ", ran.Result.Errors));
        Assert.That(ran.Result.Steps.Select(step => step.Step), Is.EqualTo(["campaign", "adset", "creative", "ad"]));
        Assert.That(_world.Graph.Calls.Where(call => call.Method == "GET" && call.Path.StartsWith('1')), Is.Empty);
    }

    [Test]
    public async Task A_video_that_is_gone_from_Meta_is_uploaded_again_by_the_retry()
    {
        var first = await _world.AcceptAsync(clip: """{"video_url":"https://cdn.example.com/clip.mp4"}""");
        await _world.RunAsync(first);
        var second = await _world.AgainAsync(first);
        _world.Graph.Faults.Always(call => call["fields"]?.StartsWith("status,", StringComparison.Ordinal) == true, GraphFaults.Refused(100, 33));
        Assert.That((await _world.RunAsync(second)).Result.Status, Is.EqualTo("failed"));
        _world.Graph.Faults.Clear();

        _world.Get<Core.Orchestrations.RetryOrchestration>().Reopen(second.RequestId);

        Assert.That((await _world.RunAsync(second)).Result.Status, Is.EqualTo("succeeded"));
        Assert.That(_world.Creates(first, "advideos"), Has.Count.EqualTo(2));
    }

    private void Say(string answer, int times = 1) =>
        _world.Graph.Faults.Add(call => call.Method == "GET" && call["fields"]?.StartsWith("status,", StringComparison.Ordinal) == true, GraphFaults.Says(answer), times);
}
