using MathNet.Numerics.Distributions;
using MetaAdsJobs.Core.Experiments.Judging;

namespace MetaAdsJobs.Tests.Experiments;

/// <summary>A market that is not there: what Meta would tell of variants, day by day, of which the truth is known. One seed decides everything.</summary>
public sealed record Market
{
    public static readonly DateOnly FirstDay = new(2026, 3, 2);

    /// <summary>Of each variant, against the first.</summary>
    public double[] Better { get; init; } = [1, 1];
    public double SpendADay { get; init; } = 100;
    public double ResultsADay { get; init; } = 20;
    public double ClickRate { get; init; } = 0.05;

    /// <summary>By how much all variants are better or worse on a day, together.</summary>
    public double CommonNoise { get; init; } = 0.15;

    /// <summary>By how much each is, on its own.</summary>
    public double OwnNoise { get; init; }

    /// <summary>By how much weekends differ.</summary>
    public double Weekend { get; init; }

    /// <summary>By how much all change from day to day.</summary>
    public double Drift { get; init; }

    /// <summary>By how much a single value varies, as a share of its mean.</summary>
    public double ValueNoise { get; init; } = 1;

    /// <summary>The variant whose pixel tells nothing from a day on.</summary>
    public (int Variant, int FromDay)? BrokenPixel { get; init; }

    public ExperimentNumbers Days(int days, Random random)
    {
        List<ExperimentDay> all = [new(FirstDay.AddDays(-1), FirstDay.AddDays(days), true, [.. Better.Select(_ => new VariantNumbers(1, 0, 0, 0, 0))])];
        for (var nth = 0; nth < days; nth++)
        {
            var day = FirstDay.AddDays(nth);
            var common = Noise(CommonNoise, random) * (day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday ? 1 + Weekend : 1) * Math.Pow(1 + Drift, nth);
            all.Add(new(day, FirstDay.AddDays(days), true, [.. Better.Select((better, variant) => Variant(better, variant, nth, common, random))]));
        }

        return new(FirstDay.AddDays(days), all, true);
    }

    private VariantNumbers Variant(double better, int variant, int nth, double common, Random random)
    {
        var spend = SpendADay * Noise(0.03, random);
        var mean = ResultsADay * spend / SpendADay * better * common * Noise(OwnNoise, random);
        var clicks = Poisson.Sample(random, spend / SpendADay * ResultsADay / ClickRate);
        var results = BrokenPixel is { } broken && broken.Variant == variant && nth >= broken.FromDay ? 0 : Poisson.Sample(random, mean);
        var value = 0.0;
        for (var one = 0; one < results; one++) value += ValueNoise == 0 ? 1 : Gamma.Sample(random, 1 / (ValueNoise * ValueNoise), 1 / (ValueNoise * ValueNoise));
        return new(1000, clicks, spend, results, 40 * value);
    }

    private static double Noise(double deviation, Random random) => deviation == 0 ? 1 : Math.Exp(Normal.Sample(random, -deviation * deviation / 2, deviation));
}
