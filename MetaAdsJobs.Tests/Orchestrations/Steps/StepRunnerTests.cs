using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations.Steps;

/// <summary>Of two steps that are under way together both fail.</summary>
[TestFixture]
public sealed class StepRunnerTests
{
    private const int Blocked = 368;
    private const int TokenRejected = 190;
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("MAX_RETRIES", "0"));

    [OneTimeTearDown]
    public ValueTask StopAsync() => _world.DisposeAsync();

    [SetUp]
    public void ForgetFaults() => _world.Graph.Faults.Clear();

    [Test]
    public async Task A_block_told_beside_another_failure_is_acted_on(
        [Values("campaigns", "advideos", "adsets", "adcreatives")] string blocked, [Values(Blocked, TokenRejected)] int code, [Values] bool isOtherLost)
    {
        var other = blocked switch { "campaigns" => "advideos", "advideos" => "campaigns", "adsets" => "adcreatives", _ => "adsets" };
        var asked = other is "campaigns" or "advideos" ? await _world.AcceptAsync(clip: """{"video_url":"https://cdn.example.com/clip.mp4"}""") : await _world.AcceptAsync();
        _world.Graph.Faults.Add(call => call.IsCreateOf(blocked), GraphFaults.Refused(code, userTitle: "Blocked", userMessage: "Ask a person."));
        _world.Graph.Faults.Add(call => call.IsCreateOf(other), isOtherLost ? GraphFaults.DropAfterActing : GraphFaults.Refused(100, 1885272, "Wrong", "Wrong for good."));

        var ran = await _world.RunAsync(asked, runs: 1);

        Assert.That(_world.Graph.Faults.Left, Is.Zero, "they were not under way together");
        Assert.That((ran.Result.Status, ran.Throws), Is.EqualTo(("waiting", 0)), string.Join("; ", ran.Result.Errors));
        Assert.That(ran.Result.WaitReason, Does.Contain("Ask a person."));
        var account = (await _world.Get<AccountStore>().FindAsync(asked.AccountId, CancellationToken.None))!;
        Assert.That(code == Blocked ? account.BlockReason : account.TokenRejection, Does.Contain("Ask a person."), "nobody was told of the block");
    }
}
