using System.Net;
using MetaAdsJobs.Core.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Core.Meta;

public static class MetaServices
{
    /// <summary>The Graph client. In stub mode only the transport differs: every line above it is the live one.</summary>
    public static IServiceCollection AddMeta(this IServiceCollection services)
    {
        services.AddOptionsFor<MetaOptions>(MetaOptions.Section);
        services.AddSingleton(provider => new GraphClient(
            new(CreateTransport(provider)) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = 16 * 1024 * 1024 },
            provider.GetRequiredService<MetaOptions>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<MetaAds>();
        services.AddSingleton<MetaVideos>();
        services.AddSingleton<MetaInsights>();
        return services;
    }

    private static SocketsHttpHandler CreateTransport(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<MetaOptions>();
        return new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            ConnectTimeout = TimeSpan.FromSeconds(options.ConnectTimeoutSeconds),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            UseCookies = false,
        };
    }
}
