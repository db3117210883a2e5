using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Insights.Definitions;
using MetaAdsJobs.Core.Insights.Nightly;
using MetaAdsJobs.Core.Insights.Reading;
using MetaAdsJobs.Core.Insights.Reports;
using MetaAdsJobs.Core.Insights.Storing;
using MetaAdsJobs.Core.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Core.Insights;

public static class InsightServices
{
    public static IServiceCollection AddInsights(this IServiceCollection services)
    {
        services.AddOptionsFor<InsightsOptions>(InsightsOptions.Section);
        services.AddSingleton<SyncStore>();
        services.AddSingleton<SyncAccount>();
        services.AddSingleton<RunSync>();
        services.AddSingleton<CampaignInsights>();
        services.AddInsightReading().AddReportDefinitions();
        services.AddSingleton<ReportJournal>();
        services.AddSingleton<ReportSplits>();
        services.AddSingleton<FieldByField>();
        services.AddSingleton<RefusedParts>();
        services.AddSingleton<ConversionEvents>();
        services.AddSingleton<RunReports>();
        services.AddSingleton<CampaignDays>();
        services.AddSingleton<InsightStore>();
        services.AddSingleton<InsightMonths>();
        services.AddSingleton<Reconciliation>();
        services.AddSingleton<MissingAds>();
        services.AddSingleton<StoreDays>();
        services.AddSingleton<NightlyAccounts>();
        services.AddSingleton<NightlySync>();
        services.AddSingleton(provider => new RequestSync(
            provider.GetRequiredService<AccountStore>(), provider.GetRequiredService<SyncStore>(), provider.GetRequiredService<IJobQueue>(),
            provider.GetRequiredService<InsightsOptions>(), provider.GetRequiredService<Once>(), provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
