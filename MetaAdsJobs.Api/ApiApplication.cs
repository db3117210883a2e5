using MetaAdsJobs.Api.Accounts;
using MetaAdsJobs.Api.Alerts;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Audit;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Batches;
using MetaAdsJobs.Api.Budgets;
using MetaAdsJobs.Api.Campaigns;
using MetaAdsJobs.Api.Dashboard;
using MetaAdsJobs.Api.Description;
using MetaAdsJobs.Api.Events;
using MetaAdsJobs.Api.Experiments;
using MetaAdsJobs.Api.Health;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Api.Insights;
using MetaAdsJobs.Api.Orchestrations;
using MetaAdsJobs.Api.People;
using MetaAdsJobs.Api.Publishers;
using MetaAdsJobs.Api.Spending;
using MetaAdsJobs.Api.Targeting;
using MetaAdsJobs.Console;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Spending;
using Microsoft.Extensions.Options;
using Serilog;
using Serilog.Events;

namespace MetaAdsJobs.Api;

/// <summary>The API process: what it is made of, and in which order a request passes through it.</summary>
public static class ApiApplication
{
    public static WebApplicationBuilder AddApi(this WebApplicationBuilder builder)
    {
        builder.Configuration.AddSeedKeys();
        builder.Services.AddJsonLogs(builder.Configuration, "api").AddMetaAdsJobs().AddStopConnections();
        builder.Services.AddSingleton<AwaitOrchestration>().AddSingleton<ReadyLog>().AddHttpConventions().AddPathPrefix(builder.Configuration).AddAuth(builder.Configuration).AddRateLimits().AddApiDescription().AddApiTelemetry(builder.Configuration).AddCompressedAnswers().AddConsole();
        builder.Services.AddSingleton<IValidateOptions<ListenAddresses>, ListenAddresses.Check>().AddOptions<ListenAddresses>().ValidateOnStart();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = JsonBody.MaxReadBytes;
        });
        return builder;
    }

    public static WebApplication UseApi(this WebApplication app)
    {
        app.UsePathPrefix();
        app.UseSerilogRequestLogging(logging =>
        {
            logging.GetLevel = LevelOf;
            // Its own, not Serilog's global one.
            logging.Logger = app.Services.GetRequiredService<Serilog.ILogger>();
            logging.EnrichDiagnosticContext = (diagnostic, http) => diagnostic.Set("Caller", http.User.CallerName());
        });
        app.UseAnswerHeaders();
        app.UseCompressedAnswers();
        app.UseRouting();
        app.UseConsole();
        app.UseExceptionHandler();
        app.UseStatusCodePages(pages => FailurePages.AreFor(pages.HttpContext)
            ? FailurePages.WriteStatusAsync(pages.HttpContext) : new Problem(ProblemKind.Of(pages.HttpContext.Response.StatusCode)).ExecuteAsync(pages.HttpContext));
        app.UseOpenIdCallback(app.Configuration);
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseRateLimiter();
        app.UseMiddleware<ScopeGate>();
        app.UseConditions();
        app.UseAntiforgery();

        var meta = app.MapGroup("/meta").WithHead().RequireRateLimiting(RateLimits.PerCaller);
        meta.MapOrchestrations();
        meta.MapBatches();
        meta.MapCampaigns();
        meta.MapHolds();
        meta.MapInsights();
        meta.MapAccounts();
        meta.MapClips();
        meta.MapTargeting();
        meta.MapSpending();
        meta.MapChanges();
        meta.MapWebhooks();
        meta.MapAlerts();
        meta.MapBudgetPools();
        meta.MapExperiments();
        meta.MapPublishers();
        meta.MapClipEvents();
        meta.MapPeople();
        app.MapSignIn();
        app.MapOpenIdSignIn(app.Configuration);
        app.MapDashboard();
        app.MapConsole().RequireRateLimiting(RateLimits.Pages);
        app.MapHealth();
        app.MapApiDescription();
        app.MapPrometheusScrapingEndpoint();
        return app;
    }

    // Probes and scrapes come every few seconds and tell nothing; what is not ready is told once, by HealthEndpoints.
    private static LogEventLevel LevelOf(HttpContext http, double elapsed, Exception? exception) =>
        exception is not null ? LogEventLevel.Error
        : http.Request.Path.StartsWithSegments("/health") || http.Request.Path.StartsWithSegments("/metrics") ? LogEventLevel.Debug
        : http.Response.StatusCode >= StatusCodes.Status500InternalServerError ? LogEventLevel.Error : LogEventLevel.Information;
}
