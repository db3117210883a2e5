using System.Data.Common;
using MetaAdsJobs.Core.Insights.Storing;
using Microsoft.Extensions.Hosting;

namespace MetaAdsJobs.Core.Jobs.Recurring;

/// <summary>Before a worker works, its schedules and the months of numbers are there; and as long as it does, no schedule stays disabled.</summary>
internal sealed class EnsureSchedules(Schedules schedules, InsightMonths months, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await months.EnsureAheadAsync(cancellationToken);
        await schedules.EnsureAllAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, time, stoppingToken);
            try
            {
                await schedules.EnableAgainAsync(stoppingToken);
            }
            catch (DbException)
            {
                // The database is away, which everything else tells: in a minute again.
            }
        }
    }
}
