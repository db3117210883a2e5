using Hangfire;

namespace MetaAdsJobs.Core.Jobs;

/// <summary>Whether anybody is there to run jobs.</summary>
public sealed class WorkerHealth
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(45);
    private readonly JobStorage _storage;
    private readonly TimeProvider _time;

    internal WorkerHealth(JobStorage storage, TimeProvider time) => (_storage, _time) = (storage, time);

    /// <summary>Worker processes whose heartbeat is recent.</summary>
    public int CountAlive() => _storage.GetMonitoringApi().Servers().Count(server => server.Heartbeat is { } heartbeat && !IsSilent(new(DateTime.SpecifyKind(heartbeat, DateTimeKind.Utc))));

    /// <summary>Whether a heartbeat is so old that its process counts as dead.</summary>
    internal bool IsSilent(DateTimeOffset heartbeat) => heartbeat < _time.GetUtcNow() - Silence;
}
