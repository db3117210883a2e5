using MathNet.Numerics.Distributions;
using MathNet.Numerics.Integration;

namespace MetaAdsJobs.Core.Statistics;

/// <summary>What becomes of a test for a single look when one looks again and again (Armitage, McPherson and Rowe 1969).</summary>
internal static class RepeatedLooks
{
    /// <summary>The chance that at least one of the looks, after equal amounts of new numbers each, finds a difference although there is none.</summary>
    /// <param name="deviations">What counts as a difference, in standard errors: 1.96 for 5 % at a single look.</param>
    public static double FalseAlarms(double deviations, int looks)
    {
        GaussLegendreRule? before = null;
        double[] density = [];
        for (var look = 1; look <= looks; look++)
        {
            var edge = deviations * Math.Sqrt(look);
            var rule = new GaussLegendreRule(-edge, edge, 48 + (int)(6 * edge));
            density = [.. rule.Abscissas.Select(sum => before is null ? Normal.PDF(0, 1, sum) : Enumerable.Range(0, density.Length).Sum(nth => before.Weights[nth] * density[nth] * Normal.PDF(0, 1, sum - before.Abscissas[nth])))];
            before = rule;
        }

        return before is null ? 0 : 1 - Enumerable.Range(0, density.Length).Sum(nth => before.Weights[nth] * density[nth]);
    }
}
