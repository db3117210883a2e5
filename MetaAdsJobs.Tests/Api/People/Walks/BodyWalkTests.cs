using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Tests.Api.Batches;
using MetaAdsJobs.Tests.Api.Budgets;
using MetaAdsJobs.Tests.Experiments;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.People.Walks;

/// <summary>
/// What <see cref="ScopeWalkTests"/> does with addresses, here with bodies and forms: wherever one names a thing, another client's is answered as one that there is not, word for word, and nothing is done to it. So it is for who
/// may look at the other's account, and change nothing in it.
/// </summary>
[TestFixture(false), TestFixture(true)]
public sealed partial class BodyWalkTests(bool maySee)
{
    private Service _service = null!;
    private ApiClient _admin = null!;
    private ApiClient _manager = null!;
    private ForeignAccount _foreign = null!;
    private string _mail = "";
    private string _mine = "";
    private string _clip = "";
    private string? _before;
    private PooledCampaigns _pooled = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.ForPages;
        _admin = _service.Client();
        _foreign = await ForeignAccount.AddAsync(_service, _admin);
        _mine = await _admin.AddAccountAsync();
        string[] accounts = maySee ? [$"+{_mine}", _foreign.Id] : [$"+{_mine}"];
        (_manager, _mail, _, _, _) = await _service.ProgramAsync(_admin, "manager", accounts);
        _clip = (string)(await _manager.PostAsync("/meta/clips", new JsonObject { ["title"] = "Mine", ["image_url"] = "https://cdn.example.com/mine.jpg" })).Json["id"]!;
        _pooled = await PooledCampaigns.AddAsync(_service.Database.DataSource, _mine, $"own{Guid.NewGuid():N}"[..12], 10, 20);
    }

    [OneTimeTearDown]
    public void Stop()
    {
        _manager.Dispose();
        _admin.Dispose();
    }

    [SetUp]
    public async Task LookAsync() => _before = await ReadAsync();

    [TearDown]
    public async Task NothingOfTheOthersIsMovedAsync() => Assert.That(await ReadAsync(), Is.EqualTo(_before));

    [TestCase("POST /meta/orchestrate/run", "social_account_id", Thing.Account)]
    [TestCase("POST /meta/orchestrate/run", "clip_id", Thing.Clip)]
    [TestCase("POST /meta/orchestrate/run", "cards[0].clip_id", Thing.Clip)]
    [TestCase("POST /meta/orchestrate/run", "placement_media[0].clip_id", Thing.Clip)]
    [TestCase("POST /meta/orchestrate/run", "ad_sets[0].ads[0].clip_id", Thing.Clip)]
    [TestCase("POST /meta/orchestrate/run", "campaign_id", Thing.Campaign)]
    [TestCase("POST /meta/orchestrate/run", "ad_set_id", Thing.AdSet)]
    [TestCase("POST /meta/orchestrate/batch", "social_account_id", Thing.Account)]
    [TestCase("POST /meta/orchestrate/batch", "clip_id", Thing.Clip)]
    [TestCase("POST /meta/freezes", "social_account_id", Thing.Account)]
    [TestCase("POST /meta/webhooks", "account_ids[0]", Thing.Account)]
    [TestCase("PATCH /meta/webhooks/{hook}", "account_ids[0]", Thing.Account)]
    [TestCase("POST /meta/alerts/rules", "account_ids[0]", Thing.Account)]
    [TestCase("POST /meta/alerts/rules/try", "account_ids[0]", Thing.Account)]
    [TestCase("PATCH /meta/alerts/rules/{rule}", "account_ids[0]", Thing.Account)]
    [TestCase("POST /meta/budget-pools", "social_account_id", Thing.Account)]
    [TestCase("POST /meta/budget-pools", "members[0].id", Thing.Campaign)]
    [TestCase("POST /meta/budget-pools/backtest", "members[0].id", Thing.Campaign)]
    [TestCase("PATCH /meta/budget-pools/{pool}", "members[0].id", Thing.Campaign)]
    [TestCase("POST /meta/experiments", "request.social_account_id", Thing.Account)]
    [TestCase("POST /meta/experiments", "request.clip_id", Thing.Clip)]
    [TestCase("POST /meta/experiments", "variants[1].clip_id", Thing.Clip)]
    [TestCase("POST /meta/targeting/reach", "social_account_id", Thing.Account)]
    public async Task Another_clients_thing_is_answered_as_one_that_there_is_not(string call, string field, Thing thing)
    {
        var (method, url) = (call.Split(' ')[0], await UrlAsync(call.Split(' ')[1]));
        var answers = new List<(int Code, string Text)>();
        var random = thing is Thing.Campaign or Thing.AdSet ? new string('z', _foreign.Ids[thing].Length) : $"{Guid.NewGuid()}";
        foreach (var id in (string[])[_foreign.Ids[thing], random])
        {
            var body = BodyOf(url);
            Put(body, field, id);
            answers.Add(await SendAsync(method, url, body, id));
        }

        Assert.That(answers[0].Code, Is.EqualTo(404).Or.EqualTo(422).Or.EqualTo(202), answers[0].Text);
        Assert.That(answers[0], Is.EqualTo(answers[1]));
        Assert.That(answers[0].Text, Does.Not.Contain(_foreign.Mark));
        if (answers[0].Code == 202) Assert.That(url, Is.EqualTo("/meta/orchestrate/batch"), "a batch tells later what is wrong with its rows");
    }

    /// <summary>Else what is refused above might be refused for something else.</summary>
    [TestCase("POST /meta/orchestrate/run")]
    [TestCase("POST /meta/freezes")]
    [TestCase("POST /meta/webhooks")]
    [TestCase("POST /meta/alerts/rules")]
    [TestCase("POST /meta/budget-pools")]
    [TestCase("POST /meta/experiments")]
    public async Task Her_own_is_taken(string call)
    {
        var url = call.Split(' ')[1];
        var answer = await _manager.PostAsync(url, BodyOf(url));
        Assert.That(answer.Code, Is.InRange(200, 202), answer.Text);
        if (url.Contains("pools", StringComparison.Ordinal)) await _manager.SendAsync(HttpMethod.Delete, $"{url}/{answer.Json["id"]}", null);
    }

    /// <summary>What names no account is of all.</summary>
    [TestCase("/meta/freezes", "social_account_id")]
    [TestCase("/meta/webhooks", "account_ids")]
    [TestCase("/meta/alerts/rules", "account_ids")]
    [TestCase("/meta/alerts/rules/try", "account_ids")]
    public async Task What_would_be_of_all_accounts_is_refused(string url, string field)
    {
        var body = BodyOf(url);
        body.Remove(field);
        var made = await MadeAsync();
        var refused = await _manager.PostAsync(url, body);
        Assert.That(refused.Code, Is.EqualTo(422).Or.EqualTo(403), refused.Text);
        Assert.That(await MadeAsync(), Is.EqualTo(made));
    }

    [Test]
    public async Task A_form_that_names_the_account_does_nothing_to_it()
    {
        using var page = await _manager.Http.GetAsync("/console/me");
        var proof = Proof().Match(await page.Content.ReadAsStringAsync()).Groups["value"].Value;
        var cookie = string.Join("; ", page.Headers.GetValues("Set-Cookie").Select(one => one.Split(';')[0]));
        foreach (var (url, fields) in ((string, (string, string)[])[])
                 [
                     ("/console/campaigns/bulk/pause", [("id", _foreign.Ids[Thing.Campaign])]), ("/console/campaigns/bulk/publish", [("id", _foreign.Ids[Thing.Campaign])]),
                     ($"/console/campaigns/bulk/publish?ids={Uri.EscapeDataString(_foreign.Ids[Thing.Campaign])}", [("seen", "x")]), ("/console/campaigns/adopt", [("account", _foreign.Id), ("campaign", "120210000000000001")]),
                     ("/console/runs/bulk/cancel?status=queued", [("up_to", "ffffffff-ffff-7fff-bfff-ffffffffffff"), ("shown", "1000")]), ($"/console/runs/bulk/cancel?status=queued&account={_foreign.Id}", [("up_to", "ffffffff-ffff-7fff-bfff-ffffffffffff"), ("shown", "1000")]),
                     ("/console/runs/bulk/retry?status=failed", [("up_to", "ffffffff-ffff-7fff-bfff-ffffffffffff"), ("shown", "1000")]),
                     ("/console/due", [("social_account_id", _foreign.Id), ("from", "2030-01-01T00:00"), ("until", "2031-01-01T00:00")]), ("/console/due", [("from", "2030-01-01T00:00"), ("until", "2031-01-01T00:00")]),
                     ("/console/alerts/rules/new", [("name", "Mine"), ("metric", "spend"), ("when", "above"), ("threshold", "5"), ("account_ids", _foreign.Id)]), ("/console/webhooks/new", [("url", "https://receiver.invalid/hook"), ("format", "cloudevents"), ("account_ids", _foreign.Id)]),
                     ("/console/budgets/new", [("social_account_id", _foreign.Id), ("name", "Mine"), ("level", "campaign"), ("members", "1\n2")]),
                 ])
        {
            using var form = new FormUrlEncodedContent(fields.Append(("__RequestVerificationToken", proof)).Select(one => KeyValuePair.Create(one.Item1, one.Item2)));
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = form };
            request.Headers.Add("Cookie", cookie);
            using var answer = await _manager.Http.SendAsync(request);
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK).Or.EqualTo(HttpStatusCode.UnprocessableEntity).Or.EqualTo(HttpStatusCode.Found).Or.EqualTo(HttpStatusCode.NotFound).Or.EqualTo(HttpStatusCode.SeeOther), url);
            // Else it would have been refused as no form of ours, whatever it names.
            if (answer.Headers.Location is { } onward) Assert.That(await _manager.Http.GetStringAsync(onward), Does.Not.Contain("The form had expired"), url);
        }

        Assert.That(await MadeAsync(), Is.Zero);
    }

    [Test]
    public async Task What_is_under_way_there_is_in_no_count_of_whoever_may_not_see_it()
    {
        // Somebody who has none under way.
        string[] accounts = maySee ? [_foreign.Id] : [await _admin.AddAccountAsync()];
        var (looking, _, _, _, _) = await _service.ProgramAsync(_admin, "manager", accounts);
        using var client = looking;
        using var page = await client.Http.GetAsync("/console");
        Assert.That(await page.Content.ReadAsStringAsync(), maySee ? Does.Contain("class=\"underway\"") : Does.Not.Contain("class=\"underway\""));
    }

    private JsonObject BodyOf(string url)
    {
        if (url.Contains("/budget-pools", StringComparison.Ordinal)) return _pooled.Body;
        if (url.Contains("/webhooks", StringComparison.Ordinal)) return new() { ["url"] = "https://receiver.invalid/hook", ["account_ids"] = new JsonArray(_mine) };
        if (url.Contains("/alerts/rules", StringComparison.Ordinal)) return new() { ["name"] = "Mine", ["metric"] = "spend", ["when"] = "above", ["threshold"] = 5, ["account_ids"] = new JsonArray(_mine) };
        if (url.Contains("/freezes", StringComparison.Ordinal)) return new() { ["social_account_id"] = _mine, ["from"] = "2040-01-01T00:00:00Z", ["until"] = "2040-01-02T00:00:00Z" };
        if (url.Contains("/experiments", StringComparison.Ordinal)) return ExperimentWorld.Body(Guid.Parse(_mine), Guid.Parse(_clip));
        if (url.Contains("/reach", StringComparison.Ordinal)) return new() { ["social_account_id"] = _mine, ["targeting"] = new JsonObject { ["age_min"] = 20 }, ["optimization_goal"] = "LINK_CLICKS" };
        return ApiClient.Request(_mine, _clip);
    }

    private static void Put(JsonObject body, string field, string id)
    {
        switch (field)
        {
            case "cards[0].clip_id":
                body.Remove("clip_id");
                body["cards"] = new JsonArray([.. ((string[])[id, id]).Select(one => new JsonObject { ["clip_id"] = one, ["title"] = "A card", ["landing_url"] = "https://example.com" })]);
                break;
            case "placement_media[0].clip_id":
                body["placement_media"] = new JsonArray(new JsonObject { ["clip_id"] = id, ["placements"] = new JsonArray("stories") });
                break;
            case "ad_sets[0].ads[0].clip_id":
                body["ad_sets"] = new JsonArray(new JsonObject { ["ads"] = new JsonArray(new JsonObject { ["clip_id"] = id }) });
                break;
            case "account_ids[0]":
                body["account_ids"] = new JsonArray(id);
                break;
            case "members[0].id":
                body["members"]![0]!["id"] = id;
                break;
            case "variants[1].clip_id":
                (body["thing"], body["variants"]) = ("clip", new JsonArray(new JsonObject { ["name"] = "Plain" }, new JsonObject { ["name"] = "Other", ["clip_id"] = id }));
                break;
            case ['r', 'e', 'q', 'u', 'e', 's', 't', '.', .. var inner]:
                body["request"]![inner] = id;
                break;
            default:
                if (field is "campaign_id" or "ad_set_id")
                    foreach (var name in (string[])["campaign_name", "campaign_objective"]) body.Remove(name);
                body[field] = id;
                break;
        }
    }

    /// <returns>The answer with the id, and what tells two answers apart that say the same, put aside.</returns>
    private async Task<(int Code, string Text)> SendAsync(string method, string url, JsonObject body, string id)
    {
        if (url == "/meta/orchestrate/batch")
        {
            var sent = await _manager.PostBatchAsync(BatchWorld.FileOf(body.Row("a row")));
            if (sent.Code != 202) return (sent.Code, Plain(sent.Json, id));
            var batch = sent.Json;
            return (202, Plain((await _manager.GetAsync($"/meta/batches/{batch["batch_id"]}/report")).Json, id));
        }

        var answer = await _manager.SendAsync(new(method), url, body.ToJsonString());
        return (answer.Code, Plain(answer.Json, id));
    }

    private static string Plain(JsonNode told, string id)
    {
        if (told is JsonObject one) one.Remove("trace_id");
        return told.ToJsonString().Replace(id, "X", StringComparison.Ordinal);
    }

    private async Task<string> UrlAsync(string url)
    {
        if (!url.Contains('{', StringComparison.Ordinal)) return url;
        var all = url[..url.IndexOf("/{", StringComparison.Ordinal)];
        var made = await _manager.PostAsync(all, BodyOf(all));
        Assert.That(made.Code, Is.EqualTo(201), made.Text);
        if (all.EndsWith("pools", StringComparison.Ordinal)) _pooled = await PooledCampaigns.AddAsync(_service.Database.DataSource, _mine, $"own{Guid.NewGuid():N}"[..12], 10, 20);
        return $"{all}/{made.Json["id"]}";
    }

    // All that could be done to it, in one text.
    private async Task<string?> ReadAsync()
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<string>("""
            SELECT concat_ws(' ',
                (SELECT string_agg(concat(request_id, status, cancel_requested), ',' ORDER BY request_id) FROM orchestrations WHERE social_account_id = @id),
                (SELECT string_agg(concat(edit_id, kind, state), ',' ORDER BY edit_id) FROM campaign_edits WHERE social_account_id = @id), (SELECT count(*) FROM batch_rows WHERE social_account_id = @id),
                (SELECT count(*) FROM freezes WHERE social_account_id = @id), (SELECT count(*) FROM stops WHERE social_account_id = @id), (SELECT count(*) FROM insight_syncs WHERE social_account_id = @id),
                (SELECT count(*) FROM webhooks WHERE @id = ANY (account_ids)), (SELECT count(*) FROM alert_rules WHERE @id = ANY (account_ids)), (SELECT count(*) FROM budget_pools WHERE social_account_id = @id),
                (SELECT count(*) FROM experiments WHERE social_account_id = @id), (SELECT count(*) FROM recorded_acts WHERE social_account_id = @id), (SELECT updated_at FROM social_accounts WHERE id = @id))
            """, new { id = Guid.Parse(_foreign.Id) });
    }

    // Of hers, what is not of her account alone.
    private async Task<long> MadeAsync()
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>("""
            SELECT (SELECT count(*) FROM freezes WHERE made_by = @mail AND social_account_id IS DISTINCT FROM @mine) + (SELECT count(*) FROM webhooks WHERE created_by = @mail AND account_ids IS DISTINCT FROM ARRAY[@mine])
                + (SELECT count(*) FROM alert_rules WHERE created_by = @mail AND account_ids IS DISTINCT FROM ARRAY[@mine])
            """, new { mail = _mail, mine = Guid.Parse(_mine) });
    }

    [GeneratedRegex("""name="__RequestVerificationToken"[^>]*value="(?<value>[^"]*)""")]
    private static partial Regex Proof();
}
