using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts.Listing;
using MetaAdsJobs.Core.Accounts.Retiring;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Clips.Files;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database.Keys;
using MetaAdsJobs.Core.Meta.Pacing;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Core.Accounts;

public static class AccountServices
{
    public static IServiceCollection AddAccounts(this IServiceCollection services) => services
        .AddOptionsFor<ClipFileOptions>(ClipFileOptions.Section)
        .AddSingleton<IClipFiles, ClipDirectory>()
        .AddSingleton<ReceiveClipFile>()
        .AddSingleton<SweepClipFiles>()
        .AddSingleton(provider => new AccountTokens(provider.GetRequiredService<IDataProtectionProvider>(), provider.GetRequiredService<RereadRing>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<Once>()
        .AddSingleton<AccountStore>()
        .AddSingleton<AccountNames>()
        .AddSingleton<AccountHealth>()
        .AddSingleton<AccountList>()
        .AddSingleton<AccountPaces>()
        .AddSingleton<ClipList>()
        .AddSingleton<ResumeAccount>()
        .AddSingleton<TokenStore>()
        .AddSingleton<AccountCurrency>()
        .AddSingleton<CheckTokens>()
        .AddSingleton<PacingStore>()
        .AddSingleton<PacingExchange>()
        .AddSingleton<ClipStore>()
        .AddSingleton<ClipNames>()
        .AddSingleton<AccountPairs>()
        .AddSingleton<EndOfRetired>()
        .AddSingleton<RetireAccount>()
        .AddSingleton<SaveAccount>()
        .AddSingleton<SaveClip>();

    /// <summary>What a worker process adds: it calls Meta all the time, and shares with the others what it is told.</summary>
    public static IServiceCollection AddPacingExchange(this IServiceCollection services) => services.AddHostedService(provider => provider.GetRequiredService<PacingExchange>());
}
