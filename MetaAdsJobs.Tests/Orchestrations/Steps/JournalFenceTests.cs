using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations.Steps;

/// <summary>Nothing reports a write that was not made, and nobody writes who may not.</summary>
[TestFixture]
public sealed class JournalFenceTests
{
    private const string Video = """{"video_url":"https://cdn.example.com/clip.mp4"}""";
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [OneTimeTearDown]
    public ValueTask StopAsync() => _world.DisposeAsync();

    [TestCase("left")]
    [TestCase("deleted")]
    [TestCase("confirmed")]
    public async Task A_step_that_cannot_be_started_is_not_reported_as_started(string state)
    {
        var (asked, attempt) = await ClaimAsync();
        await PutAsync(asked, "adset", state);

        await Assert.ThatAsync(() => _world.Get<StepJournal>().AdvanceAsync(attempt, [], [StepName.AdSet], [], CancellationToken.None), Throws.InstanceOf<InvalidOperationException>());
        await Assert.ThatAsync(() => _world.Get<StepJournal>().AdvanceAsync(attempt, [new(StepName.Campaign, "1")], [StepName.AdSet], [], CancellationToken.None), Throws.InstanceOf<InvalidOperationException>());

        Assert.That(attempt.Begun, Does.Not.ContainKey(StepName.AdSet));
        Assert.That(await StateAsync(asked, "campaign"), Is.EqualTo("confirmed"), "what exists at Meta is known all the same");
    }

    [Test]
    public async Task An_attempt_that_was_overtaken_writes_nothing_of_a_video()
    {
        var (asked, old) = await ClaimAsync(Video);
        var store = _world.Get<ClipVideoStore>();
        Assert.That(await store.StartAsync(old, old.Media[StepName.Media], CancellationToken.None), Is.True);
        await _world.ExecuteAsync("UPDATE orchestrations SET attempt = attempt + 1 WHERE request_id = @RequestId", new { asked.RequestId });

        await Assert.ThatAsync(() => store.ConfirmAsync(old, old.Media[StepName.Media], "stolen", CancellationToken.None), Throws.InstanceOf<FencedException>());
        await Assert.ThatAsync(() => store.ForgetAsync(old, old.Media[StepName.Media], CancellationToken.None), Throws.InstanceOf<FencedException>());
        Assert.That(await VideoAsync(asked), Is.EqualTo("started"));
    }

    [Test]
    public async Task Only_the_attempt_that_started_an_upload_says_what_became_of_it()
    {
        var (asked, first) = await ClaimAsync(Video);
        var store = _world.Get<ClipVideoStore>();
        await store.StartAsync(first, first.Media[StepName.Media], CancellationToken.None);
        var seen = (await store.FindAsync(first, first.Media[StepName.Media], CancellationToken.None))!;
        var second = await ClaimAsync(await _world.AgainAsync(asked));
        Assert.That(await store.StartAsync(second, second.Media[StepName.Media], CancellationToken.None), Is.False, "one uploads");
        Assert.That(await store.StartAgainAsync(second, second.Media[StepName.Media], seen, CancellationToken.None), Is.True);

        await Assert.ThatAsync(() => store.ConfirmAsync(first, first.Media[StepName.Media], "late", CancellationToken.None), Throws.InstanceOf<FencedException>());
        await Assert.ThatAsync(() => store.ForgetAsync(first, first.Media[StepName.Media], CancellationToken.None), Throws.InstanceOf<FencedException>());
        Assert.That(await store.StartAgainAsync(first, first.Media[StepName.Media], seen, CancellationToken.None), Is.False, "it was taken over already");
        await store.ConfirmAsync(second, second.Media[StepName.Media], "in time", CancellationToken.None);

        Assert.That((await store.FindAsync(second, second.Media[StepName.Media], CancellationToken.None))!.VideoId, Is.EqualTo("in time"));
        await Assert.ThatAsync(() => store.ConfirmAsync(second, second.Media[StepName.Media], "twice", CancellationToken.None), Throws.InstanceOf<FencedException>());
    }

    private async Task<(Asked Asked, Attempt Attempt)> ClaimAsync(string? clip = null)
    {
        var asked = clip is null ? await _world.AcceptAsync() : await _world.AcceptAsync(clip: clip);
        return (asked, await ClaimAsync(asked));
    }

    private async Task<Attempt> ClaimAsync(Asked asked) => (await _world.Get<OrchestrationClaims>().ClaimAsync(asked.RequestId, CancellationToken.None))!;

    private Task PutAsync(Asked asked, string step, string state) => _world.ExecuteAsync(
        "INSERT INTO orchestration_steps (request_id, step, state, attempt, started_at) VALUES (@RequestId, @Step, @State, 1, now())", new { asked.RequestId, Step = step, State = state });

    private async Task<string> StateAsync(Asked asked, string step) =>
        (await _world.QueryAsync<string>("SELECT state FROM orchestration_steps WHERE request_id = @RequestId AND step = @Step", new { asked.RequestId, Step = step })).Single();

    private async Task<string> VideoAsync(Asked asked) => (await _world.QueryAsync<string>("SELECT state FROM clip_videos WHERE clip_id = @ClipId", new { asked.ClipId })).Single();
}
