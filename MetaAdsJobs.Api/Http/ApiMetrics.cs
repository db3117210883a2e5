using OpenTelemetry.Metrics;

namespace MetaAdsJobs.Api.Http;

internal static class ApiMetrics
{
    /// <summary>/metrics in Prometheus text: HTTP requests, rate limiting, the database pool and the runtime of this process.</summary>
    public static IServiceCollection AddApiMetrics(this IServiceCollection services)
    {
        services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddAspNetCoreInstrumentation()
            .AddRuntimeInstrumentation()
            .AddMeter("Npgsql")
            .AddPrometheusExporter());
        return services;
    }
}
