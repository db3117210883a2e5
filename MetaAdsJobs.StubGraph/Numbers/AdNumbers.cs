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

    public AdNumbers(string adId)
    {
        _seed = Dice.Seed(adId);
        var dice = new Dice(_seed);
        _dailyReach = dice.Between(600, 5_000);
        _clickRate = dice.Between(0.006, 0.028);
        _price = dice.Between(4.0, 14.0);
        _orderMinor = (long)dice.Between(1_200, 9_000);
    }

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
