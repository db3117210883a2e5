using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Pacing;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Core.Targeting;

internal static class TargetingServices
{
    public static IServiceCollection AddTargeting(this IServiceCollection services) => services.AddSingleton(provider => new FindTargeting(
        provider.GetRequiredService<TokenStore>(), provider.GetRequiredService<AccountStore>(), provider.GetRequiredService<AccountTokens>(),
        provider.GetRequiredService<MetaTargeting>(), provider.GetRequiredService<PacingExchange>()));
}
