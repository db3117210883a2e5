using System.Data.Common;
using System.Linq.Expressions;
using System.Runtime.ExceptionServices;
using Dapper;
using Hangfire;
using MetaAdsJobs.Core.Database;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs.Storage;

internal sealed class HangfireJobQueue(IBackgroundJobClientV2 client, NpgsqlDataSource dataSource) : IJobQueue
{
    public async Task InsertWithJobAsync(Func<string> enqueue, string insertSql, Func<string, object> parametersOf, CancellationToken ct)
    {
        var (jobId, job) = NewJob.Defer(enqueue);
        var parameters = new DynamicParameters(parametersOf(jobId));
        parameters.AddDynamicParams(job);
        await using var connection = await NothingWrittenException.IfFailsAsync(dataSource.OpenConnectionAsync(ct).AsTask());
        await connection.ExecuteAsync(new($"{insertSql};\n{NewJob.WriteSql}", parameters, cancellationToken: ct));
    }

    public string EnqueueOrchestration(Guid requestId) => Enqueue<OrchestrationJob>(Queues.Campaigns, job => job.RunAsync(requestId, CancellationToken.None));

    public string EnqueueRow(Guid requestId) => Enqueue<OrchestrationJob>(Queues.Rows, job => job.RunRowAsync(requestId, CancellationToken.None));

    // It is short, and ahead of the rows that it lets in.
    public string EnqueueBatch(Guid batchId) => Enqueue<BatchJob>(Queues.Campaigns, job => job.RunAsync(batchId, CancellationToken.None));

    public string EnqueueSync(Guid syncId) => Enqueue<InsightSyncJob>(Queues.Insights, job => job.RunAsync(syncId, CancellationToken.None));

    // Ahead of the reports: a person waits for what it says.
    public string EnqueueTokenCheck(Guid accountId) => Enqueue<TokenCheckJob>(Queues.Campaigns, job => job.RunOneAsync(accountId, CancellationToken.None));

    public string EnqueuePause(Guid stopId) => Enqueue<PauseSpendingJob>(Queues.Brakes, job => job.RunAsync(stopId, CancellationToken.None));

    public string EnqueueEdit(Guid editId, bool goesFirst) => Enqueue<CampaignEditJob>(goesFirst ? Queues.Pauses : Queues.Campaigns, job => job.RunAsync(editId, CancellationToken.None));

    public string EnqueueResume(Guid stopId) => Enqueue<ResumeSpendingJob>(Queues.Lifted, job => job.RunAsync(stopId, CancellationToken.None));

    public string EnqueueDelivery(Guid webhookId) => Enqueue<DeliveryJob>(Queues.Events, job => job.RunAsync(webhookId, CancellationToken.None));

    private string Enqueue<T>(string queue, Expression<Func<T, Task>> call)
    {
        try
        {
            return client.Enqueue(queue, call);
        }
        catch (BackgroundJobClientException exception) when (exception.InnerException is DbException away)
        {
            // Hangfire wraps what the database said, and whoever asks whether it is away looks for that.
            ExceptionDispatchInfo.Throw(away);
            throw;
        }
    }
}
