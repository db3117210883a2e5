using MetaAdsJobs.Core.Addresses;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database.Keys;
using MetaAdsJobs.Core.Events.Delivering;
using MetaAdsJobs.Core.Events.Listing;
using MetaAdsJobs.Core.Events.Mailing;
using MetaAdsJobs.Core.Events.Texts;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Core.Events;

public static class EventServices
{
    public static IServiceCollection AddEvents(this IServiceCollection services) => services
        .AddOptionsFor<EventOptions>(EventOptions.Section)
        .AddOptionsFor<SmtpOptions>(SmtpOptions.Section)
        .AddSingleton<IHostNames, HostNames>()
        .AddSingleton(provider => new WebhookSecrets(provider.GetRequiredService<IDataProtectionProvider>(), provider.GetRequiredService<RereadRing>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton(provider => new WebhookStore(provider.GetRequiredService<NpgsqlDataSource>()))
        .AddSingleton(provider => new SaveWebhook(
            provider.GetRequiredService<WebhookStore>(), provider.GetRequiredService<WebhookSecrets>(), provider.GetRequiredService<EventOptions>(), provider.GetRequiredService<SmtpOptions>(),
            provider.GetRequiredService<TimeProvider>()))
        .AddSingleton(provider => new ReplayDeliveries(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<DeliveryReader>()
        .AddSingleton<DeliveryStore>()
        .AddSingleton<EventBodies>()
        .AddSingleton(provider => new WebhookSender(
            new(WebhookSender.Handler(provider.GetRequiredService<EventOptions>(), provider.GetRequiredService<IHostNames>())) { Timeout = Timeout.InfiniteTimeSpan },
            provider.GetRequiredService<EventOptions>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<MailSender>()
        .AddSingleton<DeliverEvents>()
        .AddSingleton<RingForDeliveries>()
        .AddSingleton<PurgeEvents>();

    /// <summary>What a worker process adds: it rings for what is to be told.</summary>
    public static IServiceCollection AddDeliveryBell(this IServiceCollection services) => services.AddHostedService<DeliveryBell>();
}
