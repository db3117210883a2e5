using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Orchestrations.Review;

/// <summary>
/// Reviews in the background of every worker process, not as jobs: one look is a short read, and a job's own bookkeeping
/// would cost many times that.
/// </summary>
internal sealed class ReviewLoop(ReviewObjects reviews, TimeProvider time, ILogger<ReviewLoop> logger) : BackgroundService
{
    private const int AtOnce = 20;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await reviews.RunAsync(AtOnce, stoppingToken) < AtOnce) await Task.Delay(Idle, time, stoppingToken);
            }
            catch (DbException exception)
            {
                OrchestrationLog.ReviewsPaused(logger, exception);
                await Task.Delay(Idle, time, stoppingToken);
            }
        }
    }
}
