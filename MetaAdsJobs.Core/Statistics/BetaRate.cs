namespace MetaAdsJobs.Core.Statistics;

/// <summary>What is known of a rate, such as results per link click: a Beta distribution.</summary>
internal readonly record struct BetaRate(double Alpha, double Beta)
{
    // Nodes per standard deviation of the narrower one. On the whole line the rule of trapezoids is exact beyond all digits for what is smooth and falls off at both ends.
    private const int PerDeviation = 6;
    private const double Negligible = -45;

    // Beside one that is so much narrower still, a rate is not known to more than some thousandths of a chance: it would take a million nodes.
    private const double MostNarrow = 100;

    public double Mean => Alpha / (Alpha + Beta);

    // Of the logit, nearly.
    private double Deviation => Math.Sqrt((1 / Alpha) + (1 / Beta));

    /// <summary>After so many results of so many tries, from the flat prior.</summary>
    public static BetaRate After(double results, double tries) => new(1 + results, 1 + Math.Max(0, tries - results));

    /// <summary>The chance that this one is above the other.</summary>
    public double ChanceAbove(BetaRate other)
    {
        var (alpha, beta) = this;
        var logFront = -IncompleteBeta.LogOf(alpha, beta);
        var mode = Math.Log(alpha / beta);
        var step = Math.Max(Math.Min(Deviation, other.Deviation), Deviation / MostNarrow) / PerDeviation;
        return Math.Clamp(step * (At(mode) + Side(1) + Side(-1)), 0, 1);

        // The density of the logit, which has no ends.
        double LogDensity(double y) => logFront - (alpha * Softplus(-y)) - (beta * Softplus(y));

        double At(double y) => Math.Exp(LogDensity(y)) * IncompleteBeta.Of(other.Alpha, other.Beta, 1 / (1 + Math.Exp(-y)));

        double Side(int sign)
        {
            var sum = 0.0;
            for (var nth = 1; LogDensity(mode + (sign * nth * step)) > Negligible; nth++) sum += At(mode + (sign * nth * step));
            return sum;
        }
    }

    /// <summary>What is lost on average, in points of the rate, when this one is chosen and the other is the better.</summary>
    public double LossAgainst(BetaRate other) =>
        (other.Mean * (other with { Alpha = other.Alpha + 1 }).ChanceAbove(this)) - (Mean * (1 - (this with { Alpha = Alpha + 1 }).ChanceAbove(other)));

    private static double Softplus(double y) => y > 0 ? y + Math.Log(1 + Math.Exp(-y)) : Math.Log(1 + Math.Exp(y));
}
