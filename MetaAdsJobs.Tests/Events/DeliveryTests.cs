using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Events.Delivering;
using MetaAdsJobs.Core.Events.Texts;
using MetaAdsJobs.Core.Events.Signing;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Tests.Support;
using NSubstitute;

namespace MetaAdsJobs.Tests.Events;

/// <summary>What is told arrives, under one id, whatever becomes of the receiver and of those who send.</summary>
[TestFixture]
public sealed class DeliveryTests
{
    private EventWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await EventWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task An_event_arrives_signed_as_a_CloudEvent()
    {
        var (webhook, secret) = await _world.AddWebhookAsync();
        var account = await _world.AddAccountAsync();
        var told = (await _world.TellAsync("sync.failed", account, "the sync"))!.Value;
        Assert.That(await _world.DeliverAsync(), Is.EqualTo(1));

        var message = _world.Receiver.All.Single();
        Assert.That(message.Verify(_world.Time.GetUtcNow(), secret), Is.EqualTo(Verification.Valid));
        Assert.That(message.ContentType, Does.StartWith("application/cloudevents+json"));
        Assert.That(message.Json.AsObject().Select(field => field.Key), Is.EquivalentTo(["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"]));
        Assert.That(((string?)message.Json["specversion"], (string?)message.Json["id"], message.Id, (string?)message.Json["source"], (string?)message.Json["type"], (string?)message.Json["subject"], (string?)message.Json["data"]!["error"]),
            Is.EqualTo(("1.0", $"{told}", $"{told}", "urn:metaadsjobs", "sync.failed", "the sync", "it broke")));
        var delivery = await _world.DeliveryAsync(webhook, told);
        Assert.That((delivery.Delivery.State, delivery.Delivery.Attempts, delivery.Log.Single().Status, delivery.Log.Single().Error), Is.EqualTo(("delivered", 1, 204, (string?)null)));
        Assert.That(await _world.DeliverAsync(), Is.Zero);
    }

