using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Core.Accounts;

public static class AccountServices
{
    public static IServiceCollection AddAccounts(this IServiceCollection services) => services
        .AddSingleton<AccountTokens>()
        .AddSingleton<AccountStore>()
        .AddSingleton<AccountPacing>()
        .AddSingleton<ClipStore>()
        .AddSingleton<SaveAccount>()
        .AddSingleton<SaveClip>();
}
