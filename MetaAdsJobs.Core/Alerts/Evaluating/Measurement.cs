namespace MetaAdsJobs.Core.Alerts.Evaluating;

/// <summary>An object as rules know it. Two accounts of ours may share an ad account: each watches its own rows.</summary>
internal readonly record struct WatchedKey(Guid AccountId, string Object);

/// <summary>How an object stands to a rule by what is stored: told by SQL (<see cref="MeasureSql"/>), once for all objects of a rule.</summary>
internal sealed record Measurement
{
    /// <summary>Beyond the threshold.</summary>
    public const string Breach = "breach";

    /// <summary>Not beyond it, and not yet where it is well again.</summary>
    public const string Held = "held";
    public const string Fine = "fine";

    /// <summary>Too little spend, events or history to judge by: it does not fire, and what fires has not recovered.</summary>
    public const string TooLittle = "too_little";

    /// <summary>Never synced, late, or withheld by Meta: neither zero nor well.</summary>
    public const string NoData = "no_data";

    public required Guid AccountId { get; init; }
    public required string Object { get; init; }
    public string? Name { get; init; }
    public required string Verdict { get; init; }
    public decimal? Value { get; init; }

    /// <summary>The object's own median.</summary>
    public decimal? Reference { get; init; }

    /// <summary>When it was read from Meta.</summary>
    public DateTimeOffset? DataAt { get; init; }

    /// <summary>The last day of the window; null of what has no days.</summary>
    public DateOnly? DataDay { get; init; }

    public WatchedKey Key => new(AccountId, Object);
}

/// <summary>Of all objects of a rule: how many there are, and those of which there is something to say.</summary>
internal sealed record Measured(int Objects, int TooLittle, IReadOnlyList<Measurement> Told);
