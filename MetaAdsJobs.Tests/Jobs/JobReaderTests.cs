using Dapper;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Recurring;
using MetaAdsJobs.Core.Jobs.Watching;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace MetaAdsJobs.Tests.Jobs;

/// <summary>How the engine stands, as people are told.</summary>
[TestFixture]
public sealed class JobReaderTests
{
    private InProcess _core = null!;

    [SetUp]
    public async Task StartAsync() => _core = await InProcess.CreateAsync();

    [TearDown]
    public async Task StopAsync() => await _core.DisposeAsync();

    [Test]
    public async Task Every_queue_tells_its_depth_and_for_how_long_its_first_job_has_waited()
    {
        var queue = _core.Get<IJobQueue>();
        var first = queue.EnqueueOrchestration(Guid.NewGuid());
        queue.EnqueueOrchestration(Guid.NewGuid());
        queue.EnqueuePause(Guid.NewGuid());
        await ExecuteAsync("UPDATE hangfire.state SET createdat = createdat - interval '100 seconds' WHERE jobid = @Job", new { Job = long.Parse(first, null) });

        var queues = (await ReadAsync()).Queues;

        Assert.That(queues.Select(one => (one.Name, one.Jobs)), Is.EqualTo([("brakes", 1), ("brakes-edits", 0), ("brakes-lifted", 0), ("broadcasts", 0), ("campaigns", 2), ("campaigns-rows", 0), ("insights", 0)]));
        Assert.That(queues[4].Oldest!.Value.TotalSeconds, Is.InRange(100, 130));
        Assert.That(queues[5].Oldest, Is.Null);
    }

