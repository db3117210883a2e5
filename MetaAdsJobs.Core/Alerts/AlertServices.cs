using MetaAdsJobs.Core.Alerts.Evaluating;
using MetaAdsJobs.Core.Alerts.Reading;
using MetaAdsJobs.Core.Alerts.Rules;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Insights;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Core.Alerts;

public static class AlertServices
{
    public static IServiceCollection AddAlerts(this IServiceCollection services) => services
        .AddOptionsFor<AlertOptions>(AlertOptions.Section)
        .AddSingleton(provider => new AlertRuleStore(provider.GetRequiredService<NpgsqlDataSource>()))
        .AddSingleton(provider => new SaveAlertRule(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<AlertRuleStore>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton(provider => new TryAlertRule(
            provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<AlertRuleStore>(), provider.GetRequiredService<SaveAlertRule>(), provider.GetRequiredService<InsightsOptions>(),
            provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<AlertReader>()
        .AddSingleton<ChangeAlert>()
        .AddSingleton<EvaluateAlerts>()
        .AddSingleton<PurgeAlerts>();
}
