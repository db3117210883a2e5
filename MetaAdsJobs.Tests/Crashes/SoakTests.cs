using System.Globalization;
using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Crashes;

/// <summary>Hours of bad luck in minutes; SOAK_ORCHESTRATIONS sets how many, 1000 by default.</summary>
[TestFixture, Long, NonParallelizable]
public sealed class SoakTests
{
    private const int Accounts = 20;
    private const double FaultRate = 0.1;

    [Test]
    public async Task A_thousand_orchestrations_over_twenty_accounts_survive_random_faults_and_random_kills()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("SOAK_ORCHESTRATIONS") ?? "1000", CultureInfo.InvariantCulture);
        await using var service = await Service.StartProcessesAsync(workers: 2, database: await TestDatabase.CreateAsync(), ("WORKER_THREADS", "20"), ("ACCOUNT_DAILY_CAP_CENTS", "off"));
        using var client = service.Client();
        var sample = await client.NewRequestAsync();
        var accounts = await Task.WhenAll(Enumerable.Range(0, Accounts).Select(_ => client.AddAccountAsync()));
        service.Graph.Faults.Always(_ => Random.Shared.NextDouble() < FaultRate, (server, http, act) =>
            CrashCase.Faults[Random.Shared.Next(CrashCase.Faults.Length)].Fault(server, http, act));

        using var over = new CancellationTokenSource();
        var killer = KillNowAndThenAsync(service, over.Token);
        var names = new Dictionary<string, string>();
        foreach (var index in Enumerable.Range(0, count))
        {
            var request = sample.DeepClone().AsObject();
            var name = string.Create(CultureInfo.InvariantCulture, $"Soak {index};");
            (request["social_account_id"], request["campaign_name"], request["auto_publish"]) = (accounts[index % Accounts], name, index % 2 == 0);
            names[name] = await client.AcceptAsync(request);
        }

        await Eventually.TrueAsync(async () => await service.Database.DataSource.RowsAsync("orchestrations WHERE status IN ('queued', 'running', 'waiting')") == 0,
            service.Progress, service.Unended);
        await over.CancelAsync();
        var kills = await killer;
        service.Graph.Faults.Clear();

        var built = new Dictionary<string, bool>();
        foreach (var (name, id) in names) built[name] = (string?)(await client.RunAsync(id))["status"] == "succeeded";
        var verdict = await CrashVerdict.JudgeAsync(service.GraphDatabase.DataSource, service.Graph.Calls, built);
        TestContext.Progress.WriteLine(CrashVerdict.Header);
        TestContext.Progress.WriteLine(verdict.Row($"soak, {kills} kills, {service.Graph.Calls.Count} calls, one in ten faulty"));
        Assert.That((verdict.Duplicates, verdict.Orphans, verdict.EarlyActive), Is.EqualTo((0, 0, 0)));
        Assert.That(verdict.Built, Is.GreaterThan(count * 9 / 10), "most of them are to be built all the same");
        await service.Database.DataSource.AssertEntityRowsAsync(verdict.Built);
    }

    private static async Task<int> KillNowAndThenAsync(Service service, CancellationToken over)
    {
        var kills = 0;
        try
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromSeconds(1 + (Random.Shared.NextDouble() * 8)), TimeProvider.System, over);
                await service.KillAndReplaceWorkerAsync(kills++ % 2);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            return kills;
        }
    }
}
