using System.Net;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Meta.Stub;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Core.Meta;

public static class MetaServices
{
    /// <summary>The Graph client. In stub mode only the transport differs: every line above it is the live one.</summary>
    public static IServiceCollection AddMeta(this IServiceCollection services)
    {
        services.AddOptionsFor<MetaOptions>(MetaOptions.Section);
        services.AddSingleton(provider => new GraphClient(
            new(Transport(provider)) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = 16 * 1024 * 1024 },
            provider.GetRequiredService<MetaOptions>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<MetaAds>();
        services.AddSingleton<MetaVideos>();
        services.AddSingleton<MetaInsights>();
        return services;
    }

    private static HttpMessageHandler Transport(IServiceProvider provider) => provider.GetRequiredService<MetaOptions>() switch
    {
        { Mode: MetaMode.Stub } => new StubGraphTransport(new StubGraph(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<TimeProvider>())),
        var live => new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            ConnectTimeout = TimeSpan.FromSeconds(live.ConnectTimeoutSeconds),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            UseCookies = false,
        },
    };
}
