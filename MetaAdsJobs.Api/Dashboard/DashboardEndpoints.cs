using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Jobs.Watching;

namespace MetaAdsJobs.Api.Dashboard;

internal static class DashboardEndpoints
{
    /// <summary>/hangfire, never open: admins act, managers read, everybody else is refused.</summary>
    public static void MapDashboard(this WebApplication app) =>
        app.MapJobDashboard("/hangfire", Policies.Dashboard, isReadOnly: http => !http.User.IsInRole(Roles.Admin)).RequireRateLimiting(RateLimits.Pages);
}
