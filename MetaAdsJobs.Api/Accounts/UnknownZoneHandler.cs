using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using Microsoft.AspNetCore.Diagnostics;

namespace MetaAdsJobs.Api.Accounts;

/// <summary>An account is in a zone that this machine does not know: what goes over all accounts leaves it out, what is asked of it alone, by its own time, cannot be answered before the machine learns the zone.</summary>
internal sealed class UnknownZoneHandler : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not TimeZoneNotFoundException unknown) return false;
        httpContext.Response.StatusCode = StatusCodes.Status409Conflict;
        if (FailurePages.AreFor(httpContext)) await FailurePages.WriteStatusAsync(httpContext);
        else await Problems.Conflict($"The account's time zone is not known to this machine, and nothing was written: {unknown.Message} Whoever operates this service adds it to the machine.").ExecuteAsync(httpContext);
        return true;
    }
}
