using System.ComponentModel.DataAnnotations;
using System.Threading.RateLimiting;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Configuration;

namespace MetaAdsJobs.Api.Http;

internal sealed class RateLimitOptions
{
    public const string Section = "Api";

    /// <summary>RATE_LIMIT_PER_SECOND: calls that one caller may make per second, with twice as many at once. Default 100.</summary>
    [Range(1, 1_000_000)]
    public int RateLimitPerSecond { get; set; } = 100;

    /// <summary>SIGN_INS_PER_MINUTE: sign-in forms, and keys that are none, that one address may send per minute, and as many at once. Default 30.</summary>
    [Range(1, 1_000_000)]
    public int SignInsPerMinute { get; set; } = 30;
}

/// <summary>
/// Who may call how often. Callers are told apart after authorization, when a browser's session is known too; only at the sign-in form
/// there is nobody yet, but an address: the one that calls, or that a proxy names where ASPNETCORE_FORWARDEDHEADERS_ENABLED says to believe it.
/// A stop has no limit: its endpoints say so themselves.
/// </summary>
internal static class RateLimits
{
    public const string PerCaller = "per caller";

    /// <summary>The same for pages: a program that uses up its caller's calls leaves the caller's pages alone.</summary>
    public const string Pages = "pages";

    public const string SignIn = "sign in";

    /// <summary>Questions that are passed on to Meta, whose own limits are the accounts'.</summary>
    public const string Questions = "questions";

    private const int QuestionsPerSecond = 5;

    public static IServiceCollection AddRateLimits(this IServiceCollection services)
    {
        services.AddOptionsFor<RateLimitOptions>(RateLimitOptions.Section);
        return services.AddRateLimiter(limiter =>
        {
            limiter.AddPolicy(PerCaller, http => Calls(http, "calls", OptionsOf(http).RateLimitPerSecond));
            limiter.AddPolicy(Pages, http => RateLimitPartition.GetTokenBucketLimiter(TooManyCalls.CallerOf(http), _ => PerSecond(OptionsOf(http).RateLimitPerSecond)));
            limiter.AddPolicy(Questions, http => Calls(http, "questions", QuestionsPerSecond));
            limiter.AddPolicy(SignIn, http => RateLimitPartition.GetTokenBucketLimiter(TooManyCalls.AddressOf(http), _ => PerMinute(http)));
            limiter.OnRejected = async (rejected, _) => await TooManyCalls.RefuseAsync(
                rejected.HttpContext, rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1), ProblemKind.TooManyCalls, "Too many requests; see Retry-After.");
        });
    }

    private static RateLimitOptions OptionsOf(HttpContext http) => http.RequestServices.GetRequiredService<RateLimitOptions>();

    private static RateLimitPartition<string> Calls(HttpContext http, string name, int perSecond) => CallsLeft.Partition(http, OptionsOf(http), name, TooManyCalls.CallerOf(http), perSecond);

    internal static TokenBucketRateLimiterOptions PerSecond(int calls) =>
        new() { TokensPerPeriod = calls, ReplenishmentPeriod = TimeSpan.FromSeconds(1), TokenLimit = calls * 2, QueueLimit = 0 };

    private static TokenBucketRateLimiterOptions PerMinute(HttpContext http)
    {
        var perMinute = http.RequestServices.GetRequiredService<RateLimitOptions>().SignInsPerMinute;
        return new() { TokensPerPeriod = 1, ReplenishmentPeriod = TimeSpan.FromMinutes(1) / perMinute, TokenLimit = perMinute, QueueLimit = 0 };
    }
}
