using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Proposed;
using MetaAdsJobs.Core.Experiments.Evaluating;
using MetaAdsJobs.Core.Experiments.Planning;
using MetaAdsJobs.Core.Experiments.Proposing;
using MetaAdsJobs.Core.Experiments.Reading;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations.Requests;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Experiments;

public static class ExperimentServices
{
    public static IServiceCollection AddExperiments(this IServiceCollection services) => services
        .AddSingleton(provider => new StartExperiment(
            provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<AcceptOrchestration>(), provider.GetRequiredService<IJobQueue>(), provider.GetRequiredService<InsightsOptions>(),
            provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<StopExperiment>()
        .AddSingleton<ExperimentReader>()
        .AddSingleton(provider => new CarryOutProposal(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<ProposedEdits>(), provider.GetRequiredService<CancelEdit>()))
        .AddSingleton(provider => new AcceptProposal(
            provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<CarryOutProposal>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<AcceptProposal>>()))
        .AddSingleton<JudgeExperiments>();
}
