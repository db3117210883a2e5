using System.Runtime.CompilerServices;

namespace MetaAdsJobs.StubGraph.Numbers;

/// <summary>The numbers of one ad on one day, or a sum of such.</summary>
internal struct InsightNumbers
{
    public const int Counted = (int)Metric.PaidInADay;
    private const int Length = (int)Metric.PaidAfterAView + 1;

    private Slots _slots;

    public long this[Metric metric]
    {
        readonly get => _slots[(int)metric];
        set => _slots[(int)metric] = value;
    }

    /// <summary>Nothing was shown and nothing came of it: Meta has no row.</summary>
    public readonly bool IsEmpty
    {
        get
        {
            var any = 0L;
            foreach (var number in _slots)
                any |= number;

            return any == 0;
        }
    }

    public void Add(in InsightNumbers other)
    {
        for (var i = 0; i < Length; i++)
            _slots[i] += other._slots[i];
    }

    /// <summary>What was paid, at the same price for every purchase.</summary>
    public void Price(long minor)
    {
        for (var paid = Metric.PaidInADay; paid <= Metric.PaidAfterAView; paid++)
            this[paid] = this[paid - 4] * minor;
    }

    /// <summary>People who saw two ads, or one ad on two days, count once: the reach of a sum is less than the sum.</summary>
    public void Overlap() => this[Metric.Reach] = Math.Max(1, this[Metric.Reach] * 4 / 5);

    [InlineArray(Length)]
    private struct Slots
    {
        private long _first;
    }
}

/// <summary>
/// What is counted of an ad's day. Everything else in a report follows from these by adding or dividing, so that rows of
/// any cut add up. Purchases are kept apart by how long after which contact they happened, each purchase in one place.
/// </summary>
internal enum Metric
{
    Impressions,
    Reach,
    Clicks,
    LinkClicks,
    LandingPageViews,
    VideoViews,
    ThruPlays,
    SpendMinor,
    BoughtInADay,
    BoughtInAWeek,
    BoughtInAMonth,
    BoughtAfterAView,

    // What was paid in each of the four, in minor units.
    PaidInADay,
    PaidInAWeek,
    PaidInAMonth,
    PaidAfterAView,
}
