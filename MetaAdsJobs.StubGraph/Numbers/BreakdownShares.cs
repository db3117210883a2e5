namespace MetaAdsJobs.StubGraph.Numbers;

/// <summary>How one ad's numbers fall on the cells of a report's breakdowns: a cell is one value of each, the last changing first.</summary>
internal sealed class BreakdownShares
{
    // _upTo[i] belongs to all cells before the i-th. Whole numbers: what is handed out in parts must be the whole again.
    private readonly long[] _upTo;

    public BreakdownShares(IReadOnlyList<Breakdown> breakdowns, ulong seed)
    {
        var dice = new Dice(~seed);
        long[] weights = [1];
        foreach (var breakdown in breakdowns)
        {
            var own = breakdown.Hundredths.Select(share => (long)Math.Max(1, share * dice.Between(0.6, 1.4))).ToArray();
            weights = [.. weights.SelectMany(weight => own.Select(share => weight * share))];
        }

        _upTo = new long[weights.Length + 1];
        for (var i = 0; i < weights.Length; i++)
            _upTo[i + 1] = _upTo[i] + weights[i];
    }

    public long Total => _upTo[^1];

    /// <param name="phase">Below <see cref="Total"/>: which cells get what cannot be divided.</param>
    public long Part(long whole, int cell, long phase) => ((whole * _upTo[cell + 1]) + phase) / Total - (((whole * _upTo[cell]) + phase) / Total);
}
