using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Meta.Graph;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace MetaAdsJobs.StubGraph;

public static class StubGraphServices
{
    /// <summary>
    /// Plugs the stub in for META_ADS_MODE=stub: message handlers below the client that talks to Meta, and the tables they need. In live mode
    /// nothing of it is made.
    /// </summary>
    public static IServiceCollection AddStubGraph(this IServiceCollection services)
    {
        services.AddKeyedSingleton(MetaMode.Stub, (provider, _) => new MetaTransport(
            new StubGraphTransport(new StubGraphApi(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<TimeProvider>())), new StubImages()));
        return services.AddHostedService<StubStart>();
    }
}

/// <summary>Makes the stub's tables when the process has migrated the service's own and nothing of it has started yet.</summary>
internal sealed class StubStart(MetaOptions options, NpgsqlDataSource dataSource) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) =>
        options.Mode == MetaMode.Stub ? StubSchema.ApplyAsync(dataSource, cancellationToken) : Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
