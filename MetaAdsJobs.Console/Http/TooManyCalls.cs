using System.Globalization;
using MetaAdsJobs.Core.Access;

namespace MetaAdsJobs.Console.Http;

/// <summary>Whose calls are counted together, and the answer when they are too many.</summary>
public static class TooManyCalls
{
    /// <summary>Whose share a call takes from.</summary>
    public static string CallerOf(HttpContext http) => http.User.Identity?.IsAuthenticated == true ? http.User.CallerShare() : AddressOf(http);

    /// <summary>Who it is, by whichever key: what is open at once is a person's, however many keys she has.</summary>
    public static string PersonOf(HttpContext http) => http.User.Identity?.IsAuthenticated == true ? $"user {http.User.CallerName()}" : AddressOf(http);

    public static string AddressOf(HttpContext http) => "address " + http.Connection.RemoteIpAddress;

    /// <summary>429, as a page to a person and as problem details to a program.</summary>
    public static async Task RefuseAsync(HttpContext http, TimeSpan wait, ProblemKind kind, string detail)
    {
        http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        http.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        if (FailurePages.AreFor(http)) await FailurePages.WriteStatusAsync(http);
        else await new Problem(kind, detail).ExecuteAsync(http);
    }
}
