using Hangfire.Server;
using Serilog.Context;

namespace MetaAdsJobs.Core.Jobs.Filters;

/// <summary>Puts the job's id on every log line its run writes.</summary>
internal sealed class JobLogFilter : IServerFilter
{
    private const string Key = "log";

    public void OnPerforming(PerformingContext context) => context.Items[Key] = LogContext.PushProperty("JobId", context.BackgroundJob.Id);

    public void OnPerformed(PerformedContext context) => (context.Items[Key] as IDisposable)?.Dispose();
}
