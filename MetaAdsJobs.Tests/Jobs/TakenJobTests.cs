using Dapper;
using Hangfire;
using Hangfire.Common;
using Hangfire.Server;
using Hangfire.States;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Tests.Support;
using Npgsql;
using NSubstitute;
using HangfireWorker = Hangfire.Server.Worker;

namespace MetaAdsJobs.Tests.Jobs;

/// <summary>What Hangfire's own worker writes about the job that it has taken.</summary>
[TestFixture]
public sealed class TakenJobTests
{
    private readonly List<NpgsqlDataSource> _dataSources = [];
    private InProcess _core = null!;
    private StatementCount _statements = null!;
    private string _jobId = null!;

    [SetUp]
    public async Task EnqueueAsync()
    {
        _core = await InProcess.CreateAsync();
        _statements = new();
        _jobId = _core.Get<IJobQueue>().EnqueueOrchestration(Guid.NewGuid());
    }

    [TearDown]
    public async Task DisposeAsync()
    {
        foreach (var dataSource in _dataSources) await dataSource.DisposeAsync();
        _dataSources.Clear();
        _statements.Dispose();
        await _core.DisposeAsync();
    }

    [Test]
    public async Task A_job_that_succeeds_is_taken_begun_and_ended_by_one_statement_each()
    {
        Run(Storage(), () => null);

        Assert.That(_statements.Value, Is.EqualTo(3));
        Assert.That(await StatesAsync(), Is.EqualTo(["Enqueued", "Processing", "Succeeded"]));
        Assert.That(await RowsAsync("jobqueue"), Is.Zero);
        Assert.That(await RowsAsync("lock"), Is.Zero);
        Assert.That(await RowsAsync("job WHERE statename = 'Succeeded' AND expireat BETWEEN now() + interval '23 hours' AND now() + interval '25 hours'"), Is.EqualTo(1));
        Assert.That(await RowsAsync("counter WHERE key LIKE 'stats:succeeded%' AND value = 1"), Is.EqualTo(3), "the dashboard's numbers");
        Assert.That(await RowsAsync("counter WHERE key = 'stats:succeeded' AND expireat IS NULL"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_job_that_is_to_wait_is_put_off_and_leaves_the_queue_in_one_commit()
    {
        const string CommitsSql = """
            SELECT count(DISTINCT c::text) FROM (
                SELECT xmin FROM hangfire.state WHERE name IN ('Succeeded', 'Scheduled') UNION ALL SELECT xmin FROM hangfire.set WHERE key = 'schedule' UNION ALL SELECT xmin FROM hangfire.job) r (c)
            """;

        Run(Storage(), () => new JobOutcome.Snoozed(DateTimeOffset.UnixEpoch.AddYears(80), "throttled"));

        Assert.That(await ScalarAsync(CommitsSql), Is.EqualTo(1));
        Assert.That(await StatesAsync(), Is.EqualTo(["Enqueued", "Processing", "Succeeded", "Scheduled"]));
        Assert.That(await RowsAsync("job j JOIN hangfire.state s ON s.id = j.stateid WHERE s.name = 'Scheduled' AND s.reason = 'throttled' AND j.expireat IS NULL"), Is.EqualTo(1));
        Assert.That(await RowsAsync($"set WHERE key = 'schedule' AND value LIKE '%{_jobId}'"), Is.EqualTo(1));
        Assert.That(await RowsAsync("jobqueue"), Is.Zero);
    }

    [Test]
    public async Task A_job_that_fails_comes_again()
    {
        Run(Storage(), () => throw new InvalidOperationException("a bug"));

        Assert.That(await StatesAsync(), Is.EqualTo(["Enqueued", "Processing", "Failed", "Scheduled"]));
        Assert.That(await RowsAsync($"set WHERE key IN ('schedule', 'retries') AND value LIKE '%{_jobId}'"), Is.EqualTo(2));
        Assert.That(await RowsAsync("jobqueue"), Is.Zero);
    }

    [TestCase("[]")]
    [TestCase("null")]
    public async Task A_job_of_which_nothing_can_be_read_fails_as_any_other_and_leaves_the_queue(string invocation)
    {
        Execute($"UPDATE hangfire.job SET invocationdata = '{invocation}'");

        Run(Storage(), () => throw new InvalidOperationException("it was run"));

        Assert.That(await StatesAsync(), Is.EqualTo(["Enqueued", "Failed", "Scheduled"]));
        Assert.That(await RowsAsync($"set WHERE key IN ('schedule', 'retries') AND value LIKE '%{_jobId}'"), Is.EqualTo(2));
        Assert.That(await RowsAsync("jobqueue"), Is.Zero);
    }

    [Test]
    public async Task What_a_person_changes_meanwhile_is_not_written_over()
    {
        Run(Storage(), () => new BackgroundJobClient(_core.Get<JobStorage>()).Delete(_jobId) ? null : throw new InvalidOperationException("not deleted"));

        Assert.That(await StatesAsync(), Is.EqualTo(["Enqueued", "Processing", "Deleted"]));
        Assert.That(await RowsAsync("job WHERE statename = 'Deleted'"), Is.EqualTo(1));
        Assert.That(await RowsAsync("jobqueue"), Is.Zero);
        Assert.That(await RowsAsync("counter WHERE key LIKE 'stats:succeeded%'"), Is.Zero);
    }

    [Test]
    public async Task A_change_that_failed_is_tried_again_with_what_is_true_then()
    {
        Task? mended = null;

        Run(Storage(), () =>
        {
            Execute("ALTER TABLE hangfire.counter RENAME TO gone");
            mended = Task.Run(async () =>
            {
                // Hangfire tries three times within a second.
                await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, CancellationToken.None);
                Execute("ALTER TABLE hangfire.gone RENAME TO counter");
            });
            return null;
        });

        await mended!;
        Assert.That(await StatesAsync(), Is.EqualTo(["Enqueued", "Processing", "Succeeded"]));
        Assert.That(await RowsAsync("jobqueue"), Is.Zero);
    }

    [Test]
    public async Task A_job_that_is_gone_leaves_the_queue()
    {
        using var job = Storage().Taken.Take(Queues.All)!;
        Execute("DELETE FROM hangfire.state; DELETE FROM hangfire.job");

        Assert.That(job.Read()?.State, Is.EqualTo("Enqueued"), "as it was taken");
        Assert.That(() => job.Write(new([new SucceededState(null, 1, 1)], null, [], IsDone: true)), Throws.InvalidOperationException);
        Assert.That(job.Read(), Is.Null);
        job.RemoveFromQueue();
        Assert.That(await RowsAsync("jobqueue"), Is.Zero);
    }

    [Test]
    public async Task Whoever_gives_a_job_up_without_a_word_lets_another_have_it_at_once()
    {
        Storage().Taken.Take(Queues.All)!.Dispose();

        Assert.That(await RowsAsync("jobqueue WHERE fetchedat IS NULL"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_job_is_kept_as_long_as_its_process_says_that_it_lives_and_then_is_anothers()
    {
        var (one, other) = (Storage(takeOverSeconds: 2), Storage(takeOverSeconds: 2));
        using var job = one.Taken.Take(Queues.All)!;
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(4))
        {
            one.Taken.KeepAlive();
            Assert.That(other.Taken.Take(Queues.All), Is.Null);
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }

        TakenJob? taken = null;
        await Eventually.TrueAsync(() => Task.FromResult((taken = other.Taken.Take(Queues.All)) is not null), () => "nobody took over");
        job.RemoveFromQueue();

        Assert.That(await RowsAsync("jobqueue WHERE fetchedat IS NOT NULL"), Is.EqualTo(1), "the other's was removed");
        taken!.Dispose();
    }

    private void Run(HangfireStorage storage, Func<object?> work)
    {
        var performer = Substitute.For<IBackgroundJobPerformer>();
        performer.Perform(Arg.Any<PerformContext>()).Returns(_ => work());
        new HangfireWorker(Queues.All, performer, new BackgroundJobStateChanger(_core.Get<IJobFilterProvider>()))
            .Execute(new("a server", storage, new Dictionary<string, object>(), Guid.NewGuid(), CancellationToken.None, CancellationToken.None, CancellationToken.None));
    }

    private HangfireStorage Storage(int takeOverSeconds = 30)
    {
        var dataSource = DatabaseServices.CreateDataSource(_core.Database.ConnectionString, _statements);
        _dataSources.Add(dataSource);
        return HangfireStorage.Create(dataSource, new JobOptions { TakeOverSeconds = takeOverSeconds });
    }

    private async Task<IEnumerable<string>> StatesAsync()
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        return await connection.QueryAsync<string>("SELECT name FROM hangfire.state ORDER BY id");
    }

    private async Task<long> ScalarAsync(string sql)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>(sql);
    }

    private Task<long> RowsAsync(string from) => _core.Database.DataSource.RowsAsync($"hangfire.{from}");

    private void Execute(string sql)
    {
        using var connection = _core.Database.DataSource.OpenConnection();
        connection.Execute(sql);
    }
}
