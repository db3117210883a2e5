using Dapper;
using Hangfire;
using Hangfire.Common;
using Hangfire.PostgreSql;
using Hangfire.States;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Jobs;

/// <summary>What is written when a job is put on the queue.</summary>
[TestFixture]
public sealed class NewJobTests
{
    private InProcess _core = null!;
    private StatementCount _statements = null!;
    private NpgsqlDataSource _dataSource = null!;

    [SetUp]
    public async Task CreateAsync()
    {
        _core = await InProcess.CreateAsync();
        _statements = new();
        _dataSource = DatabaseServices.CreateDataSource(_core.Database.ConnectionString, _statements);
    }

    [TearDown]
    public async Task DisposeAsync()
    {
        await _dataSource.DisposeAsync();
        _statements.Dispose();
        await _core.DisposeAsync();
    }

    [Test]
    public void A_job_is_put_on_the_queue_by_one_statement_and_the_first_of_a_dozen_by_two()
    {
        var storage = Ours();
        var told = Enumerable.Range(0, 13).Select(_ =>
        {
            var before = _statements.Value;
            Make(storage, new EnqueuedState(Queues.Campaigns));
            return _statements.Value - before;
        }).ToList();

        Assert.That(told, Is.EqualTo([2, .. Enumerable.Repeat(1, 11), 2]));
    }

    /// <summary>Also what waits: for its time, and for another job.</summary>
    [Test]
    public async Task All_of_it_is_as_Hangfire_writes_it_itself()
    {
        const string RowsSql = """
            SELECT jsonb_build_object('state', j.statename, 'call', j.invocationdata, 'arguments', j.arguments, 'expires', j.expireat > now(), 'made', j.createdat > now() - interval '1 hour',
                'is_last', j.stateid = (SELECT max(s.id) FROM hangfire.state s WHERE s.jobid = j.id),
                'states', (SELECT jsonb_agg(jsonb_build_array(s.name, s.reason, s.createdat > now() - interval '1 hour', s.data - 'EnqueuedAt' - 'EnqueueAt' - 'ScheduledAt' - 'DeletedAt') ORDER BY s.id)
                           FROM hangfire.state s WHERE s.jobid = j.id),
                'parameters', (SELECT jsonb_object_agg(p.name, p.value) FROM hangfire.jobparameter p WHERE p.jobid = j.id),
                'queue', (SELECT jsonb_agg(jsonb_build_array(q.queue, q.fetchedat)) FROM hangfire.jobqueue q WHERE q.jobid = j.id),
                'sets', (SELECT jsonb_agg(jsonb_build_array(s.key, s.score > 0)) FROM hangfire.set s WHERE s.value LIKE '%' || j.id))::text
            FROM hangfire.job j ORDER BY j.id
            """;
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        var parent = Make(Hangfires(), new EnqueuedState(Queues.Campaigns));
        IState[] states = [new EnqueuedState(Queues.Campaigns) { Reason = "asked for" }, new ScheduledState(TimeSpan.FromDays(1)), new AwaitingState(parent), new DeletedState()];

        var (theirs, ours) = (await RowsAsync(Hangfires()), await RowsAsync(Ours()));

        Assert.That(theirs, Has.Count.EqualTo(states.Length));
        Assert.That(ours, Is.EqualTo(theirs));

        async Task<List<string>> RowsAsync(JobStorage storage)
        {
            var before = (await connection.QueryAsync<string>(RowsSql)).Count();
            foreach (var state in states) Make(storage, state);
            return (await connection.QueryAsync<string>(RowsSql)).Skip(before).ToList();
        }
    }

    [Test]
    public async Task Many_who_put_jobs_on_the_queue_at_once_make_as_many_jobs()
    {
        JobStorage[] processes = [Ours(), Ours()];

        Parallel.For(0, 200, n => Make(processes[n % 2], new EnqueuedState(Queues.Campaigns)));

        Assert.That(await _core.Database.DataSource.RowsAsync("hangfire.job j JOIN hangfire.jobqueue q ON q.jobid = j.id JOIN hangfire.state s ON s.id = j.stateid"), Is.EqualTo(200));
    }

    [Test]
    public async Task A_job_that_could_not_be_written_is_not_there_at_all()
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("ALTER TABLE hangfire.jobqueue RENAME TO gone");

        Assert.That(() => Make(Ours(), new EnqueuedState(Queues.Campaigns)), Throws.InstanceOf<BackgroundJobClientException>());

        Assert.That(await _core.Database.DataSource.RowsAsync("hangfire.job"), Is.Zero);
        Assert.That(await _core.Database.DataSource.RowsAsync("hangfire.state"), Is.Zero);
    }

    private static string Make(JobStorage storage, IState state) =>
        new BackgroundJobClient(storage).Create(Job.FromExpression<OrchestrationJob>(job => job.RunAsync(Guid.Empty, CancellationToken.None), Queues.Campaigns), state);

    private HangfireStorage Ours() => HangfireStorage.Create(_dataSource, new JobOptions());

    private PostgreSqlStorage Hangfires() => new(new Connections(_dataSource), new() { SchemaName = HangfireSchema.Name, PrepareSchemaIfNecessary = false });

    private sealed class Connections(NpgsqlDataSource dataSource) : IConnectionFactory
    {
        public NpgsqlConnection GetOrCreateConnection() => dataSource.CreateConnection();
    }
}
