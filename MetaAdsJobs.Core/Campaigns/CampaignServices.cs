using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Campaigns.Adopting;
using MetaAdsJobs.Core.Campaigns.Comparing;
using MetaAdsJobs.Core.Campaigns.Contents;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Campaigns.Reading;
using MetaAdsJobs.Core.Campaigns.Proposed;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Review;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Core.Targeting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns;

public static class CampaignServices
{
    public static IServiceCollection AddCampaigns(this IServiceCollection services) => services
        .AddSingleton<CampaignTrees>()
        .AddSingleton(provider => new CampaignReader(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<CampaignTrees>(), provider.GetRequiredService<AccountStore>(), provider.GetRequiredService<Activations>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<EditReader>()
        .AddSingleton<ContentStore>().AddSingleton<MakeCreative>()
        .AddSingleton(provider => new ContentReader(provider.GetRequiredService<ContentStore>()))
        .AddSingleton<JudgeEdit>()
        .AddSingleton(provider => new PreviewEdit(provider.GetRequiredService<JudgeEdit>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton(provider => new RequestEdit(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<JudgeEdit>(), provider.GetRequiredService<IJobQueue>(),
            provider.GetRequiredService<OrchestrationOptions>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<ProposedEdits>()
        .AddSingleton<CancelEdit>()
        .AddSingleton<EditStore>()
        .AddSingleton<ActivateObjects>()
        .AddSingleton<UpdateObject>()
        .AddSingleton<RunEdit>()
        .AddSingleton<VoidEdits>()
        .AddSingleton<AdoptionStore>()
        .AddSingleton(provider => new AdoptCampaign(provider.GetRequiredService<AccountQuestions>(), provider.GetRequiredService<MetaTrees>(), provider.GetRequiredService<AdoptionStore>(),
            provider.GetRequiredService<AccountCurrency>(), provider.GetRequiredService<SpendingCaps>(), provider.GetRequiredService<StopsInForce>()))
        .AddOptionsFor<HoldOptions>(HoldOptions.Section)
        .AddSingleton<ApprovalStore>().AddSingleton<ApprovalReader>().AddSingleton<Freezes>().AddSingleton<DueReader>()
        .AddSingleton(provider => new DecideApproval(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<ApprovalStore>(), provider.GetRequiredService<ApprovalReader>(),
            provider.GetRequiredService<IJobQueue>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<DecideApproval>>()))
        .AddSingleton<CompareStore>()
        .AddSingleton<CompareCampaigns>()
        .AddSingleton<ILookAtMeta>(provider => provider.GetRequiredService<CompareCampaigns>());
}
