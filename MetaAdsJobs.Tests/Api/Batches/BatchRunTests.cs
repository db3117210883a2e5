using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Batches;

/// <summary>Batches that are carried out.</summary>
[TestFixture]
public sealed class BatchRunTests
{
    private Service _service = null!;
    private ApiClient _client = null!;
    private JsonObject _request = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _service = await Service.StartAsync(settings: [("BATCH_RUNS_AT_ONCE", "4"), ("WORKER_THREADS", "20")]);

    [OneTimeTearDown]
    public async Task StopAsync() => await _service.DisposeAsync();

    [SetUp]
    public async Task SetUpAsync()
    {
        _client = _service.Client();
        _request = await _client.NewRequestAsync();
    }

    [TearDown]
    public void TearDown()
    {
        _service.Graph.Faults.Clear();
        _service.Graph.Latency = TimeSpan.Zero;
        _client.Dispose();
    }

    [Test]
    public async Task Every_row_ends_once_and_the_file_of_errors_mended_makes_exactly_the_mended_rows()
    {
        _service.Graph.Faults.Always(call => call.IsCreateOf("campaigns") && call["name"]!.StartsWith("Bad", StringComparison.Ordinal), GraphFaults.Refused(100, userTitle: "Not so", userMessage: "The name is bad"));
        var file = BatchWorld.FileOf(Enumerable.Range(1, 12).Select(index => _request.Row($"{index}", row => row["campaign_name"] = index % 4 == 0 ? $"Bad {index}" : $"Good {index}")));

        var batchId = await _client.AcceptBatchAsync(file);
        var batch = await _client.UntilBatchEndsAsync(batchId);

        Assert.That((BatchWorld.Counts(batch), (string?)batch["state"]), Is.EqualTo(("9 created, 3 failed", "completed")));
        var report = await _client.ReportAsync(batchId);
        Assert.That(report.Select(row => (int)row!["row"]!), Is.EqualTo(Enumerable.Range(1, 12)));
        var failed = report[3]!;
        Assert.That(((string?)failed["state"], (string?)failed["errors"]![0]!["field"], failed["errors"]![0]!["rule"]), Is.EqualTo(("failed", "campaign", (JsonNode?)null)), failed.ToJsonString());
        Assert.That((string?)failed["errors"]![0]!["meta"], Does.StartWith("Not so: The name is bad"));
        Assert.That(report.Where(row => (string?)row!["state"] == "created").Select(row => (string?)row!["campaign_meta_id"]), Is.Unique.And.All.Not.Null);
        Assert.That(await CampaignsAsync(), Is.EqualTo(9));

        // The same once more: nothing is made for what is there, nor for what failed and is the same.
        var again = await _client.UntilBatchEndsAsync(await _client.AcceptBatchAsync(file));
        Assert.That(BatchWorld.Counts(again), Is.EqualTo("9 existing, 3 failed"));

        var errors = (await _client.GetAsync($"/meta/batches/{batchId}/report.csv?only=errors")).Text;
        Assert.That(errors.Split("\r\n", StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(4), errors);
        Assert.That(errors, Does.Contain("The name is bad"));
        var mended = await _client.PostCsvAsync(errors.Replace("Bad", "Mended", StringComparison.Ordinal));
        Assert.That((int?)mended.Json["to_create"], Is.EqualTo(3), mended.Text);
        var last = await _client.UntilBatchEndsAsync((string)mended.Json["batch_id"]!);
        Assert.That((BatchWorld.Counts(last), await CampaignsAsync()), Is.EqualTo(("3 created", 12L)));

        foreach (var row in file["rows"]!.AsArray()) row!["campaign_name"] = ((string)row["campaign_name"]!).Replace("Bad", "Mended", StringComparison.Ordinal);
        Assert.That((int?)(await _client.PostBatchAsync(file, "?dry_run=true")).Json["existing"], Is.EqualTo(12));

        // Its place is taken: a retry would make a second ad for one row.
        var retried = await _client.PostAsync($"/meta/orchestrate/runs/{failed["request_id"]}/retry");
        Assert.That(retried.Code, Is.EqualTo(409), retried.Text);
        Assert.That(retried.Text, Does.Contain("has taken its place"));
    }

    [Test]
    public async Task A_paused_batch_lets_no_row_in_until_it_is_resumed_and_a_cancelled_one_ends()
    {
        _service.Graph.Latency = TimeSpan.FromMilliseconds(300);
        var batchId = await _client.AcceptBatchAsync(BatchWorld.FileOf(Enumerable.Range(1, 12).Select(index => _request.Row($"{index}"))));
        await UntilAsync(batchId, "created", 1);

        var paused = await _client.PostAsync($"/meta/batches/{batchId}/pause");
        Assert.That((paused.Code, (string?)paused.Json["state"], (string?)paused.Json["ordered_by"]), Is.EqualTo((202, "paused", "admin@tests")), paused.Text);
        Assert.That((await _client.PostAsync($"/meta/batches/{batchId}/pause")).Code, Is.EqualTo(409));
        await UntilAsync(batchId, "running", 0);
        var waiting = (int)(await _client.BatchAsync(batchId))["batch"]!["counts"]!["waiting"]!;
        Assert.That(waiting, Is.GreaterThan(0));
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        Assert.That((int)(await _client.BatchAsync(batchId))["batch"]!["counts"]!["waiting"]!, Is.EqualTo(waiting));

        Assert.That((await _client.PostAsync($"/meta/batches/{batchId}/resume")).Code, Is.EqualTo(202));
        await UntilAsync(batchId, "waiting", waiting - 1, orLess: true);
        Assert.That((await _client.PostAsync($"/meta/batches/{batchId}/cancel")).Code, Is.EqualTo(202));
        var batch = await _client.UntilBatchEndsAsync(batchId);

        Assert.That(((string?)batch["state"], (int)batch["counts"]!["created"]! + (int)batch["counts"]!["cancelled"]!), Is.EqualTo(("cancelled", 12)), batch.ToJsonString());
        Assert.That((int)batch["counts"]!["cancelled"]!, Is.GreaterThan(0));
        Assert.That(await CampaignsAsync(), Is.EqualTo((long)(int)batch["counts"]!["created"]!), "what was cancelled is undone");
        foreach (var order in (string[])["pause", "resume", "cancel"]) Assert.That((await _client.PostAsync($"/meta/batches/{batchId}/{order}")).Code, Is.EqualTo(409), order);
    }

    /// <summary>As a spreadsheet keeps ids that are numbers.</summary>
    [Test]
    public async Task A_report_whose_row_ids_a_spreadsheet_has_changed_makes_no_ad_a_second_time()
    {
        var batchId = await _client.AcceptBatchAsync(BatchWorld.FileOf(_request.Row("001"), _request.Row("A-2")));
        await _client.UntilBatchEndsAsync(batchId);
        var report = (await _client.GetAsync($"/meta/batches/{batchId}/report.csv")).Text;
        var changed = report.Replace("\n001,", "\n1,", StringComparison.Ordinal);
        Assert.That(changed, Is.Not.EqualTo(report));

        var refused = await _client.PostCsvAsync(changed);
        Assert.That(refused.Code, Is.EqualTo(422), refused.Text);
        Assert.That((string?)refused.Json["rows"]!.AsArray().Single()!["errors"]!["row_id"]![0], Does.StartWith("was 001 when this row was exported"));
        var wrong = (await _client.PostCsvAsync(changed, wantsCsv: true)).Text;
        Assert.That((await _client.PostCsvAsync(wrong)).Code, Is.EqualTo(422), "the file of errors, sent as it is");

        var same = await _client.PostCsvAsync(report);
        Assert.That(((int?)same.Json["to_create"], (int?)same.Json["existing"]), Is.EqualTo((0, 2)), same.Text);
        var run = (string)(await _client.ReportAsync(batchId))[0]!["request_id"]!;
        var another = await _client.PostCsvAsync(changed.Replace(run, "", StringComparison.Ordinal));
        Assert.That(((int?)another.Json["to_create"], (int?)another.Json["existing"]), Is.EqualTo((1, 1)), another.Text);
        await _client.UntilBatchEndsAsync((string)another.Json["batch_id"]!);
    }

    [Test]
    public async Task A_row_that_a_rule_refuses_at_its_turn_is_told_and_made_when_it_is_sent_again()
    {
        _service.Graph.Latency = TimeSpan.FromMilliseconds(300);
        var account = (string)_request["social_account_id"]!;
        var file = BatchWorld.FileOf(Enumerable.Range(1, 10).Select(index => _request.Row($"{index}")));
        var batchId = await _client.AcceptBatchAsync(file);
        await UntilAsync(batchId, "running", 1);
        await _client.PostAsync($"/meta/batches/{batchId}/pause");
        await UntilAsync(batchId, "running", 0);
        await _client.PatchAsync($"/meta/accounts/{account}", new JsonObject { ["campaign_cap_cents"] = 5000 });
        await _client.PostAsync($"/meta/batches/{batchId}/resume");

        var batch = await _client.UntilBatchEndsAsync(batchId);
        var refused = (int)batch["counts"]!["refused"]!;
        Assert.That((refused > 0, (int)batch["counts"]!["created"]! + refused), Is.EqualTo((true, 10)), batch.ToJsonString());
        var row = (await _client.ReportAsync(batchId)).Last()!;
        Assert.That(((string?)row["state"], (string?)row["errors"]![0]!["field"], row["errors"]![0]!["meta"]), Is.EqualTo(("refused", "daily_budget_cents", (JsonNode?)null)), row.ToJsonString());
        Assert.That((string?)row["errors"]![0]!["rule"], Does.Contain("cap for one campaign"));
        await _client.PatchAsync($"/meta/accounts/{account}", new JsonObject { ["campaign_cap_cents"] = null });
        var again = await _client.PostBatchAsync(file);
        Assert.That((int?)again.Json["to_create"], Is.EqualTo(refused), again.Text);
        Assert.That(BatchWorld.Counts(await _client.UntilBatchEndsAsync((string)again.Json["batch_id"]!)), Is.EqualTo($"{refused} created, {10 - refused} existing"));
    }

    [Test]
    public async Task Rows_take_turns_between_accounts_and_let_a_single_request_pass()
    {
        _service.Graph.Latency = TimeSpan.FromMilliseconds(300);
        var small = await _client.NewRequestAsync();
        var others = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _client.NewRequestAsync()));
        // Accounts enough that rows alone hold every thread that they may have.
        var large = await _client.AcceptBatchAsync(BatchWorld.FileOf([.. Enumerable.Range(1, 60).Select(index => _request.Row($"{index}")), .. others.SelectMany((other, account) => Enumerable.Range(1, 20).Select(index => other.Row($"{account} {index}")))]));
        await UntilAsync(large, "created", 4);
        var late = await _client.AcceptBatchAsync(BatchWorld.FileOf(Enumerable.Range(1, 4).Select(index => small.Row($"{index}"))));
        var single = await _client.AcceptAsync(await _client.NewRequestAsync());

