using System.Net;

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
