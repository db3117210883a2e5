namespace MetaAdsJobs.Core.Insights.Reading;

public enum InsightLevel
{
    Ad,
    AdSet,
    Campaign,
    Account,
}

/// <summary>
/// Which numbers to read. Days are inclusive. Without an account, each day of an ad account that two of our accounts share is told once, by the
/// one that has read it last.
/// </summary>
public sealed record InsightFilter(Guid? SocialAccountId, string? CampaignId, DateOnly? Since, DateOnly? Until, InsightLevel Level);

/// <summary>
/// One day of one thing. <see cref="Reach"/> is given for ads only: people reached are not additive, so a sum would be a lie. What
/// Meta would not tell is null; in a sum it is skipped, but for results: of those the sum is null, too.
/// </summary>
public sealed record InsightDay
{
    public required DateOnly Date { get; init; }
    public required Guid SocialAccountId { get; init; }
    public string? CampaignId { get; init; }
    public string? AdsetId { get; init; }
    public string? AdId { get; init; }
    public long? Impressions { get; init; }
    public long? Clicks { get; init; }
    public long? LinkClicks { get; init; }
    public long? Reach { get; init; }
    public decimal? Spend { get; init; }

    /// <summary>How often what the ads are optimised for has happened; null when they are not all optimised for the same.</summary>
    public decimal? Results { get; init; }
    public string? ResultType { get; init; }
    /// <summary>Of so many ads' rows Meta has not told impressions, clicks or spend: null in the row itself, and a sum is without them.</summary>
    public long UntoldRows { get; init; }
    public required string Currency { get; init; }

    /// <summary>The day was not over when it, or one row of it, was read; of an account also: Meta has never told all of it.</summary>
    public required bool IsPartial { get; init; }

    /// <summary>Of ads only: Meta's reports no longer hold the row; it counts on.</summary>
    public bool? Vanished { get; init; }

    /// <summary>When the values were last confirmed; of what has vanished, when they were read.</summary>
    public required DateTimeOffset SyncedAt { get; init; }

    internal string Key => AdId ?? AdsetId ?? CampaignId ?? "";
}

/// <summary>What the whole filter adds up to in one currency. People reached are not additive, so there is no reach in it.</summary>
public sealed record InsightTotal
{
    public required string Currency { get; init; }
    public long? Impressions { get; init; }
    public long? Clicks { get; init; }
    public long? LinkClicks { get; init; }
    public decimal? Spend { get; init; }

    /// <summary>Null when the rows do not all count the same thing: different results are not added.</summary>
    public decimal? Results { get; init; }
    public string? ResultType { get; init; }

    /// <summary>Of so many of the rows Meta has not told impressions, clicks or spend: the sums are without them.</summary>
    public long UntoldRows { get; init; }

    /// <summary>How many ads' days these are.</summary>
    public required long Rows { get; init; }
    public required DateOnly Since { get; init; }
    public required DateOnly Until { get; init; }
}

/// <summary>Where a page of insights ended.</summary>
public sealed record InsightCursor(Guid SocialAccountId, DateOnly Day, string Key)
{
    public static InsightCursor After(InsightDay day) => new(day.SocialAccountId, day.Date, day.Key);
}
