using System.Data.Common;
using System.Transactions;
using Microsoft.AspNetCore.Diagnostics;

namespace MetaAdsJobs.Api.Http;

/// <summary>A database that is away is no fault of the caller's or of the code: 503, try again.</summary>
internal sealed class DatabaseAwayHandler(IProblemDetailsService problems) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not (DbException { IsTransient: true } or TransactionException)) return false;
        httpContext.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        httpContext.Response.Headers.RetryAfter = "5";
        return await problems.TryWriteAsync(new()
        {
            HttpContext = httpContext,
            ProblemDetails = { Status = StatusCodes.Status503ServiceUnavailable, Detail = "The database cannot be reached. Nothing was written; please try again." },
        });
    }
}
