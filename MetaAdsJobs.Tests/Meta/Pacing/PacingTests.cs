using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Pacing;
using Microsoft.Extensions.Time.Testing;

namespace MetaAdsJobs.Tests.Meta.Pacing;

/// <summary>One process's pacing and a clock that is moved by hand.</summary>
public abstract class PacingTests
{
    private protected static readonly GraphCredential Account = new("act_1", "token");
    private protected static readonly GraphCredential Other = new("act_2", "token");
    private protected FakeTimeProvider _time = null!;
    private protected GraphPacing _pacing = null!;

    [SetUp]
    public void Start()
    {
        _time = new(new DateTimeOffset(2026, 11, 22, 8, 0, 0, TimeSpan.Zero));
        _pacing = new(new() { MutationsPerSecond = 10 }, _time);
    }

    private protected Task Enter(GraphCredential credential, bool mutates = false) => _pacing.EnterAsync(credential, mutates, CancellationToken.None).AsTask();

    private protected static MetaException Refused(Task call)
    {
        Assert.That(call.IsCompleted, "it waits instead of being sent away");
        return Assert.Throws<MetaException>(() => call.GetAwaiter().GetResult())!;
    }

    private protected void Saw(GraphCredential credential, double percent) => _pacing.Saw(credential, [new(credential.UseCase, percent, 0, null)]);
}
