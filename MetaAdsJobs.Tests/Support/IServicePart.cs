using MetaAdsJobs.Api;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Launch.Processes;
using MetaAdsJobs.StubGraph;
using MetaAdsJobs.Worker;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serilog;

namespace MetaAdsJobs.Tests.Support;

/// <summary>The API or a worker of a tested service, wherever it runs.</summary>
internal interface IServicePart
{
    /// <summary>Ended by itself, as a start that failed does.</summary>
    bool HasEnded { get; }

    /// <summary>As SIGTERM does: what is under way may finish.</summary>
    Task StopAsync();
}

/// <summary>A process as it is deployed: it can be killed.</summary>
internal sealed class ProcessPart(ChildProcess process) : IServicePart
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public ChildProcess Process { get; } = process;

    public bool HasEnded => Process.Exited.IsCompleted;

    public Task StopAsync() => Process.StopAsync(Patience, TimeProvider.System);
}

/// <summary>The same composition on a host in the tests' own process: real HTTP and a real job server, without the seconds of a process that starts.</summary>
internal sealed class HostedPart : IServicePart
{
    private readonly IHost _host;

    private HostedPart(IHost host) => _host = host;

    public bool HasEnded => false;

    public static async Task<(HostedPart Part, Uri BaseUrl)> StartApiAsync(IReadOnlyDictionary<string, string?> environment, string logFile)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ApplicationName = "MetaAdsJobs.Api" });
        builder.Configuration.AddInMemoryCollection(AsKeys(environment));
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddApi().Services.AddStubGraph();
        LogTo(builder.Services, builder.Configuration, "api", logFile);
        var app = builder.Build();
        await StartAsync(app, () => app.UseApi());
        return (new(app), new(app.Urls.First()));
    }

    public static async Task<HostedPart> StartWorkerAsync(IReadOnlyDictionary<string, string?> environment, string logFile)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "MetaAdsJobs.Worker" });
        builder.Configuration.AddInMemoryCollection(AsKeys(environment));
        builder.AddWorker().Services.AddStubGraph();
        LogTo(builder.Services, builder.Configuration, "worker", logFile);
        var host = builder.Build();
        await StartAsync(host, () => { });
        return new(host);
    }

    public async Task StopAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    // As Program does it; a host that does not start leaves nothing behind.
    private static async Task StartAsync(IHost host, Action use)
    {
        try
        {
            host.CheckConfiguration();
            use();
            host.Migrate();
            await host.StartAsync();
        }
        catch
        {
            await ((IAsyncDisposable)host).DisposeAsync();
            throw;
        }
    }

    // Serilog's global logger stays what it is: each host has its own.
    private static void LogTo(IServiceCollection services, IConfiguration configuration, string process, string file) =>
        services.AddSerilog(logger => logger.OfProcess(configuration, process).WriteTo.File(LogServices.Format, file), preserveStaticLogger: true);

    // As the provider of environment variables reads them.
    private static Dictionary<string, string?> AsKeys(IReadOnlyDictionary<string, string?> environment) =>
        environment.ToDictionary(pair => pair.Key.Replace("__", ":", StringComparison.Ordinal), pair => pair.Value);
}
