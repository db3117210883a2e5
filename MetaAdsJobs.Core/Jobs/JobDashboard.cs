using Hangfire;
using Hangfire.Dashboard;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Core.Jobs;

/// <summary>Hangfire's dashboard as our ops see it.</summary>
public static class JobDashboard
{
    public static DashboardOptions Options(IServiceProvider services, Func<HttpContext, bool> isReadOnly)
    {
        var names = services.GetRequiredService<JobNames>();
        return new()
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
        };
    }
}
