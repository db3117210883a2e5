using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Crashes;

/// <summary>
/// Every create meets every way in which its answer can go wrong, while its worker lives, is killed, or loses its database
/// connections, and while its request is to be built or is cancelled in that very moment. All cells of one fate run at once.
/// </summary>
[TestFixture, Long]
public sealed class CrashMatrixTests
{
    private static readonly ConcurrentDictionary<Fate, string> Table = new();

    [TestCase(Fate.Lives)]
    [TestCase(Fate.Killed)]
    [TestCase(Fate.DatabaseGone)]
    public async Task Every_create_under_every_fault_ends_as_one_tree_or_none(Fate fate)
    {
        var cases = CrashCase.All(fate).ToList();
        await using var service = await Service.StartProcessesAsync(workers: 1, database: await TestDatabase.CreateAsync(),
            ("WORKER_THREADS", "30"), ("MAX_RETRIES", "20"), ("ACCOUNT_DAILY_CAP_CENTS", "off"));
        using var client = service.Client();
        var sample = await client.NewRequestAsync();
        var ids = new ConcurrentDictionary<string, TaskCompletionSource<string>>();
        var crash = new Crash(service);
        foreach (var one in cases)
        {
            ids[one.Name] = new(TaskCreationOptions.RunContinuationsAsynchronously);
            service.Graph.Faults.Add(one.Is, async (server, http, act) =>
            {
                if (one.IsUndone) await CancelAsync(client, await ids[one.Name].Task);
                await crash.HappenAsync(fate);
                return await one.Fault(server, http, act);
            });
        }

        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (one, _) =>
        {
            var request = one.Request(sample, await client.AddAccountAsync(account => account["ad_account_id"] = one.AdAccountId), await AddClipAsync(client, one.Clip(client.ImageUrl)));
            ids[one.Name].SetResult(await client.AcceptAsync(request));
        });
        var ended = new Dictionary<string, bool>();
        foreach (var one in cases)
        {
            var run = await client.UntilAsync(await ids[one.Name].Task);
            var status = (string)run["status"]!;
            Assert.That(status, Is.EqualTo(one.IsUndone ? "cancelled" : "succeeded"), run.ToJsonString());
            ended[one.Name] = status == "succeeded";
        }

        Assert.That(service.Graph.Faults.Left, Is.Zero, "not every fault happened");
        var verdict = await CrashVerdict.JudgeAsync(service.GraphDatabase.DataSource, service.Graph.Calls, ended);
        Table[fate] = verdict.Row($"{CrashCase.Edges.Length} creates x {CrashCase.Faults.Length} faults, worker: {fate}");
        Assert.That((verdict.Duplicates, verdict.Orphans, verdict.EarlyActive), Is.EqualTo((0, 0, 0)), verdict.Row("duplicates, orphans, early"));
        await service.Database.DataSource.AssertEntityRowsAsync(verdict.Built);
        BlindRepeats.AssertNone(service.Graph.Calls);
        TestContext.Out.WriteLine($"{crash.Count} crashes");
    }

    [OneTimeTearDown]
    public void PrintTheTable()
    {
        TestContext.Progress.WriteLine(CrashVerdict.Header);
        foreach (var (_, row) in Table.OrderBy(entry => entry.Key)) TestContext.Progress.WriteLine(row);
    }

    private static async Task CancelAsync(ApiClient client, string requestId)
    {
        var answer = await client.PostAsync($"/meta/orchestrate/runs/{requestId}/cancel");
        Assert.That(answer.Code, Is.EqualTo(202), answer.Text);
    }

    private static async Task<string> AddClipAsync(ApiClient client, JsonObject clip)
    {
        var added = await client.PostAsync("/meta/clips", clip);
        Assert.That(added.Code, Is.EqualTo(201), added.Text);
        return (string)added.Json["id"]!;
    }

    /// <summary>Crashes asked for at once by calls of one process are one crash: the first has them all.</summary>
    private sealed class Crash(Service service)
    {
        private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(500);
        private readonly SemaphoreSlim _one = new(1, 1);

        public int Count { get; private set; }

        public async Task HappenAsync(Fate fate)
        {
            if (fate == Fate.Lives) return;
            var before = Count;
            await _one.WaitAsync();
            try
            {
                if (Count != before) return; // The process that sent this call is gone already.
                await Task.Delay(Gathering, TimeProvider.System, CancellationToken.None);
                if (fate == Fate.Killed) await service.KillAndReplaceWorkerAsync(0);
                else await LoseDatabaseAsync();
                Count++;
            }
            finally
            {
                _one.Release();
            }
        }

        private async Task LoseDatabaseAsync()
        {
            await using var connection = await service.Database.DataSource.OpenConnectionAsync();
            await connection.ExecuteAsync("""
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'MetaAdsJobs.Worker'
                """);
        }
    }
}
