using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Events.Delivering;

namespace MetaAdsJobs.Tests.Events;

/// <summary>What is told in the moment in which a webhook is changed to hear less.</summary>
[TestFixture]
public sealed class ToldMeanwhileTests
{
    private EventWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await EventWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [TestCase(false)]
    [TestCase(true)]
    public async Task What_was_told_of_an_account_while_that_was_taken_from_its_webhook_is_sent_to_nobody(bool hasDied)
    {
        var (kept, taken) = (await _world.AddAccountAsync(), await _world.AddAccountAsync());
        var (webhook, _) = await _world.AddWebhookAsync(new() { ["account_ids"] = new System.Text.Json.Nodes.JsonArray($"{kept}", $"{taken}") });
        await using (var connection = await _world.OpenAsync())
        {
            await using var telling = await connection.BeginTransactionAsync();
            foreach (var account in (Guid[])[taken, kept]) await Outbox.TellAsync(connection, telling, new("sync.failed", account, $"{account}", _world.Time.GetUtcNow(), []), CancellationToken.None);
            Assert.That(await _world.ChangeAsync(webhook, new { account_ids = new[] { kept } }), Is.InstanceOf<WebhookSaved.Done>());
            await telling.CommitAsync();
        }

        // As whoever took it before has left it.
        if (hasDied) await _world.QueryAsync<int>("UPDATE event_deliveries SET attempt = 1, lease_until = clock_timestamp() - interval '1 minute'");
        await _world.DeliverAsync();
        Assert.That(_world.Receiver.All.Select(message => (string?)message.Json["subject"]), Is.EqualTo([$"{kept}"]));
        Assert.That(await _world.StatesAsync(webhook), Is.EqualTo("delivered:1"));
        Assert.That(await _world.Get<DeliveryStore>().RingAsync(CancellationToken.None), Is.Empty, "nor is it rung for without end");
    }
}
