using System.Collections.Concurrent;
using System.Data;
using Hangfire.PostgreSql;
using Hangfire.Storage;

namespace MetaAdsJobs.Core.Jobs.Storage;

/// <summary>
/// Lets one worker thread of a process look at the queue at a time. Each thread polls by itself otherwise: twenty of them at
/// 100 ms are 200 looks a second when idle, all in the same moment. As soon as one finds a job, the next looks at once. Threads that take
/// from some queues only, as those for stops, have a turn of their own, and look only while no thread looks at all queues: when those are all at work.
/// They ask first whether there is anything for them: a look for any queues, when it finds nothing, has gone through all jobs that wait in others.
/// </summary>
internal sealed class OnePollerQueue(IPersistentJobQueue inner, OnePollerTurns turns, TakenJobs taken, TimeSpan poll) : IPersistentJobQueue
{
    private static readonly TimeSpan BetweenLooksAtSome = TimeSpan.FromMilliseconds(100);

    public IFetchedJob Dequeue(string[] queues, CancellationToken cancellationToken)
    {
        var isAll = queues.Length == Queues.All.Length;
        var turn = turns.Of(queues);
        turn.Wait(cancellationToken);
        try
        {
            while (true)
            {
                if ((isAll || (!turns.IsSomebodyLookingAtAll && taken.IsAnythingIn(queues))) && taken.Take(queues) is { } job) return job;
                cancellationToken.WaitHandle.WaitOne(isAll ? poll : BetweenLooksAtSome);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            turn.Release();
        }
    }

    public void Enqueue(IDbConnection connection, string queue, string jobId) => inner.Enqueue(connection, queue, jobId);
}

/// <summary>Whose turn it is to look, for each set of queues that a process's threads take from.</summary>
internal sealed class OnePollerTurns : IDisposable
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new();

    public bool IsSomebodyLookingAtAll => Of(Queues.All).CurrentCount == 0;

    public SemaphoreSlim Of(string[] queues) => _turns.GetOrAdd(string.Join(',', queues), _ => new(1, 1));

    public void Dispose()
    {
        foreach (var turn in _turns.Values) turn.Dispose();
    }
}

internal sealed class OnePollerQueueProvider(IPersistentJobQueueProvider inner, TakenJobs taken, TimeSpan poll) : IPersistentJobQueueProvider, IDisposable
{
    private readonly OnePollerTurns _turns = new();

    public IPersistentJobQueue GetJobQueue() => new OnePollerQueue(inner.GetJobQueue(), _turns, taken, poll);

    public IPersistentJobQueueMonitoringApi GetJobQueueMonitoringApi() => inner.GetJobQueueMonitoringApi();

    public void Dispose() => _turns.Dispose();
}
