namespace MetaAdsJobs.Core.Publishers.Receiving;

/// <summary>What an event has become in one account.</summary>
public sealed record ClipOutcome
{
    public static readonly IReadOnlyList<string> States = ["accepted", "existing", "outdated", "refused", "held", "over_limit"];

    public required Guid SocialAccountId { get; init; }
    public string? AccountName { get; init; }

    /// <summary>
    /// accepted: it became this run. existing: the clip had become one before. outdated: a later event of the clip is known. Of the others nothing was made, and a person can take them:
    /// refused, by the template's account or by a rule; held, since the template wants to be asked; over_limit.
    /// </summary>
    public required string State { get; init; }
    public Guid? RequestId { get; init; }

    /// <summary>How the run stands.</summary>
    public string? RunStatus { get; init; }

    /// <summary>Why nothing was made, by the paths of the request.</summary>
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }
    public required DateTimeOffset DecidedAt { get; init; }

    /// <summary>Who took it from the log; null when it came by itself.</summary>
    public string? DecidedBy { get; init; }

    public bool IsOpen => State is "refused" or "held" or "over_limit";
}

/// <summary>A message of a publisher that was taken, and what it has become.</summary>
public sealed record ClipEvent
{
    public required Guid Id { get; init; }
    public required Guid PublisherId { get; init; }

    /// <summary>Its webhook-id.</summary>
    public required string MessageId { get; init; }
    public required string Type { get; init; }

    /// <summary>The publisher's own id of the clip.</summary>
    public required string ClipId { get; init; }
    public required string Title { get; init; }
    public required DateTimeOffset ChangedAt { get; init; }
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>None: it named no account, and there was no template.</summary>
    public required IReadOnlyList<ClipOutcome> Outcomes { get; init; }

    /// <summary>A person can take it.</summary>
    public bool IsOpen => Outcomes.Count == 0 || Outcomes.Any(outcome => outcome.IsOpen);
}

/// <param name="Data">What it tells of the clip, in JSON.</param>
public sealed record ClipEventDetail(ClipEvent Event, string Data);
