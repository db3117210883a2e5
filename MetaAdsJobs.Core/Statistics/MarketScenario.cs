namespace MetaAdsJobs.Core.Statistics;

/// <summary>What can happen in a market that is made up: to experiments and to budgets.</summary>
public static class MarketScenario
{
    public const string Stable = "stable";
    public const string Drifting = "drifting";

    /// <summary>The pixel of one says nothing for a while.</summary>
    public const string BrokenPixel = "broken_pixel";
    public const string LateConversions = "late_conversions";
    public const string SeasonalWeek = "seasonal_week";

    public static readonly IReadOnlyList<string> All = [Stable, Drifting, BrokenPixel, LateConversions, SeasonalWeek];
}
