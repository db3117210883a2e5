using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using Microsoft.Extensions.Hosting;

return await StartUp.RunAsync(async () =>
{
    var builder = Host.CreateApplicationBuilder(args);
    builder.Configuration.AddSeedKeys();
    builder.Services.AddJsonLogs(builder.Configuration, "worker").AddMetaAdsJobs().AddJobServer();

    using var host = builder.Build().CheckConfiguration();
    host.Migrate();
    await host.RunAsync();
});
