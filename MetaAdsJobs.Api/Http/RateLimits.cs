using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Threading.RateLimiting;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Console;
using MetaAdsJobs.Core.Configuration;

namespace MetaAdsJobs.Api.Http;

internal sealed class RateLimitOptions
{
    public const string Section = "Api";

    /// <summary>RATE_LIMIT_PER_SECOND: calls that one caller may make per second, with twice as many at once. Default 100.</summary>
    [Range(1, 1_000_000)]
    public int RateLimitPerSecond { get; set; } = 100;
}

internal static class RateLimits
{
    public const string PerCaller = "per caller";

    public static IServiceCollection AddRateLimits(this IServiceCollection services)
    {
        services.AddOptionsFor<RateLimitOptions>(RateLimitOptions.Section);
        return services.AddRateLimiter(limiter =>
        {
            limiter.AddPolicy(PerCaller, http => RateLimitPartition.GetTokenBucketLimiter(KeyOf(http), _ => Bucket(http.RequestServices)));
            limiter.OnRejected = async (rejected, ct) =>
            {
                var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1);
                rejected.HttpContext.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
                if (FailurePages.AreFor(rejected.HttpContext))
                {
                    rejected.HttpContext.Response.StatusCode = StatusCodes.Status429TooManyRequests;
                    await FailurePages.WriteStatusAsync(rejected.HttpContext);
                }
                else await Results.Problem("Too many requests; see Retry-After.", statusCode: StatusCodes.Status429TooManyRequests).ExecuteAsync(rejected.HttpContext);
            };
        });
    }

    private static string KeyOf(HttpContext http) =>
        http.User.Identity?.IsAuthenticated == true ? "user " + http.User.CallerName() : "address " + http.Connection.RemoteIpAddress;

    private static TokenBucketRateLimiterOptions Bucket(IServiceProvider services)
    {
        var perSecond = services.GetRequiredService<RateLimitOptions>().RateLimitPerSecond;
        return new() { TokensPerPeriod = perSecond, ReplenishmentPeriod = TimeSpan.FromSeconds(1), TokenLimit = perSecond * 2, QueueLimit = 0 };
    }
}
