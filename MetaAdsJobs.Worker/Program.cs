using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.StubGraph;
using MetaAdsJobs.Worker;
using Microsoft.Extensions.Hosting;

return await StartUp.RunAsync(async () =>
{
    var builder = Host.CreateApplicationBuilder(args).AddWorker();
    builder.Services.AddStubGraph();
    using var host = builder.Build().CheckConfiguration();
    host.Migrate();
    await host.RunAsync();
});
