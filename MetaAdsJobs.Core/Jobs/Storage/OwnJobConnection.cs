using System.Transactions;
using Hangfire.Common;
using Hangfire.PostgreSql;
using Hangfire.States;
using Hangfire.Storage;

namespace MetaAdsJobs.Core.Jobs.Storage;

/// <summary>
/// What one thread does with Hangfire's tables. A new job is written by one statement (<see cref="NewJob"/>). In a worker, a change of the state of the job that it has taken is one statement, the job's leaving the queue
/// included; Hangfire.PostgreSql takes a row as a lock, reads, writes each thing by itself, gives the lock back, and clears the queue after it, in eight commits for
/// a job that succeeds. Whoever else changes a job, as a person in the dashboard, does it in that way, and of two changes in one moment the later stays.
/// </summary>
internal sealed class OwnJobConnection(HangfireStorage storage) : PostgreSqlConnection(storage)
{
    private TakenJob? _taken;
    private bool _isChanging;
    private NewJob? _new;
    private bool _hasWritten;

    public override IFetchedJob FetchNextJob(string[] queues, CancellationToken cancellationToken)
    {
        var job = base.FetchNextJob(queues, cancellationToken);
        _taken = job as TakenJob;
        return job;
    }

    public override IDisposable AcquireDistributedLock(string resource, TimeSpan timeout)
    {
        // As Hangfire names the lock for a change of a job's state.
        if (_taken is null || resource != $"job:{_taken.JobId}:state-lock") return base.AcquireDistributedLock(resource, timeout);
        _isChanging = true;
        return new Change(this);
    }

    // It exists from its first state on, which Hangfire's client gives it at once, as a commit of its own unless the caller has one. Hangfire's schedules begin the
    // transaction of the state before, and make the job in between: that one is to exist by itself.
    public override string CreateExpiredJob(Job job, IDictionary<string, string> parameters, DateTime createdAt, TimeSpan expireIn)
    {
        if (_hasWritten) return base.CreateExpiredJob(job, parameters, createdAt, expireIn);
        _new = storage.NewJobs.Create(job, parameters, createdAt);
        return _new.JobId;
    }

    public override JobData? GetJobData(string id) => _isChanging && id == _taken!.JobId ? _taken.Read() : base.GetJobData(id);

    public override IWriteOnlyTransaction CreateWriteTransaction()
    {
        if (_new is { } job)
        {
            _new = null;
            return new NewJobTransaction(job, Usual);
        }

        _hasWritten = true;
        return _isChanging ? new TakenJobTransaction(_taken!, Usual) : base.CreateWriteTransaction();
    }

    private PostgreSqlWriteOnlyTransaction Usual() => new(storage, () => null!);

    private sealed class Change(OwnJobConnection connection) : IDisposable
    {
        public void Dispose() => connection._isChanging = false;
    }
}

/// <summary>What Hangfire writes with the change of a taken job's state.</summary>
internal sealed class TakenJobTransaction(TakenJob taken, Func<JobStorageTransaction> usual) : OneJobTransaction(taken.JobId, usual)
{
    private readonly List<(string Key, int Value, TimeSpan? ExpireIn)> _counters = [];
    private bool _isDone;
    private (TakenJobWrite Write, long StateId) _written;

    protected override void Write()
    {
        var write = new TakenJobWrite(States, ExpireIn, _counters, _isDone);
        _written = (write, taken.Write(write));
    }

    protected override void Written() => taken.Written(_written.Write, _written.StateId);

    public override void RemoveFromQueue(IFetchedJob fetchedJob) =>
        _isDone = fetchedJob == taken ? true : throw new ArgumentException("Another job was taken", nameof(fetchedJob));

    public override void IncrementCounter(string key) => _counters.Add((key, 1, null));

    public override void IncrementCounter(string key, TimeSpan expireIn) => _counters.Add((key, 1, expireIn));

    public override void DecrementCounter(string key) => _counters.Add((key, -1, null));

    public override void DecrementCounter(string key, TimeSpan expireIn) => _counters.Add((key, -1, expireIn));
}
