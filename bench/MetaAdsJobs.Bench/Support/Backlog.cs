using System.Diagnostics;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Core.Jobs.Watching;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Bench.Support;

/// <summary>A queue in which very many jobs wait: what taking one costs, what looking in vain costs, and what a snapshot that stays open does to both.</summary>
internal static class Backlog
{
    private const int Few = 1000;
    private const int Takes = 300;
    private static readonly TimeSpan Looking = TimeSpan.FromSeconds(6);

    public static async Task<IReadOnlyList<Result>> MeasureAsync(BenchCluster cluster, BenchService service, HttpClient http, int jobs, CancellationToken ct)
    {
        var (database, among) = (service.Database, $"{jobs:#,0} waiting in the queue");
        var postmaster = await cluster.PostmasterIdAsync();
        await JobMultiples.QueueAsync(database, Few);
        var fewTake = Take(database, ct);
        var fewLook = LookInVain(database, postmaster);
        await database.ExecuteAsync("TRUNCATE hangfire.jobqueue");

        await JobMultiples.QueueAsync(database, jobs);
        var manyTake = Take(database, ct);
        var manyLook = LookInVain(database, postmaster);
        var reader = service.Services.GetRequiredService<QueueReader>();
        reader.Read();
        var since = Stopwatch.GetTimestamp();
        reader.Read();
        var numbers = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
        var pages = await JobPages.MeasureAsync(service, http, among, JobPages.OfWaiting, ct);
        var (held, released) = await TakeBehindSnapshotAsync(database, jobs / 10, ct);
        await database.ExecuteAsync("TRUNCATE hangfire.jobqueue");
        return
        [
            .. pages,
            new($"taking a job, {among}", $"{manyTake:0.0} ms", "", true, $"p95 of {Takes}, one after the other; {fewTake:0.0} ms with {Few}"),
            new($"looks of the threads for stops, {among}", $"{manyLook:0.00} cores", "", true,
                $"of PostgreSQL's processor time while they look ten times a second in vain, as they do while all other threads are at work; {fewLook:0.00} with {Few}"),
            new($"the queue's numbers for /metrics, {among}", $"{numbers:0} ms", "", true, "read at most every two seconds"),
            new("taking a job while a snapshot stays open", $"{held:0.0} ms", "", true,
                $"p95 of {Takes}, after {jobs / 10} jobs were taken and done since the snapshot, such as a backup's, was opened; {released:0.0} ms when it is closed"),
        ];
    }

    private static async Task<(double Held, double Released)> TakeBehindSnapshotAsync(BenchDatabase database, int taken, CancellationToken ct)
    {
        await using var other = NpgsqlDataSource.Create(database.ConnectionString);
        await using var connection = await other.OpenConnectionAsync(ct);
        double held;
        await using (var snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct))
        {
            await using (var look = new NpgsqlCommand("SELECT count(*) FROM hangfire.server", connection, snapshot)) await look.ExecuteScalarAsync(ct);
            // As taking them one by one does: marked as fetched, then deleted.
            await database.ExecuteAsync($"""
                CREATE TABLE bench_taken AS SELECT id FROM hangfire.jobqueue ORDER BY fetchedat NULLS FIRST, queue, jobid LIMIT {taken};
                UPDATE hangfire.jobqueue SET fetchedat = now() WHERE id IN (SELECT id FROM bench_taken);
                DELETE FROM hangfire.jobqueue WHERE id IN (SELECT id FROM bench_taken);
                DROP TABLE bench_taken
                """);
            held = Take(database, ct);
        }

        return (held, Take(database, ct));
    }

    /// <returns>The 95th percentile in milliseconds.</returns>
    private static double Take(BenchDatabase database, CancellationToken ct)
    {
        using var dataSource = Source(database);
        using var connection = HangfireStorage.Create(dataSource, new JobOptions()).GetConnection();
        var took = new List<double>();
        for (var one = 0; one < Takes; one++)
        {
            var since = Stopwatch.GetTimestamp();
            using var job = connection.FetchNextJob(Queues.All, ct);
            took.Add(Stopwatch.GetElapsedTime(since).TotalMilliseconds);
            job.RemoveFromQueue();
        }

        return PageClient.Share(took, 0.95);
    }

    /// <returns>Cores of PostgreSQL that the looking takes.</returns>
    private static double LookInVain(BenchDatabase database, int postmaster)
    {
        using var dataSource = Source(database);
        using var connection = HangfireStorage.Create(dataSource, new JobOptions()).GetConnection();
        var (before, since) = (ProcessorTime.OfServer(postmaster), Stopwatch.GetTimestamp());
        using var over = new CancellationTokenSource(Looking, TimeProvider.System);
        try
        {
            using var job = connection.FetchNextJob([Queues.Brakes, Queues.Lifted], over.Token);
            throw new BenchException("There was a stop to be carried out");
        }
        catch (OperationCanceledException)
        {
            // As it was to be.
        }

        return (ProcessorTime.OfServer(postmaster) - before) / Stopwatch.GetElapsedTime(since);
    }

    // As a worker's job server has it.
    private static NpgsqlDataSource Source(BenchDatabase database) => DatabaseServices.CreateDataSource(database.ConnectionString, options: "-c synchronous_commit=off");
}
