using MetaAdsJobs.Api;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database;

return await StartUp.RunAsync(async () =>
{
    var builder = WebApplication.CreateBuilder(args);
    await using var app = builder.AddApi().Build().CheckConfiguration().UseApi();
    app.Migrate();
    await app.RunAsync();
});
