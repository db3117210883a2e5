namespace MetaAdsJobs.Core.Budgets.Deciding;

/// <summary>
/// What a member's days say of it: results are Poisson with mean a·s^e·m, m being how much of a day's results is known by now, and a is Gamma. What is older weighs less: half after two weeks.
/// </summary>
/// <param name="Results">Discounted, the pool's own part included.</param>
/// <param name="Exposure">Discounted, the same.</param>
internal readonly record struct Evidence(double Results, double Exposure)
{
    /// <summary>Days after which something counts half.</summary>
    public const int HalfLife = 14;

    // The pool's mean weighs as much as one result.
    private const double PriorResults = 1;

    public double Rate => Results / Exposure;

    /// <param name="dispersion">How much more days differ than chance alone would make them.</param>
    public double Variance(double dispersion) => dispersion * Results / (Exposure * Exposure);

    public static double Weight(DateOnly last, DateOnly day) => Math.Pow(0.5, (last.DayNumber - day.DayNumber) / (double)HalfLife);

    /// <summary>How much of a day's results is known, by what share is known when it is first read: what is still to come halves, or whatever it does, from day to day.</summary>
    public static double Maturity(double firstShare, DateOnly last, DateOnly day) => 1 - Math.Pow(1 - firstShare, last.DayNumber - day.DayNumber + 1);

    /// <summary>The share of what is known in the end that was known when days were first read.</summary>
    /// <param name="first">Of settled days, as first read.</param>
    /// <param name="now">The same as they stand now.</param>
    public static double FirstShare(double first, double now)
    {
        const double Enough = 50;
        const double Smallest = 0.2;
        return now < Enough ? 1 : Math.Clamp(first / now, Smallest, 1);
    }

    public static Evidence Of(IEnumerable<UsedDay> days, double exponent) => days.Aggregate(default(Evidence), (sum, day) => new(sum.Results + (day.Weight * day.Results), sum.Exposure + (day.Weight * day.Exposure(exponent))));

    /// <summary>With the pool's mean.</summary>
    public Evidence With(double poolRate) => new(Results + PriorResults, Exposure + (PriorResults / poolRate));
}

/// <summary>A day that counts.</summary>
/// <param name="Spend">Whole units of the currency, more than zero.</param>
internal readonly record struct UsedDay(DateOnly Day, double Spend, double Results, double Weight, double Maturity)
{
    public double Exposure(double exponent) => Maturity * Math.Pow(Spend, exponent);
}

/// <summary>
/// How results grow with spend, from the days on which members spent more and less than usual; where those do not say, 0.7. Given a member's results in all, how they fall on its days is multinomial, so that
/// members are compared with themselves alone.
/// </summary>
internal static class Response
{
    public const double Usual = 0.7;
    private const double UsualSpread = 0.1;
    private const double Lowest = 0.3;
    private const double Highest = 0.95;
    private const int Halvings = 40;

    public static double Exponent(IReadOnlyList<IReadOnlyList<UsedDay>> members, double dispersion)
    {
        // The slope of what is maximised falls with the exponent: bisection finds where it is zero.
        var (low, high) = (Lowest, Highest);
        for (var halving = 0; halving < Halvings; halving++)
        {
            var middle = (low + high) / 2;
            if (Slope(members, middle, dispersion) > 0) low = middle;
            else high = middle;
        }

        return (low + high) / 2;
    }

    /// <summary>How much more days differ from their means than Poisson counts do: at least 1.</summary>
    public static double Dispersion(IReadOnlyList<IReadOnlyList<UsedDay>> members, double exponent)
    {
        var (chi, degrees) = (0.0, 0);
        foreach (var days in members.Where(days => days.Count > 1))
        {
            var evidence = Evidence.Of(days, exponent);
            if (evidence.Results <= 0) continue;
            foreach (var day in days)
            {
                var mean = evidence.Rate * day.Exposure(exponent);
                chi += (day.Results - mean) * (day.Results - mean) / mean;
            }

            degrees += days.Count - 1;
        }

        return degrees == 0 ? 1 : Math.Max(1, chi / degrees);
    }

    private static double Slope(IReadOnlyList<IReadOnlyList<UsedDay>> members, double exponent, double dispersion)
    {
        var slope = (Usual - exponent) / (UsualSpread * UsualSpread);
        foreach (var days in members)
        {
            var (results, exposure, logs, told) = (0.0, 0.0, 0.0, 0.0);
            foreach (var day in days)
            {
                var (log, weight) = (Math.Log(day.Spend), day.Weight * day.Exposure(exponent));
                exposure += weight;
                logs += weight * log;
                results += day.Weight * day.Results;
                told += day.Weight * day.Results * log;
            }

            if (exposure > 0) slope += (told - (results * logs / exposure)) / dispersion;
        }

        return slope;
    }
}
