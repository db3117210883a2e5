using MetaAdsJobs.Api;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.StubGraph;

return await StartUp.RunAsync(async () =>
{
    var builder = WebApplication.CreateBuilder(args).AddApi();
    builder.Services.AddStubGraph();
    await using var app = builder.Build().CheckConfiguration().UseApi();
    app.Migrate();
    await app.RunAsync();
});
