using MathNet.Numerics.Distributions;

namespace MetaAdsJobs.Core.Statistics;

/// <summary>Numbers of one group, by what they add up to.</summary>
internal readonly record struct Sample(double Count, double Mean, double Variance)
{
    public static Sample OfShare(double successes, double count)
    {
        var share = successes / count;
        return new(count, share, share * (1 - share));
    }

    public static Sample OfSums(double sum, double squares, double count) => new(count, sum / count, (squares - (sum * sum / count)) / (count - 1));

    /// <summary>The variance of the mean.</summary>
    public double OfMean => Variance / Count;
}

/// <summary>By how much a group differs from another, and how surely.</summary>
/// <param name="Variance">Of the estimate.</param>
/// <param name="Freedom">Degrees of freedom by Welch and Satterthwaite.</param>
/// <param name="Count">Of both groups.</param>
internal readonly record struct Difference(double Estimate, double Variance, double Freedom, double Count)
{
    public static Difference Absolute(Sample from, Sample to) => new(to.Mean - from.Mean, from.OfMean + to.OfMean, FreedomOf(from, to), from.Count + to.Count);

    /// <summary>As a share of the first group's mean, by the delta method.</summary>
    public static Difference Relative(Sample from, Sample to) => new(
        (to.Mean - from.Mean) / from.Mean, (to.OfMean / (from.Mean * from.Mean)) + (from.OfMean * to.Mean * to.Mean / Math.Pow(from.Mean, 4)), FreedomOf(from, to), from.Count + to.Count);

    public double Deviation => Math.Sqrt(Variance);

    /// <summary>Welch's interval: for a single look, at a size that was fixed before.</summary>
    public Interval OneLook(double alpha) => Interval.Around(Estimate, StudentT.InvCDF(0, 1, Freedom, 1 - (alpha / 2)) * Deviation);

    /// <summary>Welch's p, two-sided: for a single look.</summary>
    public double OneLookP => 2 * StudentT.CDF(0, 1, Freedom, -Math.Abs(Estimate) / Deviation);

    /// <inheritdoc cref="AlwaysValid"/>
    public Interval Always(double alpha, double tuning) => Interval.Around(Estimate, AlwaysValid.Deviations(Count, tuning, alpha) * Deviation);

    /// <inheritdoc cref="AlwaysValid"/>
    public double AlwaysP(double alpha, double tuning) => AlwaysValid.P(Estimate / Deviation, Count, tuning, alpha);

    private static double FreedomOf(Sample from, Sample to) =>
        Math.Pow(from.OfMean + to.OfMean, 2) / ((from.OfMean * from.OfMean / (from.Count - 1)) + (to.OfMean * to.OfMean / (to.Count - 1)));
}

/// <summary>From here to there.</summary>
internal readonly record struct Interval(double Low, double High)
{
    public static Interval Around(double middle, double half) => new(middle - half, middle + half);
}
