using MetaAdsJobs.Core.Meta;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.StubGraph;

public static class StubGraphServices
{
    /// <summary>Plugs the stub in as the transport of META_ADS_MODE=stub: message handlers under the client that talks to Meta. In live mode it is never made.</summary>
    public static IServiceCollection AddStubGraph(this IServiceCollection services) => services.AddKeyedSingleton(MetaMode.Stub, (provider, _) => new MetaTransport(
        new StubGraphTransport(new StubGraphApi(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<TimeProvider>())), new StubImages()));
}
