namespace MetaAdsJobs.Core.Events;

/// <summary>Who wants to hear of what, and how that stands.</summary>
public sealed record Webhook
{
    public const string CloudEvents = "cloudevents";
    public const string Slack = "slack";
    public const string Mail = "mail";

    public required Guid Id { get; init; }

    /// <summary>What people are shown of the address. Some addresses are keys, so never all of it.</summary>
    public required string ShownUrl { get; init; }
    public string? Description { get; init; }

    /// <summary><see cref="CloudEvents"/>, <see cref="Slack"/> or <see cref="Mail"/>.</summary>
    public required string Format { get; init; }

    /// <summary>Null: all.</summary>
    public string[]? EventTypes { get; init; }

    /// <summary>Null: all.</summary>
    public Guid[]? AccountIds { get; init; }
    public required bool IsOn { get; init; }

    /// <summary>Why it was switched off.</summary>
    public string? OffReason { get; init; }
    public DateTimeOffset? OffAt { get; init; }

    /// <summary>Since when nothing was received, though something waited all the time.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>Until when a secret before the present one signs, too.</summary>
    public DateTimeOffset? FormerSecretUntil { get; init; }

    /// <summary>How many of them do.</summary>
    public int FormerSecrets { get; init; }
    public required string CreatedBy { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Deliveries that wait for their turn, or their next try; counted up to one more than <see cref="MostCounted"/>.</summary>
    public int Pending { get; init; }

    /// <summary>The same of those that were given up, or were held while it was off.</summary>
    public int NotDelivered { get; init; }

    public const int MostCounted = 1000;

    /// <summary>Only what is signed has a secret that somebody needs.</summary>
    public bool IsSigned => Format != Mail;

    /// <summary>The address for people: a mail's as it is, of any other its host alone: with many receivers the path is a key, as a query is.</summary>
    internal static string Show(string url, string format)
    {
        if (format == Mail) return url;
        var parsed = new Uri(url);
        var host = parsed.GetLeftPart(UriPartial.Authority);
        if (format == Slack) return $"{host}/…";
        return $"{host}/{(parsed.AbsolutePath.Length > 1 ? "…" : "")}{(parsed.Query.Length > 0 ? "?…" : "")}";
    }
}
