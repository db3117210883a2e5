using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

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

    /// <summary>The stop switch over connections of its own, as people are to press it: by the key <see cref="Connections.OfStops"/>.</summary>
    public static IServiceCollection AddStopConnections(this IServiceCollection services) => services.AddKeyedSingleton(Connections.OfStops, (provider, _) =>
    {
        var dataSource = provider.GetRequiredKeyedService<NpgsqlDataSource>(Connections.OfStops);
        return ActivatorUtilities.CreateInstance<StopSwitch>(provider, dataSource, JobServices.QueueOver(provider, dataSource));
    });
}
