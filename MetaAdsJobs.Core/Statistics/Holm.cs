namespace MetaAdsJobs.Core.Statistics;

/// <summary>Several questions at once: the chance of being wrong in any of them stays alpha.</summary>
internal static class Holm
{
    /// <summary>The p-values as if each had been the only question: below alpha counts.</summary>
    public static double[] Adjust(IReadOnlyList<double> ps)
    {
        var adjusted = new double[ps.Count];
        var largest = 0.0;
        foreach (var (rank, index) in Enumerable.Range(0, ps.Count).OrderBy(index => ps[index]).Index())
        {
            largest = Math.Max(largest, Math.Min(1, ps[index] * (ps.Count - rank)));
            adjusted[index] = largest;
        }

        return adjusted;
    }
}
