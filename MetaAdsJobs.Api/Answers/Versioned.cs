using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace MetaAdsJobs.Api.Answers;

/// <summary>The answer has an ETag, and who names it in If-None-Match is answered 304 while nothing has changed.</summary>
internal sealed record VersionedAnswer;

/// <summary>
/// The version is made of the answer itself: it can be neither forgotten nor old. It saves what is sent, not what is read. Weak, since the same answer may be sent
/// compressed or not.
/// </summary>
internal static class Versioned
{
    private const int Bytes = 12;

    /// <summary>For what callers ask for again and again until it has ended.</summary>
    public static RouteHandlerBuilder WithVersion(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(new VersionedAnswer()).AddEndpointFilter(async (call, next) =>
    {
        var result = await next(call);
        if (result is not (IValueHttpResult { Value: { } value } and IStatusCodeHttpResult { StatusCode: StatusCodes.Status200OK })) return result;
        var json = call.HttpContext.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        return new Answer(JsonSerializer.SerializeToUtf8Bytes(value, value.GetType(), json));
    });

    private sealed class Answer(byte[] body) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var tag = new EntityTagHeaderValue($"\"{Base64Url.EncodeToString(SHA256.HashData(body).AsSpan(0, Bytes))}\"", isWeak: true);
            var response = httpContext.Response;
            response.GetTypedHeaders().ETag = tag;
            var seen = httpContext.Request.Headers.IfNoneMatch.Count == 0 ? [] : httpContext.Request.GetTypedHeaders().IfNoneMatch;
            if (seen.Any(one => one.Equals(EntityTagHeaderValue.Any) || one.Compare(tag, useStrongComparison: false)))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return Task.CompletedTask;
            }

            response.ContentType = "application/json; charset=utf-8";
            response.ContentLength = body.Length;
            return response.Body.WriteAsync(body, httpContext.RequestAborted).AsTask();
        }
    }
}
