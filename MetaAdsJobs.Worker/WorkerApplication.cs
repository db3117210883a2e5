using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MetaAdsJobs.Worker;

/// <summary>The worker process: what it is made of.</summary>
public static class WorkerApplication
{
    public static HostApplicationBuilder AddWorker(this HostApplicationBuilder builder)
    {
        builder.Configuration.AddSeedKeys();
        var isScraped = builder.Configuration[$"{JobOptions.Section}:{nameof(JobOptions.MetricsPort)}"] is { } port && port != "0";
        builder.Services.AddJsonLogs(builder.Configuration, "worker").AddMetaAdsJobs().AddTelemetry(builder.Configuration, "worker", isScraped);
        if (isScraped) builder.Services.AddHostedService<MetricsListener>();
        builder.Services.AddJobServer();
        return builder;
    }
}
