using System.Data.Common;
using System.Transactions;
using MetaAdsJobs.Api.Console;
using Microsoft.AspNetCore.Diagnostics;

namespace MetaAdsJobs.Api.Http;

/// <summary>A database that is away is no fault of the caller's or of the code: 503, try again.</summary>
internal sealed class DatabaseAwayHandler : IExceptionHandler
{
    public static bool IsAway(Exception exception) => exception is DbException { IsTransient: true } or TransactionException;

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        // A person at a browser is answered by FailurePages.
        if (!IsAway(exception) || FailurePages.AreFor(httpContext)) return false;
        httpContext.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        httpContext.Response.Headers.RetryAfter = "5";
        await Results.Problem("The database cannot be reached. Nothing was written; please try again.", statusCode: StatusCodes.Status503ServiceUnavailable)
            .ExecuteAsync(httpContext);
        return true;
    }
}
