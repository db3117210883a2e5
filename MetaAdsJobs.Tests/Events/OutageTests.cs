using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Events.Delivering;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Events;

/// <summary>What becomes of deliveries, and of their webhook, when a receiver has been away.</summary>
[TestFixture]
public sealed class OutageTests
{
    private EventWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await EventWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task A_failure_of_which_nothing_waits_any_more_is_no_beginning_of_the_days_until_it_is_switched_off()
    {
        var (webhook, _) = await _world.AddWebhookAsync();
        _world.Receiver.Answer = Receiver.With(502);
        await _world.TellAsync();
        await _world.DeliverForAsync(TimeSpan.FromDays(3), TimeSpan.FromHours(1));
        Assert.That((await _world.StatesAsync(webhook), (await _world.WebhookAsync(webhook)).FailingSince), Is.EqualTo(("failed:1", (DateTimeOffset?)null)));

        _world.Time.Advance(TimeSpan.FromDays(3));
        var again = _world.Time.GetUtcNow();
        await _world.TellAsync();
        await _world.DeliverAsync();
        var failing = await _world.WebhookAsync(webhook);
        Assert.That((failing.IsOn, await _world.StatesAsync(webhook)), Is.EqualTo((true, "failed:1 pending:1")));
        Assert.That(failing.FailingSince, Is.GreaterThanOrEqualTo(again.AddMilliseconds(-1)), "from now on");
    }
}
