using System.Data.Common;
using MetaAdsJobs.Core.Jobs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Events.Delivering;

/// <summary>Puts a job on the queue for every webhook for which something is due and nobody is at it. A job that is lost is missed a minute later.</summary>
internal sealed class RingForDeliveries(DeliveryStore store, IJobQueue queue)
{
    /// <returns>For how many.</returns>
    public async Task<int> ExecuteAsync(CancellationToken ct)
    {
        var webhooks = await store.RingAsync(ct);
        foreach (var webhook in webhooks) queue.EnqueueDelivery(webhook);
        return webhooks.Count;
    }
}

/// <summary>
/// Looks once a second, in every worker process, whether something is to be told: whoever writes an event does not have to put a job on the queue, which
/// would cost it more than the event.
/// </summary>
internal sealed class DeliveryBell(RingForDeliveries ring, TimeProvider time, ILogger<DeliveryBell> logger) : BackgroundService
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ring.ExecuteAsync(stoppingToken);
            }
            catch (DbException exception)
            {
                EventLog.Paused(logger, exception);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                // Of the queue, say. Were it thrown, it would end the worker; whose job was not put on the queue is missed a minute later.
                EventLog.NotRung(logger, exception);
            }

            await Task.Delay(Idle, time, stoppingToken);
        }
    }
}
