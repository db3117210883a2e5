namespace MetaAdsJobs.Core.Budgets.Deciding;

/// <summary>
/// How an amount is best divided among members whose results grow as a·s^e, each within its bounds: so that the last unit brings the same everywhere where no bound holds. The multiplier is found by
/// bisection; what is between the bounds follows from it exactly.
/// </summary>
internal static class Optimum
{
    private const int Halvings = 200;

    /// <param name="rates">a of each; none negative.</param>
    /// <param name="exponent">Between 0 and 1.</param>
    /// <param name="total">Taken as near to it as the bounds allow.</param>
    public static double[] Of(IReadOnlyList<double> rates, double exponent, double total, IReadOnlyList<double> least, IReadOnlyList<double> most)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exponent);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(exponent, 1);
        if (total <= least.Sum()) return [.. least];
        if (total >= most.Sum()) return [.. most];
        if (!rates.Any(rate => rate > 0)) return Spread(total, least, most);
        var (dear, cheap) = (LogReturn(rates.Max(), exponent, Math.Max(total, 1) * 1e-15), LogReturn(rates.Where(rate => rate > 0).Min(), exponent, most.Max()));
        for (var halving = 0; halving < Halvings && dear > cheap; halving++)
        {
            var middle = (dear + cheap) / 2;
            if (middle <= cheap || middle >= dear) break;
            if (At(middle, rates, exponent, least, most).Sum() > total) cheap = middle;
            else dear = middle;
        }

        return Exact(At((dear + cheap) / 2, rates, exponent, least, most), rates, exponent, total, least, most);
    }

    /// <summary>What a budget brings: a·s^e.</summary>
    public static double Results(double rate, double exponent, double spend) => spend <= 0 ? 0 : rate * Math.Pow(spend, exponent);

    // In logs: a rate of one result in a million, raised to 1/(1-e), is not representable otherwise.
    private static double LogReturn(double rate, double exponent, double spend) => Math.Log(rate) + Math.Log(exponent) - ((1 - exponent) * Math.Log(spend));

    private static double[] At(double logReturn, IReadOnlyList<double> rates, double exponent, IReadOnlyList<double> least, IReadOnlyList<double> most)
    {
        var spends = new double[rates.Count];
        for (var i = 0; i < spends.Length; i++)
            spends[i] = rates[i] <= 0 ? least[i] : Math.Clamp(Math.Exp((Math.Log(rates[i]) + Math.Log(exponent) - logReturn) / (1 - exponent)), least[i], most[i]);
        return spends;
    }

    // What bisection leaves open is a last digit: between the bounds all are the same multiple of a^(1/(1-e)).
    private static double[] Exact(double[] near, IReadOnlyList<double> rates, double exponent, double total, IReadOnlyList<double> least, IReadOnlyList<double> most)
    {
        var free = Enumerable.Range(0, near.Length).Where(i => near[i] > least[i] && near[i] < most[i]).ToList();
        if (free.Count == 0) return Spread(total, near, least, most);
        var largest = free.Max(i => rates[i]);
        var shares = free.ConvertAll(i => Math.Pow(rates[i] / largest, 1 / (1 - exponent)));
        var rest = total - Enumerable.Range(0, near.Length).Except(free).Sum(i => near[i]);
        for (var n = 0; n < free.Count; n++) near[free[n]] = Math.Clamp(rest * shares[n] / shares.Sum(), least[free[n]], most[free[n]]);
        return near;
    }

    // All stand at bounds that do not add up (their returns are the same to the last digit, or nothing is known of them): what is left goes to those with room, by their room.
    private static double[] Spread(double total, double[] near, IReadOnlyList<double> least, IReadOnlyList<double> most)
    {
        var left = total - near.Sum();
        var room = near.Select((spend, i) => left > 0 ? most[i] - spend : spend - least[i]).ToList();
        if (left == 0 || room.Sum() <= 0) return near;
        return [.. near.Select((spend, i) => spend + (left * room[i] / room.Sum()))];
    }

    private static double[] Spread(double total, IReadOnlyList<double> least, IReadOnlyList<double> most) => Spread(total, [.. least], least, most);
}
