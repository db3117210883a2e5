using System.Transactions;
using Hangfire.Common;
using Hangfire.PostgreSql;
using Hangfire.States;
using Hangfire.Storage;

namespace MetaAdsJobs.Core.Jobs.Storage;

/// <summary>
/// What one worker thread does with Hangfire's tables. A change of the state of the job that it has taken is one statement, the job's leaving the queue
/// included; Hangfire.PostgreSql takes a row as a lock, reads, writes each thing by itself, gives the lock back, and clears the queue after it, in eight commits for
/// a job that succeeds. Whoever else changes a job, as a person in the dashboard, does it in that way, and of two changes in one moment the later stays.
/// </summary>
internal sealed class TakenJobConnection(HangfireStorage storage) : PostgreSqlConnection(storage)
{
    private TakenJob? _taken;
    private bool _isChanging;

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

    public override JobData? GetJobData(string id) => _isChanging && id == _taken!.JobId ? _taken.Read() : base.GetJobData(id);

    public override IWriteOnlyTransaction CreateWriteTransaction() =>
        _isChanging ? new TakenJobTransaction(_taken!, () => new PostgreSqlWriteOnlyTransaction(storage, () => null!)) : base.CreateWriteTransaction();

    private sealed class Change(TakenJobConnection connection) : IDisposable
    {
        public void Dispose() => connection._isChanging = false;
    }
}

/// <summary>Collects what Hangfire writes with the change of a taken job's state. What a job that is begun or has succeeded does not need is left to Hangfire.PostgreSql, in the same commit.</summary>
/// <param name="usual">Hangfire.PostgreSql's.</param>
internal sealed class TakenJobTransaction(TakenJob taken, Func<JobStorageTransaction> usual) : JobStorageTransaction
{
    private readonly List<IState> _passed = [];
    private readonly List<(string Key, int Value, TimeSpan? ExpireIn)> _counters = [];
    private JobStorageTransaction? _others;
    private IState? _state;
    private TimeSpan? _expireIn;
    private bool _isDone;

    private JobStorageTransaction Others => _others ??= usual();

    public override void Commit()
    {
        var write = new TakenJobWrite([.. _passed, _state ?? throw new InvalidOperationException("The job's state does not change")], _expireIn, _counters, _isDone);
        long stateId;
        if (_others is null)
        {
            stateId = taken.Write(write);
        }
        else
        {
            using var transaction = JobTransaction.Begin();
            stateId = taken.Write(write);
            _others.Commit();
            transaction.Complete();
        }

        taken.Written(write, stateId);
    }

    public override void SetJobState(string jobId, IState state)
    {
        if (jobId == taken.JobId) _state = state;
        else Others.SetJobState(jobId, state);
    }

    public override void AddJobState(string jobId, IState state)
    {
        if (jobId == taken.JobId) _passed.Add(state);
        else Others.AddJobState(jobId, state);
    }

    public override void ExpireJob(string jobId, TimeSpan expireIn)
    {
        if (jobId == taken.JobId) _expireIn = expireIn;
        else Others.ExpireJob(jobId, expireIn);
    }

    public override void PersistJob(string jobId)
    {
        if (jobId == taken.JobId) _expireIn = null;
        else Others.PersistJob(jobId);
    }

    public override void RemoveFromQueue(IFetchedJob fetchedJob) =>
        _isDone = fetchedJob == taken ? true : throw new ArgumentException("Another job was taken", nameof(fetchedJob));

    public override void IncrementCounter(string key) => _counters.Add((key, 1, null));

    public override void IncrementCounter(string key, TimeSpan expireIn) => _counters.Add((key, 1, expireIn));

    public override void DecrementCounter(string key) => _counters.Add((key, -1, null));

    public override void DecrementCounter(string key, TimeSpan expireIn) => _counters.Add((key, -1, expireIn));

    public override void AddToQueue(string queue, string jobId) => Others.AddToQueue(queue, jobId);

    public override void AddToSet(string key, string value) => Others.AddToSet(key, value);

    public override void AddToSet(string key, string value, double score) => Others.AddToSet(key, value, score);

    public override void RemoveFromSet(string key, string value) => Others.RemoveFromSet(key, value);

    public override void InsertToList(string key, string value) => Others.InsertToList(key, value);

    public override void RemoveFromList(string key, string value) => Others.RemoveFromList(key, value);

    public override void TrimList(string key, int keepStartingFrom, int keepEndingAt) => Others.TrimList(key, keepStartingFrom, keepEndingAt);

    public override void SetRangeInHash(string key, IEnumerable<KeyValuePair<string, string>> keyValuePairs) => Others.SetRangeInHash(key, keyValuePairs);

    public override void RemoveHash(string key) => Others.RemoveHash(key);

    public override void ExpireSet(string key, TimeSpan expireIn) => Others.ExpireSet(key, expireIn);

    public override void ExpireList(string key, TimeSpan expireIn) => Others.ExpireList(key, expireIn);

    public override void ExpireHash(string key, TimeSpan expireIn) => Others.ExpireHash(key, expireIn);

    public override void PersistSet(string key) => Others.PersistSet(key);

    public override void PersistList(string key) => Others.PersistList(key);

    public override void PersistHash(string key) => Others.PersistHash(key);

    public override void AddRangeToSet(string key, IList<string> items) => Others.AddRangeToSet(key, items);

    public override void RemoveSet(string key) => Others.RemoveSet(key);
}
