using MetaAdsJobs.Core.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace MetaAdsJobs.Core.Telemetry;

public static class TelemetryServices
{
    /// <summary>OpenTelemetry's own variable: without it nothing is exported, and no span is made.</summary>
    public const string EndpointKey = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private static readonly string[] Meters = [Signals.Name, ServiceMetrics.MeterName, "Npgsql"];

    /// <param name="process">"api" or "worker".</param>
    /// <param name="isScraped">Whether somebody may ask this process for /metrics.</param>
    /// <param name="metrics">What the process measures beside this.</param>
    /// <param name="traces">What the process traces beside this.</param>
    public static IServiceCollection AddTelemetry(
        this IServiceCollection services, IConfiguration configuration, string process, bool isScraped, Action<MeterProviderBuilder>? metrics = null, Action<TracerProviderBuilder>? traces = null)
    {
        var isPushed = IsPushed(configuration);
        if (!isPushed && !isScraped) return services;
        // What the operator says of the resource in OpenTelemetry's own variables goes before what we say.
        var telemetry = services.AddOpenTelemetry().ConfigureResource(resource => resource
            .AddService($"metaadsjobs-{process}", serviceVersion: typeof(TelemetryServices).Assembly.GetName().Version?.ToString()).AddEnvironmentVariableDetector());
        telemetry.WithMetrics(meters =>
        {
            meters.AddMeter(Meters).AddRuntimeInstrumentation();
            metrics?.Invoke(meters);
            if (isScraped) meters.AddPrometheusExporter();
            if (isPushed) meters.AddOtlpExporter();
        });
        if (isPushed)
        {
            telemetry.WithTracing(spans =>
            {
                spans.AddSource(Signals.Name).AddNpgsql();
                traces?.Invoke(spans);
                spans.AddOtlpExporter();
            });
        }

        return services;
    }

    /// <summary>What concerns the whole service, whichever process did it: measured once, by whoever can be asked over HTTP.</summary>
    public static IServiceCollection AddServiceMetrics(this IServiceCollection services) => services
        .AddSingleton<ServiceReader>()
        .AddSingleton<EndedReader>()
        .AddHostedService<ServiceMetrics>();

    private static bool IsPushed(IConfiguration configuration)
    {
        var endpoint = configuration[EndpointKey];
        if (string.IsNullOrWhiteSpace(endpoint)) return false;
        if (Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)) return true;
        throw new ConfigurationException($"{EndpointKey}: must be an absolute http or https URL");
    }
}
