using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MetaAdsJobs.StubGraph;

/// <summary>The stub Graph as the last handler of an HttpClient: the same requests as to Meta, answered in this process.</summary>
public sealed class StubGraphTransport(StubGraphApi graph) : HttpMessageHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? Stream.Null : await request.Content.ReadAsStreamAsync(cancellationToken);
        var call = await StubCallReader.ReadAsync(
            request.Method.Method,
            Uri.UnescapeDataString(request.RequestUri!.AbsolutePath),
            request.RequestUri.Query,
            request.Content?.Headers.ContentType?.ToString(),
            body,
            request.Headers.Authorization?.ToString(),
            cancellationToken);
        var answer = await graph.AnswerAsync(call, cancellationToken);
        var response = new HttpResponseMessage((HttpStatusCode)answer.Status)
        {
            RequestMessage = request,
            Content = new ReadOnlyMemoryContent(answer.Body),
        };
        response.Content.Headers.TryAddWithoutValidation("Content-Type", answer.ContentType);
        foreach (var (name, value) in answer.Headers)
            response.Headers.TryAddWithoutValidation(name, value);

        return response;
    }
}

/// <summary>The stub Graph over real HTTP, under the URLs Meta uses.</summary>
public static class StubGraphEndpoints
{
    /// <summary>Maps /{version}/{node}/{edge} and, for batches, /{version}/.</summary>
    public static IEndpointRouteBuilder MapStubGraph(this IEndpointRouteBuilder routes)
    {
        routes.Map("/{version:regex(^v\\d+\\.\\d+$)}/{**path}", AnswerAsync).ExcludeFromDescription();
        return routes;
    }

    private static async Task AnswerAsync(HttpContext http, StubGraphApi graph)
    {
        var call = await ReadStubCallAsync(http, $"{http.GetRouteValue("version")}/{http.GetRouteValue("path")}");
        await WriteStubAnswerAsync(http, await graph.AnswerAsync(call, http.RequestAborted));
    }

    internal static Task<StubCall> ReadStubCallAsync(HttpContext http, string path) => StubCallReader.ReadAsync(
        http.Request.Method,
        path,
        http.Request.QueryString.Value,
        http.Request.ContentType,
        http.Request.Body,
        http.Request.Headers.Authorization,
        http.RequestAborted);

    internal static async Task WriteStubAnswerAsync(HttpContext http, StubAnswer answer)
    {
        http.Response.StatusCode = answer.Status;
        http.Response.ContentType = answer.ContentType;
        http.Response.ContentLength = answer.Body.Length;
        foreach (var (name, value) in answer.Headers)
            http.Response.Headers[name] = value;

        await http.Response.Body.WriteAsync(answer.Body, http.RequestAborted);
    }
}
