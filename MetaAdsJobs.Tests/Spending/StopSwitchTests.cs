using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Spending;

[TestFixture]
public sealed class StopSwitchTests
{
    private const int Activations = 50;
    private Service _service = null!;
    private ApiClient _client = null!;

    [SetUp]
    public async Task StartAsync()
    {
        // Generous threads: all fifty are between their first and last activating call at the same time.
        _service = await Service.StartAsync(workers: 2, settings: [("WORKER_THREADS", "30"), ("ACCOUNT_DAILY_CAP_CENTS", "off")]);
        _client = _service.Client();
    }

    [TearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _service.DisposeAsync();
    }

    [Test]
    public async Task Stopping_during_fifty_activations_leaves_nothing_active_and_starting_goes_on_with_all()
    {
        var request = Published(await _client.NewRequestAsync());
        var accountId = (string)request["social_account_id"]!;
        var finished = await _client.AcceptAsync(request);
        await _client.UntilAsync(finished, "succeeded");
        var slow = TimeSpan.FromMilliseconds(1500);
        _service.Graph.Faults.Always(call => call["status"] == "ACTIVE", GraphFaults.SlowAfterActing(slow));
        var ids = await Task.WhenAll(Enumerable.Range(0, Activations).Select(_ => _client.AcceptAsync(request)));
        await Eventually.TrueAsync(async () => await ActiveAsync("ad") > Activations / 2, () => "the activations did not begin");

        var stopped = await _client.PostAsync($"/meta/accounts/{accountId}/stop", new JsonObject { ["reason"] = "the budget is gone" });
        Assert.That(stopped.Code, Is.EqualTo(202), stopped.Text);
        var late = await _client.AcceptAsync(request);

        await Eventually.TrueAsync(async () => (long)(await SpendingAsync(accountId))["active"]! == 0, _service.Progress, _service.Logs);
        await _service.GraphDatabase.DataSource.AssertNothingActiveAsync();
        await _service.StopWorkersAsync();
        await _service.GraphDatabase.DataSource.AssertNothingActiveAsync();
        var held = await _client.RunAsync(late);
        Assert.That((string?)held["wait_reason"], Is.EqualTo("stopped by admin@tests: the budget is gone"));
        Assert.That(await _service.GraphDatabase.DataSource.CountEverAsync("campaign"), Is.LessThanOrEqualTo(Activations + 1), "the late one was built");

        _service.Graph.Faults.Clear();
        for (var worker = 0; worker < 2; worker++) await _service.StartWorkerAsync();
        var started = await _client.PostAsync($"/meta/accounts/{accountId}/start");
        Assert.That(started.Code, Is.EqualTo(202), started.Text);
        foreach (var id in ids.Append(late)) Assert.That((string?)(await _client.UntilAsync(id))["status"], Is.EqualTo("succeeded"));
        await Eventually.TrueAsync(async () => await ActiveAsync("campaign") == Activations + 2, _service.Progress, _service.Logs);
        await _service.GraphDatabase.DataSource.AssertEachAsync(Activations + 2);
        Assert.That((long?)(await SpendingAsync(accountId))["active"], Is.EqualTo(Activations + 2));
    }

    [Test]
    public async Task A_stop_of_all_pauses_and_holds_every_account()
    {
        var (one, other) = (Published(await _client.NewRequestAsync()), Published(await _client.NewRequestAsync()));
        foreach (var request in (JsonObject[])[one, other]) await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");

        Assert.That((await _client.PostAsync("/meta/stop")).Code, Is.EqualTo(202));
        await Eventually.TrueAsync(async () => (long)(await _client.GetAsync("/meta/spending")).Json["active"]! == 0, _service.Progress, _service.Logs);

        await _service.GraphDatabase.DataSource.AssertNothingActiveAsync();
        Assert.That((await _client.PostAsync($"/meta/accounts/{(string?)one["social_account_id"]}/start")).Code, Is.EqualTo(409), "one account cannot start alone");
        await _client.UntilAsync(await _client.AcceptAsync(other), "waiting");
        var started = await _client.PostAsync("/meta/start", new JsonObject { ["reactivate"] = false });
        Assert.That((bool?)started.Json["stopped"], Is.False);
        await Eventually.TrueAsync(async () => await ActiveAsync("campaign") == 1, () => "the held one did not go on");
        Assert.That((long?)(await _client.GetAsync("/meta/spending")).Json["paused"], Is.EqualTo(2), "what was paused was to stay paused");
    }

