using System.Collections.Concurrent;
using System.Data;
using Hangfire.PostgreSql;
using Hangfire.Storage;

namespace MetaAdsJobs.Core.Jobs;

/// <summary>
/// Lets one worker thread of a process look at the queue at a time. Each thread polls by itself otherwise: twenty of them at
/// 100 ms are 200 looks a second when idle, all in the same moment. As soon as one finds a job, the next looks at once. Threads that take
/// from other queues, as those for stops, have a turn of their own.
/// </summary>
internal sealed class OnePollerQueue(IPersistentJobQueue inner, Func<string[], SemaphoreSlim> turns) : IPersistentJobQueue
{
    public IFetchedJob Dequeue(string[] queues, CancellationToken cancellationToken)
    {
        var turn = turns(queues);
        turn.Wait(cancellationToken);
        try
        {
            return inner.Dequeue(queues, cancellationToken);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Enqueue(IDbConnection connection, string queue, string jobId) => inner.Enqueue(connection, queue, jobId);
}

internal sealed class OnePollerQueueProvider(IPersistentJobQueueProvider inner) : IPersistentJobQueueProvider, IDisposable
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new();

    public IPersistentJobQueue GetJobQueue() => new OnePollerQueue(inner.GetJobQueue(), queues => _turns.GetOrAdd(string.Join(',', queues), _ => new(1, 1)));

    public IPersistentJobQueueMonitoringApi GetJobQueueMonitoringApi() => inner.GetJobQueueMonitoringApi();

    public void Dispose()
    {
        foreach (var turn in _turns.Values) turn.Dispose();
    }
}
