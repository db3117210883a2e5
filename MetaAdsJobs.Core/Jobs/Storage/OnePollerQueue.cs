using System.Collections.Concurrent;
using System.Data;
using Hangfire.PostgreSql;
using Hangfire.Storage;

namespace MetaAdsJobs.Core.Jobs.Storage;

/// <summary>
/// Lets one worker thread of a process look at the queue at a time. Each thread polls by itself otherwise: twenty of them at
/// 100 ms are 200 looks a second when idle, all in the same moment. As soon as one finds a job, the next looks at once. Threads that take
/// from some queues only, as those for stops, have a turn of their own, and look only while no thread looks at all queues: when those are all at work.
/// </summary>
internal sealed class OnePollerQueue(IPersistentJobQueue inner, OnePollerTurns turns) : IPersistentJobQueue
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1);

    public IFetchedJob Dequeue(string[] queues, CancellationToken cancellationToken)
    {
        var turn = turns.Of(queues);
        turn.Wait(cancellationToken);
        try
        {
            return queues.Length == Queues.All.Length ? inner.Dequeue(queues, cancellationToken) : DequeueSome(queues, cancellationToken);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Enqueue(IDbConnection connection, string queue, string jobId) => inner.Enqueue(connection, queue, jobId);

    private IFetchedJob DequeueSome(string[] queues, CancellationToken ct)
    {
        while (true)
        {
            while (turns.IsSomebodyLookingAtAll)
            {
                ct.WaitHandle.WaitOne(BetweenLooks);
                ct.ThrowIfCancellationRequested();
            }

            using var over = new CancellationTokenSource(Turn, TimeProvider.System);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, over.Token);
            try
            {
                return inner.Dequeue(queues, either.Token);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                // Nothing there; perhaps others look again by now.
            }
        }
    }
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

internal sealed class OnePollerQueueProvider(IPersistentJobQueueProvider inner) : IPersistentJobQueueProvider, IDisposable
{
    private readonly OnePollerTurns _turns = new();

    public IPersistentJobQueue GetJobQueue() => new OnePollerQueue(inner.GetJobQueue(), _turns);

    public IPersistentJobQueueMonitoringApi GetJobQueueMonitoringApi() => inner.GetJobQueueMonitoringApi();

    public void Dispose() => _turns.Dispose();
}
