namespace MetaAdsJobs.StubGraph.Numbers;

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
