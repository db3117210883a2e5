using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;

namespace MetaAdsJobs.Worker;

/// <summary>
/// A worker's own /metrics and /health/live, when WORKER_METRICS_PORT is set. It answers everybody who reaches the port: it tells
/// counts and times, and no names.
/// </summary>
internal sealed class MetricsListener(JobOptions options, MeterProvider meters) : IHostedService, IAsyncDisposable
{
    private WebApplication? _app;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // Empty: what configures the worker's HTTP is this class alone, whatever ASPNETCORE_URLS says for the API beside it.
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // On IPv4 and IPv6 alike.
            kestrel.ListenAnyIP(options.MetricsPort);
        });
        _app = builder.Build();
        _app.UseRouting();
        _app.MapGet("/health/live", () => "live");
        _app.MapPrometheusScrapingEndpoint("/metrics", meters, configureBranchedPipeline: null, optionsName: null);
        try
        {
            await _app.StartAsync(cancellationToken);
        }
        catch (IOException exception)
        {
            throw new ConfigurationException($"WORKER_METRICS_PORT: port {options.MetricsPort} cannot be used: {exception.Message}", exception);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;
}
