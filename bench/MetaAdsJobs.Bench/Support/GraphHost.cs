using MetaAdsJobs.StubGraph;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Bench.Support;

/// <summary>The stub Graph over HTTP with its objects in a database of its own, as far from the service as Meta is.</summary>
internal sealed class GraphHost : IAsyncDisposable
{
    /// <summary>A picture for clips: a site of the user's, in truth, which is there anyway.</summary>
    public const string ImagePath = "/image.gif";

    private static readonly byte[] Image = Convert.FromBase64String("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7");
    private readonly WebApplication _app;
    private readonly NpgsqlDataSource _dataSource;

    private GraphHost(WebApplication app, NpgsqlDataSource dataSource) => (_app, _dataSource) = (app, dataSource);

    public string Address => _app.Urls.First();

    /// <summary>For a service that takes this for Meta.</summary>
    public (string Name, string Value)[] Settings => [("META_ADS_MODE", "live"), ("META_GRAPH_URL", Address)];

    /// <param name="objects">Connection string of a migrated database.</param>
    /// <param name="latency">Added to every call before the Graph acts.</param>
    public static async Task<GraphHost> StartAsync(string objects, TimeSpan latency, CancellationToken ct)
    {
        var dataSource = NpgsqlDataSource.Create(objects);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddRouting(routing => routing.SetParameterPolicy<Microsoft.AspNetCore.Routing.Constraints.RegexInlineRouteConstraint>("regex"));
        builder.Services.AddSingleton(new StubGraphApi(dataSource, TimeProvider.System));
        var app = builder.Build();
        app.Use(async (http, next) =>
        {
            if (latency > TimeSpan.Zero) await Task.Delay(latency, TimeProvider.System, http.RequestAborted);
            await next(http);
        });
        app.MapStubGraph();
        app.MapGet(ImagePath, () => Results.Bytes(Image, "image/gif"));
        await app.StartAsync(ct);
        return new(app, dataSource);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _dataSource.DisposeAsync();
    }
}
