using System.Globalization;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Api.Batches;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Crashes;

/// <summary>A large batch under faults, its workers killed again and again; BATCH_ROWS and BATCH_KILLS set how large, 1000 and 50 by default.</summary>
[TestFixture, Long, NonParallelizable]
public sealed class KilledBatchTests
{
    private const int Accounts = 10;
    private const double FaultRate = 0.1;

    [Test]
    public async Task Every_row_has_one_end_whatever_dies_and_the_file_makes_nothing_twice()
    {
        var (count, most) = (Setting("BATCH_ROWS", 1000), Setting("BATCH_KILLS", 50));
        await using var service = await Service.StartProcessesAsync(workers: 2, database: await TestDatabase.CreateAsync(), ("WORKER_THREADS", "20"), ("ACCOUNT_DAILY_CAP_CENTS", "off"));
        using var client = service.Client();
        var sample = await client.NewRequestAsync();
        var accounts = await Task.WhenAll(Enumerable.Range(0, Accounts).Select(_ => client.AddAccountAsync()));
        bool IsBad(int row) => row % 20 == 7;
        service.Graph.Faults.Always(call => call.IsCreateOf("adsets") && call["name"]!.Contains("Bad", StringComparison.Ordinal), GraphFaults.Refused(100, userTitle: "Not so", userMessage: "The audience is bad"));
        service.Graph.Faults.Always(_ => Random.Shared.NextDouble() < FaultRate, (server, http, act) => CrashCase.Faults[Random.Shared.Next(CrashCase.Faults.Length)].Fault(server, http, act));
        var file = BatchWorld.FileOf(Enumerable.Range(1, count).Select(row => sample.Row($"row {row}", one =>
            (one["social_account_id"], one["campaign_name"], one["auto_publish"]) = (accounts[row % Accounts], string.Create(CultureInfo.InvariantCulture, $"{(IsBad(row) ? "Bad" : "Good")} {row};"), row % 2 == 0))));

        using var over = new CancellationTokenSource();
        var killer = KillNowAndThenAsync(service, most, over.Token);
        var batchId = await client.AcceptBatchAsync(file);
        var batch = await client.UntilBatchEndsAsync(batchId);
        var report = await client.ReportAsync(batchId);
        await over.CancelAsync();
        var kills = await killer;

        Assert.That(report.Select(row => (int)row!["row"]!), Is.EqualTo(Enumerable.Range(1, count)), "none lost, none twice");
        Assert.That(report.Select(row => (string?)row!["state"]).Distinct(), Is.SubsetOf((string[])["created", "failed"]));
        Assert.That(report.Where(row => IsBad((int)row!["row"]!)).Select(row => (string?)row!["state"]), Is.All.EqualTo("failed"));
        var created = report.Count(row => (string?)row!["state"] == "created");
        await AssertAtMetaAsync(service, report);
        TestContext.Progress.WriteLine($"{count} rows over {Accounts} accounts: {BatchWorld.Counts(batch)}; {service.Graph.Calls.Count} calls, one in ten faulty, {kills} workers killed");

        service.Graph.Faults.Clear();
        Assert.That((int?)(await client.PostBatchAsync(file)).Json["to_create"], Is.Zero);
        var errors = (await client.GetAsync($"/meta/batches/{batchId}/report.csv?only=errors")).Text;
        var mended = await client.PostCsvAsync(errors.Replace("Bad", "Mended", StringComparison.Ordinal).Replace("Good", "Mended", StringComparison.Ordinal));
        Assert.That((int?)mended.Json["to_create"], Is.EqualTo(count - created), mended.Text);
        var last = await client.UntilBatchEndsAsync((string)mended.Json["batch_id"]!);
        Assert.That((int)last["counts"]!["created"]!, Is.EqualTo(count - created), last.ToJsonString());
        await AssertAtMetaAsync(service, [.. report.Where(row => (string?)row!["state"] == "created"), .. await client.ReportAsync((string)mended.Json["batch_id"]!)]);
        Assert.That(await service.Database.DataSource.RowsAsync("orchestrations"), Is.EqualTo(count + count - created), "one run for each row that was let in");
    }

    private static async Task AssertAtMetaAsync(Service service, IEnumerable<JsonNode?> report)
    {
        var created = report.Where(row => (string?)row!["state"] == "created").Select(row => (string)row!["campaign_meta_id"]!).ToList();
        await using var connection = await service.GraphDatabase.DataSource.OpenConnectionAsync();
        var alive = await connection.QueryAsync<string>("SELECT id FROM stub_graph.objects WHERE kind = 'campaign' AND deleted_at IS NULL");
        Assert.That(alive, Is.EquivalentTo(created), "campaigns at Meta and rows that are created");
        await service.GraphDatabase.DataSource.AssertEachAsync(created.Count);
    }

    private static async Task<int> KillNowAndThenAsync(Service service, int most, CancellationToken over)
    {
        var kills = 0;
        try
        {
            while (kills < most)
            {
                await Task.Delay(TimeSpan.FromSeconds(1 + (Random.Shared.NextDouble() * 4)), TimeProvider.System, over);
                await service.KillAndReplaceWorkerAsync(kills++ % 2);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // Everything has ended.
        }

        return kills;
    }

    private static int Setting(string name, int usual) => int.Parse(Environment.GetEnvironmentVariable(name) ?? $"{usual}", CultureInfo.InvariantCulture);
}
