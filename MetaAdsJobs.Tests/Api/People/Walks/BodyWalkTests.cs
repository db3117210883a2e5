using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Tests.Api.Batches;
using MetaAdsJobs.Tests.Api.Budgets;
using MetaAdsJobs.Tests.Experiments;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.People.Walks;

/// <summary>
/// What <see cref="ScopeWalkTests"/> does with addresses, here with bodies: wherever one names a thing, another client's is answered as one that there is not, word for word.
/// </summary>
[TestFixture]
public sealed class BodyWalkTests
{
    private Service _service = null!;
    private ApiClient _admin = null!;
    private ApiClient _manager = null!;
    private ForeignAccount _foreign = null!;
    private string _mine = "";
    private string _clip = "";
    private PooledCampaigns _pooled = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.ForPages;
        _admin = _service.Client();
        _foreign = await ForeignAccount.AddAsync(_service, _admin);
        _mine = await _admin.AddAccountAsync();
        _manager = (await _service.ProgramAsync(_admin, "manager", $"+{_mine}")).Client;
        _clip = (string)(await _manager.PostAsync("/meta/clips", new JsonObject { ["title"] = "Mine", ["image_url"] = "https://cdn.example.com/mine.jpg" })).Json["id"]!;
        _pooled = await PooledCampaigns.AddAsync(_service.Database.DataSource, _mine, $"own{Guid.NewGuid():N}"[..12], 10, 20);
    }

    [OneTimeTearDown]
    public void Stop()
    {
        _manager.Dispose();
        _admin.Dispose();
    }

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
}
