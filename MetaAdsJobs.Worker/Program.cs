using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Worker;
using Microsoft.Extensions.Hosting;

return await StartUp.RunAsync(async () =>
{
    using var host = Host.CreateApplicationBuilder(args).AddWorker().Build().CheckConfiguration();
    host.Migrate();
    await host.RunAsync();
});
