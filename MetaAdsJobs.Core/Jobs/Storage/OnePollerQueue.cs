using System.Collections.Concurrent;
using System.Data;
using Dapper;
using Hangfire.PostgreSql;
using Hangfire.Storage;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs.Storage;

/// <summary>
/// Lets one worker thread of a process look at the queue at a time. Each thread polls by itself otherwise: twenty of them at
/// 100 ms are 200 looks a second when idle, all in the same moment. As soon as one finds a job, the next looks at once. Threads that take
/// from some queues only, as those for stops, have a turn of their own, and look only while no thread looks at all queues: when those are all at work.
/// They ask first whether there is anything for them: Hangfire's look, when it finds nothing, has gone through all jobs that wait in other queues.
/// </summary>
internal sealed class OnePollerQueue(IPersistentJobQueue inner, OnePollerTurns turns, QueuePeek peek) : IPersistentJobQueue
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(100);

    // For one look: shorter than the wait before Hangfire's second.
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(40);

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
            while (turns.IsSomebodyLookingAtAll || !peek.IsAnythingIn(queues))
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
                // Another process was faster; perhaps others look again by now.
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

/// <summary>Whether a queue holds a job to be taken, asked so that what waits in other queues is not read: by the index that begins with the queue.</summary>
/// <param name="takeOver">After which a job that was taken and not heard of again is to be taken once more.</param>
internal sealed class QueuePeek(NpgsqlDataSource dataSource, TimeSpan takeOver)
{
    // The order leaves the planner no other index. Prepared for any queues, it would else take them for as full as the fullest, and read the table.
    private const string PeekSql = """
        SELECT EXISTS (SELECT 1 FROM unnest(@Queues) n (name) CROSS JOIN LATERAL (
            SELECT 1 FROM hangfire.jobqueue q WHERE q.queue = n.name AND (q.fetchedat IS NULL OR q.fetchedat < now() - @TakeOver) ORDER BY q.fetchedat LIMIT 1) q)
        """;

    public bool IsAnythingIn(string[] queues)
    {
        using var connection = dataSource.OpenConnection();
        return connection.ExecuteScalar<bool>(PeekSql, new { Queues = queues, TakeOver = takeOver });
    }
}

internal sealed class OnePollerQueueProvider(IPersistentJobQueueProvider inner, QueuePeek peek) : IPersistentJobQueueProvider, IDisposable
{
    private readonly OnePollerTurns _turns = new();

    public IPersistentJobQueue GetJobQueue() => new OnePollerQueue(inner.GetJobQueue(), _turns, peek);

    public IPersistentJobQueueMonitoringApi GetJobQueueMonitoringApi() => inner.GetJobQueueMonitoringApi();

    public void Dispose() => _turns.Dispose();
}
