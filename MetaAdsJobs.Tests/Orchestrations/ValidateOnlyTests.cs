using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.StubGraph;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

[TestFixture]
public sealed class ValidateOnlyTests
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

    [SetUp]
    public void Forget()
    {
        _service.Graph.Faults.Clear();
        _service.Graph.ForgetCalls();
    }

    [Test]
    public async Task In_an_empty_account_only_account_and_campaign_can_be_checked_and_nothing_is_made()
    {
        var request = await NewRequestAsync();
        request["auto_publish"] = true;

        var run = await _client.UntilAsync(await _client.AcceptAsync(request));

        Assert.That(Findings(run), Is.EqualTo((string[])
        [
            "account ok", "campaign ok", "adset not checked: Meta needs an existing campaign", "creative not checked: the clip is not at Meta yet",
            "ad not checked: Meta needs an existing ad set and creative",
        ]));
        Assert.That((string?)run["status"], Is.EqualTo("succeeded"), run.ToJsonString());
        Assert.That((bool?)run["overall_success"], Is.True);
        Assert.That((bool?)run["campaign_creation"]!["success"], Is.False);
        Assert.That(run["campaign_creation"]!["campaign_meta_id"], Is.Null);
        Assert.That(run["insights_sync"], Is.Null);
        Assert.That(run["errors"]!.AsArray(), Is.Empty);
        Assert.That(run["steps"]!.AsArray().Select(step => $"{step!["step"]} {step["state"]}"), Is.EqualTo(["validate confirmed"]));
        await AssertNothingMadeAsync(request);
    }

    [TestCase(null)]
    [TestCase("video_url")]
    [TestCase("video_id")]
    public async Task Where_an_ad_of_ours_exists_everything_is_checked(string? source)
    {
        var clip = source is null ? null : new JsonObject { ["title"] = "A video", [source] = source == "video_id" ? "120210000000000001" : "https://cdn.example.com/clip.mp4" };
        var request = await _client.NewRequestAsync(clip: clip);
        await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");
        var made = await EverMadeAsync();
        _service.Graph.ForgetCalls();
        request["validate_only"] = true;

        var run = await _client.UntilAsync(await _client.AcceptAsync(request));

        Assert.That(Findings(run), Is.EqualTo((string[])["account ok", "campaign ok", "adset ok", "creative ok", "ad ok"]), run.ToJsonString());
        Assert.That(await EverMadeAsync(), Is.EqualTo(made));
        Assert.That(Posts().Select(call => call.Edge), Is.EqualTo(["campaigns", "adsets", "adcreatives", "ads"]));
        Assert.That(Posts().Where(call => !call.IsOnlyChecking), Is.Empty);
        Assert.That(await _service.Database.DataSource.RowsAsync($"meta_campaigns WHERE request_id = '{(string?)run["request_id"]}'"), Is.Zero);
    }

    [Test]
    public async Task Everything_of_an_ad_set_is_checked_as_it_is_made()
    {
        var request = SentCase.Merged((await _client.NewRequestAsync()).ToJsonString(), $$"""
            {"campaign_objective":"OUTCOME_LEADS","optimization_goal":"LEAD_GENERATION","lead_gen_form_id":"5000000001","landing_url":null,"attribution_spec":[{"event_type":"CLICK_THROUGH","window_days":7}],
             "daily_budget_cents":null,"lifetime_budget_cents":500000,"end_time":"{{SentCases.NextYear}}-02-01T00:00:00Z","adset_schedule":[{"start_minute":0,"end_minute":60,"days":[1]}],
             "targeting":{"age_range":[30,40],"targeting_automation":{"advantage_audience":1} } }
            """);
        await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");
        request["validate_only"] = true;

        Assert.That(Findings(await _client.UntilAsync(await _client.AcceptAsync(request))), Is.EqualTo((string[])["account ok", "campaign ok", "adset ok", "creative ok", "ad ok"]));

        foreach (var edge in (string[])["adsets", "adcreatives"])
        {
            var (made, check) = (Posts().Single(call => call.IsCreateOf(edge)), Posts().Single(call => call.Edge == edge && call.IsOnlyChecking));
            Assert.That(Fields(check), Is.EqualTo(Fields(made)), edge);
        }

        static IEnumerable<string> Fields(RecordedCall call) => call.Parameters.Where(one => one.Key is not ("name" or "execution_options")).Select(one => $"{one.Key}={one.Value}").Order();
    }

    [Test]
    public async Task Each_kind_of_creative_is_checked_as_soon_as_all_its_clips_are_at_Meta()
    {
        var request = await NewRequestAsync();
        var video = (string)(await _client.PostAsync("/meta/clips", new JsonObject { ["title"] = "A video", ["video_id"] = "7" })).Json["id"]!;
        request["ad_sets"] = JsonNode.Parse($$"""
            [{"ads":[{"post_id":"555"},{"cards":[{"title":"A"},{"clip_id":"{{video}}","title":"B"}]},{"clip_id":"{{video}}","titles":["A","B"]},
                {"clip_id":"{{video}}","placement_media":[{"placements":["stories"],"clip_id":"{{video}}"}]}]}]
            """);

        var before = await _client.UntilAsync(await _client.AcceptAsync(request));
        request.Remove("validate_only");
        await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");
        request["validate_only"] = true;
        var after = await _client.UntilAsync(await _client.AcceptAsync(request));

        Assert.That(Findings(before).Where(finding => finding.StartsWith("creative", StringComparison.Ordinal)), Is.EqualTo((string[])
            ["creative ok", "creative:1.2 not checked: some of the clips are not at Meta yet", "creative:1.3 ok", "creative:1.4 ok"]));
        Assert.That(Findings(after), Is.All.EndsWith(" ok"), after.ToJsonString());
    }

    [Test]
    public async Task Every_refusal_is_told_and_a_retry_asks_again()
    {
        var request = await NewRequestAsync();
        request.Remove("validate_only");
        await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");
        request["validate_only"] = true;
        request["campaign_name"] = "All wrong";
        var made = await EverMadeAsync();
        foreach (var edge in (string[])["campaigns", "adcreatives", "ads"])
            _service.Graph.Faults.Always(call => call.Edge == edge && call.IsOnlyChecking, GraphFaults.Refused(100, 1885000, $"Bad {edge}", "Mend it."));

        var id = await _client.AcceptAsync(request);
        var run = await _client.UntilAsync(id);

        Assert.That((string?)run["status"], Is.EqualTo("failed"), run.ToJsonString());
        Assert.That((bool?)run["overall_success"], Is.False);
        Assert.That(Findings(run).Select(finding => finding.Split('(')[0].Trim()), Is.EqualTo((string[])
            ["account ok", "campaign refused: Bad campaigns: Mend it.", "adset ok", "creative refused: Bad adcreatives: Mend it.", "ad refused: Bad ads: Mend it."]));
        Assert.That(run["errors"]!.AsArray().Select(error => ((string)error!).Split('(')[0].Trim()), Is.EqualTo((string[])
            ["campaign: Bad campaigns: Mend it.", "creative: Bad adcreatives: Mend it.", "ad: Bad ads: Mend it."]));
        Assert.That(_service.Graph.Calls.Where(call => call.Method == "DELETE"), Is.Empty, "there is nothing to undo");

        _service.Graph.Faults.Clear();
        Assert.That((await _client.PostAsync($"/meta/orchestrate/runs/{id}/retry")).Code, Is.EqualTo(202));
        var again = await _client.UntilAsync(id, "succeeded");
        Assert.That(Findings(again), Is.All.EndsWith("ok"));
        Assert.That((bool?)again["overall_success"], Is.True);
        Assert.That(again["errors"]!.AsArray(), Is.Empty);
        Assert.That(await EverMadeAsync(), Is.EqualTo(made));
    }

    [Test]
    public async Task An_account_that_is_another_at_Meta_than_here_is_told()
    {
        var request = await NewRequestAsync(account => account["ad_account_id"] = "act_5550001");
        request["daily_budget_cents"] = 99;
        await using (var connection = await _service.GraphDatabase.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("INSERT INTO stub_graph.ad_accounts VALUES ('5550001', 'Elsewhere', 'JPY', 'Asia/Tokyo')");
        _service.Graph.Faults.Add(call => call.Path == "act_5550001", async (_, _, act) =>
        {
            var answer = (await act())!;
            var account = JsonNode.Parse(answer.Body.Span)!;
            Assert.That((int?)account["account_status"], Is.EqualTo(1));
            account["account_status"] = 2;
            return answer with { Body = System.Text.Encoding.UTF8.GetBytes(account.ToJsonString()) };
        });

        var run = await _client.UntilAsync(await _client.AcceptAsync(request), "failed");

        Assert.That(Findings(run), Is.SupersetOf((string[])
        [
            "account refused: the ad account is disabled at Meta", "account refused: its currency is JPY at Meta and USD here",
            "account refused: its time zone is Asia/Tokyo at Meta and America/New_York here",
            "account refused: Meta's minimum for a day is 100 hundredths of USD; the budget comes to 99", "campaign ok",
        ]), run.ToJsonString());
    }

    [Test]
    public async Task Stand_ins_that_are_gone_from_Meta_are_no_refusal()
    {
        var request = await NewRequestAsync();
        request.Remove("validate_only");
        var built = await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");
        await using (var connection = await _service.GraphDatabase.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("UPDATE stub_graph.objects SET deleted_at = now() WHERE id = ANY(@Ids)", new
            {
                Ids = ((string[])["campaign", "adset", "ad"]).Select(kind => (string)built["campaign_creation"]![$"{kind}_meta_id"]!).ToArray(),
            });
        request["validate_only"] = true;

        var run = await _client.UntilAsync(await _client.AcceptAsync(request));

        Assert.That(Findings(run), Is.EqualTo((string[])
            ["account ok", "campaign ok", "adset not checked: Meta needs an existing campaign", "creative ok", "ad not checked: Meta needs an existing ad set and creative"]));
        Assert.That((string?)run["status"], Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task What_the_Graph_itself_refuses_is_found()
    {
        var request = await NewRequestAsync();
        request.Remove("validate_only");
        await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");
        request["validate_only"] = true;
        request["daily_budget_cents"] = 50;

        var run = await _client.UntilAsync(await _client.AcceptAsync(request), "failed");

        Assert.That(Findings(run), Has.Some.StartsWith("adset refused: Budget is too low"));
        Assert.That(Findings(run), Does.Contain("creative ok"));
    }

    [TestCase("campaigns")]
    [TestCase("adcreatives")]
    public async Task A_check_whose_answer_is_lost_is_asked_again(string edge)
    {
        var request = await _client.NewRequestAsync(clip: new() { ["title"] = "A clip", ["video_id"] = "120210000000000009" });
        request["validate_only"] = true;
        _service.Graph.Faults.Add(call => call.Method == "POST" && call.Edge == edge, GraphFaults.DropAfterActing);

        var run = await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");

        Assert.That((bool?)run["overall_success"], Is.True);
        Assert.That(Posts().Count(call => call.Edge == edge), Is.EqualTo(2));
        await AssertNothingMadeAsync(request);
    }

    [Test]
    public async Task A_check_that_Meta_answers_with_an_id_is_told_loudly()
    {
        var request = await NewRequestAsync();
        _service.Graph.Faults.Add(call => call.Edge == "campaigns", (_, _, _) => Task.FromResult<StubAnswer?>(new StubAnswer(200, """{"id":"120219999"}"""u8.ToArray())));

        var run = await _client.UntilAsync(await _client.AcceptAsync(request), "failed");

        Assert.That((string?)run["errors"]![0], Does.Contain("it may have created 120219999"));
    }

    [Test]
    public async Task A_token_that_is_rejected_keeps_a_check_waiting_for_a_new_one()
    {
        var request = await NewRequestAsync(account => account["ad_account_id"] = "act_5550002");
        _service.Graph.Faults.Add(call => call.Path == "act_5550002", GraphFaults.Refused(190, 463, "Session expired", "Log in."));
        var id = await _client.AcceptAsync(request);
        await _client.UntilAsync(id, "waiting");
        await _client.PatchAsync($"/meta/accounts/{(string)request["social_account_id"]!}", new JsonObject { ["access_token"] = $"{Service.SecretToken}new" });

        Assert.That((bool?)(await _client.UntilAsync(id, "succeeded"))["overall_success"], Is.True);
    }

    private async Task<JsonObject> NewRequestAsync(Action<JsonObject>? account = null)
    {
        var request = await _client.NewRequestAsync(account);
        request["validate_only"] = true;
        return request;
    }

    private IEnumerable<RecordedCall> Posts() => _service.Graph.Calls.Where(call => call.Method == "POST");

    private async Task AssertNothingMadeAsync(JsonObject request)
    {
        Assert.That(Posts().Where(call => !call.IsOnlyChecking), Is.Empty);
        Assert.That(await _service.Database.DataSource.RowsAsync($"meta_campaigns WHERE social_account_id = '{(string?)request["social_account_id"]}'"), Is.Zero);
        Assert.That(await _service.Database.DataSource.RowsAsync($"meta_changes WHERE social_account_id = '{(string?)request["social_account_id"]}'"), Is.Zero, "a check is no change");
        Assert.That(await _service.Database.DataSource.RowsAsync($"clip_images WHERE clip_id = '{(string?)request["clip_id"]}'"), Is.Zero);
    }

    private Task<long> EverMadeAsync() => _service.GraphDatabase.DataSource.RowsAsync("stub_graph.objects");

    private static IEnumerable<string> Findings(JsonNode run) => run["validation"]!.AsArray().Select(finding => (bool)finding!["checked"]!
        ? (bool)finding["ok"]! ? $"{finding["object"]} ok" : $"{finding["object"]} refused: {finding["error"]}"
        : finding["ok"] is null ? $"{finding["object"]} {finding["error"]}" : "an object that was not checked is neither right nor wrong");
}
