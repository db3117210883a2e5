using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Crashes;

/// <summary>
/// One of each way to die, from outside and with real processes: proof that the simulation, which searches them all, tells the truth.
/// The matrices and storms are in ./test --long.
/// </summary>
[TestFixture]
public sealed class DeathTests
{
    private Service _service = null!;
    private ApiClient _client = null!;
    private JsonObject _request = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartProcessesAsync(workers: 1, database: await TestDatabase.CreateAsync());
        _client = _service.Client();
        _request = await _client.NewRequestAsync();
        _request["auto_publish"] = true;
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _service.DisposeAsync();
    }

    [Test]
    public async Task A_worker_killed_after_Meta_made_an_object_and_before_its_answer_leaves_one_tree()
    {
        const string Name = "Killed while it creates;";
        _service.Graph.Faults.Add(call => call.IsCreateOf("adsets") && IsOf(call, Name), Kill(acts: true));

        await AssertOneTreeAsync(Name, attempts: 2);
    }

    [Test]
    public async Task A_worker_killed_before_one_deletion_and_after_another_leaves_nothing()
    {
        const string Name = "Killed while it undoes;";
        _service.Graph.Faults.Add(call => call.IsCreateOf("ads") && IsOf(call, Name), GraphFaults.Refused(100));
        _service.Graph.Faults.Add(call => call.Method == "DELETE" && call.Path.StartsWith("META_ADSET_", StringComparison.Ordinal), Kill(acts: true));
        _service.Graph.Faults.Add(call => call.Method == "DELETE" && call.Path.StartsWith("META_CAMPAIGN_", StringComparison.Ordinal), Kill(acts: false));

        var run = await RunAsync(Name);

        Assert.That((string?)run["status"], Is.EqualTo("failed"), run.ToJsonString());
        Assert.That(run["errors"]!.AsArray().Select(error => (string?)error), Has.None.Contains("left at Meta"));
        await JudgeAsync(Name, built: false);
    }

    [Test]
    public async Task A_worker_cut_off_from_the_database_while_Meta_makes_an_object_leaves_one_tree()
    {
        const string Name = "Cut off from the database;";
        long cut = 0;
        _service.Graph.Faults.Add(call => call.IsCreateOf("campaigns") && IsOf(call, Name), async (_, _, act) =>
        {
            await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
            cut = await connection.ExecuteScalarAsync<long>("""
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'MetaAdsJobs.Worker'
                """);
            return await act();
        });

        await AssertOneTreeAsync(Name, attempts: 1);
        Assert.That(cut, Is.Positive);
    }

    [Test]
    public async Task A_create_whose_answer_is_lost_on_its_way_leaves_one_tree()
    {
        const string Name = "Answer lost;";
        _service.Graph.Faults.Add(call => call.IsCreateOf("ads") && IsOf(call, Name), GraphFaults.DropAfterActing);

        await AssertOneTreeAsync(Name, attempts: 2);
    }

    [Test]
    public async Task A_worker_killed_while_it_pauses_leaves_nothing_active()
    {
        const string Name = "Stopped;";
        await AssertOneTreeAsync(Name, attempts: 1);
        var stop = $"/meta/accounts/{_request["social_account_id"]}";
        _service.Graph.Faults.Add(call => call["status"] == "PAUSED" && call.Path.StartsWith("META_CAMPAIGN", StringComparison.Ordinal), Kill(acts: false));

        await _client.PostAsync($"{stop}/stop");
        await Eventually.TrueAsync(async () => (long)(await _client.GetAsync($"{stop}/spending")).Json["active"]! == 0, _service.Progress, _service.Logs);

        Assert.That(_service.Graph.Faults.Left, Is.Zero, "nobody was killed");
        await _service.GraphDatabase.DataSource.AssertNothingActiveAsync();
        await _client.PostAsync($"{stop}/start");
        await Eventually.TrueAsync(async () => await _service.GraphDatabase.DataSource.CountAsync("campaign", "ACTIVE") > 0, _service.Progress, _service.Logs);
    }

    private async Task AssertOneTreeAsync(string name, int attempts)
    {
        var run = await RunAsync(name);
        Assert.That((string?)run["status"], Is.EqualTo("succeeded"), run.ToJsonString());
        Assert.That((int?)run["attempt"], Is.GreaterThanOrEqualTo(attempts), "nothing happened to the first one");
        await JudgeAsync(name, built: true);
    }

    private async Task<JsonNode> RunAsync(string name)
    {
        var request = _request.DeepClone().AsObject();
        request["campaign_name"] = name;
        return await _client.UntilAsync(await _client.AcceptAsync(request));
    }

    private async Task JudgeAsync(string name, bool built)
    {
        Assert.That(_service.Graph.Faults.Left, Is.Zero, "not every death happened");
        var verdict = await CrashVerdict.JudgeAsync(_service.GraphDatabase.DataSource, _service.Graph.Calls, new Dictionary<string, bool> { [name] = built });
        Assert.That((verdict.Duplicates, verdict.Orphans, verdict.EarlyActive), Is.EqualTo((0, 0, 0)), verdict.Row(name));
        Assert.That(await _service.Database.DataSource.RowsAsync($"meta_ads WHERE name LIKE '{name}%'"), Is.EqualTo(built ? 1 : 0));
    }

    private GraphFault Kill(bool acts) => async (_, _, act) =>
    {
        if (acts) await act();
        await _service.KillAndReplaceWorkerAsync(0);
        return null;
    };

    private static bool IsOf(RecordedCall call, string name) => call["name"]?.StartsWith(name, StringComparison.Ordinal) == true;
}
