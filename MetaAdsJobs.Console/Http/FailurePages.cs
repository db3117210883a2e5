using System.Diagnostics;
using System.Net;
using MetaAdsJobs.Console.Language;
using MetaAdsJobs.Core.Database;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Extensions.Localization;

namespace MetaAdsJobs.Console.Http;

/// <summary>What a person at a browser is told when a page of the console cannot be had. Programs get problem details, here as everywhere.</summary>
public sealed class FailurePages(ILogger<FailurePages> logger) : IExceptionHandler
{
    /// <summary>Where a person who asked for no page in particular is led.</summary>
    public const string Home = "/console";

    private const int RetrySeconds = 10;

    private static readonly string[] Pages = [Home, "/signin", "/signout"];

    /// <summary>Of the addresses that people open.</summary>
    internal static bool IsPage(HttpContext http) => Array.Exists(Pages, page => http.Request.Path.StartsWithSegments(page, StringComparison.OrdinalIgnoreCase));

    public static bool AreFor(HttpContext http) => IsPage(http)
        && http.Request.GetTypedHeaders().Accept.Any(one => one.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase));

    public static Task WriteStatusAsync(HttpContext http)
    {
        var T = http.RequestServices.GetRequiredService<IStringLocalizer<Words>>();
        var (title, more) = http.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => (T["There is nothing here"], ""),
            StatusCodes.Status429TooManyRequests => (T["Too much at once"], $"<p role=\"alert\">{T["Nothing was done. Please go back and try again in a moment."]}</p>"),
            _ => (T["This cannot be done"], ""),
        };
        return PlainPage.WriteAsync(http, LanguageChoice.Current, title, $"{more}<p>HTTP {http.Response.StatusCode}</p>{BackHome(T)}");
    }

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (!AreFor(httpContext)) return false;
        var T = httpContext.RequestServices.GetRequiredService<IStringLocalizer<Words>>();
        await (DatabaseErrors.IsAway(exception) ? WriteAwayAsync(httpContext, T) : WriteFailedAsync(httpContext, T, exception));
        return true;
    }

    private static Task WriteAwayAsync(HttpContext http, IStringLocalizer<Words> T)
    {
        http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        http.Response.Headers.RetryAfter = $"{RetrySeconds}";
        // Only what was read is asked for again by itself: a form's address may be no page, and whether the form was carried out is not known.
        var isRead = HttpMethods.IsGet(http.Request.Method);
        var page = WebUtility.HtmlEncode(isRead ? http.Request.PathBase + http.Request.Path + http.Request.QueryString : Home);
        return PlainPage.WriteAsync(http, LanguageChoice.Current, T["The database is away"], isRead
            ? $"<p>{T["This page tries again by itself every ten seconds."]}</p><p><a href=\"{page}\">{T["Try again"]}</a></p>"
            : $"<p role=\"alert\">{T["What you sent was perhaps not saved: look at the page again before you send it once more."]}</p>{BackHome(T)}", isRead ? RetrySeconds : null);
    }

    private Task WriteFailedAsync(HttpContext http, IStringLocalizer<Words> T, Exception exception)
    {
        var trace = Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;
        // What is handled here is logged by nobody else.
        ConsoleLog.PageFailed(logger, exception, http.Request.Method, http.Request.Path, trace);
        http.Response.StatusCode = StatusCodes.Status500InternalServerError;
        return PlainPage.WriteAsync(http, LanguageChoice.Current, T["Something went wrong"],
            $"<p>{T["Whoever operates this service finds the cause in its logs by this id:"]}</p><p><code>{WebUtility.HtmlEncode(trace)}</code></p>{BackHome(T)}");
    }

    private static string BackHome(IStringLocalizer<Words> T) => $"<p><a href=\"{Home}\">{T["Back to the console"]}</a></p>";
}
