using MathNet.Numerics;

namespace MetaAdsJobs.Core.Statistics;

/// <summary>The regularized incomplete beta function: the chance that a Beta(a, b) is at most x. MathNet's own gives up after 140 steps, too few for tens of thousands of results.</summary>
internal static class IncompleteBeta
{
    private const double Tiny = 1e-300;

    public static double Of(double a, double b, double x)
    {
        if (x <= 0) return 0;
        if (x >= 1) return 1;
        var front = Math.Exp((a * Math.Log(x)) + (b * Math.Log(1 - x)) - LogOf(a, b));
        // The fraction converges quickly on the near side of the mean.
        return x < (a + 1) / (a + b + 2) ? front * Fraction(a, b, x) / a : 1 - (front * Fraction(b, a, 1 - x) / b);
    }

    /// <summary>The logarithm of the beta function.</summary>
    public static double LogOf(double a, double b) => SpecialFunctions.GammaLn(a) + SpecialFunctions.GammaLn(b) - SpecialFunctions.GammaLn(a + b);

    // Lentz's way of a continued fraction.
    private static double Fraction(double a, double b, double x)
    {
        var most = 200 + (20 * (int)Math.Sqrt(Math.Max(a, b)));
        var c = 1.0;
        var d = 1 / Kept(1 - ((a + b) * x / (a + 1)));
        var h = d;
        for (var m = 1; m <= most; m++)
        {
            var even = m * (b - m) * x / ((a - 1 + (2 * m)) * (a + (2 * m)));
            d = 1 / Kept(1 + (even * d));
            c = Kept(1 + (even / c));
            h *= d * c;
            var odd = -(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + 1 + (2 * m)));
            d = 1 / Kept(1 + (odd * d));
            c = Kept(1 + (odd / c));
            var step = d * c;
            h *= step;
            if (Math.Abs(step - 1) < 1e-15) break;
        }

        return h;
    }

    private static double Kept(double value) => Math.Abs(value) < Tiny ? Tiny : value;
}
