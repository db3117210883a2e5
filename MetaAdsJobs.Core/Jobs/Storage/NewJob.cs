using System.Collections.Concurrent;
using System.Globalization;
using Dapper;
using Hangfire.Common;
using Hangfire.States;
using Hangfire.Storage;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs.Storage;

/// <summary>Makes jobs whose ids are known before they are written: taken from PostgreSQL's sequence by the dozen. Those of a process that ends are never used.</summary>
internal sealed class NewJobs(NpgsqlDataSource dataSource)
{
    private const int Dozen = 12;
    private readonly ConcurrentQueue<long> _ids = [];

    public NewJob Create(Job job, IDictionary<string, string> parameters, DateTime createdAt) => new(dataSource, NextId(), job, parameters, createdAt);

    private long NextId()
    {
        const string IdsSql = "SELECT nextval('hangfire.job_id_seq') FROM generate_series(1, @Count)";
        if (_ids.TryDequeue(out var id)) return id;
        using var connection = dataSource.OpenConnection();
        var ids = connection.Query<long>(IdsSql, new { Count = Dozen }).AsList();
        foreach (var later in ids.Skip(1)) _ids.Enqueue(later);
        return ids[0];
    }
}

/// <summary>
/// A job that is put on the queue, with all that Hangfire keeps of it, by one statement: the row, its parameters, its first states, its place in
/// the queue. Hangfire.PostgreSql writes each by itself.
/// </summary>
internal sealed class NewJob(NpgsqlDataSource dataSource, long id, Job job, IDictionary<string, string> parameters, DateTime createdAt)
{
    /// <summary>Takes what <see cref="Defer"/> gives, of a job that is put on a queue at once.</summary>
    public const string WriteSql = """
        WITH states AS (
            INSERT INTO hangfire.state (jobid, name, reason, createdat, data)
            SELECT @Id, s.name, s.reason, clock_timestamp(), s.data
            FROM unnest(@Names::text[], @Reasons::text[], @Datas::jsonb[]) WITH ORDINALITY AS s(name, reason, data, place) ORDER BY s.place
            RETURNING id),
        parameters AS (
            INSERT INTO hangfire.jobparameter (jobid, name, value) SELECT @Id, p.name, p.value FROM unnest(@Parameters::text[], @Values::text[]) AS p(name, value)),
        queued AS (
            INSERT INTO hangfire.jobqueue (jobid, queue) SELECT @Id, q.name FROM unnest(@Queues::text[]) AS q(name))
        INSERT INTO hangfire.job (id, stateid, statename, invocationdata, arguments, createdat, expireat)
        SELECT @Id, max(s.id), @Name, @Invocation::jsonb, @Arguments::jsonb, @CreatedAt, now() + @ExpireIn FROM states s
        """;

    // Hangfire's client makes a job, state and all, on the thread that asks for it.
    [ThreadStatic]
    private static bool _isDeferring;

    [ThreadStatic]
    private static object? _deferred;

    public string JobId { get; } = id.ToString(CultureInfo.InvariantCulture);

    /// <summary>A job that is not written yet: that is up to the caller.</summary>
    /// <param name="enqueue">Puts it on a queue.</param>
    /// <returns>Its id, and the parameters of <see cref="WriteSql"/>.</returns>
    public static (string JobId, object Parameters) Defer(Func<string> enqueue)
    {
        _isDeferring = true;
        try
        {
            var jobId = enqueue();
            return (jobId, _deferred ?? throw new InvalidOperationException("The job was not put on the queue by one statement"));
        }
        finally
        {
            (_isDeferring, _deferred) = (false, null);
        }
    }

    /// <summary>As part of the caller's transaction, if there is one.</summary>
    public void Write(IReadOnlyList<IState> states, TimeSpan? expireIn, IReadOnlyList<string> queues)
    {
        var invocation = InvocationData.SerializeJob(job);
        var row = new
        {
            Id = id, states[^1].Name, ExpireIn = expireIn, CreatedAt = createdAt, Invocation = SerializationHelper.Serialize(invocation), invocation.Arguments,
            Names = states.Select(state => state.Name).ToArray(), Reasons = states.Select(state => state.Reason).ToArray(),
            Datas = states.Select(state => SerializationHelper.Serialize(state.SerializeData()) ?? "{}").ToArray(),
            Parameters = parameters.Keys.ToArray(), Values = parameters.Values.ToArray(), Queues = queues.ToArray(),
        };
        if (_isDeferring)
        {
            _deferred = row;
            return;
        }

        using var connection = dataSource.OpenConnection();
        connection.Execute(WriteSql, row);
    }
}

/// <summary>What Hangfire writes with the first state of a new job.</summary>
internal sealed class NewJobTransaction(NewJob job, Func<JobStorageTransaction> usual) : OneJobTransaction(job.JobId, usual)
{
    private readonly List<string> _queues = [];

    protected override void Write() => job.Write(States, ExpireIn, _queues);

    protected override void Written()
    {
    }

    public override void AddToQueue(string queue, string jobId)
    {
        if (IsOfJob(jobId)) _queues.Add(queue);
        else Others.AddToQueue(queue, jobId);
    }
}
