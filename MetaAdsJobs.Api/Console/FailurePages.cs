using System.Diagnostics;
using System.Net;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Console.Language;
using MetaAdsJobs.Api.Http;
using Microsoft.AspNetCore.Diagnostics;

namespace MetaAdsJobs.Api.Console;

/// <summary>What a person at a browser is told when a page of the console cannot be had. Programs get problem details, here as everywhere.</summary>
internal sealed class FailurePages(ILogger<FailurePages> logger) : IExceptionHandler
{
    private const int RetrySeconds = 10;

    private static readonly string[] Pages = ["/console", "/signin", "/signout"];

    public static bool AreFor(HttpContext http) => Array.Exists(Pages, page => http.Request.Path.StartsWithSegments(page, StringComparison.OrdinalIgnoreCase))
        && http.Request.GetTypedHeaders().Accept.Any(one => one.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase));

    public static Task WriteStatusAsync(HttpContext http)
    {
        var T = http.RequestServices.GetRequiredService<Texts>();
        var (title, more) = http.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => (T["There is nothing here"], ""),
            StatusCodes.Status429TooManyRequests => (T["Too much at once"], $"<p role=\"alert\">{T["Nothing was done. Please go back and try again in a moment."]}</p>"),
            _ => (T["This cannot be done"], ""),
        };
        return PlainPage.WriteAsync(http, T.Code, title, $"{more}<p>HTTP {http.Response.StatusCode}</p>{Home(T)}");
    }

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (!AreFor(httpContext)) return false;
        var T = httpContext.RequestServices.GetRequiredService<Texts>();
        await (DatabaseAwayHandler.IsAway(exception) ? WriteAwayAsync(httpContext, T) : WriteFailedAsync(httpContext, T, exception));
        return true;
    }

    private static Task WriteAwayAsync(HttpContext http, Texts T)
    {
        http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        http.Response.Headers.RetryAfter = $"{RetrySeconds}";
        // Only what was read is asked for again by itself: a form's address may be no page, and whether the form was carried out is not known.
        var isRead = HttpMethods.IsGet(http.Request.Method);
        var page = WebUtility.HtmlEncode(isRead ? http.Request.PathBase + http.Request.Path + http.Request.QueryString : SignInPage.Home);
        return PlainPage.WriteAsync(http, T.Code, T["The database is away"], isRead
            ? $"<p>{T["This page tries again by itself every ten seconds."]}</p><p><a href=\"{page}\">{T["Try again"]}</a></p>"
            : $"<p role=\"alert\">{T["What you sent was perhaps not saved: look at the page again before you send it once more."]}</p>{Home(T)}", isRead ? RetrySeconds : null);
    }

    private Task WriteFailedAsync(HttpContext http, Texts T, Exception exception)
    {
        var trace = Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;
        // What is handled here is logged by nobody else.
        FailureLog.PageFailed(logger, exception, http.Request.Method, http.Request.Path, trace);
        http.Response.StatusCode = StatusCodes.Status500InternalServerError;
        return PlainPage.WriteAsync(http, T.Code, T["Something went wrong"],
            $"<p>{T["Whoever operates this service finds the cause in its logs by this id:"]}</p><p><code>{WebUtility.HtmlEncode(trace)}</code></p>{Home(T)}");
    }

    private static string Home(Texts T) => $"<p><a href=\"{SignInPage.Home}\">{T["Back to the console"]}</a></p>";
}

internal static partial class FailureLog
{
    [LoggerMessage(9010, LogLevel.Error, "{Method} {Path} of the console failed, told to the person as {FailureId}")]
    public static partial void PageFailed(ILogger logger, Exception exception, string method, string path, string failureId);
}
