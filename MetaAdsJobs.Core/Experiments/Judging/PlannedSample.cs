using MetaAdsJobs.Core.Statistics;

namespace MetaAdsJobs.Core.Experiments.Judging;

/// <summary>How many results an experiment needs, for the very test it is judged by.</summary>
internal static class PlannedSample
{
    // A purchase's value varies about as much as it is: counts twice.
    private const double ValueFactor = 2;

    // Days seem to vary beyond chance also where they do not, and that is never held for less.
    private const double DayFactor = 1.15;

    /// <summary>Results of each variant by which the smallest difference is seen with the planned power.</summary>
    /// <param name="rate">Results per link click, where that is the metric.</param>
    public static double ResultsFor(string metric, double smallest, int variants, double rate, int least)
    {
        // A winner has to be seen beside each of the others.
        var power = 1 - ((1 - ExperimentRules.Power) / (variants - 1));
        var deviations = SampleSize.AlwaysValidDeviations(ExperimentRules.Alpha / (variants * (variants - 1) / 2), power);
        return Math.Max(least, Math.Pow(deviations / Math.Log(1 + smallest), 2) * PerResult(metric, smallest, rate) * DayFactor);
    }

    /// <summary>The smallest difference that so many results of each variant show with the planned power.</summary>
    public static double DifferenceOf(string metric, double results, int variants, double rate)
    {
        var (low, high) = (1e-3, 100.0);
        for (var nth = 0; nth < 60; nth++)
        {
            var middle = Math.Sqrt(low * high);
            if (ResultsFor(metric, middle, variants, rate, 0) > results) low = middle;
            else high = middle;
        }

        return high;
    }

    // The variance of the logarithm, times the results of the first.
    private static double PerResult(string metric, double smallest, double rate) => metric switch
    {
        ExperimentMetric.ResultRate => 1 - rate + (Math.Max(0, 1 - (rate * (1 + smallest))) / (1 + smallest)),
        ExperimentMetric.ValuePerSpend => ValueFactor * (1 + (1 / (1 + smallest))),
        _ => 1 + (1 / (1 + smallest)),
    };
}
