using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Database.Servers;
using MetaAdsJobs.StubGraph;
using MetaAdsJobs.Worker;
using Microsoft.Extensions.Hosting;

return await StartUp.RunAsync(async () =>
{
    if (MigrateCommand.IsAsked(args))
    {
        await MigrateCommand.RunAsync(args, StubSchema.ApplyAsync);
        return;
    }

    var builder = Host.CreateApplicationBuilder(ContentRoot.Settings(args)).AddWorker();
    builder.Services.AddStubGraph();
    using var host = builder.Build().CheckConfiguration();
    host.Migrate();
    await host.RunAsync();
});
