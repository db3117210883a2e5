using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Clips.Files;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Orchestrations.Judging;
using MetaAdsJobs.Core.Orchestrations.Listing;
using MetaAdsJobs.Core.Orchestrations.Outcomes;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Requests.Into;
using MetaAdsJobs.Core.Orchestrations.Review;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Core.Orchestrations.Undo;
using MetaAdsJobs.Core.Spending;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MetaAdsJobs.Core.Orchestrations;

public static class OrchestrationServices
{
    public static IServiceCollection AddOrchestrations(this IServiceCollection services)
    {
        services.AddOptionsFor<OrchestrationOptions>(OrchestrationOptions.Section);
        services.AddSingleton<IValidateOptions<OrchestrationOptions>, SettleDelayCoversCalls>();

        services.AddSingleton<AcceptanceStore>().AddSingleton<GivenStore>();
        services.AddSingleton(provider => new AcceptOrchestration(
            provider.GetRequiredService<AcceptanceStore>(), provider.GetRequiredService<GivenStore>(), provider.GetRequiredService<AccountStore>(), provider.GetRequiredService<IJobQueue>(), provider.GetRequiredService<SpendingCaps>(), provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<AcceptOrchestration>>()));
        services.AddSingleton<CopyRequest>();
        services.AddSingleton<CancelOrchestration>();
        services.AddSingleton<RetryOrchestration>();
        services.AddSingleton<RunList>();
        services.AddSingleton<Pulse>().AddSingleton<UnderwayReader>();
        services.AddSingleton<RunDays>();
        services.AddSingleton<RunDayReader>();
        services.AddSingleton<OrchestrationReader>().AddSingleton<RunSummaries>();

        services.AddSingleton<Creates>();
        services.AddSingleton<IRepeatableStep, MediaStep>();
        services.AddSingleton<IRepeatableStep, ActivateStep>();
        services.AddSingleton<IRepeatableStep, ValidateStep>();
        services.AddSingleton<ClipVideoStore>();
        services.AddSingleton<ClipImageStore>();
        services.AddSingleton<ClipImageUpload>().AddSingleton<ClipFileUpload>();
        services.AddSingleton<ValidationStore>();
        services.AddSingleton<WorkClaims>().AddSingleton<FencedWrites>();
        services.AddSingleton<OrchestrationClaims>();
        services.AddSingleton<StepJournal>();
        services.AddSingleton<StepRunner>();
        services.AddSingleton<UndoJournal>();
        services.AddSingleton<UndoRunner>();
        services.AddSingleton<Completion>().AddSingleton<PublishAdded>();
        services.AddSingleton<SnoozeRun>();
        services.AddSingleton<RunOrchestration>();
        services.AddSingleton<ReviewStore>();
        services.AddSingleton<ReviewObjects>().AddSingleton<ILookAtMeta>(provider => provider.GetRequiredService<ReviewObjects>());
        return services;
    }

    // A create given up by us may still be carried out by Meta: nobody may call it absent before the call could have ended.
    private sealed class SettleDelayCoversCalls(IOptions<MetaOptions> meta) : IValidateOptions<OrchestrationOptions>
    {
        public ValidateOptionsResult Validate(string? name, OrchestrationOptions options) => meta.ValueIfRight() is { } right && options.SettleDelaySeconds < right.CallTimeoutSeconds
            ? ValidateOptionsResult.Fail($"SETTLE_DELAY_SECONDS: must be at least Meta:CallTimeoutSeconds, {right.CallTimeoutSeconds}")
            : ValidateOptionsResult.Success;
    }
}
