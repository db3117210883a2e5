using System.Globalization;
using Dapper;
using Hangfire.Common;
using Hangfire.States;
using Hangfire.Storage;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs.Storage;

/// <summary>What a statement tells of a job and of its place in the queue.</summary>
internal sealed record TakenRow
{
    public long QueueId { get; init; }
    public long JobId { get; init; }
    public DateTime FetchedAt { get; init; }
    public long? StateId { get; init; }
    public string? State { get; init; }
    public string? Invocation { get; init; }
    public string? Arguments { get; init; }
    public DateTime? CreatedAt { get; init; }
}

/// <summary>What is written about a job in one commit.</summary>
/// <param name="States">Those it passes through; the last is its new one.</param>
/// <param name="ExpireIn">Null: it stays.</param>
/// <param name="IsDone">True when it leaves the queue.</param>
internal sealed record TakenJobWrite(IReadOnlyList<IState> States, TimeSpan? ExpireIn, IReadOnlyList<(string Key, int Value, TimeSpan? ExpireIn)> Counters, bool IsDone);

/// <summary>
/// A job that a thread of this process has taken. What is known of it stays with it, so that a change of its state need not read it first; and instead of
/// taking a lock, a change is written only if the job still is in the very state that is known.
/// </summary>
internal sealed class TakenJob(NpgsqlDataSource dataSource, TakenRow taken, Action<TakenJob> gone) : IFetchedJob
{
    private readonly long _id = taken.JobId;
    private readonly long _queueId = taken.QueueId;
    private readonly Lock _lock = new();
    private TakenRow _job = taken;
    private (Job? Job, JobLoadException? Exception)? _call;
    private bool _isKnown = true;

    // By it the queue's row is known as this taking's. Null when it is no more: removed, given back, or taken over.
    private DateTime? _fetchedAt = taken.FetchedAt;
    private long _heardAt = TimeProvider.System.GetTimestamp();

    public string JobId { get; } = taken.JobId.ToString(CultureInfo.InvariantCulture);

    /// <returns>Null when the job is gone.</returns>
    public JobData? Read()
    {
        const string ReadSql = """
            SELECT stateid AS state_id, statename AS state, invocationdata::text AS invocation, arguments::text AS arguments, createdat AS created_at FROM hangfire.job WHERE id = @JobId
            """;
        if (!_isKnown)
        {
            using var connection = dataSource.OpenConnection();
            _job = connection.QuerySingleOrDefault<TakenRow>(ReadSql, new { JobId = _id }) ?? new();
        }

        _isKnown = _job.Invocation is not null;
        if (_job is not { Invocation: { } invocation, CreatedAt: { } createdAt }) return null;
        var (job, exception) = _call ??= Load(invocation, _job.Arguments);
        return new() { Job = job, LoadException = exception, State = _job.State, CreatedAt = createdAt };
    }

