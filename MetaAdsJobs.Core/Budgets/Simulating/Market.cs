using MetaAdsJobs.Core.Budgets.Deciding;
using MetaAdsJobs.Core.Statistics;

namespace MetaAdsJobs.Core.Budgets.Simulating;

/// <summary>A market that is made up, of which everything is known: ads that bring a·s^e results a day, with chance, and whatever its scenario does to them. The same seed makes the same market.</summary>
internal sealed class Market
{
    // Chance of a day beside that of counts, and of what is spent of a budget.
    private const double DayNoise = 0.15;
    private const double SpendNoise = 0.03;
    private const double DailyDrift = 0.04;

    // What is still to come halves in two days.
    private const double LateShare = 0.7;
    private static readonly double[] Week = [0.8, 0.85, 0.95, 1, 1.1, 1.35, 1.2];

    private readonly string _scenario;
    private readonly Random _chance;
    private readonly double[] _rates;
    private readonly (int From, int Until)? _broken;

    /// <param name="days">Of the whole of it.</param>
    public Market(string scenario, int members, double dailyBudget, int days, int seed)
    {
        (_scenario, _chance) = (scenario, new Random(seed));
        Exponent = 0.6 + (0.2 * _chance.NextDouble());
        // Some 8 results a day and member, the best some four times as good as the worst.
        var usual = 8 / Math.Pow(dailyBudget / members, Exponent);
        _rates = [.. Enumerable.Range(0, members).Select(_ => usual * Math.Exp(0.45 * Normal()))];
        if (scenario == MarketScenario.BrokenPixel) _broken = (days * 2 / 5, days * 2 / 5 + 8);
    }

    public double Exponent { get; }

    /// <summary>As they are today.</summary>
    public IReadOnlyList<double> Rates => _rates;

    /// <summary>What a budget would bring today.</summary>
    public double Mean(int member, double budget, int day) => Optimum.Results(_rates[member], Exponent, budget) * (_scenario == MarketScenario.SeasonalWeek ? Week[day % Week.Length] : 1);

    /// <summary>A day with these budgets: what was spent, and on which day after each result is known.</summary>
    public (double Spend, int[] KnownAfter) Play(int member, double budget, int day)
    {
        var spend = budget * Math.Clamp(1 + (SpendNoise * Normal()), 0.8, 1.2);
        var mean = Mean(member, spend, day) * Math.Exp((DayNoise * Normal()) - (DayNoise * DayNoise / 2));
        var results = Poisson(mean);
        // The pixel of the first says nothing; people buy all the same.
        if (member == 0 && _broken is { } broken && day >= broken.From && day < broken.Until) results = 0;
        var known = new int[results];
        if (_scenario == MarketScenario.LateConversions)
            for (var i = 0; i < results; i++)
                while (_chance.NextDouble() < LateShare && known[i] < 30) known[i]++;
        return (spend, known);
    }

    /// <summary>The next day.</summary>
    public void Pass()
    {
        if (_scenario != MarketScenario.Drifting) return;
        for (var member = 0; member < _rates.Length; member++) _rates[member] *= Math.Exp(DailyDrift * Normal());
    }

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _chance.NextDouble())) * Math.Cos(2 * Math.PI * _chance.NextDouble());

    private int Poisson(double mean)
    {
        // In steps: the usual product of chances would be zero for a large mean.
        var count = 0;
        for (var left = mean; left > 0; left -= 30)
        {
            var (limit, product) = (Math.Exp(-Math.Min(left, 30)), _chance.NextDouble());
            for (; product > limit; product *= _chance.NextDouble()) count++;
        }

        return count;
    }
}
