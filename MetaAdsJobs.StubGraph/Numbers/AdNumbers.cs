using System.Globalization;

namespace MetaAdsJobs.StubGraph.Numbers;

/// <summary>
/// One ad's numbers. They follow from its id, the day and how old the day is, so every process and every reading agrees
/// on them, and nothing is stored.
/// </summary>
internal sealed class AdNumbers
{
    private readonly ulong _seed;
    private readonly double _dailyReach;
    private readonly double _clickRate;
    private readonly double _price;
    private readonly long _orderMinor;
    private readonly AdMarket? _market;

    private AdNumbers(string adId, AdMarket? market)
    {
        _market = market;
        _seed = Dice.Seed(adId);
        var dice = new Dice(_seed);
        _dailyReach = dice.Between(600, 5_000);
        _clickRate = dice.Between(0.006, 0.028);
        _price = dice.Between(4.0, 14.0);
        _orderMinor = (long)dice.Between(1_200, 9_000);
    }

    /// <param name="ad">Its id; with how its budget and its results hang together, if somebody has told that.</param>
    public static AdNumbers Of(string ad) => ad.Split('|') is [var id, var pull, var spent, var until, .. var budget]
        ? new(id, new(double.Parse(pull, CultureInfo.InvariantCulture), long.Parse(spent, CultureInfo.InvariantCulture), DateOnly.ParseExact(until, "O"), budget is [var now] ? long.Parse(now, CultureInfo.InvariantCulture) : null))
        : new(ad, null);

    /// <summary>As Meta tells them at that moment.</summary>
    public InsightNumbers On(DateOnly day, InsightMoment moment)
    {
        var seed = SeedOf(day);
        var numbers = Final(day, seed, out var depth);
        var age = Math.Max(0, moment.Today.DayNumber - day.DayNumber);
        Growth.Apply(ref numbers, age, depth, age == 0 ? moment.ShareOfToday : 1, new Dice(~seed));
        if (age is > 0 and <= Restatement.Days)
            Restatement.Apply(ref numbers, seed, moment.Generation);

        numbers.Price(_orderMinor);
        return numbers;
    }

    /// <summary>Adds each cell's part to the cells. The parts make up the whole exactly, but for people seen in two of them.</summary>
    public void Split(in InsightNumbers whole, DateOnly day, BreakdownShares shares, Span<InsightNumbers> cells)
    {
        Span<long> phases = stackalloc long[InsightNumbers.Counted];
        var dice = new Dice(SeedOf(day) ^ _seed);
        foreach (ref var phase in phases)
            phase = (long)(dice.Next() % (ulong)shares.Total);

        for (var cell = 0; cell < cells.Length; cell++)
        {
            var part = default(InsightNumbers);
            for (var metric = Metric.Impressions; metric < Metric.PaidInADay; metric++)
                part[metric] = shares.Part(whole[metric], cell, phases[(int)metric]);

            part[Metric.Reach] = Math.Min(part[Metric.Impressions], part[Metric.Reach] * 26 / 25);
            part.Price(_orderMinor);
            cells[cell].Add(part);
        }
    }

    public BreakdownShares SharesOf(IReadOnlyList<Breakdown> breakdowns) => new(breakdowns, _seed);

    private ulong SeedOf(DateOnly day) => Dice.Seed(_seed, day.DayNumber);

    private InsightNumbers Final(DateOnly day, ulong seed, out double depth)
    {
        var dice = new Dice(seed);
        if (_market is { } market) return market.Final(day, ref dice, _price, out depth);
        var weekend = day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday ? 1.25 : 1.0;
        var reach = (long)(_dailyReach * weekend * dice.Between(0.7, 1.3));
        var impressions = (long)(reach * dice.Between(1.05, 1.6));
        var clicks = (long)Math.Round(impressions * _clickRate * dice.Between(0.6, 1.4));
        var linkClicks = (long)Math.Round(clicks * dice.Between(0.6, 0.9));
        var pageViews = (long)Math.Round(linkClicks * dice.Between(0.6, 0.95));
        var purchases = (long)(pageViews * dice.Between(0.0, 0.08));
        var spend = Math.Max(1, (long)Math.Round(impressions * _price * dice.Between(0.85, 1.15) / 10));
        var videoViews = (long)(impressions * dice.Between(0.15, 0.4));
        var inADay = purchases * 11 / 20;
        var inAWeek = (purchases * 4 / 5) - inADay;
        depth = dice.Between(0.5, 1);
        return new InsightNumbers
        {
            [Metric.Impressions] = impressions,
            [Metric.Reach] = reach,
            [Metric.Clicks] = clicks,
            [Metric.LinkClicks] = linkClicks,
            [Metric.LandingPageViews] = pageViews,
            [Metric.VideoViews] = videoViews,
            [Metric.ThruPlays] = (long)(videoViews * dice.Between(0.1, 0.35)),
            [Metric.SpendMinor] = spend,
            [Metric.BoughtInADay] = inADay,
            [Metric.BoughtInAWeek] = inAWeek,
            [Metric.BoughtInAMonth] = purchases / 4,
            [Metric.BoughtAfterAView] = purchases - inADay - inAWeek,
        };
    }
}

/// <summary>An ad that spends what it is given.</summary>
/// <param name="Pull">Link clicks of a day with one whole unit of the currency.</param>
/// <param name="Spent">A day, in minor units, until a day; from then on it is the budget.</param>
internal sealed record AdMarket(double Pull, long Spent, DateOnly Until, long? Budget)
{
    private const double Exponent = 0.7;

