using System.Transactions;
using Dapper;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using Npgsql;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>
/// The queue as the service may rely on it: a job that was committed is delivered at least once, perhaps twice at a time, late, or, when
/// somebody deletes it, never. Retries and snoozes are as Hangfire makes them.
/// </summary>
internal sealed class SimQueue(History history)
{
    private static readonly TimeSpan TakeOver = TimeSpan.FromSeconds(30);
    private readonly List<(Job Job, SimProcess Process)> _running = [];
    private readonly HashSet<Guid> _batches = [];
    private int _nextId;

    /// <summary>Jobs that wait or run.</summary>
    public int Open { get; private set; }

    public bool IsOpen(Job job) => _running.Exists(one => one.Job == job);

    public void Add(Job job, TimeSpan after)
    {
        // Whoever looks for lost jobs finds none of the simulation's: of a batch's more than one would only be the same at the same time.
        if (job is { Kind: "batch", IsDouble: false } && !_batches.Add(job.Id)) return;
        Open++;
        history.Clockwork.Plan(after + history.Nights.LateBy(job), null, null, $"job {job.Kind} {history.NameOf(job.Id)}", () => Deliver(job));
    }

    /// <summary>What a dead process was at is taken over by others.</summary>
    public void Died(SimProcess process)
    {
        foreach (var (job, _) in _running.Where(one => one.Process == process).ToList())
        {
            _running.RemoveAll(one => ReferenceEquals(one.Job, job));
            Open--;
            if (!job.IsDouble) Add(job, TakeOver);
        }
    }

    /// <summary>Who sleeps cannot say that he lives: others take over what he is at, and he goes on with it when he wakes.</summary>
    public void Sleeps(SimProcess process)
    {
        foreach (var (job, _) in _running.Where(one => one.Process == process && !one.Job.IsDouble).ToList()) Add(job with { IsDouble = true }, history.Lease + TimeSpan.FromSeconds(1));
    }

    private void Deliver(Job job)
    {
        Open--;
        if (!job.IsDouble) _batches.Remove(job.Id);
        var workers = history.Workers.Where(worker => worker.IsAwake).ToList();
        if (workers.Count == 0)
        {
            Add(job, TimeSpan.FromSeconds(3));
            return;
        }

        var odds = history.Odds;
        if (history.Choices.Chance(odds.JobLost))
        {
            history.Clockwork.Tell($"job {job.Kind} {history.NameOf(job.Id)} is lost");
            return;
        }

        if (!job.IsDouble && history.Choices.Chance(odds.JobTwice)) Add(job with { IsDouble = true }, TimeSpan.FromSeconds(history.Choices.OneOf(1, 20, 100)));
        var worker = workers[history.Choices.Below(workers.Count)];
        _running.Add((job, worker));
        Open++;
        worker.Run(job, task => Ended(job, worker, task));
    }

    private void Ended(Job job, SimProcess worker, Task<JobOutcome> task)
    {
        // This one, and not another delivery of the same that looks like it.
        if (_running.RemoveAll(one => ReferenceEquals(one.Job, job) && one.Process == worker) == 0) return;
        Open--;
        if (job.Kind == "sync") history.NumbersJudge.Now();
        if (job.IsDouble)
        {
            history.Clockwork.Tell($"{worker.Name} {job.Kind} {history.NameOf(job.Id)}, for the second time, ended: {(task.IsCompletedSuccessfully ? task.Result : task.Exception?.InnerException?.Message.Split('\n')[0])}");
            return;
        }

        switch (task)
        {
            case { IsCompletedSuccessfully: true, Result: JobOutcome.Snoozed snoozed }:
                history.Clockwork.Tell($"{worker.Name} {job.Kind} {history.NameOf(job.Id)} snoozed: {snoozed.Reason}");
                Add(job, Max(snoozed.Until - history.Clockwork.Now, TimeSpan.FromMilliseconds(50)));
                break;
            case { IsCompletedSuccessfully: true }:
                history.Clockwork.Tell($"{worker.Name} {job.Kind} {history.NameOf(job.Id)} ended: {task.Result}");
                break;
            case { Exception.InnerException: OperationCanceledException } or { IsCanceled: true } when worker.IsStopping:
                history.Clockwork.Tell($"{worker.Name} {job.Kind} {history.NameOf(job.Id)} handed back");
                Add(job, TimeSpan.FromSeconds(1));
                break;
            default:
                var why = task.Exception?.InnerException ?? task.Exception;
                history.Clockwork.Tell($"{worker.Name} {job.Kind} {history.NameOf(job.Id)} threw {why?.GetType().Name}: {why?.Message.Split('\n')[0]}");
                if (job.Retries++ < history.MaxRetries) Add(job, TimeSpan.FromSeconds(2 * Math.Pow(2, job.Retries)));
                break;
        }
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    /// <summary>The service's own port, in one of its processes: a job is there when its transaction has committed.</summary>
    public sealed class Client(SimQueue queue, SimProcess process) : IJobQueue
    {
        public async Task InsertWithJobAsync(Func<string> enqueue, string insertSql, Func<string, object> parametersOf, CancellationToken ct)
        {
            using var transaction = JobTransaction.Begin();
            var jobId = enqueue();
            await using (var connection = await process.Get<NpgsqlDataSource>().OpenConnectionAsync(ct))
            {
                await connection.ExecuteAsync(new(insertSql, parametersOf(jobId), cancellationToken: ct));
            }

            transaction.Complete();
        }

        public string EnqueueOrchestration(Guid requestId) => Enqueue(new("orchestration", requestId));

        public string EnqueueRow(Guid requestId) => Enqueue(new("row", requestId));

        public string EnqueueBatch(Guid batchId) => Enqueue(new("batch", batchId));

        public string EnqueueSync(Guid syncId) => Enqueue(new("sync", syncId));

        public string EnqueueTokenCheck(Guid accountId) => "0";

        public string EnqueuePause(Guid stopId) => Enqueue(new("pause", stopId));

        public string EnqueueEdit(Guid editId, bool goesFirst) => Enqueue(new("edit", editId));

        public string EnqueueResume(Guid stopId) => Enqueue(new("resume", stopId));

        public string EnqueueDelivery(Guid webhookId) => Enqueue(new("delivery", webhookId));

        private string Enqueue(Job job)
        {
            if (process.IsDead) throw new SimulatedDeathException();
            var id = Interlocked.Increment(ref queue._nextId).ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (Transaction.Current is { } transaction)
                transaction.TransactionCompleted += (_, completed) =>
                {
                    if (completed.Transaction?.TransactionInformation.Status == TransactionStatus.Committed) queue.Add(job, TimeSpan.FromMilliseconds(100));
                };
            else
                queue.Add(job, TimeSpan.FromMilliseconds(100));
            return id;
        }
    }
}
