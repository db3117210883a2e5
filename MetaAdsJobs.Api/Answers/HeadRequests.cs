using Microsoft.AspNetCore.Routing;

namespace MetaAdsJobs.Api.Answers;

internal static class HeadRequests
{
    private static readonly string[] Both = ["GET", "HEAD"];

    /// <summary>Whatever answers GET answers HEAD, with the same headers and no body.</summary>
    public static RouteGroupBuilder WithHead(this RouteGroupBuilder group)
    {
        ((IEndpointConventionBuilder)group).Finally(endpoint =>
        {
            if (endpoint.Metadata.OfType<IHttpMethodMetadata>().LastOrDefault() is { HttpMethods: ["GET"] }) endpoint.Metadata.Add(new HttpMethodMetadata(Both));
        });
        return group;
    }
}
