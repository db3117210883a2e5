using MetaAdsJobs.Api;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database;

return await StartUp.RunAsync(async () =>
{
    var builder = WebApplication.CreateBuilder(args);
    await using var app = ApiApplication.Build(builder);
    app.Migrate();
    await app.RunAsync();
});
