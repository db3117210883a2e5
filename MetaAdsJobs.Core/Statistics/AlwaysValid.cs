namespace MetaAdsJobs.Core.Statistics;

/// <summary>
/// Intervals and p-values that hold however often one looks, and whenever one stops: asymptotic confidence sequences (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, arXiv 2103.06476, equations 9 and 155).
/// They are tightest when as much is known as they are tuned to. All in logarithms: evidence may have more digits than a number has.
/// </summary>
internal static class AlwaysValid
{
    /// <summary>Half the interval's width in standard errors.</summary>
    /// <param name="known">How much is known: observations, or results.</param>
    /// <param name="tuning">How much it is tuned to, in the same unit.</param>
    public static double Deviations(double known, double tuning, double alpha)
    {
        var grown = known * Mixing(alpha) / tuning;
        return Math.Sqrt(2 * (grown + 1) / grown * ((Math.Log(grown + 1) / 2) - Math.Log(alpha)));
    }

    /// <summary>The logarithm of the evidence against no difference.</summary>
    /// <param name="deviations">The estimate in standard errors.</param>
    public static double LogEvidence(double deviations, double known, double tuning, double alpha)
    {
        var grown = known * Mixing(alpha) / tuning;
        return (grown / (2 * (grown + 1)) * deviations * deviations) - (Math.Log(grown + 1) / 2);
    }

    /// <inheritdoc cref="LogEvidence"/>
    public static double P(double deviations, double known, double tuning, double alpha) => Math.Min(1, Math.Exp(-LogEvidence(deviations, known, tuning, alpha)));

    // rho squared times what it is tuned to (equation 161).
    private static double Mixing(double alpha) => (-2 * Math.Log(alpha)) + Math.Log((-2 * Math.Log(alpha)) + 1);
}
