using MetaAdsJobs.Console.Accounts;
using MetaAdsJobs.Console.Alerts;
using MetaAdsJobs.Console.Audit;
using MetaAdsJobs.Console.Batches;
using MetaAdsJobs.Console.Budgets;
using MetaAdsJobs.Console.Campaigns;
using MetaAdsJobs.Console.Clips;
using MetaAdsJobs.Console.Experiments;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Console.Holding;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Console.Language;
using MetaAdsJobs.Console.Live;
using MetaAdsJobs.Console.New;
using MetaAdsJobs.Console.Numbers;
using MetaAdsJobs.Console.People;
using MetaAdsJobs.Console.Publishers;
using MetaAdsJobs.Console.Runs;
using MetaAdsJobs.Console.Webhooks;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Console;

/// <summary>/console: pages made on the server, readable without script, for everybody with a role.</summary>
public static class ConsoleApplication
{
    private const int LongestForm = 1024 * 1024;
    private const int LongestOfPage = 64 * 1024;

    public static IServiceCollection AddConsole(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddHttpContextAccessor();
        services.AddLocalization();
        services.AddScoped<Viewer>();
        services.AddSingleton<Notices>();
        services.AddSingleton<KeptTokens>();
        services.AddSingleton<LiveChanges>();
        services.AddSingleton<NewActions>();
        services.AddSingleton<LongCalls>();
        services.AddExceptionHandler<FailurePages>();
        return services;
    }

    /// <summary>
    /// What goes for every address of the console; its style and scripts are answered here. Before all that answers for others, so that it tells failures
    /// in the reader's language, too.
    /// </summary>
    public static IApplicationBuilder UseConsole(this IApplicationBuilder app) => app
        .UseWhen(FailurePages.IsPage, pages => LanguageChoice.Use(pages))
        .UseWhen(http => http.Request.Path.StartsWithSegments(FailurePages.Home), console => console.Use(AddHeadersAsync).UseConsoleAssets());

    /// <returns>All pages and what their forms do, for the host to limit.</returns>
    public static IEndpointConventionBuilder MapConsole(this IEndpointRouteBuilder app)
    {
        var console = app.MapGroup("").ExcludeFromDescription();
        // What a form does is mapped below; a page takes none.
        console.MapRazorComponents<ConsoleApp>().WithMetadata(new RequestSizeLimitAttribute(LongestOfPage));
        var actions = console.MapGroup(FailurePages.Home).WithMetadata(new RequestSizeLimitAttribute(LongestForm));
        actions.MapLive();
        actions.MapRunActions();
        actions.MapBatchActions();
        actions.MapCampaignActions();
        actions.MapHoldActions();
        actions.MapAccountActions();
        actions.MapClipActions();
        actions.MapWebhookActions();
        actions.MapAlertActions();
        actions.MapBudgetActions();
        actions.MapExperimentActions();
        actions.MapPublisherActions();
        actions.MapNumbers();
        actions.MapAudit();
        actions.MapPeopleActions();
        actions.MapGroupActions();
        NewActions.Map(actions);
        return console;
    }

    private static Task AddHeadersAsync(HttpContext http, RequestDelegate next)
    {
        // Nothing from elsewhere, nothing inline; a preview's picture may come from anywhere over https.
        http.Response.Headers.ContentSecurityPolicy =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers["Referrer-Policy"] = "same-origin";
        if (!http.Request.Path.StartsWithSegments(ConsoleAssets.Path)) http.Response.Headers.CacheControl = "no-store";
        return next(http);
    }
}
