namespace MetaAdsJobs.Core.Alerts.Reading;

/// <summary>An episode, for people: what a rule has found, since when, and how far it is.</summary>
public sealed record Alert
{
    public required Guid Id { get; init; }
    public required Guid RuleId { get; init; }
    public required string Rule { get; init; }
    public string? BuiltIn { get; init; }
    public required string Metric { get; init; }
    public required string Level { get; init; }
    public required string Severity { get; init; }

    /// <summary>open, quiet (all are well, not yet for the cooldown) or resolved.</summary>
    public required string State { get; init; }

    /// <summary>Null: of all accounts together.</summary>
    public Guid? SocialAccountId { get; init; }
    public string? Account { get; init; }
    public required DateTimeOffset OpenedAt { get; init; }
    public DateTimeOffset? QuietSince { get; init; }
    public DateTimeOffset? ResolvedAt { get; init; }
    public string? ResolvedWhy { get; init; }

    /// <summary>How many fire, of how many nothing is known now, and how many have been in it.</summary>
    public required int Firing { get; init; }
    public required int NoData { get; init; }
    public required int InAll { get; init; }

    /// <summary>How many messages went out, and the last one.</summary>
    public required int Messages { get; init; }
    public DateTimeOffset? LastMessageAt { get; init; }

    /// <summary>When the oldest number behind what fires was read from Meta.</summary>
    public DateTimeOffset? DataAt { get; init; }
    public string? AcknowledgedBy { get; init; }
    public DateTimeOffset? AcknowledgedAt { get; init; }

    /// <summary>Nothing more is told of it, of the accounts for which it was muted: by the first who did so.</summary>
    public string? MutedBy { get; init; }
    public DateTimeOffset? MutedAt { get; init; }
    public Guid[]? MutedAccounts { get; init; }
}

/// <summary>An object of an episode.</summary>
public sealed record AlertMember
{
    /// <summary>Meta's id of an ad, ad set or campaign; the id of a run or an account of ours.</summary>
    public required string Id { get; init; }
    public string? Name { get; init; }
    public required Guid SocialAccountId { get; init; }
    public string? Account { get; init; }

    /// <summary>firing, no_data (it fired when something was last known of it) or recovered.</summary>
    public required string State { get; init; }
    public decimal? Value { get; init; }

    /// <summary>Its own, where it is compared with that.</summary>
    public decimal? Median { get; init; }
    public required DateTimeOffset Since { get; init; }
    public DateTimeOffset? RecoveredAt { get; init; }

    /// <summary>How often it has fired.</summary>
    public required int Times { get; init; }
    public DateTimeOffset? DataAt { get; init; }
}

/// <summary>How a rule stands with an object of which there is something to say.</summary>
public sealed record WatchedObject
{
    public required string Id { get; init; }
    public string? Name { get; init; }
    public required Guid SocialAccountId { get; init; }
    public string? Account { get; init; }

    /// <summary>firing, waiting (beyond the threshold, not often enough in a row) or no_data.</summary>
    public required string State { get; init; }
    public required bool IsFiring { get; init; }
    public required int Streak { get; init; }
    public required DateTimeOffset Since { get; init; }
    public decimal? Value { get; init; }
    public decimal? Median { get; init; }
    public DateTimeOffset? DataAt { get; init; }
}

/// <summary>Why a rule acted, or why it did not: evaluations that found the same are one.</summary>
public sealed record AlertEvaluation
{
    public required DateTimeOffset FirstAt { get; init; }
    public required DateTimeOffset LastAt { get; init; }
    public required int Times { get; init; }

    /// <summary>How many it looked at.</summary>
    public required int Objects { get; init; }

    /// <summary>Beyond the threshold.</summary>
    public required int Breached { get; init; }

    /// <summary>With too little spend, events or history to judge by.</summary>
    public required int TooLittle { get; init; }

    /// <summary>Beyond the threshold, and not often enough in a row.</summary>
    public required int Waiting { get; init; }
    public required int NoData { get; init; }
    public required int Firing { get; init; }
    public required int Fired { get; init; }
    public required int Recovered { get; init; }

    /// <summary>The messages that went out.</summary>
    public required string[] Told { get; init; }

    /// <summary>What kept messages back: cooldown, muted.</summary>
    public required string[] HeldBy { get; init; }

    /// <summary>What the longest of them took.</summary>
    public required int Milliseconds { get; init; }
}