        await _client.UntilAsync(single, "succeeded");
        await _client.UntilBatchEndsAsync(late);

        Assert.That((int)(await _client.BatchAsync(large))["batch"]!["counts"]!["waiting"]!, Is.GreaterThan(0), "the large batch, though older, was not done first");
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        var began = await connection.QuerySingleAsync<double>("SELECT extract(epoch FROM started_at - accepted_at)::float8 FROM orchestrations WHERE request_id = @single::uuid", new { single });
        var overtaken = await connection.QuerySingleAsync<long>("SELECT count(*) FROM orchestrations o JOIN orchestrations s ON s.request_id = @single::uuid WHERE o.accepted_at < s.accepted_at AND o.started_at > s.started_at", new { single });
        Assert.That(overtaken, Is.GreaterThan(0), "rows that had waited longer");
        TestContext.Progress.WriteLine($"a single request beside a batch began after {began:0.000} s");
        await _client.PostAsync($"/meta/batches/{large}/cancel");
        await _client.UntilBatchEndsAsync(large);
    }

    private async Task<long> CampaignsAsync()
    {
        await using var connection = await _service.GraphDatabase.DataSource.OpenConnectionAsync();
        var account = (string)(await _client.GetAsync($"/meta/accounts/{_request["social_account_id"]}")).Json["ad_account_id"]!;
        return await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM stub_graph.objects WHERE kind = 'campaign' AND deleted_at IS NULL AND account_id = @account", new { account = account[4..] });
    }

    private Task UntilAsync(string batchId, string state, int count, bool orLess = false) => Eventually.TrueAsync(
        async () => (int)(await _client.BatchAsync(batchId))["batch"]!["counts"]![state]! is var now && (orLess || count == 0 ? now <= count : now >= count), () => $"{state} {count} {_service.Progress()}", _service.Unended);
}
