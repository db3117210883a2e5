using Hangfire;

namespace MetaAdsJobs.Core.Jobs;

internal sealed class HangfireJobQueue(IBackgroundJobClientV2 client) : IJobQueue
{
    public string EnqueueOrchestration(Guid requestId) =>
        client.Enqueue<OrchestrationJob>(Queues.Campaigns, job => job.RunAsync(requestId, CancellationToken.None));

    public string EnqueueSync(Guid syncId) =>
        client.Enqueue<InsightSyncJob>(Queues.Insights, job => job.RunAsync(syncId, CancellationToken.None));

    // Ahead of the reports: a person waits for what it says.
    public string EnqueueTokenCheck(Guid accountId) =>
        client.Enqueue<TokenCheckJob>(Queues.Campaigns, job => job.RunOneAsync(accountId, CancellationToken.None));

    public string EnqueuePause(Guid stopId) => client.Enqueue<PauseSpendingJob>(Queues.Brakes, job => job.RunAsync(stopId, CancellationToken.None));

    public string EnqueueResume(Guid stopId) => client.Enqueue<ResumeSpendingJob>(Queues.Lifted, job => job.RunAsync(stopId, CancellationToken.None));
}
