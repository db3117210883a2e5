using Hangfire;
using Hangfire.Dashboard;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Core.Jobs.Watching;

/// <summary>Hangfire's dashboard as our ops see it.</summary>
public static class JobDashboard
{
    // Of its pages: they come with them, and are asked for again by none.
    private static readonly string[] Parts = ["css", "js", "fonts/"];

    // Hangfire keeps its menu for the whole process, so this adds to it once.
    static JobDashboard()
    {
        NavigationMenu.Items.Add(_ => new MenuItem("Console", "/console"));
        NavigationMenu.Items.Add(_ => new MenuItem("Sign out", "/signout"));
    }

    /// <summary>Whether an address of the dashboard puts jobs on the queue or takes them away, or is a page with the buttons that do; else its numbers, styles and scripts.</summary>
    /// <param name="path">Behind the dashboard's own.</param>
    public static bool Acts(string? path, bool isRead) =>
        isRead ? !Parts.Any(part => path?.StartsWith(part, StringComparison.OrdinalIgnoreCase) == true) : !string.Equals(path?.Trim('/'), "stats", StringComparison.OrdinalIgnoreCase);

    /// <param name="path">Where it is; "/hangfire".</param>
    /// <param name="policy">The authorization policy that lets people in.</param>
    /// <param name="isReadOnly">Who of them may only look.</param>
    public static IEndpointConventionBuilder MapJobDashboard(this IEndpointRouteBuilder app, string path, string policy, Func<HttpContext, bool> isReadOnly)
    {
        var names = app.ServiceProvider.GetRequiredService<JobNames>();
        var presses = app.ServiceProvider.GetRequiredService<JobPresses>();
        var dashboard = app.MapHangfireDashboardWithAuthorizationPolicy(policy, path, new()
        {
            DashboardTitle = "MetaAdsJobs",
            AppPath = null,
            // The endpoint's own policy lets people in; Hangfire's default would be "whoever calls from this machine".
            Authorization = [],
            AsyncAuthorization = [],
            IsReadOnlyFunc = context => isReadOnly(context.GetHttpContext()),
            DisplayNameFunc = (_, job) => names.Of(job),
            DisplayStorageConnectionString = false,
            StatsPollingInterval = 5000,
        });
        dashboard.Add(endpoint =>
        {
            var answer = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = async http =>
            {
                await answer(http);
                if (!HttpMethods.IsPost(http.Request.Method) || http.Response.StatusCode >= StatusCodes.Status400BadRequest || isReadOnly(http) || http.Response.ContentType?.Contains("text/html", StringComparison.OrdinalIgnoreCase) == true || http.GetRouteValue("path") is not string pressed || !Acts(pressed, isRead: false)) return;
                await presses.TellAsync(pressed, http.Request.HasFormContentType ? (await http.Request.ReadFormAsync(CancellationToken.None))["jobs[]"] : default);
            };
        });
        return dashboard;
    }
}
