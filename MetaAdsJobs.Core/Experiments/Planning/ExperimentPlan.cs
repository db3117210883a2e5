using MetaAdsJobs.Core.Experiments.Judging;

namespace MetaAdsJobs.Core.Experiments.Planning;

/// <summary>The account's own numbers that a plan rests on: the last four weeks that are stored.</summary>
/// <param name="Results">Of the kind that the experiment counts.</param>
public sealed record PastNumbers(int Days, decimal Spend, long LinkClicks, decimal Results);

/// <summary>What is told before an experiment begins.</summary>
public sealed record ExperimentPlan
{
    private const int LeastMostDays = 14;
    private const int UsualMostDays = 56;

    public required double SmallestDifferencePercent { get; init; }

    /// <summary>Results of each variant that are needed to see that difference, four times in five when it is there.</summary>
    public required double ResultsPerVariant { get; init; }

    /// <summary>By the account's own cost per result; null: it has none to go by.</summary>
    public double? CostPerResult { get; init; }
    public double? ExpectedDays { get; init; }

    /// <summary>Of all variants together, until then; in whole units of the account's currency.</summary>
    public double? ExpectedCost { get; init; }
    public required string Currency { get; init; }

    /// <summary>Days for which Meta may still put results down to the last one that counts: they come on top.</summary>
    public required int AttributionDays { get; init; }

    /// <summary>The longest time, in days that count.</summary>
    public required int MostDays { get; init; }
    public required double MostCost { get; init; }

    /// <summary>What is seen four times in five by the end of the longest time.</summary>
    public double? DifferenceByThenPercent { get; init; }

    /// <summary>How often a usual test at 95 %, looked at daily, would find a winner among variants that are alike.</summary>
    public required double UsualTestIsWrongPercent { get; init; }
    public required PastNumbers Past { get; init; }

    /// <param name="budget">Of each variant and day, in whole units.</param>
    public static ExperimentPlan Of(string metric, double smallest, int variants, int leastResults, int attributionDays, int? mostDays, double budget, string currency, PastNumbers past)
    {
        var rate = past is { LinkClicks: > 0 } && past.Results < past.LinkClicks ? (double)past.Results / past.LinkClicks : 0;
        var needed = Math.Ceiling(PlannedSample.ResultsFor(metric, smallest, variants, rate, leastResults));
        double? cost = past is { Results: > 0, Spend: > 0 } ? (double)(past.Spend / past.Results) : null;
        var expected = cost is null ? (double?)null : Weeks(needed * cost.Value / budget);
        var most = mostDays ?? (int)Math.Clamp(expected is null ? UsualMostDays : Weeks(1.5 * expected.Value), LeastMostDays, UsualMostDays);
        return new()
        {
            SmallestDifferencePercent = smallest * 100, ResultsPerVariant = needed, CostPerResult = cost, ExpectedDays = expected, ExpectedCost = expected * budget * variants, Currency = currency, AttributionDays = attributionDays,
            MostDays = most, MostCost = (most + attributionDays) * budget * variants, DifferenceByThenPercent = cost is null ? null : 100 * PlannedSample.DifferenceOf(metric, most * budget / cost.Value, variants, rate),
            UsualTestIsWrongPercent = Math.Round(100 * Statistics.RepeatedLooks.FalseAlarms(1.959963984540054, most), 1), Past = past,
        };
    }

    private static double Weeks(double days) => Math.Max(1, Math.Ceiling(days / 7)) * 7;
}
