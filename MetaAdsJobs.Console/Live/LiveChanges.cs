using System.Runtime.CompilerServices;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Orchestrations.Listing;

namespace MetaAdsJobs.Console.Live;

/// <summary>
/// Tells every open page when runs or syncs have moved. One look a second for all of them, never two at once, and none while nobody has
/// a page open.
/// </summary>
internal sealed class LiveChanges(Pulse pulse, TimeProvider time, ILogger<LiveChanges> logger)
{
    /// <summary>In place of a kind: nothing has moved for a while, and the stream is alive.</summary>
    public const string Still = "";

    private const int BeatsOfSilence = 15;
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private Task<IReadOnlyDictionary<string, string>?>? _look;
    private long _lookedAt;

    /// <summary>The kinds that have moved, as they move, until the page is closed.</summary>
    public async IAsyncEnumerable<string> WatchAsync([EnumeratorCancellation] CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Beat, time);
        IReadOnlyDictionary<string, string>? before = null;
        var silent = 0;
        while (await timer.WaitForNextTickAsync(ct))
        {
            if (++silent >= BeatsOfSilence)
            {
                silent = 0;
                yield return Still;
            }

            if (await Look().WaitAsync(ct) is not { } now) continue;
            // At first all count as moved: between the page's making and this look anything may have.
            foreach (var (kind, mark) in now)
                if (before?.GetValueOrDefault(kind) != mark)
                {
                    silent = 0;
                    yield return kind;
                }

            before = now;
        }
    }

    // A database that answers slowly is not asked a second time before it has answered.
    private Task<IReadOnlyDictionary<string, string>?> Look()
    {
        lock (_lock)
        {
            if (_look is null || (_look.IsCompleted && time.GetElapsedTime(_lookedAt) >= Beat * 0.9)) (_look, _lookedAt) = (ReadAsync(), time.GetTimestamp());
            return _look;
        }
    }

    // Belongs to no page, hence to no page's cancellation; null: not read, the next beat looks again.
    private async Task<IReadOnlyDictionary<string, string>?> ReadAsync()
    {
        // Begun by whoever looks first, and for all.
        using var all = AccountScope.EnterAll();
        try
        {
            return await pulse.ReadAsync(CancellationToken.None);
        }
        catch (System.Data.Common.DbException exception)
        {
            ConsoleLog.NotRead(logger, exception);
            return null;
        }
        catch (Exception exception)
        {
            // Whatever else it is: thrown, it would end the streams of all pages at each beat without a word.
            ConsoleLog.LookFailed(logger, exception);
            return null;
        }
    }
}
