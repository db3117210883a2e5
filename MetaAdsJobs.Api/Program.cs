using MetaAdsJobs.Api;
using MetaAdsJobs.Api.People;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Database.Servers;
using MetaAdsJobs.StubGraph;

var isCommand = PeopleCommand.IsOne(args);
var exitCode = 0;
var started = await StartUp.RunAsync(async () =>
{
    if (MigrateCommand.IsAsked(args))
    {
        await MigrateCommand.RunAsync(args, StubSchema.ApplyAsync);
        return;
    }

    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = ContentRoot.Arguments(isCommand ? [] : args), ContentRootPath = ContentRoot.Folder });
    // What a command prints is its answer.
    if (isCommand) builder.Configuration["Serilog:MinimumLevel:Default"] = "Fatal";
    builder.AddApi();
    builder.Services.AddStubGraph();
    await using var app = builder.Build().CheckConfiguration();
    if (!isCommand) app.UseApi();
    app.Migrate();
    if (isCommand) exitCode = await PeopleCommand.ExecuteAsync(app.Services, args, Console.Out, Console.Error, CancellationToken.None);
    else await ListenAddresses.ServeAsync(app);
});
return started == 0 ? exitCode : started;
