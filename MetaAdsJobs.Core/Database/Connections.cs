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

    /// <summary>Of looking up who it is at the stop switch, and whether the account is theirs: a person there waits for that first. Whoever calls for something else is looked up over the connections of all.</summary>
    public const string OfCallers = "callers";
    public const int MostOfCallers = 4;

    /// <summary>Of probes: whoever decides by them where calls go must not take every process away while everything else waits, the stop with it.</summary>
    public const string OfHealth = "health";
    public const int MostOfHealth = 2;

    /// <summary>
    /// Of Hangfire's own bookkeeping in a worker: states, counters, the queue. Its commits do not wait for the disk: after a crash of
    /// PostgreSQL the last half second of it may be missing, jobs then run once more, and our rows say what is done already. What puts a
    /// job on the queue together with a row of ours is not written over these.
    /// </summary>
    public const string OfJobServer = "jobs";

    /// <summary>Beside one for each thread that runs jobs: schedules, heartbeats, locks.</summary>
    public const int MoreOfJobServer = 16;

    /// <summary>Of rows that leave as their reader takes them, which may take its time.</summary>
    public const string OfStreams = "streams";
    public const int MostOfStreams = 8;

    internal static readonly string[] All = [OfStops, OfCallers, OfHealth, OfJobServer, OfStreams];
}
