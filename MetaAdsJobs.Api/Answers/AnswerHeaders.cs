using System.Globalization;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;

namespace MetaAdsJobs.Api.Answers;

/// <summary>What every answer says of itself, whoever gave it; written last, since a failure takes away what was written before.</summary>
internal static class AnswerHeaders
{
    public const string RequestId = "X-Request-Id";
    public const string Policy = "RateLimit-Policy";
    public const string Left = "RateLimit";

    /// <summary>Soon enough for a run of seconds; whoever waits for one of minutes asks more seldom the longer it takes.</summary>
    private const string LookAgainAfterSeconds = "1";

    public static IApplicationBuilder UseAnswerHeaders(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        http.Response.OnStarting(static state => AddAsync((HttpContext)state), http);
        return next(http);
    });

    /// <summary>A program's address: its answers are kept by no cache.</summary>
    public static bool IsApi(HttpContext http) => http.Request.Path.StartsWithSegments("/meta", StringComparison.OrdinalIgnoreCase);

    private static Task AddAsync(HttpContext http)
    {
        var (response, headers) = (http.Response, http.Response.Headers);
        headers[RequestId] = Problem.TraceOf(http);
        headers.XContentTypeOptions = "nosniff";
        if (IsApi(http)) headers.CacheControl = "no-store";
        if (response.StatusCode == StatusCodes.Status202Accepted && headers.Location.Count > 0) headers.RetryAfter = LookAgainAfterSeconds;
        if (CallsLeft.Of(http) is not { } calls) return Task.CompletedTask;
        headers[Policy] = calls.Policy;
        headers[Left] = string.Create(CultureInfo.InvariantCulture, $"\"{calls.Name}\";r={calls.Left};t={calls.FullIn}");
        return Task.CompletedTask;
    }
}
