using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

[TestFixture]
public sealed class WaitingTests
{
    private Service _service = null!;
    private ApiClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartAsync();
        _client = _service.Client();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _service.DisposeAsync();
    }

    [Test]
    public async Task A_throttled_account_waits_without_a_call_or_a_retry_while_others_go_on()
    {
        var throttled = await _client.NewRequestAsync(account => account["ad_account_id"] = "act_666");
        var other = await _client.NewRequestAsync();
        // For longer than the test can take on any machine.
        _service.Graph.Faults.Add(call => call.Path == "act_666/adsets" && call.IsCreate, GraphFaults.ThrottledFor(TimeSpan.FromHours(1)));

        var id = await _client.AcceptAsync(throttled);
        var waiting = await _client.UntilAsync(id, "waiting");
        var second = await _client.AcceptAsync(throttled);
        await _client.UntilAsync(second, "waiting");
        var callsSoFar = ThrottledCalls();
        await _client.UntilAsync(await _client.AcceptAsync(other), "succeeded");

        Assert.That((string?)waiting["wait_reason"], Does.Contain("17/2446079"));
        Assert.That((DateTimeOffset?)waiting["next_attempt_at"], Is.GreaterThan(((DateTimeOffset)waiting["started_at"]!).AddMinutes(59)));
        Assert.That(ThrottledCalls(), Is.EqualTo(callsSoFar), "somebody called the throttled account");
        Assert.That(_service.Graph.Calls.Count(call => call.Path == "act_666/campaigns" && call.IsCreate), Is.EqualTo(1), "the second request was told to wait before its first call");

        // The check of its new token comes when it comes.
        int ThrottledCalls() => _service.Graph.Calls.Count(call => call.Path.StartsWith("act_666/", StringComparison.Ordinal));
    }

    [Test]
    public async Task What_was_throttled_goes_on_when_its_time_is_over_without_a_look_or_a_retry()
    {
        var throttled = await _client.NewRequestAsync(account => account["ad_account_id"] = "act_777");
        _service.Graph.Faults.Add(call => call.Path == "act_777/adsets" && call.IsCreate, GraphFaults.ThrottledFor(TimeSpan.FromSeconds(2)));

        var (id, second) = (await _client.AcceptAsync(throttled), await _client.AcceptAsync(throttled));
        var runs = new[] { await _client.UntilAsync(id, "succeeded"), await _client.UntilAsync(second, "succeeded") };

        Assert.That(_service.Graph.Calls.Where(call => call.Method == "GET" && call.Path.Contains("777", StringComparison.Ordinal) && call.Edge == "adsets"), Is.Empty,
            "throttled proves not done: there is nothing to look for");
        Assert.That(runs.Max(run => (int?)run["attempt"]), Is.GreaterThanOrEqualTo(2), "nobody was throttled");
        foreach (var one in (string[])[id, second]) Assert.That(await FailuresAsync(one), Is.Zero, "waiting used up a retry");
        Assert.That(await RetryCountsAsync(), Is.Zero, "Hangfire counted a retry");
    }

    [Test]
    public async Task A_rejected_token_stops_its_account_until_a_new_one_is_given()
    {
        var request = await _client.NewRequestAsync();
        var accountId = (string)request["social_account_id"]!;
        _service.Graph.Faults.Add(call => call.IsCreateOf("adcreatives"), GraphFaults.Refused(190, 463, "Session expired", "Please log in again."));

        var id = await _client.AcceptAsync(request);
        var waiting = await _client.UntilAsync(id, "waiting");
        var account = (await _client.GetAsync($"/meta/accounts/{accountId}")).Json;
        Assert.That((string?)waiting["wait_reason"], Does.Contain("Please log in again."));
        Assert.That((string?)account["token_rejection"], Does.Contain("Please log in again."));

        await _client.PatchAsync($"/meta/accounts/{accountId}", new JsonObject { ["access_token"] = $"{Service.SecretToken}new" });
        var run = await _client.UntilAsync(id, "succeeded");

        Assert.That((bool?)run["overall_success"], Is.True);
        Assert.That((string?)(await _client.GetAsync($"/meta/accounts/{accountId}")).Json["token_rejection"], Is.Null);
    }

    [Test]
    public async Task A_video_is_uploaded_once_for_all_requests_of_a_clip_and_awaited_without_a_worker()
    {
        var request = await _client.NewRequestAsync(clip: new() { ["title"] = "A video", ["video_url"] = "https://cdn.example.com/clip.mp4" });

        var ids = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _client.AcceptAsync(request)));
        var runs = await Task.WhenAll(ids.Select(id => _client.UntilAsync(id, "succeeded")));

        Assert.That(_service.Graph.Calls.Count(call => call.IsCreateOf("advideos")), Is.EqualTo(1));
        var videos = runs.Select(run => (string?)run["steps"]!.AsArray().Single(step => (string?)step!["step"] == "media")!["meta_id"]);
        Assert.That(videos.Distinct().Count(), Is.EqualTo(1));
        Assert.That(await FailuresAsync(ids[0]), Is.Zero);
    }

    [Test]
    public async Task A_video_status_that_nobody_knows_means_not_yet()
    {
        var request = await _client.NewRequestAsync(clip: new() { ["title"] = "A video", ["video_url"] = "https://cdn.example.com/odd.mp4" });
        _service.Graph.Faults.Add(call => call["fields"]?.StartsWith("status", StringComparison.Ordinal) == true, GraphFaults.Says("""{"status":{"video_status":"transmogrifying"},"picture":7}"""));
        _service.Graph.Faults.Add(call => call["fields"]?.StartsWith("status", StringComparison.Ordinal) == true, GraphFaults.Says("""{"status":"ready","picture":null}"""));

        var run = await _client.UntilAsync(await _client.AcceptAsync(request));

        Assert.That(((string?)run["status"], _service.Graph.Faults.Left), Is.EqualTo(("succeeded", 0)), run.ToJsonString());
    }

    [Test]
    public async Task Publishing_activates_ad_then_ad_set_then_campaign_once_all_four_exist()
    {
        var request = await _client.NewRequestAsync();
        request["auto_publish"] = true;
        _service.Graph.ForgetCalls();

        var run = await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");

        var changes = _service.Graph.Calls.Where(call => call.Method == "POST" && call.Edge != "adimages").ToList();
        // Ad set and creative are under way together: either may come first.
        Assert.That(changes.Take(4).Select(call => (call.Edge, call["status"])), Is.EquivalentTo([("campaigns", "PAUSED"), ("adsets", "PAUSED"), ("adcreatives", (string?)null), ("ads", "PAUSED")]));
        Assert.That((changes[0].Edge, changes[3].Edge), Is.EqualTo(("campaigns", "ads")));
        Assert.That(changes.Skip(4).Select(call => (call.Path, call["status"])), Is.EqualTo(((string[])["ad", "adset", "campaign"])
            .Select(kind => ((string)run["campaign_creation"]![$"{kind}_meta_id"]!, "ACTIVE"))));
    }

    [Test]
    public async Task Failing_to_read_the_first_numbers_is_told_and_undoes_nothing()
    {
        var request = await _client.NewRequestAsync();
        _service.Graph.Faults.Add(call => call.Edge == "insights", GraphFaults.Refused(100, userTitle: "Sorry", userMessage: "No report today"));

        var run = await _client.UntilAsync(await _client.AcceptAsync(request));

        Assert.That((string?)run["status"], Is.EqualTo("succeeded"));
        Assert.That((bool?)run["overall_success"], Is.False);
        Assert.That((bool?)run["campaign_creation"]!["success"], Is.True);
        Assert.That((string?)run["insights_sync"]!["error"], Does.Contain("No report today"));
        Assert.That((string?)run["errors"]![0], Does.StartWith("insights_sync: Sorry: No report today"));
    }

    [Test]
    public async Task What_Meta_tells_of_new_campaigns_is_stored_by_one_sync_of_their_account()
    {
        var request = await _client.NewRequestAsync();
        var ids = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => _client.AcceptAsync(request)));
        foreach (var id in ids) Assert.That((int)(await _client.UntilAsync(id, "succeeded"))["insights_sync"]!["insights_synced"]!, Is.EqualTo(7));

        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        var syncs = (await connection.QueryAsync<(DateOnly Since, DateOnly Until, string State, string? JobId)>(
            "SELECT since, until, state, job_id FROM insight_syncs WHERE social_account_id = @Id", new { Id = Guid.Parse((string)request["social_account_id"]!) })).ToList();
        Assert.That(syncs, Is.Not.Empty);
        Assert.That(syncs.Count(sync => sync.State == "queued"), Is.LessThanOrEqualTo(1));
        Assert.That(syncs.Select(sync => sync.Until.DayNumber - sync.Since.DayNumber + 1), Is.All.EqualTo(7));
    }

    private async Task<int> FailuresAsync(string id)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<int>("SELECT failures FROM orchestrations WHERE request_id = @Id", new { Id = Guid.Parse(id) });
    }

    private Task<long> RetryCountsAsync() => _service.Database.DataSource.RowsAsync("hangfire.jobparameter WHERE name = 'RetryCount'");
}
