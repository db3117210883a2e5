using MetaAdsJobs.Launch.Postgres;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Crashes;

/// <summary>
/// The disk of PostgreSQL that is full in the middle of runs. Where only tables find no room, what writes is refused; where the log
/// finds none, the server ends. Either way a worker has had Meta's answer and cannot write it down.
/// </summary>
[TestFixture, Long]
public sealed class DatabaseDiskTests
{
    private const int Runs = 8;
    private const int MostRequests = 2_000;

    [TestCase(false, TestName = "{m}(tables)")]
    [TestCase(true, TestName = "{m}(log)")]
    public async Task A_full_disk_in_the_middle_loses_nothing_and_makes_nothing_twice(bool log)
    {
        await using var disk = await SmallDisk.MountAsync("600m");
        await using var postgres = await PrivatePostgres.StartAsync(
            new PrivatePostgresOptions { DataFolder = Path.Combine(disk.Folder, "cluster"), Temporary = true, Settings = new Dictionary<string, string> { ["max_connections"] = "200" }, Say = TestContext.Progress.WriteLine },
            CancellationToken.None);
        Assert.That(postgres.DataFolder, Does.StartWith(disk.Folder));
        var database = await TestDatabase.CreateAsync(postgres);
        await using var service = await Service.StartProcessesAsync(workers: 1, database, settings: [("Meta__CallTimeoutSeconds", "60"), ("SETTLE_DELAY_SECONDS", "60")]);
        using var client = service.Client();
        var request = await client.NewRequestAsync();
        var (full, waiting) = (new TaskCompletionSource(), 0);
        service.Graph.Faults.Always(call => call.IsCreateOf("adsets") && !full.Task.IsCompleted, async (_, _, act) =>
        {
            Interlocked.Increment(ref waiting);
            await full.Task;
            return await act();
        });
        var ids = (await Task.WhenAll(Enumerable.Range(0, Runs).Select(_ => client.AcceptAsync(request)))).ToList();
        await Eventually.TrueAsync(() => Task.FromResult(waiting >= Runs), service.Progress, service.Unended);

        // A segment of the log that has begun just now has room for what comes.
        await SwitchLogAsync(postgres);
        await disk.FillAsync();
        if (log) Assert.That(() => SwitchLogAsync(postgres), Throws.InstanceOf<NpgsqlException>(), "the server has ended");
        var refused = await UntilRefusedAsync();
        Assert.That((string?)refused.Json["detail"], log ? Is.Not.Empty : Does.StartWith("The database takes no writes at the moment: it is read only, or its disk is full."), refused.Text);
        full.SetResult();
        await Eventually.TrueAsync(() => Task.FromResult(service.Logs().Contains(log ? "Failed to connect" : "No space left on device", StringComparison.Ordinal)), () => $"{service.Logs().Length}");

        disk.Free();
        if (log) await postgres.RestartAsync(CancellationToken.None);
        foreach (var id in ids)
        {
            var run = await client.UntilAsync(id);
            Assert.That((string?)run["status"], Is.EqualTo("succeeded"), run.ToJsonString());
        }

        await service.GraphDatabase.DataSource.AssertEachAsync(ids.Count);
        await database.DataSource.AssertEntityRowsAsync(ids.Count);
        await Eventually.TrueAsync(async () => (await client.GetAsync("/health/ready")).Code == 200, () => "");

        // What finds room in a page that is there already is taken, and counts.
        async Task<ApiAnswer> UntilRefusedAsync()
        {
            while (ids.Count < MostRequests)
            {
                var answer = await client.PostAsync("/meta/orchestrate/run", request);
                if (answer.Code == 503) return answer;
                Assert.That(answer.Code, Is.EqualTo(202), answer.Text);
                ids.Add((string)answer.Json["request_id"]!);
            }

            throw new AssertionException($"{MostRequests} requests found room on a disk that has none.");
        }
    }

    private static async Task SwitchLogAsync(PrivatePostgres postgres)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(postgres.ConnectionString("postgres")) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT pg_switch_wal(); CREATE TABLE IF NOT EXISTS moment (at timestamptz); INSERT INTO moment VALUES (now())", connection);
        await command.ExecuteNonQueryAsync();
    }
}
