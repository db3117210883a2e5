using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Accounts;
using Microsoft.AspNetCore.Diagnostics;

namespace MetaAdsJobs.Api.Accounts;

/// <summary>An account is in a zone that this machine, or PostgreSQL, does not know: what goes over all accounts leaves it out, what is asked of it alone, by its own time, cannot be answered before they learn the zone.</summary>
internal sealed class UnknownZoneHandler : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var (told, who) = exception is TimeZoneNotFoundException unknown ? (unknown.Message, "this machine") : (AccountZones.UnknownToDatabase(exception), "PostgreSQL");
        if (told is null) return false;
        httpContext.Response.StatusCode = StatusCodes.Status409Conflict;
        if (FailurePages.AreFor(httpContext)) await FailurePages.WriteStatusAsync(httpContext);
        else await Problems.Conflict($"The account's time zone is not known to {who}, and nothing was written: {told.TrimEnd('.')}. Whoever operates this service adds it to {who}.").ExecuteAsync(httpContext);
        return true;
    }
}
