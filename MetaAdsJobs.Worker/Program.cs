using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Telemetry;
using MetaAdsJobs.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

return await StartUp.RunAsync(async () =>
{
    var builder = Host.CreateApplicationBuilder(args);
    builder.Configuration.AddSeedKeys();
    var isScraped = builder.Configuration[$"{JobOptions.Section}:{nameof(JobOptions.MetricsPort)}"] is { } port && port != "0";
    builder.Services.AddJsonLogs(builder.Configuration, "worker").AddMetaAdsJobs().AddTelemetry(builder.Configuration, "worker", isScraped);
    if (isScraped) builder.Services.AddHostedService<MetricsListener>();
    builder.Services.AddJobServer();

    using var host = builder.Build().CheckConfiguration();
    host.Migrate();
    await host.RunAsync();
});
