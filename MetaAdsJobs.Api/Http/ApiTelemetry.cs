using MetaAdsJobs.Core.Telemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace MetaAdsJobs.Api.Http;

internal static class ApiTelemetry
{
    /// <summary>/metrics in Prometheus text: the whole service, and of this process HTTP requests, rate limiting, database pool and runtime.</summary>
    public static IServiceCollection AddApiTelemetry(this IServiceCollection services, IConfiguration configuration) => services
        .AddTelemetry(configuration, "api", isScraped: true, metrics => metrics.AddAspNetCoreInstrumentation(), traces => traces.AddAspNetCoreInstrumentation(requests =>
        {
            requests.Filter = http => !http.Request.Path.StartsWithSegments("/health") && !http.Request.Path.StartsWithSegments("/metrics");
            // What people search for is theirs.
            requests.EnrichWithHttpRequest = (span, _) => span.SetTag("url.query", null);
        }))
        .AddServiceMetrics();
}
