using Hangfire.States;
using Hangfire.Storage;

namespace MetaAdsJobs.Core.Jobs.Storage;

/// <summary>
/// Collects what Hangfire writes about one job, so that it is written by one statement. What most jobs do not need is left to Hangfire.PostgreSql, in the
/// same commit.
/// </summary>
/// <param name="usual">Hangfire.PostgreSql's.</param>
internal abstract class OneJobTransaction(string jobId, Func<JobStorageTransaction> usual) : JobStorageTransaction
{
    private readonly List<IState> _passed = [];
    private JobStorageTransaction? _others;
    private IState? _state;

    /// <summary>Those that the job passes through; the last is its new one.</summary>
    protected IReadOnlyList<IState> States => [.. _passed, _state ?? throw new InvalidOperationException("The job's state does not change")];

    /// <summary>Null: it stays.</summary>
    protected TimeSpan? ExpireIn { get; private set; }

    protected JobStorageTransaction Others => _others ??= usual();

    public override void Commit()
    {
        if (_others is null)
        {
            Write();
        }
        else
        {
            using var transaction = JobTransaction.Begin();
            Write();
            _others.Commit();
            transaction.Complete();
        }

        Written();
    }

    /// <summary>As part of the caller's transaction, if there is one.</summary>
    protected abstract void Write();

    /// <summary>Called once it is committed.</summary>
    protected abstract void Written();

    protected bool IsOfJob(string id) => id == jobId;

    public override void SetJobState(string jobId, IState state)
    {
        if (IsOfJob(jobId)) _state = state;
        else Others.SetJobState(jobId, state);
    }

    public override void AddJobState(string jobId, IState state)
    {
        if (IsOfJob(jobId)) _passed.Add(state);
        else Others.AddJobState(jobId, state);
    }

    public override void ExpireJob(string jobId, TimeSpan expireIn)
    {
        if (IsOfJob(jobId)) ExpireIn = expireIn;
        else Others.ExpireJob(jobId, expireIn);
    }

    public override void PersistJob(string jobId)
    {
        if (IsOfJob(jobId)) ExpireIn = null;
        else Others.PersistJob(jobId);
    }

    public override void AddToQueue(string queue, string jobId) => Others.AddToQueue(queue, jobId);

    public override void IncrementCounter(string key) => Others.IncrementCounter(key);

    public override void IncrementCounter(string key, TimeSpan expireIn) => Others.IncrementCounter(key, expireIn);

    public override void DecrementCounter(string key) => Others.DecrementCounter(key);

    public override void DecrementCounter(string key, TimeSpan expireIn) => Others.DecrementCounter(key, expireIn);

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
