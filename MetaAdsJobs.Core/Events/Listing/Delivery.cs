namespace MetaAdsJobs.Core.Events.Listing;

/// <summary>One event for one webhook, and how far it is.</summary>
public sealed record Delivery
{
    /// <summary>The event's, and what receivers see as webhook-id.</summary>
    public required Guid Id { get; init; }
    public required string Type { get; init; }
    public Guid? SocialAccountId { get; init; }
    public required string Subject { get; init; }
    public required DateTimeOffset OccurredAt { get; init; }

    /// <summary>pending, delivered, failed: given up; held: not sent, because the webhook was off.</summary>
    public required string State { get; init; }

    /// <summary>When it is sent, or sent again.</summary>
    public DateTimeOffset? NextAt { get; init; }
    public DateTimeOffset? DeliveredAt { get; init; }
    public required int Attempts { get; init; }

    /// <summary>Of the last attempt.</summary>
    public int? LastStatus { get; init; }
    public string? LastError { get; init; }
    public DateTimeOffset? LastAt { get; init; }
}

/// <summary>One try, as it was noted.</summary>
public sealed record DeliveryAttempt
{
    public required int Attempt { get; init; }
    public required DateTimeOffset At { get; init; }
    public int? Milliseconds { get; init; }
    public int? Status { get; init; }
    public string? Error { get; init; }
}

/// <summary>A delivery with all that is known of it.</summary>
/// <param name="Delivery">How far it is.</param>
/// <param name="Data">What is told of the event, in JSON.</param>
/// <param name="Log">Its attempts, the first first.</param>
public sealed record DeliveryDetail(Delivery Delivery, string Data, IReadOnlyList<DeliveryAttempt> Log);
