using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Core.Batches;

public static class BatchServices
{
    public static IServiceCollection AddBatches(this IServiceCollection services)
    {
        services.AddOptionsFor<BatchOptions>(BatchOptions.Section);
        services.AddSingleton<BatchStore>().AddSingleton<BatchReader>().AddSingleton<OrderBatch>().AddSingleton<FeedBatches>();
        services.AddSingleton<CheckRows>();
        services.AddSingleton(provider => new AcceptBatch(
            provider.GetRequiredService<CheckRows>(), provider.GetRequiredService<BatchStore>(), provider.GetRequiredService<IJobQueue>(), provider.GetRequiredService<MetaOptions>(), provider.GetRequiredService<Once>(),
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
