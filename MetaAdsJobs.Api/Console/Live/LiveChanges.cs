using System.Runtime.CompilerServices;
using MetaAdsJobs.Core.Orchestrations.Listing;

namespace MetaAdsJobs.Api.Console.Live;

/// <summary>
/// Tells every open page when runs or syncs have moved. One look a second for all of them, and none while nobody has a page open.
/// </summary>
internal sealed class LiveChanges(Pulse pulse, TimeProvider time, ILogger<LiveChanges> logger)
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private Task<IReadOnlyDictionary<string, string>>? _look;
    private long _lookedAt;

    /// <summary>The kinds that have moved, as they move, until the page is closed.</summary>
    public async IAsyncEnumerable<string> WatchAsync([EnumeratorCancellation] CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Beat, time);
        IReadOnlyDictionary<string, string>? before = null;
        while (await timer.WaitForNextTickAsync(ct))
        {
            if (await LookAsync() is not { } now) continue;
            // At first all count as moved: between the page's making and this look anything may have.
            foreach (var (kind, mark) in now)
                if (before?.GetValueOrDefault(kind) != mark) yield return kind;
            before = now;
        }
    }

    private async Task<IReadOnlyDictionary<string, string>?> LookAsync()
    {
        Task<IReadOnlyDictionary<string, string>> look;
        lock (_lock)
        {
            if (_look is null || time.GetElapsedTime(_lookedAt) >= Beat * 0.9) (_look, _lookedAt) = (pulse.ReadAsync(CancellationToken.None), time.GetTimestamp());
            look = _look;
        }

        try
        {
            return await look;
        }
        catch (System.Data.Common.DbException exception)
        {
            LiveLog.NotRead(logger, exception);
            return null; // The next beat looks again.
        }
    }
}

internal static partial class LiveLog
{
    [LoggerMessage(9000, LogLevel.Debug, "What is under way could not be read")]
    public static partial void NotRead(ILogger logger, Exception exception);
}
