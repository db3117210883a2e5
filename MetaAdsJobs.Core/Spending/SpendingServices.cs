using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Core.Spending;

public static class SpendingServices
{
    public static IServiceCollection AddSpending(this IServiceCollection services)
    {
        services.AddOptionsFor<SpendingOptions>(SpendingOptions.Section);
        return services
            .AddSingleton<ChangeReader>()
            .AddSingleton<SpendingCaps>()
            .AddSingleton<Activations>()
            .AddSingleton<CountedCampaigns>()
            .AddSingleton<Spenders>()
            .AddSingleton<StopStore>()
            .AddSingleton<StopSwitch>()
            .AddSingleton<StopsInForce>()
            .AddSingleton<PauseSpending>()
            .AddSingleton<ResumeSpending>();
    }
}
