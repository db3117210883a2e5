using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Events;

/// <summary>Events 14000-14099. Never an address: some of them are keys.</summary>
internal static partial class EventLog
{
    [LoggerMessage(14000, LogLevel.Error, "Webhook {WebhookId} is switched off: {Reason}. What happens from now on is kept for it and can be replayed")]
    public static partial void SwitchedOff(ILogger logger, Guid webhookId, string reason);

    [LoggerMessage(14001, LogLevel.Warning, "Webhook {WebhookId} did not receive {EventType} {EventId} at attempt {Attempt}: {Reason}")]
    public static partial void NotReceived(ILogger logger, Guid webhookId, string eventType, Guid eventId, int attempt, string reason);

    [LoggerMessage(14002, LogLevel.Warning, "Deliveries of events pause: the database is away")]
    public static partial void Paused(ILogger logger, Exception exception);

    [LoggerMessage(14003, LogLevel.Error, "Webhook {WebhookId} is given up for {EventType} {EventId} after {Tries} tries; it can be replayed")]
    public static partial void GivenUp(ILogger logger, Guid webhookId, string eventType, Guid eventId, int tries);

    [LoggerMessage(14004, LogLevel.Error, "Webhook {WebhookId} could not be sent {EventType} {EventId}, for a reason that was not foreseen")]
    public static partial void Unforeseen(ILogger logger, Guid webhookId, string eventType, Guid eventId, Exception exception);

    [LoggerMessage(14005, LogLevel.Error, "Deliveries of events pause, for a reason that was not foreseen")]
    public static partial void NotRung(ILogger logger, Exception exception);
}
