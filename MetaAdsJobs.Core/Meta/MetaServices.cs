using System.Net;
using MetaAdsJobs.Core.Addresses;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Insights;
using MetaAdsJobs.Core.Meta.Media;
using MetaAdsJobs.Core.Meta.Pacing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MetaAdsJobs.Core.Meta;

public static class MetaServices
{
    /// <summary>The Graph client. Between the modes only the transport differs: every line above it is the live one.</summary>
    public static IServiceCollection AddMeta(this IServiceCollection services)
    {
        services.AddOptionsFor<MetaOptions>(MetaOptions.Section);
        services.AddSingleton<IValidateOptions<MetaOptions>, MetaTransportCheck>();
        services.AddKeyedSingleton(MetaMode.Live, (provider, _) => Live(provider.GetRequiredService<MetaOptions>()));
        services.AddSingleton(provider => new GraphClient(
            new(Transport(provider).Graph) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = GraphClient.LargestAnswer },
            provider.GetRequiredService<MetaOptions>(),
            provider.GetRequiredService<GraphPacing>(),
            provider.GetRequiredService<TimeProvider>(),
            Random.Shared,
            provider.GetRequiredService<ILogger<GraphClient>>()));
        services.AddSingleton<GraphPacing>();
        services.AddSingleton<MetaTokens>().AddSingleton<MetaAssets>();
        services.AddSingleton<MetaAds>().AddSingleton<MetaEdits>().AddSingleton<MetaTrees>().AddSingleton<MetaStates>();
        services.AddSingleton<MetaVideos>().AddSingleton<MetaUploads>();
        services.AddSingleton<MetaImages>();
        services.AddSingleton<MetaChecks>();
        services.AddSingleton<MetaTargeting>();
        services.AddSingleton<MetaAudiences>();
        services.AddSingleton<MetaReach>();
        services.AddSingleton(provider => new ImageDownloads(
            new(Transport(provider).Images) { Timeout = Timeout.InfiniteTimeSpan },
            provider.GetRequiredService<MetaOptions>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<MetaInsights>();
        return services;
    }

    private static MetaTransport Transport(IServiceProvider provider) =>
        provider.GetRequiredKeyedService<MetaTransport>(provider.GetRequiredService<MetaOptions>().Mode);

    private static MetaTransport Live(MetaOptions options) => new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            ConnectTimeout = TimeSpan.FromSeconds(options.ConnectTimeoutSeconds),
            // New addresses are looked up in time, and a connection is let go before the other side may do so in the middle of a POST.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            UseCookies = false,
            // Our traces are no business of Meta's.
            ActivityHeadersPropagator = null,
        },
        new SocketsHttpHandler
        {
            AllowAutoRedirect = true,
            MaxAutomaticRedirections = ImageDownloads.MaxRedirects,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectCallback = options.AllowPrivateImageHosts ? null : PublicAddresses.Connecting(new HostNames(), "Meta:AllowPrivateImageHosts"),
            ConnectTimeout = TimeSpan.FromSeconds(options.ConnectTimeoutSeconds),
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            UseCookies = false,
            // A proxy would connect where it likes: the addresses that are checked have to be the ones that are used.
            UseProxy = false,
            ActivityHeadersPropagator = null,
        });
}
