using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Orchestrations.Review;

/// <summary>Looks at Meta for what is due, and keeps what it finds; anybody may at any time.</summary>
internal interface ILookAtMeta
{
    /// <summary>How many are looked at in one go.</summary>
    int AtOnce { get; }

    /// <returns>How many were looked at.</returns>
    Task<int> RunAsync(int limit, CancellationToken ct);
}

/// <summary>
/// Looks in the background of every worker process, not as jobs: one look is a short read, and a job's own bookkeeping
/// would cost many times that.
/// </summary>
internal sealed class ReviewLoop(IEnumerable<ILookAtMeta> looks, TimeProvider time, ILogger<ReviewLoop> logger) : BackgroundService
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(2);

    // Whichever breaks ends the host, as anything unforeseen in the background does.
    protected override async Task ExecuteAsync(CancellationToken stoppingToken) => await await Task.WhenAny(looks.Select(look => LoopAsync(look, stoppingToken)));

    private async Task LoopAsync(ILookAtMeta look, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await look.RunAsync(look.AtOnce, stoppingToken) < look.AtOnce) await Task.Delay(Idle, time, stoppingToken);
            }
            catch (DbException exception)
            {
                OrchestrationLog.ReviewsPaused(logger, exception);
                await Task.Delay(Idle, time, stoppingToken);
            }
        }
    }
}
