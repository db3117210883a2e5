using System.Data.Common;
using MetaAdsJobs.Core.Accounts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Meta.Pacing;

/// <summary>
/// Lets the worker processes obey what any of them was told. Each second: one statement that reads, and one that writes when there is
/// anything to tell. A new block is told at once, unless something was told within the last second. It starts before the process takes jobs,
/// so that every limit is shared from the first call on.
/// </summary>
internal sealed class PacingExchange(GraphPacing pacing, PacingStore store, TimeProvider time, ILogger<PacingExchange> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SeenInterval = TimeSpan.FromSeconds(5);
    private long? _wroteAt;
    private long? _seenAt;
    private DateTimeOffset? _readAt;
    private bool _isAway;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        _seenAt = time.GetTimestamp();
        pacing.Processes = await store.JoinAsync(cancellationToken);
        if (pacing.Processes > 1)
        {
            // Until the others have counted this one they use its share, too. Who joined meanwhile waits for us in the same way.
            await Task.Delay(Interval * 2, time, cancellationToken);
            await ExchangeAsync(cancellationToken);
        }

        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await store.LeaveAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is DbException or OperationCanceledException)
        {
            // Then it counts for some seconds more.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await TryExchangeAsync(stoppingToken);
            await Task.WhenAny(Task.Delay(Interval, time, stoppingToken), pacing.NewBlock);
            var sinceWritten = _wroteAt is { } at ? time.GetElapsedTime(at) : Interval;
            if (sinceWritten < Interval) await Task.Delay(Interval - sinceWritten, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TryExchangeAsync(CancellationToken ct)
    {
        try
        {
            await ExchangeAsync(ct);
            _isAway = false;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Stopping: what was learnt in the last moment dies with this process's calls.
        }
        catch (Exception exception)
        {
            // Mostly the database that is away. Each process goes on with what it knows: no reason to end one. Told once each time.
            if (!_isAway) AccountLog.PacingNotShared(logger, exception);
            _isAway = true;
        }
    }

    internal async Task ExchangeAsync(CancellationToken ct)
    {
        var news = pacing.TakeNews();
        if (news.Count > 0)
        {
            _wroteAt = time.GetTimestamp();
            try
            {
                foreach (var one in await store.WriteAsync(news, ct)) pacing.Learn(one);
            }
            catch
            {
                pacing.Untold(news);
                throw;
            }
        }

        var reading = await store.ReadAsync(_readAt, ct);
        foreach (var one in reading.News) pacing.Learn(one);
        (_readAt, pacing.Processes, pacing.Braked) = (reading.ReadAt, reading.Processes, reading.Braked);
        if (_seenAt is not { } seen || time.GetElapsedTime(seen) < SeenInterval) return;
        _seenAt = time.GetTimestamp();
        await store.SeenAsync(ct);
    }
}
