using MathNet.Numerics.Distributions;
using MetaAdsJobs.Core.Experiments.Judging;
using MetaAdsJobs.Core.Statistics;

namespace MetaAdsJobs.Core.Experiments.Simulating;

/// <summary>A day of a market, as the end of time knows it.</summary>
/// <param name="Late">Of each variant: how many of its results come so many days later; empty: all come at once.</param>
public sealed record PlayedDay(DateOnly Day, IReadOnlyList<VariantNumbers> Variants, IReadOnlyList<int[]> Late)
{
    public IReadOnlyList<VariantNumbers> SeenAfter(int days) => [.. Variants.Zip(Late, (one, late) =>
        late.Length == 0 || one.Results <= 0 ? one : one with { Results = late.Count(after => after <= days), Value = one.Value * late.Count(after => after <= days) / one.Results })];
}

/// <summary>A market that is made up: what Meta would tell of variants, day by day, of which the truth is known. One seed decides everything.</summary>
public sealed record Market
{
    public static readonly DateOnly FirstDay = new(2026, 3, 2);

    // A night reads so many days again.
    private const int Lookback = 28;

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

    /// <summary>The variant whose pixel tells nothing from a day on, and until when.</summary>
    public (int Variant, int FromDay)? BrokenPixel { get; init; }
    public int BrokenFor { get; init; } = int.MaxValue;

    /// <summary>Of results that have not come by a day, so many do not come on it either.</summary>
    public double LateShare { get; init; }

    /// <summary>Ads of one ad set: how steeply Meta follows what they have brought so far. Nought: they spend alike.</summary>
    public double Follows { get; init; }

    /// <summary>One of <see cref="MarketScenario.All"/>.</summary>
    public static Market Of(string scenario, double[] better, double resultsADay, int days, bool areAds)
    {
        var market = new Market { Better = better, ResultsADay = resultsADay, Follows = areAds ? 2 : 0 };
        return scenario switch
        {
            MarketScenario.Drifting => market with { Drift = -0.02, OwnNoise = 0.1 },
            MarketScenario.BrokenPixel => market with { BrokenPixel = (0, days * 2 / 5), BrokenFor = 8 },
            MarketScenario.LateConversions => market with { LateShare = 0.6 },
            MarketScenario.SeasonalWeek => market with { Weekend = 0.5 },
            _ => market,
        };
    }

    public ExperimentNumbers Days(int days, Random random) => Seen(Play(days, random), days);

    public IReadOnlyList<PlayedDay> Play(int days, Random random)
    {
        List<PlayedDay> all = [new(FirstDay.AddDays(-1), [.. Better.Select(_ => new VariantNumbers(1, 0, 0, 0, 0))], [.. Better.Select(_ => Array.Empty<int>())])];
        for (var nth = 0; nth < days; nth++)
        {
            var day = FirstDay.AddDays(nth);
            var common = Noise(CommonNoise, random) * (day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday ? 1 + Weekend : 1) * Math.Pow(1 + Drift, nth);
            var shares = Shares(all);
            VariantNumbers[] variants = [.. Better.Select((better, variant) => Variant(better, variant, nth, common, shares[variant], random))];
            all.Add(new(day, variants, [.. variants.Select(one => Late(one.Results, random))]));
        }

        return all;
    }

    /// <summary>As the night after so many days sees it.</summary>
    public static ExperimentNumbers Seen(IReadOnlyList<PlayedDay> played, int days)
    {
        var today = FirstDay.AddDays(days);
        return new(today, [.. played.Take(days + 1).Select(day =>
        {
            var readOn = day.Day.AddDays(Lookback) < today ? day.Day.AddDays(Lookback) : today;
            return new ExperimentDay(day.Day, readOn, true, day.SeenAfter(readOn.DayNumber - day.Day.DayNumber - 1));
        })], true);
    }

    // What an ad set would give each of its ads, of as much as all would spend alike.
    private double[] Shares(List<PlayedDay> before)
    {
        if (Follows <= 0) return [.. Better.Select(_ => 1.0)];
        const double Least = 0.02;
        var usual = ResultsADay / SpendADay;
        double[] weights = [.. Better.Select((_, nth) => Math.Pow((before.Sum(day => day.Variants[nth].Results) + 3) / (before.Sum(day => day.Variants[nth].Spend) + (3 / usual)), Follows))];
        return [.. weights.Select(weight => Better.Length * Math.Max(Least, weight / weights.Sum()))];
    }

    private VariantNumbers Variant(double better, int variant, int nth, double common, double share, Random random)
    {
        var spend = SpendADay * share * Noise(0.03, random);
        var mean = ResultsADay * spend / SpendADay * better * common * Noise(OwnNoise, random);
        var clicks = Poisson.Sample(random, spend / SpendADay * ResultsADay / ClickRate);
        var results = BrokenPixel is { } broken && broken.Variant == variant && nth >= broken.FromDay && nth - broken.FromDay < BrokenFor ? 0 : Poisson.Sample(random, mean);
        var value = 0.0;
        for (var one = 0; one < results; one++) value += ValueNoise == 0 ? 1 : Gamma.Sample(random, 1 / (ValueNoise * ValueNoise), 1 / (ValueNoise * ValueNoise));
        return new(1000, clicks, spend, results, 40 * value);
    }

    private int[] Late(double results, Random random)
    {
        if (LateShare <= 0) return [];
        var late = new int[(int)results];
        for (var one = 0; one < late.Length; one++)
            while (late[one] < Lookback && random.NextDouble() < LateShare) late[one]++;
        return late;
    }

    private static double Noise(double deviation, Random random) => deviation == 0 ? 1 : Math.Exp(Normal.Sample(random, -deviation * deviation / 2, deviation));
}
