using System.Globalization;
using Dapper;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Core.Jobs.Watching;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Jobs;

/// <summary>Very many jobs wait, or have succeeded: who looks for others, or only wants to see, does not go through them.</summary>
[TestFixture]
public sealed class LongQueueTests
{
    private const int Waiting = 50_000;

    private InProcess _core = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _core = await InProcess.CreateAsync();
        await ExecuteAsync("INSERT INTO hangfire.jobqueue (jobid, queue) SELECT n, 'campaigns' FROM generate_series(1, @Waiting) n", new { Waiting });
        await ExecuteAsync("VACUUM (ANALYZE) hangfire.jobqueue");
    }

    [TearDown]
    public async Task StopAsync() => await _core.DisposeAsync();

    [Test]
    public async Task The_threads_for_stops_look_in_vain_without_reading_what_waits_for_others()
    {
        var before = await ReadAsync();

        // PostgreSQL plans a prepared statement for any values from the sixth time on.
        Assert.That(() => Fetch([Queues.Brakes, Queues.Lifted], TimeSpan.FromSeconds(3)), Throws.InstanceOf<OperationCanceledException>());

        Assert.That(await ReadAsync() - before, Is.LessThan(Waiting / 10));
    }

    [Test]
    public void The_threads_for_stops_find_their_jobs_among_very_many()
    {
        var stop = _core.Get<IJobQueue>().EnqueuePause(Guid.NewGuid());
        var start = _core.Get<IJobQueue>().EnqueueResume(Guid.NewGuid());

        var found = Enumerable.Range(0, 2).Select(_ => Fetch([Queues.Brakes, Queues.Lifted], TimeSpan.FromMinutes(1)));

        Assert.That(found, Is.EqualTo([stop, start]));
    }

    [Test]
    public async Task A_stop_whose_worker_died_is_found_once_it_is_to_be_taken_over()
    {
        var stop = _core.Get<IJobQueue>().EnqueuePause(Guid.NewGuid());
        await ExecuteAsync("UPDATE hangfire.jobqueue SET fetchedat = now() - interval '29 seconds' WHERE jobid = @Stop", new { Stop = long.Parse(stop, CultureInfo.InvariantCulture) });

        Assert.That(Fetch([Queues.Brakes, Queues.Lifted], TimeSpan.FromMinutes(1)), Is.EqualTo(stop));
    }

    /// <summary>A pause by hand has no threads of its own.</summary>
    [Test]
    public async Task A_job_whose_worker_died_has_its_place_again_among_those_that_wait()
    {
        var edit = _core.Get<IJobQueue>().EnqueueEdit(Guid.NewGuid(), goesFirst: true);
        await ExecuteAsync("UPDATE hangfire.jobqueue SET fetchedat = now() - interval '31 seconds' WHERE jobid = @Edit", new { Edit = long.Parse(edit, CultureInfo.InvariantCulture) });

        Assert.That(Fetch([Queues.Pauses, Queues.Campaigns], TimeSpan.FromMinutes(1)), Is.EqualTo(edit));
    }

    [Test]
    public async Task The_page_of_jobs_tells_depths_without_looking_for_empty_queues_everywhere()
    {
        var reader = _core.Get<JobReader>();
        for (var once = 0; once < 8; once++) await reader.ReadAsync(CancellationToken.None);
        var before = await ReadAsync();

        var queues = (await reader.ReadAsync(CancellationToken.None)).Queues;

        Assert.That(queues.Select(queue => queue.Jobs), Is.EqualTo([0, 0, 0, 0, JobReader.MostCounted + 1, 0, 0]));
        Assert.That(await ReadAsync() - before, Is.LessThan(Waiting / 2));
    }

    [Test]
    public async Task The_page_of_jobs_shows_what_failed_long_ago_without_going_through_what_succeeded_since()
    {
        const int jobs = 200_000, failed = 30_000;
        await ExecuteAsync("""
            INSERT INTO hangfire.job (id, stateid, statename, invocationdata, arguments, createdat)
            SELECT n, n, CASE WHEN n <= @failed THEN 'Failed' ELSE 'Succeeded' END, '{"Type": "sweep", "Method": "RunAsync", "ParameterTypes": "[]", "Arguments": "[]"}', '[]', now() FROM generate_series(1, @jobs) n;
            INSERT INTO hangfire.state (id, jobid, name, reason, createdat, data) SELECT id, id, statename, 'why', now(), '{}' FROM hangfire.job
            """, new { failed, jobs });
        await ExecuteAsync("VACUUM (ANALYZE) hangfire.job");
        await ExecuteAsync("VACUUM (ANALYZE) hangfire.state");
        var before = await ReadAsync("job") + await ReadAsync("state");

        var shown = (await _core.Get<JobReader>().ReadAsync(CancellationToken.None)).Failed;

        Assert.That((shown.Count, shown.First.Count, shown.First[0].Id), Is.EqualTo((JobReader.MostCounted + 1, 10, $"{failed}")));
        Assert.That(await ReadAsync("job") + await ReadAsync("state") - before, Is.LessThan(jobs / 2), "the failed are counted and looked through, the others are not");
    }

    /// <returns>The job's id.</returns>
    private string Fetch(string[] queues, TimeSpan patience)
    {
        // As a worker's job server has it; closed at the end, so that its sessions tell what they have read.
        using var dataSource = DatabaseServices.CreateDataSource(_core.Database.ConnectionString);
        using var connection = HangfireStorage.Create(dataSource, new JobOptions()).GetConnection();
        using var over = new CancellationTokenSource(patience, TimeProvider.System);
        using var job = connection.FetchNextJob(queues, over.Token);
        job.RemoveFromQueue();
        return job.JobId;
    }

    /// <summary>Rows and index entries of one of Hangfire's tables that were read so far.</summary>
    private async Task<long> ReadAsync(string table = "jobqueue")
    {
        const string ReadSql = """
            SELECT (SELECT seq_tup_read FROM pg_stat_user_tables WHERE relid = ('hangfire.' || @table)::regclass)
                 + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relid = ('hangfire.' || @table)::regclass)
            """;
        // Sessions tell at the latest when they end.
        _core.Get<NpgsqlDataSource>().Clear();
        var (before, after) = (-1L, 0L);
        await Eventually.TrueAsync(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, CancellationToken.None);
            await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
            (before, after) = (after, (long)await connection.ExecuteScalarAsync<decimal>(ReadSql, new { table }));
            return before == after;
        }, () => $"{table} is being read");
        return after;
    }

    private async Task ExecuteAsync(string sql, object? parameters = null)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        // Hundreds of thousands of rows: on a busy machine that takes as long as it takes.
        await connection.ExecuteAsync(sql, parameters, commandTimeout: 0);
    }
}
