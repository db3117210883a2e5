namespace MetaAdsJobs.Core.Insights.Reading;

/// <summary>One day of what is looked at: all its ads added up.</summary>
public sealed record NumberDay
{
    public required DateOnly Date { get; init; }
    public decimal? Spend { get; init; }
    public long? Impressions { get; init; }
    public long? Clicks { get; init; }
    public long? LinkClicks { get; init; }

    /// <summary>Null when the ads do not all count the same.</summary>
    public decimal? Results { get; init; }
    public string? ResultType { get; init; }

    /// <summary>How many campaigns had a row; none: nothing was delivered.</summary>
    public required int Campaigns { get; init; }

    /// <summary>How many accounts' days these are.</summary>
    public required int Accounts { get; init; }

    /// <summary>Of so many ads' rows Meta has not told impressions, clicks or spend: the sums are without them.</summary>
    public long UntoldRows { get; init; }

    /// <summary>The day was read after it was over: what it was then is known.</summary>
    public required bool HasFirst { get; init; }
    public decimal? FirstSpend { get; init; }
    public long? FirstImpressions { get; init; }
    public long? FirstClicks { get; init; }
    public decimal? FirstResults { get; init; }

    /// <summary>It was not over when it was read, or Meta has never told all of it.</summary>
    public required bool IsPartial { get; init; }
    public required DateTimeOffset SyncedAt { get; init; }

    /// <summary>Of several accounts the one that was synced last.</summary>
    public required DateTimeOffset NewestSyncedAt { get; init; }

    /// <summary>Of the spend, what Meta no longer tells of; it counts on.</summary>
    public required decimal VanishedSpend { get; init; }

    /// <summary>
    /// By how much Meta's own sum for the account is another; null when it is not known, or of a campaign. Of several accounts the
    /// differences without their signs, which would cancel out.
    /// </summary>
    public decimal? Difference { get; init; }

    /// <summary>Of how many accounts it differs.</summary>
    public int Differing { get; init; }

    /// <summary>Of how many accounts whose day is over it is not known.</summary>
    public int Unreconciled { get; init; }
    public decimal? Ctr => Ratio.Of(Clicks, Impressions);
    public decimal? Cpc => Ratio.Of(Spend, Clicks);
    public decimal? CostPerResult => Ratio.Of(Spend, Results);
}

/// <summary>Days added up.</summary>
public sealed record Tally
{
    public decimal? Spend { get; init; }
    public long? Impressions { get; init; }
    public long? Clicks { get; init; }
    public long? LinkClicks { get; init; }

    /// <summary>Null where those of a day on which something was delivered are not known.</summary>
    public decimal? Results { get; init; }
    public string? ResultType { get; init; }

    /// <summary>There are results of more than one kind, or of which it is not known what they count: they are not added.</summary>
    public required bool HasMixedResults { get; init; }
    public decimal? Ctr { get; init; }
    public decimal? Cpc { get; init; }
    public decimal? CostPerResult { get; init; }

    /// <summary>What was not told is skipped, but for results; told nowhere, it is null. Ratios are of sums over the days that tell both.</summary>
    public static Tally Of(IReadOnlyList<NumberDay> days)
    {
        var delivered = days.Where(day => day.Campaigns > 0).ToList();
        var types = delivered.Select(day => day.ResultType).Distinct().ToList();
        var isMixed = types.Count > 1 || types.Contains(null);
        return new()
        {
            Spend = Sum(days, day => day.Spend), Impressions = (long?)Sum(days, day => day.Impressions), Clicks = (long?)Sum(days, day => day.Clicks),
            LinkClicks = (long?)Sum(days, day => day.LinkClicks), Results = isMixed || delivered.Any(day => day.Results is null) ? null : Sum(days, day => day.Results), ResultType = isMixed ? null : types.SingleOrDefault(),
            HasMixedResults = isMixed, Ctr = RatioOf(days, day => day.Clicks, day => day.Impressions), Cpc = RatioOf(days, day => day.Spend, day => day.Clicks),
            CostPerResult = isMixed ? null : RatioOf(days, day => day.Spend, day => day.Results),
        };
    }

    private static decimal? Sum(IEnumerable<NumberDay> days, Func<NumberDay, decimal?> value)
    {
        var told = days.Select(value).OfType<decimal>().ToList();
        return told.Count == 0 ? null : told.Sum();
    }

    private static decimal? RatioOf(IEnumerable<NumberDay> days, Func<NumberDay, decimal?> of, Func<NumberDay, decimal?> by)
    {
        var both = days.Where(day => of(day) is not null && by(day) is not null).ToList();
        return Ratio.Of(Sum(both, of), Sum(both, by));
    }
}

internal static class Ratio
{
    /// <summary>Nothing by nothing is not zero, and neither is something by nothing.</summary>
    public static decimal? Of(decimal? of, decimal? by) => by is null or 0 ? null : of / by;
}
