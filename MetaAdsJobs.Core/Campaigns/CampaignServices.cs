using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Campaigns.Comparing;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Review;
using MetaAdsJobs.Core.Spending;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns;

public static class CampaignServices
{
    public static IServiceCollection AddCampaigns(this IServiceCollection services) => services
        .AddSingleton<CampaignTrees>()
        .AddSingleton(provider => new CampaignReader(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<CampaignTrees>()))
        .AddSingleton(provider => new RequestEdit(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<CampaignTrees>(), provider.GetRequiredService<AccountStore>(),
            provider.GetRequiredService<IJobQueue>(), provider.GetRequiredService<SpendingCaps>(), provider.GetRequiredService<OrchestrationOptions>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<CancelEdit>()
        .AddSingleton<EditStore>()
        .AddSingleton<ActivateObjects>()
        .AddSingleton<UpdateObject>()
        .AddSingleton<RunEdit>()
        .AddSingleton<CompareStore>()
        .AddSingleton<CompareCampaigns>()
        .AddSingleton<ILookAtMeta>(provider => provider.GetRequiredService<CompareCampaigns>());
}