    [Test]
    public async Task A_receiver_that_is_down_for_an_hour_gets_every_event_once()
    {
        var (webhook, _) = await _world.AddWebhookAsync();
        _world.Receiver.Answer = Receiver.With(503);
        var told = new List<Guid>();
        for (var minute = 0; minute < 60; minute++)
        {
            if (minute % 3 == 0) told.Add((await _world.TellAsync(subject: $"{minute}"))!.Value);
            await _world.DeliverForAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10));
        }

        var inVain = _world.Receiver.All.Count;
        Assert.That(inVain, Is.InRange(10, 120), "asked again and again, and not for each event all the time");
        _world.Receiver.Answer = Receiver.With(200);
        await _world.DeliverForAsync(TimeSpan.FromHours(7), TimeSpan.FromMinutes(1));

        Assert.That(_world.Receiver.Taken.Select(message => message.Id), Is.EquivalentTo(told.Select(id => id.ToString())));
        Assert.That(_world.Receiver.All.Skip(inVain).Select(message => message.Answer), Is.All.EqualTo(200), "none twice");
        Assert.That(await _world.StatesAsync(webhook), Is.EqualTo("delivered:20"));
        Assert.That((await _world.WebhookAsync(webhook)).FailingSince, Is.Null);
    }

    [Test]
    public async Task A_process_that_dies_between_the_message_and_its_note_leaves_it_to_be_sent_again_under_the_same_id()
    {
        var (webhook, secret) = await _world.AddWebhookAsync();
        var told = (await _world.TellAsync())!.Value;
        var taken = (await _world.Get<DeliveryStore>().TakeAsync(webhook, 8, CancellationToken.None)).Single();
        var (body, type) = _world.Get<EventBodies>().Of(taken);
        await _world.Get<WebhookSender>().SendAsync(new(_world.Receiver.Url), [secret], taken.EventId, body, type, CancellationToken.None);
        // Dies here.
        await _world.QueryAsync<int>("UPDATE webhooks SET rung_until = NULL");
        Assert.That(await _world.DeliverAsync(), Is.Zero, "nobody else may send it while it may be under way");
        await _world.QueryAsync<int>("UPDATE event_deliveries SET lease_until = clock_timestamp() - interval '1 second'");
        Assert.That(await _world.DeliverAsync(), Is.EqualTo(1));

        Assert.That(_world.Receiver.All.Select(message => message.Id), Is.EqualTo([$"{told}", $"{told}"]));
        Assert.That(_world.Receiver.All.Select(message => Convert.ToHexString(message.Body)).Distinct().Count(), Is.EqualTo(1), "the same, byte for byte");
        var log = (await _world.DeliveryAsync(webhook, told)).Log;
        Assert.That(log.Select(attempt => attempt.Error), Is.EqualTo(["its process died: whether it was received is not known", null]));
        // What the dead one would still write is refused.
        await _world.Get<DeliveryStore>().NoteAsync(taken, new(500, 1, "HTTP 500"), _world.Time.GetUtcNow(), CancellationToken.None);
        Assert.That((await _world.DeliveryAsync(webhook, told)).Delivery.State, Is.EqualTo("delivered"));
    }

    [Test]
    public async Task A_job_that_is_lost_is_missed()
    {
        await _world.AddWebhookAsync();
        await _world.TellAsync();
        var store = _world.Get<DeliveryStore>();
        Assert.That(await store.RingAsync(CancellationToken.None), Has.Count.EqualTo(1));
        Assert.That(await store.RingAsync(CancellationToken.None), Is.Empty, "a job is about to be at it");
        await _world.QueryAsync<int>("UPDATE webhooks SET rung_until = clock_timestamp() - interval '1 second'");
        Assert.That(await _world.DeliverAsync(), Is.EqualTo(1));
        Assert.That(_world.Receiver.All, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_queue_that_breaks_ends_no_worker()
    {
        var (webhook, _) = await _world.AddWebhookAsync();
        await _world.TellAsync();
        var (broken, rung) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var queue = Substitute.For<IJobQueue>();
        queue.EnqueueDelivery(webhook).Returns(_ =>
        {
            if (broken.TrySetResult()) throw new InvalidOperationException("the queue is away");
            rung.TrySetResult();
            return "1";
        });
        var log = new LogLines<DeliveryBell>();
        using var bell = new DeliveryBell(new(_world.Get<DeliveryStore>(), queue), TimeProvider.System, log);
        await bell.StartAsync(CancellationToken.None);
        await broken.Task;
        // As a minute later.
        await _world.QueryAsync<int>("UPDATE webhooks SET rung_until = NULL");
        await Task.WhenAny(rung.Task, bell.ExecuteTask!);
        Assert.That(rung.Task.IsCompleted, Is.True);
        Assert.That(log.Lines.Select(line => line.Event), Is.EqualTo([14005]));
        await bell.StopAsync(CancellationToken.None);
    }

    [Test]
    public async Task One_that_is_never_taken_is_tried_eleven_times_within_two_days_and_can_be_replayed()
    {
        var (webhook, _) = await _world.AddWebhookAsync();
        var told = (await _world.TellAsync("edit.failed"))!.Value;
        _world.Receiver.Answer = (http, message) => Receiver.With((string?)message.Json["type"] == "edit.failed" ? 400 : 200)(http, message);
        for (var hour = 0; hour < 60; hour++)
        {
            await _world.DeliverForAsync(TimeSpan.FromHours(1), TimeSpan.FromMinutes(hour < 2 ? 0.5 : 10));
            // Others are taken all the while.
            await _world.TellAsync();
        }

        Assert.That((await _world.DeliveryAsync(webhook, told)).Delivery.State, Is.EqualTo("failed"));
        Assert.That(_world.Receiver.All.Count(message => message.Id == $"{told}"), Is.EqualTo(11));
        Assert.That((await _world.WebhookAsync(webhook)).IsOn, Is.True);

        _world.Receiver.Answer = Receiver.With(204);
        Assert.That(await _world.Get<ReplayDeliveries>().OneAsync(webhook, told, CancellationToken.None), Is.EqualTo(new Replayed.Done(1)));
        await _world.DeliverAsync();
        Assert.That((await _world.DeliveryAsync(webhook, told)).Delivery.State, Is.EqualTo("delivered"));
        Assert.That(await _world.Get<ReplayDeliveries>().OneAsync(webhook, Guid.NewGuid(), CancellationToken.None), Is.InstanceOf<Replayed.Unknown>());
        Assert.That((await _world.QueryAsync<long>("SELECT count(*) FROM recorded_acts WHERE object = @webhook::text AND action = 'replayed'", new { webhook }))[0], Is.EqualTo(1), "of one that there is not nothing was sent");
    }

    [Test]
    public async Task What_happened_within_a_range_is_replayed_under_the_same_ids()
    {
        var (webhook, _) = await _world.AddWebhookAsync();
        var told = new List<Guid>();
        for (var hour = 0; hour < 5; hour++)
        {
            told.Add((await _world.TellAsync())!.Value);
            await _world.DeliverAsync();
            _world.Time.Advance(TimeSpan.FromHours(1));
        }

        var times = await _world.QueryAsync<DateTimeOffset>("SELECT occurred_at FROM events ORDER BY occurred_at");
        async Task<Replayed> ReplayAsync(object body) => await _world.Get<ReplayDeliveries>().RangeAsync(webhook, System.Text.Json.JsonSerializer.SerializeToElement(body), CancellationToken.None);
        var (from, to) = (times[1].ToString("O"), times[3].ToString("O"));
        Assert.That(await ReplayAsync(new { from, to, state = "failed" }), Is.EqualTo(new Replayed.Done(0)));
        Assert.That(await ReplayAsync(new { from, to }), Is.EqualTo(new Replayed.Done(2)), "from its beginning to before its end");
        Assert.That(await ReplayAsync(new { from, to }), Is.EqualTo(new Replayed.Done(2)), "what waits is on its way by it, too");
        await _world.DeliverAsync();
        Assert.That(_world.Receiver.All.Skip(5).Select(message => message.Id), Is.EquivalentTo([$"{told[1]}", $"{told[2]}"]));
        Assert.That((await ReplayAsync(new { from = to, to = from, state = "lost", other = 1 }) as Replayed.Invalid)?.Errors.ToDictionary().Keys, Is.EquivalentTo(["from", "state", "other"]));
        Assert.That((await ReplayAsync(new { }) as Replayed.Invalid)?.Errors.ToDictionary().Keys, Is.EquivalentTo(["from", "to"]));
    }

    [Test]
    public async Task A_secret_is_exchanged_while_both_sign()
    {
        var (webhook, old) = await _world.AddWebhookAsync();
        var rotated = (WebhookSaved.Done)await _world.Get<SaveWebhook>().RotateAsync(webhook, System.Text.Json.JsonElement.Parse("""{"keep_old_hours":2}"""), CancellationToken.None);
        Assert.That(rotated.Secret, Is.Not.EqualTo(old));
        Assert.That(rotated.Value.FormerSecretUntil, Is.EqualTo(_world.Time.GetUtcNow().AddHours(2)).Within(TimeSpan.FromMinutes(1)));

        await _world.TellAsync();
        await _world.DeliverAsync();
        Assert.That(_world.Receiver.All[0].Signature.Split(' '), Has.Length.EqualTo(2));
        foreach (var secret in (string[])[old, rotated.Secret!]) Assert.That(_world.Receiver.All[0].Verify(_world.Time.GetUtcNow(), secret), Is.EqualTo(Verification.Valid));

        _world.Time.Advance(TimeSpan.FromHours(2));
        await _world.TellAsync();
        await _world.DeliverAsync();
        Assert.That(_world.Receiver.All[1].Verify(_world.Time.GetUtcNow(), old), Is.EqualTo(Verification.WrongSignature));
        Assert.That(_world.Receiver.All[1].Verify(_world.Time.GetUtcNow(), rotated.Secret!), Is.EqualTo(Verification.Valid));
    }

    /// <summary>The answer of the first exchange was lost: nobody has seen its secret, and the receiver checks by the one before.</summary>
    [Test]
    public async Task A_secret_that_is_exchanged_again_signs_until_its_own_end_and_so_do_those_before()
    {
        var (webhook, old) = await _world.AddWebhookAsync();
        Task<WebhookSaved> RotateAsync(int hours) => _world.Get<SaveWebhook>().RotateAsync(webhook, System.Text.Json.JsonSerializer.SerializeToElement(new { keep_old_hours = hours }), CancellationToken.None);
        var unseen = ((WebhookSaved.Done)await RotateAsync(5)).Secret!;
        var rotated = (WebhookSaved.Done)await RotateAsync(2);
        Assert.That(rotated.Value.FormerSecretUntil, Is.EqualTo(_world.Time.GetUtcNow().AddHours(5)).Within(TimeSpan.FromMinutes(1)));
        Assert.That(await SignsAsync(), Is.EqualTo((true, true, true)));
        _world.Time.Advance(TimeSpan.FromHours(3));
        Assert.That(await SignsAsync(), Is.EqualTo((true, false, true)), "each until its own end");

        rotated = (WebhookSaved.Done)await RotateAsync(0);
        Assert.That((rotated.Value.FormerSecretUntil, await SignsAsync()), Is.EqualTo(((DateTimeOffset?)null, (false, false, true))), "all at once");
        for (var time = 0; time < 20; time++) Assert.That(await RotateAsync(24), Is.InstanceOf<WebhookSaved.Done>());
        Assert.That((await RotateAsync(24) as WebhookSaved.Invalid)?.Errors.ToDictionary().Keys, Is.EqualTo(["keep_old_hours"]), "of a header's length there is an end");
        Assert.That(await RotateAsync(0), Is.InstanceOf<WebhookSaved.Done>());

        async Task<(bool Old, bool Unseen, bool Present)> SignsAsync()
        {
            await _world.TellAsync();
            await _world.DeliverAsync();
            bool By(string secret) => _world.Receiver.All[^1].Verify(_world.Time.GetUtcNow(), secret) == Verification.Valid;
            return (By(old), By(unseen), By(rotated.Secret!));
        }
    }

    [Test]
    public async Task A_receiver_that_is_gone_is_switched_off_at_once()
    {
        var (webhook, _) = await _world.AddWebhookAsync();
        _world.Receiver.Answer = Receiver.With(410);
        await _world.TellAsync();
        await _world.DeliverAsync();
        Assert.That((await _world.WebhookAsync(webhook)).OffReason, Does.Contain("410"));
        Assert.That(await _world.StatesAsync(webhook), Is.EqualTo("held:2"), "what was told, and that it was switched off");
    }

    [Test]
    public async Task A_receiver_that_asks_for_time_is_given_it()
    {
        var (webhook, _) = await _world.AddWebhookAsync();
        _world.Receiver.Answer = (http, _) =>
        {
            (http.Response.StatusCode, http.Response.Headers.RetryAfter) = (429, "3600");
            return Task.CompletedTask;
        };
        var told = (await _world.TellAsync())!.Value;
        await _world.DeliverForAsync(TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(1));
        Assert.That((await _world.DeliveryAsync(webhook, told)).Delivery.Attempts, Is.EqualTo(1));
        _world.Receiver.Answer = Receiver.With(204);
        await _world.DeliverForAsync(TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(1));
        Assert.That((await _world.DeliveryAsync(webhook, told)).Delivery.State, Is.EqualTo("delivered"));
    }

    [Test]
    public async Task A_message_for_Slack_is_a_text_in_which_no_name_calls_anybody()
    {
        await _world.AddWebhookAsync(new() { ["format"] = "slack" });
        Assert.That(SlackText.Of("orchestration.failed", System.Text.Json.JsonElement.Parse("""{"campaign_name":"<!channel> & co","errors":["Meta says <no>"],"request_id":"7","social_account_id":"9"}""")),
            Is.EqualTo(":x: Campaign *&lt;!channel&gt; &amp; co*: failed\n• Meta says &lt;no&gt;\nAccount 9 · 7"));
        await _world.TellAsync();
        await _world.DeliverAsync();
        Assert.That((string?)_world.Receiver.All.Single().Json["text"], Does.StartWith(":x: Numbers of").And.Contain("it broke"));
        Assert.That(_world.Receiver.All.Single().Json.AsObject(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task What_is_old_is_forgotten_with_its_log()
    {
        var (webhook, _) = await _world.AddWebhookAsync();
        await _world.TellAsync();
        await _world.DeliverAsync();
        _world.Time.Advance(TimeSpan.FromDays(29));
        var kept = (await _world.TellAsync())!.Value;
        _world.Time.Advance(TimeSpan.FromDays(2));
        await _world.Get<PurgeEvents>().ExecuteAsync(CancellationToken.None);
        Assert.That(await _world.QueryAsync<Guid>("SELECT id FROM events"), Is.EqualTo([kept]));
        _world.Time.Advance(TimeSpan.FromDays(32));
        await _world.Get<PurgeEvents>().ExecuteAsync(CancellationToken.None);
        Assert.That(await _world.QueryAsync<Guid>("SELECT id FROM events"), Is.EqualTo([kept]), "it is tried still");
        Assert.That(await _world.StatesAsync(webhook), Is.EqualTo("pending:1"));
        Assert.That(await _world.QueryAsync<long>("SELECT count(*) FROM event_attempts"), Is.EqualTo([0]));
    }

    [Test]
    public async Task Neither_secret_nor_address_is_readable_in_the_database()
    {
        var (webhook, secret) = await _world.AddWebhookAsync(new() { ["url"] = $"{_world.Receiver.Url}/T0/B1/key-of-slack?token=query-key", ["format"] = "slack" });
        _world.Receiver.Answer = Receiver.With(500);
        await _world.TellAsync();
        await _world.DeliverAsync();
        foreach (var hidden in (string[])[secret, secret[6..], "key-of-slack", "query-key"])
            foreach (var table in (string[])["webhooks", "events", "event_deliveries", "event_attempts"])
                Assert.That(await _world.QueryAsync<long>($"SELECT count(*) FROM {table} t WHERE strpos(t::text, @hidden) > 0", new { hidden }), Is.EqualTo([0]), table);
        Assert.That((await _world.WebhookAsync(webhook)).ShownUrl, Is.EqualTo($"http://127.0.0.1:{_world.Receiver.Port}/…"));
    }
}
