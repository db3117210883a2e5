using MetaAdsJobs.Core.Accounts.Choosing;
using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.AdSets;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Core.Targeting;

internal static class TargetingServices
{
    public static IServiceCollection AddTargeting(this IServiceCollection services) => services
        .AddSingleton<AccountQuestions>()
        .AddSingleton(provider => new ListChoices(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<MetaAssets>(), provider.GetRequiredService<AccountQuestions>()))
        .AddSingleton(provider => new FindTargeting(provider.GetRequiredService<AccountQuestions>(), provider.GetRequiredService<MetaTargeting>()))
        .AddSingleton(provider => new ListAudiences(provider.GetRequiredService<AccountQuestions>(), provider.GetRequiredService<MetaAudiences>()))
        .AddSingleton(provider => new EstimateReach(provider.GetRequiredService<AccountQuestions>(), provider.GetRequiredService<MetaReach>()));
}
