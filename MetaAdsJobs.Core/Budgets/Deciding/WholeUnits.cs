namespace MetaAdsJobs.Core.Budgets.Deciding;

/// <summary>Amounts as Meta takes them: whole units, that add up to the total to the last one. Largest remainder, within the bounds; of equal remainders the first is given.</summary>
internal static class WholeUnits
{
    // An optimum that is a whole number but for its last digits is that number.
    private const double Nearly = 1e-6;

    /// <param name="amounts">Within the bounds.</param>
    /// <param name="total">Taken as near to it as the bounds allow.</param>
    public static long[] Of(IReadOnlyList<double> amounts, long total, IReadOnlyList<long> least, IReadOnlyList<long> most)
    {
        var units = new long[amounts.Count];
        var remainders = new double[amounts.Count];
        for (var i = 0; i < units.Length; i++)
        {
            var nearest = Math.Round(amounts[i]);
            var whole = Math.Abs(amounts[i] - nearest) < Nearly ? nearest : Math.Floor(amounts[i]);
            units[i] = Math.Clamp((long)whole, least[i], most[i]);
            remainders[i] = amounts[i] - units[i];
        }

        var left = total - units.Sum();
        var order = Enumerable.Range(0, units.Length).OrderByDescending(i => left > 0 ? remainders[i] : -remainders[i]).ToArray();
        // One each first, since that is what rounding leaves; then whatever there is room for.
        foreach (var isLast in (bool[])[false, true])
            foreach (var i in order)
            {
                if (left == 0) return units;
                var step = left > 0 ? Math.Min(isLast ? left : 1, most[i] - units[i]) : Math.Max(isLast ? left : -1, least[i] - units[i]);
                units[i] += step;
                left -= step;
            }

        return units;
    }
}
