using Dapper;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Events.Delivering;
using MetaAdsJobs.Tests.Support;

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

    /// <summary>An alert of several accounts is told to a webhook of some of them as far as it is theirs.</summary>
    [Test]
    public async Task What_was_told_to_one_webhook_is_sent_while_it_is_of_all_that_that_tells_of()
    {
        var (kept, taken) = (await _world.AddAccountAsync(), await _world.AddAccountAsync());
        var (webhook, _) = await _world.AddWebhookAsync(new() { ["account_ids"] = new System.Text.Json.Nodes.JsonArray($"{kept}", $"{taken}") });
        await using var connection = await _world.OpenAsync();
        async Task TellAsync(string subject, params Guid[] accounts)
        {
            await using var telling = await connection.BeginTransactionAsync();
            await Outbox.TellOneAsync(connection, telling, webhook, accounts, new("alert.opened", null, subject, _world.Time.GetUtcNow(), []), CancellationToken.None);
            await telling.CommitAsync();
        }

        await TellAsync("both", kept, taken);
        await _world.DeliverAsync();
        Assert.That(_world.Receiver.All.Select(message => (string?)message.Json["subject"]), Is.EqualTo(["both"]));
        Assert.That(await _world.ChangeAsync(webhook, new { account_ids = new[] { kept } }), Is.InstanceOf<WebhookSaved.Done>());
        await TellAsync("one", kept);
        await TellAsync("of before", kept, taken);
        await _world.DeliverAsync();
        Assert.That(_world.Receiver.All.Select(message => (string?)message.Json["subject"]), Is.EqualTo(["both", "one"]));
        Assert.That(await _world.StatesAsync(webhook), Is.EqualTo("delivered:1"));
    }

    /// <summary>Whoever waits for that change has seen the webhook as it was. What is of no account is for webhooks of all of them.</summary>
    [Test]
    public async Task Nor_by_who_waits_for_that_change_to_be_written()
    {
        var (kept, taken) = (await _world.AddAccountAsync(), await _world.AddAccountAsync());
        var (webhook, _) = await _world.AddWebhookAsync([]);
        await using var connection = await _world.OpenAsync();
        foreach (var account in (Guid?[])[taken, null, kept])
        {
            await using var telling = await connection.BeginTransactionAsync();
            await Outbox.TellAsync(connection, telling, new("sync.failed", account, $"{account}", _world.Time.GetUtcNow(), []), CancellationToken.None);
            await telling.CommitAsync();
        }

        Assert.That(await _world.Get<DeliveryStore>().RingAsync(CancellationToken.None), Is.EqualTo([webhook]));
        await using var changing = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("UPDATE webhooks SET account_ids = ARRAY[@kept] WHERE id = @webhook", new { kept, webhook }, changing);
        var delivering = _world.Get<DeliverEvents>().ExecuteAsync(webhook, CancellationToken.None);
        await Eventually.TrueAsync(async () => (await _world.QueryAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"))[0] > 0, () => "it does not wait");
        await changing.CommitAsync();
        await delivering;
        Assert.That(_world.Receiver.All.Select(message => (string?)message.Json["subject"]), Is.EqualTo([$"{kept}"]));
        Assert.That(await _world.StatesAsync(webhook), Is.EqualTo("delivered:1"));
    }
}
