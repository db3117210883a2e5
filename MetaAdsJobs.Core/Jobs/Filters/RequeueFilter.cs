using Hangfire.States;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Orchestrations;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Core.Jobs.Filters;

/// <summary>
/// A person who requeues a failed job in the dashboard means "try again": its orchestration, sync or edit, which has ended, is opened
/// again. A crash right after leaves it open with a failed job, which the sweep mends.
/// </summary>
internal sealed class RequeueFilter(IServiceProvider services) : IElectStateFilter
{
    public void OnStateElection(ElectStateContext context)
    {
        if (context.CurrentState != FailedState.StateName || context.CandidateState is not EnqueuedState) return;
        var job = context.BackgroundJob.Job;
        if (job?.Args is not [Guid id, ..]) return;
        // Asked for here and not in the constructor: they need the queue, and the queue needs its filters.
        if (job.Type == typeof(OrchestrationJob)) services.GetRequiredService<RetryOrchestration>().Reopen(id);
        else if (job.Type == typeof(InsightSyncJob)) services.GetRequiredService<SyncStore>().Reopen(id);
        else if (job.Type == typeof(CampaignEditJob)) services.GetRequiredService<EditStore>().Reopen(id);
    }
}