    public InsightNumbers Final(DateOnly day, ref Dice dice, double price, out double depth)
    {
        var spend = (day <= Until ? Spent : Budget ?? Spent) * dice.Between(0.97, 1.03);
        var linkClicks = (long)Math.Round(Pull * Math.Pow(spend / 100, Exponent) * dice.Between(0.85, 1.15));
        var impressions = (long)(spend * 10 / price);
        depth = dice.Between(0.5, 1);
        return new InsightNumbers
        {
            [Metric.Impressions] = Math.Max(impressions, 2 * linkClicks), [Metric.Reach] = impressions * 4 / 5, [Metric.Clicks] = linkClicks * 5 / 4, [Metric.LinkClicks] = linkClicks, [Metric.LandingPageViews] = linkClicks * 4 / 5,
            [Metric.SpendMinor] = (long)spend,
        };
    }
}

/// <summary>When a report is made, in the account's own days: numbers depend on how old a day is.</summary>
/// <param name="ShareOfToday">How much of today is over, between 0 and 1.</param>
/// <param name="Generation">How often a test has had the last 28 days restated.</param>
internal readonly record struct InsightMoment(DateOnly Today, double ShareOfToday, int Generation)
{
    // By the hour, so that the pages of one report tell the same; the middle of it, so that today is never nothing.
    public static InsightMoment At(DateTimeOffset local, int generation) =>
        new(DateOnly.FromDateTime(local.DateTime), (local.Hour + 0.5) / 24, generation);
}

/// <summary>
/// How much of a day's final numbers is still missing when the day is so many days old: what is shown and paid is known
/// almost at once, clicks within some days, purchases come late. After 28 days Meta changes nothing any more.
/// </summary>
internal static class Growth
{
    public const int DaysUntilSettled = 28;

    private static readonly double[] Delivery = Missing((_, left) => 0.01 * left * left);
    private static readonly double[] Reactions = Missing((age, left) => (0.12 * Math.Exp(-age / 1.5)) + (0.01 * left));
    private static readonly double[] InADay = Missing((age, left) => (0.25 * Math.Exp(-age / 2)) + (0.1 * left));
    private static readonly double[] InAWeek = Missing((age, left) => (0.9 * Math.Max(0, 1 - (age / 7))) + (0.1 * left));
    private static readonly double[] InAMonth = Missing((_, left) => left);
    private static readonly double[] AfterAView = Missing((age, left) => (0.3 * Math.Exp(-age)) + (0.05 * left));

    /// <param name="age">In days; zero is today.</param>
    /// <param name="depth">Between 0 and 1: how much the ad's day is touched by it at all.</param>
    /// <param name="share">How much of the day is over.</param>
    /// <param name="chance">Of the ad's day: decides when the last whole click or purchase comes in.</param>
    public static void Apply(ref InsightNumbers final, int age, double depth, double share, Dice chance)
    {
        if (age >= DaysUntilSettled)
            return;

        var shown = share * (1 - (Delivery[age] * depth));
        Shrink(ref final, Metric.Impressions, Metric.Reach, shown, 0);
        Shrink(ref final, Metric.SpendMinor, Metric.SpendMinor, shown, 0);
        Shrink(ref final, Metric.Clicks, Metric.ThruPlays, share * (1 - (Reactions[age] * depth)), chance.Between(0, 1));
        Shrink(ref final, Metric.BoughtInADay, Metric.BoughtInADay, share * (1 - (InADay[age] * depth)), chance.Between(0, 1));
        Shrink(ref final, Metric.BoughtInAWeek, Metric.BoughtInAWeek, share * (1 - (InAWeek[age] * depth)), chance.Between(0, 1));
        Shrink(ref final, Metric.BoughtInAMonth, Metric.BoughtInAMonth, share * (1 - (InAMonth[age] * depth)), chance.Between(0, 1));
        Shrink(ref final, Metric.BoughtAfterAView, Metric.BoughtAfterAView, share * (1 - (AfterAView[age] * depth)), chance.Between(0, 1));
    }

    // Rounding up from a place of the day's own, always the same, never shrinks as the share grows and never passes the final number.
    private static void Shrink(ref InsightNumbers numbers, Metric first, Metric last, double share, double up)
    {
        for (var metric = first; metric <= last; metric++)
            numbers[metric] = (long)((numbers[metric] * share) + (numbers[metric] == 0 ? 0 : up));
    }

    private static double[] Missing(Func<double, double, double> curve) =>
        [.. Enumerable.Range(0, DaysUntilSettled).Select(age => curve(age, 1 - ((double)age / DaysUntilSettled)))];
}

/// <summary>Changes that a test asks for: each generation touches some metrics of about two thirds of the ads' last 28 days.</summary>
internal static class Restatement
{
    public const int Days = 28;

    public static void Apply(ref InsightNumbers numbers, ulong seed, int generation)
    {
        for (var g = 1; g <= generation; g++)
        {
            var chance = new Dice(Dice.Seed(~seed, g)).Next();
            if (chance % 3 == 0)
                continue;

            var touched = 1 + (chance / 3 % 7);
            var size = 1 + (long)(chance >> 32) % 20;
            if ((touched & 1) != 0)
            {
                numbers[Metric.Impressions] += 10 + size;
                numbers[Metric.Clicks] += size;
                numbers[Metric.LinkClicks] += 1;
            }

            // Meta also takes back: money for clicks found to be invalid.
            if ((touched & 2) != 0)
                numbers[Metric.SpendMinor] = Math.Max(1, numbers[Metric.SpendMinor] + (chance >> 63 == 0 ? size : -size));

            if ((touched & 4) != 0)
                numbers[Metric.BoughtInADay] += 1;
        }
    }
}
