using MathNet.Numerics.Distributions;

namespace MetaAdsJobs.Core.Statistics;

/// <summary>How much has to be known to see a difference of a given size.</summary>
internal static class SampleSize
{
    /// <summary>Tries per group for two rates and a single look (Evan Miller's formula).</summary>
    public static double OneLook(double rate, double to, double alpha, double power)
    {
        var (low, high) = rate > 0.5 ? (1 - rate, 1 - to) : (rate, to);
        var deviations = (Quantile(1 - (alpha / 2)) * Math.Sqrt(2 * low * (1 - low))) + (Quantile(power) * Math.Sqrt((low * (1 - low)) + (high * (1 - high))));
        return Math.Pow(deviations / (high - low), 2);
    }

    /// <summary>How much better than its standard error a difference has to be, to be seen by <see cref="AlwaysValid"/> by the time that it is tuned to.</summary>
    public static double AlwaysValidDeviations(double alpha, double power) => AlwaysValid.Deviations(1, 1, alpha) + Quantile(power);

    private static double Quantile(double chance) => Normal.InvCDF(0, 1, chance);
}
