using System.Diagnostics;
using MetaAdsJobs.Core.Events.Mailing;
using MetaAdsJobs.Core.Events.Texts;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Events.Delivering;

/// <summary>
/// One job's run for one webhook: sends what is due, several at a time, until nothing is, the receiver does not take it, or its time is over. The rows are
/// the truth: a run that dies loses nothing, and what it may have sent is sent again under the same id.
/// </summary>
internal sealed class DeliverEvents(DeliveryStore store, WebhookSecrets secrets, EventBodies bodies, WebhookSender sender, MailSender mail, EventOptions options, TimeProvider time, ILogger<DeliverEvents> logger)
{
    private const int AtOnce = 8;
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(20);

    public async Task<JobOutcome> ExecuteAsync(Guid webhookId, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        while (!ct.IsCancellationRequested && time.GetElapsedTime(began) < Slice)
        {
            var taken = await store.TakeAsync(webhookId, AtOnce, ct);
            if (taken.Count == 0) break;
            // To its end even when the worker is to stop: it is a matter of seconds, and half of it would be sent twice.
            var answers = await Task.WhenAll(taken.Select(delivery => DeliverAsync(delivery)));
            if (answers.Any(one => one.Answer.IsReceived)) continue;
            await LeaveInPeaceAsync(webhookId, answers);
            break;
        }

        await store.LeaveAsync(webhookId, CancellationToken.None);
        return new JobOutcome.Completed();
    }

    private async Task<(DeliveryAnswer Answer, DateTimeOffset? FailingSince)> DeliverAsync(TakenDelivery delivery)
    {
        using var span = Signals.Spans.StartActivity("deliver event", ActivityKind.Client);
        var answer = await TrySendAsync(delivery);
        span?.SetTag("metaadsjobs.event.type", delivery.Type).SetTag("metaadsjobs.outcome", answer.IsReceived ? "received" : "not_received").SetStatus(answer.IsReceived ? ActivityStatusCode.Unset : ActivityStatusCode.Error);
        var nextAt = answer.IsReceived ? null : DeliverySchedule.NextAt(delivery.Tries, time.GetUtcNow(), answer.RetryAfter);
        // Dies here: the lease runs out, and it is sent again.
        var failingSince = await store.NoteAsync(delivery, answer, nextAt, CancellationToken.None);
        if (!answer.IsReceived)
        {
            EventLog.NotReceived(logger, delivery.WebhookId, delivery.Type, delivery.EventId, delivery.Attempt, answer.Error!);
            if (nextAt is null) EventLog.GivenUp(logger, delivery.WebhookId, delivery.Type, delivery.EventId, delivery.Tries);
        }

        return (answer, failingSince);
    }

    // Whatever it is, it is a try that failed: were it thrown, the delivery would be taken again for ever, with those beside it, and nobody would be told.
    private async Task<DeliveryAnswer> TrySendAsync(TakenDelivery delivery)
    {
        try
        {
            return await SendAsync(delivery);
        }
        catch (Exception exception)
        {
            EventLog.Unforeseen(logger, delivery.WebhookId, delivery.Type, delivery.EventId, exception);
            return new(null, 0, $"could not be sent ({exception.GetType().Name}): the service's log tells more");
        }
    }

    private async Task<DeliveryAnswer> SendAsync(TakenDelivery delivery)
    {
        const string Unreadable = "its address or secret cannot be opened here: give it its url again, and rotate its secret";
        if (secrets.TryOpen(delivery.Url) is not { } url || secrets.TryOpen(delivery.Secret) is not { } secret) return new(null, 0, Unreadable);
        if (delivery.Format == Webhook.Mail)
        {
            var (subject, text) = bodies.MailOf(delivery);
            return await mail.SendAsync(new Uri(url), delivery.EventId, delivery.OccurredAt, subject, text, CancellationToken.None);
        }

        var (body, contentType) = bodies.Of(delivery);
        return await sender.SendAsync(new Uri(url), [secret, .. delivery.FormerSecrets.Select(secrets.TryOpen).OfType<string>()], delivery.EventId, body, contentType, CancellationToken.None);
    }

    /// <summary>Nothing was received: the receiver rests, or is switched off.</summary>
    private async Task LeaveInPeaceAsync(Guid webhookId, IReadOnlyList<(DeliveryAnswer Answer, DateTimeOffset? FailingSince)> answers)
    {
        var now = time.GetUtcNow();
        if (answers.Any(one => one.Answer.IsGone))
        {
            await SwitchOffAsync(webhookId, "its receiver answered HTTP 410: gone", failingSince: null);
            return;
        }

        var since = answers.Min(one => one.FailingSince) ?? now;
        var limit = now.AddDays(-options.SwitchOffDays);
        if (since <= limit && await SwitchOffAsync(webhookId, $"nothing was received for {options.SwitchOffDays} days; last: {answers[^1].Answer.Error}", limit)) return;
        await store.RestAsync(webhookId, DeliverySchedule.RestsUntil(since, now, answers.Max(one => one.Answer.RetryAfter)), CancellationToken.None);
    }

    private async Task<bool> SwitchOffAsync(Guid webhookId, string reason, DateTimeOffset? failingSince)
    {
        if (!await store.SwitchOffAsync(webhookId, reason, failingSince, CancellationToken.None)) return false;
        EventLog.SwitchedOff(logger, webhookId, reason);
        return true;
    }
}