    /// <summary>As part of the caller's transaction, if there is one. Call <see cref="Written"/> once it is committed.</summary>
    /// <returns>The new state's id.</returns>
    /// <exception cref="InvalidOperationException">Somebody else has changed its state since it was read: nothing was written, and it is read anew.</exception>
    public long Write(TakenJobWrite write)
    {
        // A statement that has waited for somebody else's change of the row compares again.
        const string WriteSql = """
            WITH held AS (
                SELECT id FROM hangfire.job WHERE id = @JobId AND stateid IS NOT DISTINCT FROM @StateId FOR NO KEY UPDATE),
            states AS (
                INSERT INTO hangfire.state (jobid, name, reason, createdat, data)
                SELECT held.id, s.name, s.reason, clock_timestamp(), s.data
                FROM held, unnest(@Names::text[], @Reasons::text[], @Datas::jsonb[]) WITH ORDINALITY AS s(name, reason, data, place) ORDER BY s.place
                RETURNING id),
            job AS (
                UPDATE hangfire.job j SET stateid = s.id, statename = @Name, expireat = now() + @ExpireIn
                FROM held, (SELECT max(id) AS id FROM states) s WHERE j.id = held.id),
            counters AS (
                INSERT INTO hangfire.counter (key, value, expireat)
                SELECT c.key, c.value, now() + c.expire_in FROM held, unnest(@Keys::text[], @Values::int[], @ExpireIns::interval[]) AS c(key, value, expire_in)),
            done AS (
                DELETE FROM hangfire.jobqueue q USING held WHERE @IsDone AND q.id = @QueueId AND q.fetchedat = @FetchedAt)
            SELECT max(id) FROM states
            """;
        lock (_lock)
        {
            // Whatever becomes of it: nobody knows the state until the commit is known.
            _isKnown = false;
            using var connection = dataSource.OpenConnection();
            return connection.ExecuteScalar<long?>(WriteSql, new
            {
                JobId = _id, _job.StateId, write.States[^1].Name, write.ExpireIn, write.IsDone, QueueId = _queueId, FetchedAt = _fetchedAt,
                Names = Column(write.States, state => state.Name), Reasons = Column(write.States, state => state.Reason),
                Datas = Column(write.States, state => SerializationHelper.Serialize(state.SerializeData()) ?? "{}"),
                Keys = Column(write.Counters, counter => counter.Key), Values = Column(write.Counters, counter => counter.Value),
                ExpireIns = Column(write.Counters, counter => counter.ExpireIn),
            }) ?? throw new InvalidOperationException($"Somebody else has changed the state of job {JobId}");
        }
    }

    public void Written(TakenJobWrite write, long stateId)
    {
        lock (_lock)
        {
            (_job, _isKnown) = (_job with { StateId = stateId, State = write.States[^1].Name }, true);
            if (write.IsDone) _fetchedAt = null;
        }
    }

    public void RemoveFromQueue()
    {
        const string RemoveSql = "DELETE FROM hangfire.jobqueue WHERE id = @QueueId AND fetchedat = @FetchedAt";
        EndTaking(RemoveSql);
    }

    public void Requeue()
    {
        const string RequeueSql = "UPDATE hangfire.jobqueue SET fetchedat = NULL WHERE id = @QueueId AND fetchedat = @FetchedAt";
        EndTaking(RequeueSql);
    }

    /// <summary>Tells that its process lives, unless that was told within this time.</summary>
    public void KeepAlive(TimeSpan unlessWithin)
    {
        const string KeepSql = "UPDATE hangfire.jobqueue SET fetchedat = now() WHERE id = @QueueId AND fetchedat = @FetchedAt RETURNING fetchedat";
        var now = TimeProvider.System.GetTimestamp();
        if (TimeProvider.System.GetElapsedTime(_heardAt, now) < unlessWithin) return;
        lock (_lock)
        {
            if (_fetchedAt is null) return;
            using var connection = dataSource.OpenConnection();
            _fetchedAt = connection.ExecuteScalar<DateTime?>(KeepSql, new { QueueId = _queueId, FetchedAt = _fetchedAt });
            _heardAt = now;
        }
    }

    /// <summary>Whoever gives it up without a word lets another have it at once.</summary>
    public void Dispose()
    {
        gone(this);
        Requeue();
    }

    private void EndTaking(string sql)
    {
        lock (_lock)
        {
            if (_fetchedAt is null) return;
            using var connection = dataSource.OpenConnection();
            connection.Execute(sql, new { QueueId = _queueId, FetchedAt = _fetchedAt });
            _fetchedAt = null;
        }
    }

    private static (Job?, JobLoadException?) Load(string invocation, string? arguments)
    {
        try
        {
            var call = SerializationHelper.Deserialize<InvocationData>(invocation);
            call.Arguments = arguments;
            return (call.DeserializeJob(), null);
        }
        catch (Exception exception)
        {
            // Hangfire makes such a job a failed one. Were it thrown, the job would go back to the queue and be begun anew for ever.
            return (null, exception as JobLoadException ?? new JobLoadException("What is stored of the job cannot be read.", exception));
        }
    }

    private static TColumn[] Column<T, TColumn>(IReadOnlyList<T> rows, Func<T, TColumn> column) => [.. rows.Select(column)];
}