    [Test]
    public async Task Jobs_are_told_by_what_they_work_for_where_and_why()
    {
        var (run, account) = (Guid.NewGuid(), await _core.AddAccountAsync("Asia/Tokyo"));
        var queue = _core.Get<IJobQueue>();
        var (running, failed, scheduled) = (queue.EnqueueOrchestration(run), queue.EnqueueTokenCheck(account), queue.EnqueueOrchestration(run));
        await ToStateAsync(running, "Processing", """{"ServerId": "host:41:0b5e"}""", null);
        await ToStateAsync(failed, "Failed", """{"ExceptionMessage": "Meta was away"}""", null);
        await ToStateAsync(scheduled, "Scheduled", "{}", "The account is throttled");
        await ExecuteAsync("INSERT INTO hangfire.set (key, value, score) VALUES ('schedule', 'campaigns:' || @scheduled, extract(epoch FROM timestamptz '2030-01-01T00:00:00Z'))", new { scheduled });

        var jobs = await ReadAsync();

        Assert.That((jobs.Running.Count, jobs.Scheduled.Count, jobs.Failed.Count), Is.EqualTo((1, 1, 1)));
        Assert.That((jobs.Running.First[0].RequestId, jobs.Running.First[0].Worker, jobs.Running.First[0].Name), Is.EqualTo(((Guid?)run, "host:41", $"Campaign: {run}")));
        Assert.That((jobs.Failed.First[0].Id, jobs.Failed.First[0].Name, jobs.Failed.First[0].RequestId, jobs.Failed.First[0].Reason), Is.EqualTo((failed, "Token of Account in Asia/Tokyo", (Guid?)null, "Meta was away")));
        Assert.That((jobs.Scheduled.First[0].At, jobs.Scheduled.First[0].Reason), Is.EqualTo(((DateTimeOffset?)new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero), "The account is throttled")));
    }

    [Test]
    public async Task A_job_of_a_kind_that_is_no_longer_known_is_shown_all_the_same()
    {
        var id = _core.Get<IJobQueue>().EnqueueOrchestration(Guid.NewGuid());
        await ToStateAsync(id, "Failed", "{}", "lost");
        await ExecuteAsync("""UPDATE hangfire.job SET invocationdata = '{"Type": "Gone.Job, Gone", "Method": "Run", "ParameterTypes": "[]", "Arguments": "[]"}'""");

        Assert.That((await ReadAsync()).Failed.First.Single().Name, Is.EqualTo($"Job {id}"));
    }

    [Test]
    public async Task The_failed_that_are_listed_are_those_that_failed_last()
    {
        var ids = Enumerable.Range(0, 12).Select(_ => _core.Get<IJobQueue>().EnqueueOrchestration(Guid.NewGuid())).ToList();
        foreach (var id in ids.Skip(1).Append(ids[0])) await ToStateAsync(id, "Failed", "{}", "why");

        var failed = (await ReadAsync()).Failed;

        Assert.That((failed.Count, failed.First.Count, failed.First[0].Id, failed.First[1].Id), Is.EqualTo((12, 10, ids[0], ids[11])));
    }

    [Test]
    public async Task A_worker_without_a_heartbeat_is_silent()
    {
        await ExecuteAsync("""
            INSERT INTO hangfire.server (id, data, lastheartbeat) VALUES
                ('alive:7:ab', '{"WorkerCount": 20, "Queues": ["brakes", "campaigns"], "StartedAt": "2026-11-22T10:00:00Z"}', now() - interval '20 seconds'),
                ('dead:8:cd', '{"WorkerCount": 10, "Queues": ["insights"], "StartedAt": "2026-11-22T10:00:00Z"}', now() - interval '50 seconds')
            """);

        var workers = (await ReadAsync()).Workers;

        Assert.That(workers.Select(worker => (worker.Name, worker.Threads, worker.IsSilent)), Is.EqualTo([("alive:7", 20, false), ("dead:8", 10, true)]));
        Assert.That((workers[0].Queues, workers[0].StartedAt), Is.EqualTo((new[] { "brakes", "campaigns" }, (DateTimeOffset?)new DateTimeOffset(2026, 11, 22, 10, 0, 0, TimeSpan.Zero))));
    }

    [Test]
    public async Task The_servers_of_one_process_are_one_worker()
    {
        await ExecuteAsync("""
            INSERT INTO hangfire.server (id, data, lastheartbeat) VALUES
                ('one:7:ab', '{"WorkerCount": 18, "Queues": ["brakes", "campaigns", "insights"], "StartedAt": "2026-11-22T10:00:00Z"}', now()),
                ('one:7:de', '{"WorkerCount": 2, "Queues": ["campaigns"], "StartedAt": "2026-11-22T10:00:01Z"}', now()),
                ('one:7:cd', '{"WorkerCount": 4, "Queues": ["brakes"], "StartedAt": "2026-11-22T10:00:01Z"}', now()),
                ('one:7:ef', '{"WorkerCount": 50, "Queues": ["insights"], "StartedAt": "2026-11-22T09:00:00Z"}', now() - interval '50 seconds')
            """);

        var worker = (await ReadAsync()).Workers.Single();

        Assert.That((worker.Name, worker.Threads, worker.IsSilent, worker.Queues.Count), Is.EqualTo(("one:7", 24, false, 3)));
        Assert.That(await _core.Get<WorkerHealth>().CountAliveAsync(CancellationToken.None), Is.EqualTo(1));
    }

    [TestCase(-10)]
    [TestCase(10)]
    public async Task A_worker_is_alive_whatever_the_time_is_here(int minutesOff)
    {
        await using var core = InProcess.Create(await TestDatabase.CreateAsync(), new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddMinutes(minutesOff)));
        await using (var connection = await core.Database.DataSource.OpenConnectionAsync())
        {
            await connection.ExecuteAsync("""
                INSERT INTO hangfire.server (id, data, lastheartbeat) VALUES
                    ('alive:7:ab', '{"WorkerCount": 20, "Queues": ["campaigns", "insights"], "StartedAt": "2026-11-22T10:00:00Z"}', now()),
                    ('dead:8:cd', '{"WorkerCount": 20, "Queues": ["campaigns", "insights"], "StartedAt": "2026-11-22T10:00:00Z"}', now() - interval '1 minute')
                """);
        }

        Assert.That(await core.Get<WorkerHealth>().CountAliveAsync(CancellationToken.None), Is.EqualTo(1));
        Assert.That(core.Get<QueueReader>().Read().WorkersAlive, Is.EqualTo(1));
        Assert.That((await core.Get<JobReader>().ReadAsync(CancellationToken.None)).Workers.Select(worker => worker.IsSilent), Is.EqualTo([false, true]));
    }

    [Test]
    public async Task Schedules_tell_their_zone_and_when_they_run_next_and_how_the_last_run_went()
    {
        await _core.AddAccountAsync("Asia/Tokyo");
        await _core.Get<Schedules>().EnsureAllAsync(CancellationToken.None);
        var last = _core.Get<IJobQueue>().EnqueueOrchestration(Guid.NewGuid());
        await ToStateAsync(last, "Failed", "{}", "why");
        await ExecuteAsync("INSERT INTO hangfire.hash (key, field, value) VALUES ('recurring-job:sweep', 'LastJobId', @last), ('recurring-job:sweep', 'LastExecution', '2026-11-22T10:00:00Z'), ('recurring-job:sweep', 'Error', 'no')", new { last });

        var schedules = (await ReadAsync()).Schedules;

        Assert.That(schedules.Select(one => (one.Name, one.Timezone)), Is.EqualTo([("alert rules", "UTC"), ("budget pools", "UTC"), ("experiments", "UTC"), ("nightly insights Asia/Tokyo", "Asia/Tokyo"), ("sweep", "UTC"), ("sweep of clip files", "UTC"), ("sweep of stops", "UTC"), ("token check", "UTC")]));
        Assert.That(schedules.Select(one => one.NextRunAt), Has.All.GreaterThan(TimeProvider.System.GetUtcNow().AddMinutes(-1)));
        var sweep = schedules.Single(one => one.Name == "sweep");
        Assert.That((sweep.LastState, sweep.LastRunAt, sweep.Error), Is.EqualTo(("failed", (DateTimeOffset?)new DateTimeOffset(2026, 11, 22, 10, 0, 0, TimeSpan.Zero), "no")));
        Assert.That((schedules[0].LastState, schedules[0].LastRunAt), Is.EqualTo(((string?)null, (DateTimeOffset?)null)));
    }

    [Test]
    public async Task What_has_ended_is_counted_as_Hangfire_counts_it_and_never_one_by_one()
    {
        await ExecuteAsync("""
            INSERT INTO hangfire.aggregatedcounter (key, value) VALUES ('stats:succeeded', 1000000), ('stats:deleted', 5);
            INSERT INTO hangfire.counter (key, value) VALUES ('stats:succeeded', 1), ('stats:succeeded', 1), ('stats:succeeded:2026-11-22', 1)
            """);

        var jobs = await ReadAsync();

        Assert.That((jobs.Succeeded, jobs.Deleted), Is.EqualTo((1_000_002, 5)));
    }

    private Task<JobOverview> ReadAsync() => _core.Get<JobReader>().ReadAsync(CancellationToken.None);

    private Task ToStateAsync(string job, string state, string data, string? reason) => ExecuteAsync("""
        WITH s AS (INSERT INTO hangfire.state (jobid, name, reason, createdat, data) VALUES (@Id, @state, @reason, now(), @data::jsonb) RETURNING id)
        UPDATE hangfire.job SET stateid = (SELECT id FROM s), statename = @state WHERE id = @Id
        """, new { Id = long.Parse(job, null), state, reason, data });

    private async Task ExecuteAsync(string sql, object? parameters = null)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }
}
