using MetaAdsJobs.Console.Http;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Diagnostics;

namespace MetaAdsJobs.Api.Http;

/// <summary>A body that is too long, or a form of too many fields, is its sender's fault: no error of ours, and none in the log.</summary>
internal sealed class UnreadableBodyHandler : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (StatusOf(httpContext, exception is AntiforgeryValidationException { InnerException: { } inner } ? inner : exception) is not { } status) return false;
        httpContext.Response.StatusCode = status;
        if (FailurePages.AreFor(httpContext)) await FailurePages.WriteStatusAsync(httpContext);
        else await new Problem(ProblemKind.Of(status), status == StatusCodes.Status413PayloadTooLarge ? "The body is too long for this address." : "The body cannot be read.").ExecuteAsync(httpContext);
        return true;
    }

    private static int? StatusOf(HttpContext http, Exception exception) => exception switch
    {
        BadHttpRequestException unreadable => unreadable.StatusCode,
        InvalidDataException when http.Request.HasFormContentType => StatusCodes.Status400BadRequest,
        _ => null,
    };
}
