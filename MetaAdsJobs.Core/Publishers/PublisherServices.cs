using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database.Keys;
using MetaAdsJobs.Core.Publishers.Receiving;
using MetaAdsJobs.Core.Publishers.Templates;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Publishers;

public static class PublisherServices
{
    public static IServiceCollection AddPublishers(this IServiceCollection services) => services
        .AddOptionsFor<PublisherOptions>(PublisherOptions.Section)
        .AddSingleton(provider => new PublisherSecrets(provider.GetRequiredService<IDataProtectionProvider>(), provider.GetRequiredService<RereadRing>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton(provider => new PublisherStore(provider.GetRequiredService<NpgsqlDataSource>()))
        .AddSingleton(provider => new SavePublisher(provider.GetRequiredService<PublisherStore>(), provider.GetRequiredService<PublisherSecrets>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<TemplateStore>()
        .AddSingleton<PlanClip>()
        .AddSingleton(provider => new SaveTemplate(
            provider.GetRequiredService<TemplateStore>(), provider.GetRequiredService<PublisherStore>(), provider.GetRequiredService<AccountStore>(), provider.GetRequiredService<PlanClip>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton(provider => new PreviewClip(
            provider.GetRequiredService<TemplateStore>(), provider.GetRequiredService<PublisherStore>(), provider.GetRequiredService<PlanClip>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<ClipEventStore>()
        .AddSingleton<ClipEventReader>()
        .AddSingleton<TakeClip>()
        .AddSingleton(provider => new CheckSignature(
            provider.GetRequiredService<PublisherStore>(), provider.GetRequiredService<PublisherSecrets>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<CheckSignature>>()))
        .AddSingleton(provider => new ReceiveClipEvent(
            provider.GetRequiredService<ClipEventStore>(), provider.GetRequiredService<ClipEventReader>(), provider.GetRequiredService<PublisherStore>(), provider.GetRequiredService<CheckSignature>(),
            provider.GetRequiredService<TakeClip>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton(provider => new RetakeClipEvent(
            provider.GetRequiredService<ClipEventStore>(), provider.GetRequiredService<ClipEventReader>(), provider.GetRequiredService<PublisherStore>(), provider.GetRequiredService<TakeClip>(),
            provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<PurgeClipEvents>();
}
