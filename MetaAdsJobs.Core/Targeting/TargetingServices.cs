using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Core.Targeting;

internal static class TargetingServices
{
    public static IServiceCollection AddTargeting(this IServiceCollection services) => services.AddSingleton(provider => new FindTargeting(
        provider.GetRequiredService<TokenStore>(), provider.GetRequiredService<AccountStore>(), provider.GetRequiredService<AccountTokens>(),
        provider.GetRequiredService<MetaTargeting>(), provider.GetRequiredService<PacingExchange>()));
}
