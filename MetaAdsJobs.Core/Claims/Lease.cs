namespace MetaAdsJobs.Core.Claims;

/// <summary>
/// The time-limited right to run. Kept by a monotonic clock from before the statement that granted it, so that this process
/// always thinks it ends earlier than the database does. Renewed in the background while work goes on.
/// </summary>
internal sealed class Lease(TimeProvider time, TimeSpan length) : IAsyncDisposable
{
    private readonly CancellationTokenSource _lost = new();
    private long _grantedFrom = time.GetTimestamp();
    private Task _renewal = Task.CompletedTask;
    private readonly CancellationTokenSource _released = new();

    public TimeSpan Length { get; } = length;

    /// <summary>Cancelled when another attempt has taken over.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Call with the timestamp taken before the statement that extended the lease.</summary>
    public void Extended(long before) => Interlocked.Exchange(ref _grantedFrom, before);

    /// <summary>Last check before a create is sent: a process that slept through its lease must not send it any more.</summary>
    /// <exception cref="FencedException">The lease is over.</exception>
    public void ThrowIfOver()
    {
        if (_lost.IsCancellationRequested || time.GetElapsedTime(Interlocked.Read(ref _grantedFrom)) >= Length)
            throw new FencedException("the lease is over");
    }

    /// <param name="renew">Renews in the database; false when another attempt holds the lease.</param>
    public void KeepRenewed(Func<CancellationToken, Task<bool>> renew)
    {
        // A flow of its own: its statements are no part of the run's trace.
        using (ExecutionContext.SuppressFlow()) _renewal = RenewAsync(renew);
    }

    private async Task RenewAsync(Func<CancellationToken, Task<bool>> renew)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Length / 3, time, _released.Token);
                var before = time.GetTimestamp();
                try
                {
                    if (await renew(_released.Token)) Extended(before);
                    else await _lost.CancelAsync();
                }
                catch (System.Data.Common.DbException)
                {
                    // The database is away: the lease runs on towards its end, and ThrowIfOver tells when it is there.
                }
            }
        }
        catch (OperationCanceledException) when (_released.IsCancellationRequested)
        {
            // Released: nothing left to renew.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _released.CancelAsync();
        await _renewal;
        _released.Dispose();
        _lost.Dispose();
    }
}
