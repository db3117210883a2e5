using MetaAdsJobs.Api;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Database.Servers;
using MetaAdsJobs.StubGraph;

return await StartUp.RunAsync(async () =>
{
    if (MigrateCommand.IsAsked(args))
    {
        await MigrateCommand.RunAsync(args, StubSchema.ApplyAsync);
        return;
    }

    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = ContentRoot.Arguments(args), ContentRootPath = ContentRoot.Folder }).AddApi();
    builder.Services.AddStubGraph();
    await using var app = builder.Build().CheckConfiguration().UseApi();
    app.Migrate();
    await app.RunAsync();
});
