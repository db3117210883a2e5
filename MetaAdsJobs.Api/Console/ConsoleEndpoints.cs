using MetaAdsJobs.Api.Console.Accounts;
using MetaAdsJobs.Api.Console.Clips;
using MetaAdsJobs.Api.Console.Language;
using MetaAdsJobs.Api.Console.Live;
using MetaAdsJobs.Api.Console.New;
using MetaAdsJobs.Api.Console.Numbers;
using MetaAdsJobs.Api.Console.Runs;
using MetaAdsJobs.Api.Http;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Console;

/// <summary>/console: pages made on the server, readable without script, for everybody with a role.</summary>
internal static class ConsoleEndpoints
{
    private const int LongestForm = 1024 * 1024;

    public static IServiceCollection AddConsole(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddHttpContextAccessor();
        services.AddScoped<Texts>();
        services.AddScoped<Viewer>();
        services.AddSingleton<Notices>();
        services.AddSingleton<LiveChanges>();
        services.AddSingleton<NewActions>();
        services.AddExceptionHandler<FailurePages>();
        return services;
    }

    public static void MapConsole(this WebApplication app)
    {
        app.MapRazorComponents<ConsoleApp>().ExcludeFromDescription().RequireRateLimiting(RateLimits.Pages);
        var actions = app.MapGroup("/console").ExcludeFromDescription().RequireRateLimiting(RateLimits.Pages).WithMetadata(new RequestSizeLimitAttribute(LongestForm));
        actions.MapLive();
        actions.MapRunActions();
        actions.MapAccountActions();
        actions.MapClipActions();
        actions.MapNumbers();
        NewActions.Map(actions);
    }

    public static IApplicationBuilder UsePageHeaders(this IApplicationBuilder app) => app.UseWhen(
        http => http.Request.Path.StartsWithSegments("/console"),
        console => console.Use((http, next) =>
        {
            // Nothing from elsewhere, nothing inline; a preview's picture may come from anywhere over https.
            http.Response.Headers.ContentSecurityPolicy =
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
            http.Response.Headers.XContentTypeOptions = "nosniff";
            http.Response.Headers["Referrer-Policy"] = "same-origin";
            if (!http.Request.Path.StartsWithSegments("/console/assets")) http.Response.Headers.CacheControl = "no-store";
            return next(http);
        }));
}
