using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Accounts.Retiring;
using Microsoft.AspNetCore.Diagnostics;

namespace MetaAdsJobs.Api.Http;

/// <summary>What was right a moment ago, and was refused by the database as its account was retired in between.</summary>
internal sealed class RetiredMeanwhileHandler : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (!RetiredMeanwhile.IsBehind(exception)) return false;
        httpContext.Response.StatusCode = StatusCodes.Status409Conflict;
        if (FailurePages.AreFor(httpContext)) await FailurePages.WriteStatusAsync(httpContext);
        else await new Problem(ProblemKind.AccountRetired, "The account was retired a moment ago: nothing was written.").ExecuteAsync(httpContext);
        return true;
    }
}
