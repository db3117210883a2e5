using System.Diagnostics;

namespace MetaAdsJobs.Bench.Support;

internal static class Until
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <returns>How long it took.</returns>
    /// <exception cref="BenchException">It did not become so in time.</exception>
    public static async Task<TimeSpan> TrueAsync(Func<Task<bool>> condition, TimeSpan patience, string awaited, CancellationToken ct)
    {
        var since = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(since) > patience) throw new BenchException($"Waited {patience.TotalSeconds:0} s in vain for {awaited}");
            await Task.Delay(Pause, TimeProvider.System, ct);
        }

        return Stopwatch.GetElapsedTime(since);
    }
}