    [Test]
    public async Task What_a_person_paused_archived_or_deleted_is_left_so_and_no_later_start_activates_what_an_earlier_one_left_paused()
    {
        var request = Published(await _client.NewRequestAsync());
        var accountId = (string)request["social_account_id"]!;
        var campaigns = new List<string>();
        for (var i = 0; i < 4; i++)
            campaigns.Add((string)(await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded"))["campaign_creation"]!["campaign_meta_id"]!);
        await SetAsync(campaigns[0], "PAUSED");
        await SetAsync(campaigns[1], "ARCHIVED");
        await SetAsync(campaigns[2], "DELETED");
        _service.Graph.Faults.Always(call => call.Method == "POST" && call.Path == campaigns[1], GraphFaults.Refused(100, 2490445, "Archived", "It cannot be edited."));

        await StopAndStartAsync(accountId, reactivate: true);
        await Eventually.TrueAsync(async () => await ActiveAsync("campaign") == 1, _service.Progress, _service.Logs);
        Assert.That(await StatusAsync(campaigns[0]), Is.EqualTo("PAUSED"));
        await StopAndStartAsync(accountId, reactivate: false);
        await StopAndStartAsync(accountId, reactivate: true);
        await Eventually.TrueAsync(async () => await _service.Database.DataSource.RowsAsync("hangfire.job WHERE statename IN ('Enqueued', 'Processing', 'Scheduled')") == 0,
            _service.Progress, () => "the start has jobs left");
        Assert.That(await ActiveAsync("campaign"), Is.Zero);
    }

    [Test]
    public async Task Room_under_the_cap_is_made_by_pausing_by_hand()
    {
        var request = Published(await _client.NewRequestAsync(account => account["daily_cap_cents"] = 10000));
        var first = await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");
        await SetAsync((string)first["campaign_creation"]!["campaign_meta_id"]!, "PAUSED");
        await using (var longAgo = _service.Database.DataSource.CreateCommand("UPDATE activations SET changed_at = changed_at - interval '1 hour', busy_until = NULL"))
            await longAgo.ExecuteNonQueryAsync();

        await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");
    }

    [Test]
    public async Task Viewers_have_no_hand_on_the_switch_and_an_unknown_account_is_told()
    {
        using var viewer = _service.Client("viewer");
        Assert.That((await viewer.PostAsync("/meta/stop")).Code, Is.EqualTo(403));
        Assert.That((await viewer.PostAsync("/meta/start")).Code, Is.EqualTo(403));
        Assert.That((await viewer.GetAsync("/meta/spending")).Code, Is.EqualTo(200));
        Assert.That((await _client.PostAsync($"/meta/accounts/{Guid.NewGuid()}/stop")).Code, Is.EqualTo(404));
        Assert.That((await _client.PostAsync("/meta/stop", new JsonObject { ["because"] = "x" })).WrongFields, Is.EqualTo((string[])["because"]));
    }

    [Test]
    public async Task A_campaign_over_its_cap_is_refused_and_an_account_over_its_day_waits_until_an_admin_raises_it()
    {
        var request = Published(await _client.NewRequestAsync(account => (account["campaign_cap_cents"], account["daily_cap_cents"]) = (15000, 25000)));
        var accountId = (string)request["social_account_id"]!;
        var over = request.DeepClone().AsObject();
        over["daily_budget_cents"] = 15001;
        var refused = await _client.PostAsync("/meta/orchestrate/run", over);
        Assert.That(refused.Code, Is.EqualTo(422));
        Assert.That(refused.Text, Does.Contain("15001 a day and the cap for one campaign of this account is 15000"));

        foreach (var _ in (int[])[1, 2]) await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");
        var third = await _client.AcceptAsync(request);
        var waiting = await _client.UntilAsync(third, "waiting");
        Assert.That((string?)waiting["wait_reason"], Does.Contain("may spend 20000 a day already").And.Contain("cap of 25000"));
        Assert.That(await ActiveAsync("campaign"), Is.EqualTo(2));

        Assert.That((await _client.PatchAsync($"/meta/accounts/{accountId}", new JsonObject { ["daily_cap_cents"] = 30000 })).Code, Is.EqualTo(200));
        await _client.UntilAsync(third, "succeeded");
        Assert.That(await ActiveAsync("campaign"), Is.EqualTo(3));
    }

    [Test]
    public async Task Ten_at_once_never_exceed_the_accounts_day()
    {
        var request = Published(await _client.NewRequestAsync(account => account["daily_cap_cents"] = 35000));
        var ids = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _client.AcceptAsync(request)));

        await Eventually.TrueAsync(async () => (await Task.WhenAll(ids.Select(_client.RunAsync))).All(run => (string?)run["status"] is "succeeded" or "waiting"), _service.Progress, _service.Unended);
        await Eventually.TrueAsync(async () => await _service.Database.DataSource.RowsAsync("orchestrations WHERE wait_reason LIKE '%its cap of%'") == 7, _service.Progress, _service.Unended);
        Assert.That(await ActiveAsync("campaign"), Is.EqualTo(3));
    }

    private async Task StopAndStartAsync(string accountId, bool reactivate)
    {
        await _client.PostAsync($"/meta/accounts/{accountId}/stop");
        await Eventually.TrueAsync(async () => (long)(await SpendingAsync(accountId))["active"]! == 0, _service.Progress, _service.Logs);
        await _service.GraphDatabase.DataSource.AssertNothingActiveAsync();
        await _client.PostAsync($"/meta/accounts/{accountId}/start", new JsonObject { ["reactivate"] = reactivate });
    }

    private async Task SetAsync(string metaId, string status)
    {
        await using var set = _service.GraphDatabase.DataSource.CreateCommand("UPDATE stub_graph.objects SET status = $2, deleted_at = CASE WHEN $2 = 'DELETED' THEN now() END WHERE id = $1");
        set.Parameters.AddWithValue(metaId);
        set.Parameters.AddWithValue(status);
        await set.ExecuteNonQueryAsync();
    }

    private async Task<string> StatusAsync(string metaId)
    {
        await using var connection = await _service.GraphDatabase.DataSource.OpenConnectionAsync();
        return (await connection.ExecuteScalarAsync<string>("SELECT status FROM stub_graph.objects WHERE id = @metaId", new { metaId }))!;
    }

    private Task<long> ActiveAsync(string kind) => _service.GraphDatabase.DataSource.CountAsync(kind, "ACTIVE");

    private async Task<JsonNode> SpendingAsync(string accountId) => (await _client.GetAsync($"/meta/accounts/{accountId}/spending")).Json;

    private static JsonObject Published(JsonObject request)
    {
        request["auto_publish"] = true;
        return request;
    }
}
