using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta.Pacing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Accounts;

/// <summary>
/// Lets the worker processes obey what any of them was told. Each second: one statement that reads, and one that writes when there is
/// anything to tell. A new block is told at once, unless something was told within the last second.
/// </summary>
internal sealed class PacingExchange(GraphPacing pacing, PacingStore store, WorkerHealth workers, TimeProvider time, ILogger<PacingExchange> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CountInterval = TimeSpan.FromSeconds(10);
    private long? _wroteAt;
    private long? _countedAt;
    private DateTimeOffset? _readAt;
    private bool _isAway;

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

        (var others, _readAt) = await store.ReadAsync(_readAt, ct);
        foreach (var one in others) pacing.Learn(one);
        if (_countedAt is { } counted && time.GetElapsedTime(counted) < CountInterval) return;
        _countedAt = time.GetTimestamp();
        pacing.Processes = workers.CountAlive();
    }
}
