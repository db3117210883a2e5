namespace MetaAdsJobs.Core.Database;

/// <summary>
/// Connections that are kept apart from those for everything else: whoever reads slowly, or whatever waits for a lock, must not hold one
/// that the stop switch needs. Keys of data sources, and how many each process opens at most, only as they are used.
/// </summary>
public static class Connections
{
    /// <summary>Of a person's hand on the stop switch.</summary>
    public const string OfStops = "stops";
    public const int MostOfStops = 4;

    /// <summary>Of rows that leave as their reader takes them, which may take its time.</summary>
    public const string OfStreams = "streams";
    public const int MostOfStreams = 8;
}
