namespace MetaAdsJobs.Core.Telemetry;

/// <summary>How the whole service stands at a moment. Counts only: whose they are, the API tells those who may know.</summary>
internal sealed record ServiceNumbers
{
    public required IReadOnlyDictionary<string, long> Orchestrations { get; init; }
    public required IReadOnlyDictionary<string, long> Syncs { get; init; }

    /// <summary>Per use case: accounts that Meta keeps out now, and the most that is used of any account's limit, 1 being all of it.</summary>
    public required IReadOnlyDictionary<string, (long Blocked, double HighestUsage)> Pacing { get; init; }

    public required long Accounts { get; init; }

    /// <summary>Accounts that need a person, by the reason.</summary>
    public required IReadOnlyDictionary<string, long> Attention { get; init; }

    public required IReadOnlyDictionary<string, long> Stops { get; init; }

    /// <summary>Events for webhooks: on their way, for how long the oldest of these, given up, and webhooks that are switched off.</summary>
    public required (long Pending, TimeSpan Oldest, long Failed, long SwitchedOff) Webhooks { get; init; }

    /// <summary>Events of publishers that a person has to look at, in so many accounts, by what they became.</summary>
    public required IReadOnlyDictionary<string, long> ClipEvents { get; init; }

    /// <summary>For how long the first of these has waited; zero without any.</summary>
    public required TimeSpan ClipsOldest { get; init; }

    /// <summary>Alerts that are not over, by severity.</summary>
    public required IReadOnlyDictionary<string, long> Alerts { get; init; }

    /// <summary>Since the rule that has waited longest was evaluated; zero without rules.</summary>
    public required TimeSpan AlertsEvaluated { get; init; }

    public required long DifferingDays { get; init; }
    public required long WithoutNight { get; init; }

    /// <summary>Since the end of the last complete day of the account that is furthest behind.</summary>
    public required TimeSpan OldestDay { get; init; }
}
