using MetaAdsJobs.Core.Events.Delivering;
using Npgsql;

namespace MetaAdsJobs.Core.Publishers.Receiving;

/// <summary>Forgets events that are older than they are kept. What clips have become is not forgotten.</summary>
internal sealed class PurgeClipEvents(NpgsqlDataSource dataSource, PublisherOptions options, TimeProvider time)
{
    public Task ExecuteAsync(CancellationToken ct) => PurgeEvents.OldestFirstAsync(dataSource, "clip_events", "received_at", time.GetUtcNow().AddDays(-options.KeepDays), ct);
}
