using MetaAdsJobs.Bench.Support;

namespace MetaAdsJobs.Bench;

internal interface IMeasurement
{
    string Name { get; }

    /// <summary>It needs what the others do not, so that it is left out unless asked for by name.</summary>
    bool OnlyWhenNamed => false;

    Task<IReadOnlyList<Result>> RunAsync(BenchCluster cluster, BenchOptions options, CancellationToken ct);
}

/// <param name="Goal">Empty when there is none.</param>
/// <param name="Detail">What exactly was measured, and the figures behind a ratio.</param>
internal sealed record Result(string What, string Figure, string Goal, bool Met, string Detail);

/// <summary>What was to be measured did not happen.</summary>
internal sealed class BenchException(string message) : Exception(message);
