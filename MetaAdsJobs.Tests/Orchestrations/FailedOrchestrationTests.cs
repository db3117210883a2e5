using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Orchestrations;

[TestFixture]
public sealed class FailedOrchestrationTests
{
    private Service _service = null!;
    private ApiClient _client = null!;
    private JsonObject _request = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartAsync();
        _client = _service.Client();
        _request = await _client.NewRequestAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _service.DisposeAsync();
    }

    [SetUp]
    public void ForgetFaults() => _service.Graph.Faults.Clear();

    [TestCase("campaigns", 0)]
    [TestCase("adsets", 2)]
    [TestCase("adcreatives", 2)]
    [TestCase("ads", 3)]
    public async Task A_create_that_Meta_refuses_undoes_everything_and_tells_what_Meta_says_to_people(string edge, int madeElse)
    {
        var name = $"Refused {edge}";
        _service.Graph.Faults.Always(call => call.IsCreateOf(edge) && Names(call, name), GraphFaults.Refused(100, 1885272, "Budget too low", "Raise the budget."));

        var run = await _client.UntilAsync(await _client.AcceptAsync(Named(name)));

        Assert.That((string?)run["status"], Is.EqualTo("failed"), run.ToJsonString());
        Assert.That((bool?)run["overall_success"], Is.False);
        Assert.That((string?)run["errors"]![0], Does.StartWith("Budget too low: Raise the budget."));
        Assert.That((string?)run["campaign_creation"]!["error"], Is.EqualTo((string?)run["errors"]![0]));
        Assert.That(Calls(name).Count(call => call.IsCreateOf(edge)), Is.EqualTo(1), "a refusal is not repeated");
        Assert.That(States(run, "deleted"), Is.EqualTo(madeElse));
        await AssertNothingLeftAsync();
    }

    [Test]
    public async Task A_final_transaction_that_fails_for_good_leaves_no_row_and_nothing_at_Meta()
    {
        const string Name = "Unwritable";
        await ExecuteAsync("""
            CREATE FUNCTION refuse_ad() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.name LIKE 'Unwritable%' THEN RAISE 'no ads today'; END IF; RETURN NEW; END $$;
            CREATE TRIGGER refuse_ad BEFORE INSERT ON meta_ads FOR EACH ROW EXECUTE FUNCTION refuse_ad();
            """);
        _service.Graph.ForgetCalls();

        var run = await _client.UntilAsync(await _client.AcceptAsync(Named(Name)));

        Assert.That((string?)run["status"], Is.EqualTo("failed"), run.ToJsonString());
        Assert.That((string?)run["errors"]![0], Does.Contain("no ads today").And.Contain("4 attempts"), "MAX_RETRIES is 3");
        Assert.That(States(run, "deleted"), Is.EqualTo(4));
        Assert.That(Calls(Name).Count(call => call.IsCreate), Is.EqualTo(4), "what existed was not made again by the retries");
        Assert.That(Deletions(), Is.EqualTo(["ad", "creative", "adset", "campaign"]), "reverse order");
        await AssertNothingLeftAsync();
    }

    [Test]
    public async Task An_object_that_Meta_will_not_delete_is_named_for_a_person_and_the_rest_is_undone()
    {
        const string Name = "Sticky";
        _service.Graph.Faults.Always(call => call.IsCreateOf("ads") && Names(call, Name), GraphFaults.Refused(100));
        _service.Graph.Faults.Always(call => call.Method == "DELETE" && call.Path.StartsWith("META_CREATIVE", StringComparison.Ordinal), GraphFaults.Refused(200, userMessage: "Not yours to delete"));

        var run = await _client.UntilAsync(await _client.AcceptAsync(Named(Name)));

        var creative = run["steps"]!.AsArray().Single(step => (string?)step!["step"] == "creative")!;
        Assert.That((string?)creative["state"], Is.EqualTo("left"));
        Assert.That(run["errors"]!.AsArray().Select(error => (string?)error), Has.Some.Contains($"left at Meta, delete it by hand: creative {(string?)creative["meta_id"]}"));
        Assert.That(States(run, "deleted"), Is.EqualTo(2), run.ToJsonString());

        _service.Graph.Faults.Clear();
        Assert.That((await _client.PostAsync($"/meta/orchestrate/runs/{(string?)run["request_id"]}/retry")).Code, Is.EqualTo(202));
        var again = await _client.UntilAsync((string)run["request_id"]!, "succeeded");
        Assert.That((string?)again["campaign_creation"]!["creative_meta_id"], Is.EqualTo((string?)creative["meta_id"]), "what was left is used again");
        await CleanAsync();
    }

    [Test]
    public async Task A_retry_of_a_failed_run_builds_a_new_tree_with_new_markers()
    {
        const string Name = "Second try";
        _service.Graph.Faults.Add(call => call.IsCreateOf("ads") && Names(call, Name), GraphFaults.Refused(100));
        var id = await _client.AcceptAsync(Named(Name));
        await _client.UntilAsync(id, "failed");

        await _client.PostAsync($"/meta/orchestrate/runs/{id}/retry");
        var run = await _client.UntilAsync(id, "succeeded");

        Assert.That((bool?)run["overall_success"], Is.True, run.ToJsonString());
        Assert.That(run["errors"]!.AsArray(), Is.Empty);
        var campaigns = Calls(Name).Where(call => call.IsCreateOf("campaigns")).Select(call => call["name"]).ToList();
        Assert.That(campaigns, Has.Count.EqualTo(2).And.Unique);
        await CleanAsync();
    }

    [Test]
    public async Task A_cancelled_run_stops_before_the_next_step_and_undoes()
    {
        const string Name = "Stop it";
        var (creating, cancelled) = (new TaskCompletionSource(), new TaskCompletionSource());
        _service.Graph.Faults.Add(call => call.IsCreateOf("adsets") && Names(call, Name), async (_, _, act) =>
        {
            creating.SetResult();
            await cancelled.Task;
            return await act();
        });
        var id = await _client.AcceptAsync(Named(Name));
        await creating.Task;
        Assert.That((await _client.PostAsync($"/meta/orchestrate/runs/{id}/cancel")).Code, Is.EqualTo(202));
        cancelled.SetResult();

        var run = await _client.UntilAsync(id);

        Assert.That((string?)run["status"], Is.EqualTo("cancelled"), run.ToJsonString());
        Assert.That(Calls(Name).Where(call => call.IsCreate).Select(call => call.Edge), Is.EquivalentTo(["campaigns", "adsets", "adcreatives"]), "what was under way together, and no ad");
        Assert.That((await _client.PostAsync($"/meta/orchestrate/runs/{id}/retry")).Code, Is.EqualTo(409));
        await AssertNothingLeftAsync();
    }

    private JsonObject Named(string name)
    {
        var request = _request.DeepClone().AsObject();
        request["campaign_name"] = name;
        return request;
    }

    private static bool Names(RecordedCall call, string name) => call["name"]?.StartsWith(name, StringComparison.Ordinal) == true;

    private IEnumerable<RecordedCall> Calls(string name) => _service.Graph.Calls.Where(call => Names(call, name));

    private IEnumerable<string> Deletions() => _service.Graph.Calls.Where(call => call.Method == "DELETE").Select(call => call.Path.Split('_')[1].ToLowerInvariant());

    private static int States(JsonNode run, string state) => run["steps"]!.AsArray().Count(step => (string?)step!["state"] == state);

    private async Task AssertNothingLeftAsync()
    {
        await _service.GraphDatabase.DataSource.AssertEachAsync(0);
        await _service.Database.DataSource.AssertEntityRowsAsync(0);
    }

    private Task CleanAsync() => ExecuteAsync("UPDATE stub_graph.objects SET deleted_at = now() WHERE kind <> 'image'; TRUNCATE meta_campaigns CASCADE; TRUNCATE meta_creatives CASCADE");

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _service.Database.DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
