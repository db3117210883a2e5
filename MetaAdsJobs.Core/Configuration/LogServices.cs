using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Serilog;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Compact;

namespace MetaAdsJobs.Core.Configuration;

/// <summary>One JSON object per line on standard output, carrying request id, job id and orchestration id where there is one.</summary>
public static class LogServices
{
    public static IServiceCollection AddJsonLogs(this IServiceCollection services, IConfiguration configuration, string process) =>
        services.AddSerilog(logger => logger.OfProcess(configuration, process).WriteTo.Console(Format));

    public static ITextFormatter Format { get; } = new RenderedCompactJsonFormatter();

    /// <summary>What is logged, and with which properties; where it goes is the host's to say.</summary>
    public static LoggerConfiguration OfProcess(this LoggerConfiguration logger, IConfiguration configuration, string process) => logger
        .MinimumLevel.Information()
        .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
        .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Information)
        .MinimumLevel.Override("System.Net.Http.HttpClient", LogEventLevel.Warning)
        .MinimumLevel.Override("Hangfire", LogEventLevel.Warning)
        .MinimumLevel.Override("Npgsql", LogEventLevel.Warning)
        .ReadFrom.Configuration(configuration)
        .Enrich.FromLogContext()
        .Enrich.WithProperty("Process", process);
}
