namespace MetaAdsJobs.Core.Meta.Stub.Insights;

/// <summary>
/// The numbers of one ad on one day, or a sum of such. They follow from the ad's id and the day alone, so every process
/// and every reading agrees on them.
/// </summary>
internal readonly record struct InsightNumbers(
    long Impressions, long Reach, long Clicks, long LinkClicks, long LandingPageViews, long Purchases, long SpendMinor)
{
    public static InsightNumbers Of(string adId, DateOnly day)
    {
        var ad = new Dice(Seed(adId));
        var dailyReach = ad.Between(600, 5_000);
        var clickRate = ad.Between(0.006, 0.028);
        var price = ad.Between(4.0, 14.0);

        var today = new Dice(Seed(adId) + ((ulong)day.DayNumber * 0x9E3779B97F4A7C15));
        var weekend = day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday ? 1.25 : 1.0;
        var reach = (long)(dailyReach * weekend * today.Between(0.7, 1.3));
        var impressions = (long)(reach * today.Between(1.05, 1.6));
        var clicks = (long)Math.Round(impressions * clickRate * today.Between(0.6, 1.4));
        var linkClicks = (long)Math.Round(clicks * today.Between(0.6, 0.9));
        var views = (long)Math.Round(linkClicks * today.Between(0.6, 0.95));
        var purchases = (long)(views * today.Between(0.0, 0.08));
        var spend = Math.Max(1, (long)Math.Round(impressions * price * today.Between(0.85, 1.15) / 10));
        return new InsightNumbers(impressions, reach, clicks, linkClicks, views, purchases, spend);
    }

    public static InsightNumbers operator +(InsightNumbers a, InsightNumbers b) => new(
        a.Impressions + b.Impressions,
        a.Reach + b.Reach,
        a.Clicks + b.Clicks,
        a.LinkClicks + b.LinkClicks,
        a.LandingPageViews + b.LandingPageViews,
        a.Purchases + b.Purchases,
        a.SpendMinor + b.SpendMinor);

    /// <summary>People who saw two ads, or one ad on two days, count once: the reach of a sum is less than the sum.</summary>
    public InsightNumbers Overlapping() => this with { Reach = Math.Max(1, Reach * 4 / 5) };

    // FNV-1a; string.GetHashCode differs from process to process.
    private static ulong Seed(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in text)
            hash = (hash ^ c) * 1099511628211UL;

        return hash;
    }

    /// <summary>SplitMix64: well mixed from any seed.</summary>
    private struct Dice(ulong seed)
    {
        private ulong _state = seed;

        public double Between(double least, double most) => least + (most - least) * (Next() >> 11) * (1.0 / (1UL << 53));

        private ulong Next()
        {
            var z = _state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
