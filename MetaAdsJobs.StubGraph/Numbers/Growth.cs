namespace MetaAdsJobs.StubGraph.Numbers;

/// <summary>
/// How much of a day's final numbers is still missing when the day is so many days old: what is shown and paid is known
/// almost at once, clicks within some days, purchases come late. After 28 days Meta changes nothing any more.
/// </summary>
internal static class Growth
{
    public const int DaysUntilSettled = 28;

    private static readonly double[] Delivery = Missing((_, left) => 0.01 * left * left);
    private static readonly double[] Reactions = Missing((age, left) => (0.12 * Math.Exp(-age / 1.5)) + (0.01 * left));
    private static readonly double[] InADay = Missing((age, left) => (0.25 * Math.Exp(-age / 2)) + (0.1 * left));
    private static readonly double[] InAWeek = Missing((age, left) => (0.9 * Math.Max(0, 1 - (age / 7))) + (0.1 * left));
    private static readonly double[] InAMonth = Missing((_, left) => left);
    private static readonly double[] AfterAView = Missing((age, left) => (0.3 * Math.Exp(-age)) + (0.05 * left));

    /// <param name="age">In days; zero is today.</param>
    /// <param name="depth">Between 0 and 1: how much the ad's day is touched by it at all.</param>
    /// <param name="share">How much of the day is over.</param>
    /// <param name="chance">Of the ad's day: decides when the last whole click or purchase comes in.</param>
    public static void Apply(ref InsightNumbers final, int age, double depth, double share, Dice chance)
    {
        if (age >= DaysUntilSettled)
            return;

        var shown = share * (1 - (Delivery[age] * depth));
        Shrink(ref final, Metric.Impressions, Metric.Reach, shown, 0);
        Shrink(ref final, Metric.SpendMinor, Metric.SpendMinor, shown, 0);
        Shrink(ref final, Metric.Clicks, Metric.ThruPlays, share * (1 - (Reactions[age] * depth)), chance.Between(0, 1));
        Shrink(ref final, Metric.BoughtInADay, Metric.BoughtInADay, share * (1 - (InADay[age] * depth)), chance.Between(0, 1));
        Shrink(ref final, Metric.BoughtInAWeek, Metric.BoughtInAWeek, share * (1 - (InAWeek[age] * depth)), chance.Between(0, 1));
        Shrink(ref final, Metric.BoughtInAMonth, Metric.BoughtInAMonth, share * (1 - (InAMonth[age] * depth)), chance.Between(0, 1));
        Shrink(ref final, Metric.BoughtAfterAView, Metric.BoughtAfterAView, share * (1 - (AfterAView[age] * depth)), chance.Between(0, 1));
    }

    // Rounding up from a place of the day's own, always the same, never shrinks as the share grows and never passes the final number.
    private static void Shrink(ref InsightNumbers numbers, Metric first, Metric last, double share, double up)
    {
        for (var metric = first; metric <= last; metric++)
            numbers[metric] = (long)((numbers[metric] * share) + (numbers[metric] == 0 ? 0 : up));
    }

    private static double[] Missing(Func<double, double, double> curve) =>
        [.. Enumerable.Range(0, DaysUntilSettled).Select(age => curve(age, 1 - ((double)age / DaysUntilSettled)))];
}
