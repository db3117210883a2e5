using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MetaAdsJobs.Core.Telemetry;

/// <summary>
/// Where this process's own spans and measurements begin. Without a listener both cost next to nothing: a span is null, a
/// measurement is dropped. What they carry is known to nobody but operators, and even so it is never a token, a query or a name.
/// </summary>
internal static class Signals
{
    public const string Name = "MetaAdsJobs";

    public static readonly ActivitySource Spans = new(Name);

    public static readonly Meter Meter = new(Name);

    /// <summary>Bounds in seconds, for what takes as long as a call to Meta.</summary>
    public static readonly double[] CallSeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    /// <summary>Bounds in seconds, for what may also wait for Meta's limits or for a person.</summary>
    public static readonly double[] RunSeconds = [0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400];

    public static Histogram<double> Seconds(this Meter meter, string name, string description, double[] bounds) =>
        meter.CreateHistogram(name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
}
