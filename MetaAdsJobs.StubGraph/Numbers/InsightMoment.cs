namespace MetaAdsJobs.StubGraph.Numbers;

/// <summary>When a report is made, in the account's own days: numbers depend on how old a day is.</summary>
/// <param name="ShareOfToday">How much of today is over, between 0 and 1.</param>
/// <param name="Generation">How often a test has had the last 28 days restated.</param>
internal readonly record struct InsightMoment(DateOnly Today, double ShareOfToday, int Generation)
{
    // By the hour, so that the pages of one report tell the same; the middle of it, so that today is never nothing.
    public static InsightMoment At(DateTimeOffset local, int generation) =>
        new(DateOnly.FromDateTime(local.DateTime), (local.Hour + 0.5) / 24, generation);
}
