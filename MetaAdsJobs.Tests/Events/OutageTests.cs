using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Events.Delivering;
using MetaAdsJobs.Core.Events.Texts;
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
    public async Task A_receiver_that_fails_for_five_days_is_switched_off_with_notice_and_what_happens_is_held()
    {
        var (webhook, _) = await _world.AddWebhookAsync();
        var (other, _) = await _world.AddWebhookAsync(new() { ["url"] = $"{_world.Receiver.Url}/other", ["event_types"] = new JsonArray("webhook.switched_off") });
        _world.Receiver.Answer = (http, message) => Receiver.With(message.Path.EndsWith("other", StringComparison.Ordinal) ? 200 : 500)(http, message);
        for (var day = 0; day < 5; day++)
        {
            await _world.TellAsync();
            await _world.DeliverForAsync(TimeSpan.FromHours(23), TimeSpan.FromHours(1));
        }

        Assert.That((await _world.WebhookAsync(webhook)).IsOn, Is.True);
        await _world.TellAsync();
        await _world.DeliverForAsync(TimeSpan.FromHours(12), TimeSpan.FromHours(1));

        var off = await _world.WebhookAsync(webhook);
        Assert.That((off.IsOn, off.OffReason), Is.EqualTo((false, "nothing was received for 5 days; last: HTTP 500")));
        Assert.That((string?)_world.Receiver.Taken.Single().Json["data"]!["webhook_id"], Is.EqualTo($"{webhook}"), "those who listen are told");
        var sent = _world.Receiver.All.Count;
        await _world.TellAsync();
        await _world.DeliverForAsync(TimeSpan.FromDays(1), TimeSpan.FromHours(6));
        Assert.That(_world.Receiver.All, Has.Count.EqualTo(sent), "nothing more is sent");
        Assert.That(await _world.StatesAsync(webhook), Does.Contain("held:").And.Not.Contain("pending"));

        _world.Receiver.Answer = Receiver.With(200);
        Assert.That(await _world.Get<ReplayDeliveries>().TestAsync(webhook, "ann", CancellationToken.None), Is.Null);
        Assert.That(((WebhookSaved.Done)await _world.ChangeAsync(webhook, new { enabled = true })).Value, Is.Not.Null.With.Property("IsOn").True.And.Property("OffReason").Null.And.Property("FailingSince").Null);
        var range = JsonSerializer.SerializeToElement(new { from = _world.Time.GetUtcNow().AddDays(-10).ToString("O"), to = _world.Time.GetUtcNow().ToString("O"), state = "held" });
        Assert.That(((Replayed.Done)await _world.Get<ReplayDeliveries>().RangeAsync(webhook, range, CancellationToken.None)).Count, Is.GreaterThanOrEqualTo(2));
        await _world.DeliverAsync();
        Assert.That(await _world.StatesAsync(webhook), Does.Not.Contain("held").And.Not.Contain("pending"));
        Assert.That((await _world.WebhookAsync(other)).IsOn, Is.True);
    }

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

    [Test]
    public async Task What_waits_for_its_next_try_is_sent_at_once_when_it_is_replayed([Values] bool isOfRange)
    {
        var (webhook, told) = await LeftWaitingAsync();
        Assert.That(await _world.DeliverAsync(), Is.Zero, "its turn is hours away");
        var range = JsonSerializer.SerializeToElement(new { from = _world.Time.GetUtcNow().AddDays(-10).ToString("O"), to = _world.Time.GetUtcNow().ToString("O") });
        var replayed = isOfRange ? await _world.Get<ReplayDeliveries>().RangeAsync(webhook, range, CancellationToken.None) : await _world.Get<ReplayDeliveries>().OneAsync(webhook, told, CancellationToken.None);
        Assert.That(replayed, Is.EqualTo(new Replayed.Done(1)));
        await _world.DeliverAsync();
        Assert.That(await _world.StatesAsync(webhook), Is.EqualTo("delivered:1"));
    }

    [Test]
    public async Task Nor_does_it_wait_when_its_webhook_has_another_address_or_is_switched_on([Values] bool isMoved)
    {
        var (webhook, told) = await LeftWaitingAsync();
        foreach (var change in isMoved ? (object[])[new { url = $"{_world.Receiver.Url}/moved" }] : [new { enabled = false }, new { enabled = true }])
            Assert.That(await _world.ChangeAsync(webhook, change), Is.InstanceOf<WebhookSaved.Done>());
        await _world.DeliverAsync();
        Assert.That(_world.Receiver.Taken.Select(message => (message.Path, message.Id)), Is.EqualTo([(isMoved ? "/hook/moved" : "/hook", $"{told}")]));
        Assert.That(await _world.StatesAsync(webhook), Is.EqualTo("delivered:1"));
    }

    [Test]
    public async Task What_an_address_is_not_to_hear_any_more_is_not_hurried_to_it()
    {
        var (kept, taken) = (await _world.AddAccountAsync(), await _world.AddAccountAsync());
        var (webhook, _) = await _world.AddWebhookAsync(new() { ["account_ids"] = new JsonArray($"{kept}", $"{taken}") });
        _world.Receiver.Answer = Receiver.With(503);
        foreach (var account in (Guid[])[kept, taken]) await _world.TellAsync(accountId: account, subject: $"{account}");
        await _world.DeliverForAsync(TimeSpan.FromHours(12), TimeSpan.FromMinutes(20));
        _world.Receiver.Answer = Receiver.With(204);
        Assert.That(await _world.ChangeAsync(webhook, new { url = $"{_world.Receiver.Url}/moved", account_ids = new[] { kept } }), Is.InstanceOf<WebhookSaved.Done>());
        Assert.That(await _world.StatesAsync(webhook), Is.EqualTo("pending:1"));
        await _world.DeliverAsync();
        Assert.That(_world.Receiver.Taken.Select(message => (string?)message.Json["subject"]), Is.EqualTo([$"{kept}"]));
    }

    [Test]
    public async Task What_is_being_sent_just_now_is_not_sent_beside_that()
    {
        var (webhook, _) = await _world.AddWebhookAsync();
        var told = (await _world.TellAsync())!.Value;
        var store = _world.Get<DeliveryStore>();
        var taken = (await store.TakeAsync(webhook, 8, CancellationToken.None)).Single();
        Assert.That(await _world.Get<ReplayDeliveries>().OneAsync(webhook, told, CancellationToken.None), Is.EqualTo(new Replayed.Done(0)));
        Assert.That(await store.TakeAsync(webhook, 8, CancellationToken.None), Is.Empty);
        await store.NoteAsync(taken, new(204, 1, null), null, CancellationToken.None);
        Assert.That(await _world.StatesAsync(webhook), Is.EqualTo("delivered:1"));
    }

    /// <summary>It may come a day late, and says the same each time that it is sent.</summary>
    [Test]
    public void A_message_tells_from_when_its_numbers_are_and_no_age_that_nobody_updates() =>
        Assert.That(SlackText.Of("alert.opened", JsonElement.Parse("""{"rule":"Dear clicks","severity":"warning","condition":"cpc above 1","firing":2,"new":2,"no_data":1,"data_at":"2026-11-29T02:14:00Z","data_age_minutes":312,"members":[]}""")),
            Is.EqualTo(":warning: warning: *Dear clicks*: 2 firing\ncpc above 1\nWhat it is judged by is of 2026-11-29 02:14 UTC; of 1 nothing is known now."));

    /// <summary>Down for a day, and back: what was told before is tried again in some hours.</summary>
    private async Task<(Guid Webhook, Guid Told)> LeftWaitingAsync()
    {
        var (webhook, _) = await _world.AddWebhookAsync();
        _world.Receiver.Answer = Receiver.With(503);
        var told = (await _world.TellAsync())!.Value;
        await _world.DeliverForAsync(TimeSpan.FromDays(1), TimeSpan.FromHours(1));
        _world.Receiver.Answer = Receiver.With(204);
        return (webhook, told);
    }
}
