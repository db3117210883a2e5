using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace MetaAdsJobs.Tests.Support;

/// <summary>The Meta module as a process in live mode has it, wired by itself, against any Graph.</summary>
internal sealed class LiveMeta : IAsyncDisposable
{
    public const string Token = "EAAtoken of the client's tests";
    public static readonly GraphCredential Credential = new("act_1234567890", Token);

    private readonly ServiceProvider _services;

    private LiveMeta(ServiceProvider services) => _services = services;

    public GraphClient Client => _services.GetRequiredService<GraphClient>();

    public MetaAds Ads => _services.GetRequiredService<MetaAds>();

    /// <summary>The client alone, over any transport.</summary>
    public static GraphClient Over(HttpClient http, MetaOptions options) =>
        new(http, options, new(options, TimeProvider.System), TimeProvider.System, Random.Shared, NullLogger<GraphClient>.Instance);

    public static LiveMeta Against(GraphServer graph, params (string Name, string Value)[] settings) => Against(graph.BaseUrl, settings);

    public static LiveMeta Against(string graphUrl, params (string Name, string Value)[] settings)
    {
        var configuration = new Dictionary<string, string?> { ["Meta:Mode"] = "Live", ["Meta:GraphUrl"] = graphUrl };
        foreach (var (name, value) in settings) configuration[$"Meta:{name}"] = value;
        return new(new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(configuration).Build())
            .AddSingleton(TimeProvider.System)
            .AddLogging()
            .AddMeta()
            .BuildServiceProvider());
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
