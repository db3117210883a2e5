using MetaAdsJobs.Core.Orchestrations;

namespace MetaAdsJobs.Api.Orchestrations;

/// <summary>For callers who prefer to wait: looks until the run has ended or their patience has.</summary>
internal sealed class AwaitOrchestration(OrchestrationReader reader, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    /// <returns>Null when it has not ended in time.</returns>
    public async Task<OrchestrationResult?> ExecuteAsync(Guid requestId, TimeSpan patience, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        var pause = FirstPause;
        while (true)
        {
            if (await reader.HasEndedAsync(requestId, ct)) return await reader.FindAsync(requestId, ct);
            var left = patience - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) return null;
            await Task.Delay(pause < left ? pause : left, time, ct);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }
}
