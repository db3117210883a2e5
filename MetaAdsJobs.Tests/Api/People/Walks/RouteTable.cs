using MetaAdsJobs.Api;
using MetaAdsJobs.StubGraph;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Tests.Api.People.Walks;

/// <summary>An address of the service, with one of its methods.</summary>
internal sealed record Route(string Method, RouteEndpoint Endpoint)
{
    public string Name => $"{Method} /{Endpoint.RoutePattern.RawText!.Trim('/')}";

    /// <summary>Nobody passes without a role.</summary>
    public bool IsClosed =>
        (Endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null || Endpoint.Metadata.GetMetadata<AuthorizationPolicy>() is not null) && Endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null;
}

/// <summary>All addresses, as the program has them: who walks them finds a new one by itself.</summary>
internal static class RouteTable
{
    /// <returns>The program, which serves nobody and is to be disposed of, and its routes.</returns>
    public static (WebApplication App, IReadOnlyList<Route> Routes) Read(string database)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ApplicationName = "MetaAdsJobs.Api" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["DATABASE_URL"] = database, ["META_ADS_MODE"] = "stub" });
        builder.AddApi().Services.AddStubGraph();
        var app = builder.Build().UseApi();
        return (app, [.. ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Where(method => endpoint.RoutePattern.RawText?.StartsWith("/console", StringComparison.Ordinal) != true || !IsPage(endpoint) || method == "GET").Select(method => new Route(method, endpoint)))]);
    }

    // A page is asked for by GET, whatever else its address would take.
    private static bool IsPage(RouteEndpoint endpoint) => endpoint.Metadata.Any(one => one.GetType().Name == "ComponentTypeMetadata");
}
