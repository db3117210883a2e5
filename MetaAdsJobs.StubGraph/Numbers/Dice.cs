namespace MetaAdsJobs.StubGraph.Numbers;

/// <summary>Chance that falls the same way in every process: SplitMix64, well mixed from any seed.</summary>
internal struct Dice(ulong seed)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong _state = seed;

    public double Between(double least, double most) => least + (most - least) * (Next() >> 11) * (1.0 / (1UL << 53));

    public ulong Next()
    {
        var z = _state += Golden;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    public static ulong Seed(ulong seed, int number) => seed + (ulong)number * Golden;

    // FNV-1a; string.GetHashCode differs from process to process.
    public static ulong Seed(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in text)
            hash = (hash ^ c) * 1099511628211UL;

        return hash;
    }
}
