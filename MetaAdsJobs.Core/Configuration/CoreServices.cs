using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Alerts;
using MetaAdsJobs.Core.Batches;
using MetaAdsJobs.Core.Budgets;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Experiments;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.People;
using MetaAdsJobs.Core.Publishers;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Core.Targeting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace MetaAdsJobs.Core.Configuration;

public static class CoreServices
{
    /// <summary>Every module of the service; each wires itself and checks its own configuration.</summary>
    public static IServiceCollection AddMetaAdsJobs(this IServiceCollection services)
    {
        services.TryAddSingleton(new ServiceClock(TimeProvider.System));
        services.TryAddSingleton<TimeProvider>(provider => provider.GetRequiredService<ServiceClock>());
        return services.AddDatabase().AddPeople().AddMeta().AddAccounts().AddJobs().AddSpending().AddOrchestrations().AddBatches().AddCampaigns().AddInsights().AddTargeting().AddEvents().AddAlerts().AddExperiments().AddBudgets().AddPublishers();
    }
}
