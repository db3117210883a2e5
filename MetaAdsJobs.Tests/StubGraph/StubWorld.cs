using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.StubGraph;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace MetaAdsJobs.Tests.StubGraph;

/// <summary>A stub Graph on a database that nobody else uses meanwhile, with a clock the test turns, and calls that are good unless a test spoils them.</summary>
internal sealed class StubWorld : IAsyncDisposable
{
    public const string Account = "act_1234567890";
    public const string Targeting = """
        {"geo_locations":{"countries":["US"]},"age_min":18,"age_max":65,"genders":[1,2],"publisher_platforms":["facebook"],"targeting_automation":{"advantage_audience":0}}
        """;

    // A hundred tests want a world each: emptying one takes less than making one.
    private static readonly ConcurrentBag<TestDatabase> Empty = [];
    private readonly TestDatabase _database;

    private StubWorld(TestDatabase database)
    {
        _database = database;
        Graph = new StubGraphApi(database.DataSource, Time);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 22, 9, 0, 0, TimeSpan.Zero));

    public StubGraphApi Graph { get; }

    public NpgsqlDataSource DataSource => _database.DataSource;

    public static async Task<StubWorld> CreateAsync() => new(Empty.TryTake(out var database) ? database : await TestDatabase.CreateAsync());

    public async ValueTask DisposeAsync()
    {
        await using (var empty = DataSource.CreateCommand("TRUNCATE stub_graph.objects, stub_graph.uploads, stub_graph.ad_accounts, stub_graph.report_runs, stub_graph.restatements, stub_graph.insight_limits"))
            await empty.ExecuteNonQueryAsync();
        Empty.Add(_database);
    }

    public static Dictionary<string, string> GoodCampaign() => new()
    {
        ["name"] = "Summer Sale 2025",
        ["objective"] = "OUTCOME_SALES",
        ["special_ad_categories"] = "[]",
        ["is_adset_budget_sharing_enabled"] = "false",
        ["status"] = "PAUSED",
    };

    public static Dictionary<string, string> GoodAdSet(string campaignId) => new()
    {
        ["name"] = "Summer Sale 2025",
        ["campaign_id"] = campaignId,
        ["optimization_goal"] = "LINK_CLICKS",
        ["billing_event"] = "IMPRESSIONS",
        ["daily_budget"] = "10000",
        ["targeting"] = Targeting,
        ["status"] = "PAUSED",
    };

    public static Dictionary<string, string> GoodCreative() => new()
    {
        ["name"] = "Amazing Product",
        ["object_story_spec"] = """
            {"page_id":"77","video_data":{"video_id":"META_VIDEO_demo","image_url":"https://example.com/a.jpg","message":"Get 50% off"}}
            """,
    };

    public static Dictionary<string, string> GoodAd(string adSetId, string creativeId) => new()
    {
        ["name"] = "Summer Sale 2025",
        ["adset_id"] = adSetId,
        ["creative"] = $$"""{"creative_id":"{{creativeId}}"}""",
        ["status"] = "PAUSED",
    };

    public async Task<(int Status, JsonNode Body)> CallAsync(string method, string path, Dictionary<string, string>? parameters = null, params IReadOnlyList<StubFile> files)
    {
        var answer = await Graph.AnswerAsync(new StubCall(method, path, parameters ?? [], "token") { Files = files }, CancellationToken.None);
        return (answer.Status, JsonNode.Parse(answer.Body.Span)!);
    }

    public async Task<JsonNode> GetAsync(string path, params (string Name, string Value)[] parameters)
    {
        var (status, body) = await CallAsync("GET", path, parameters.ToDictionary(pair => pair.Name, pair => pair.Value));
        Assert.That(status, Is.EqualTo(200), body.ToJsonString());
        return body;
    }

    public async Task<string> CreateAsync(string edge, Dictionary<string, string> parameters)
    {
        var (status, body) = await CallAsync("POST", $"{Account}/{edge}", parameters);
        Assert.That(status, Is.EqualTo(200), body.ToJsonString());
        return (string)body["id"]!;
    }

    public async Task<StubTree> CreateTreeAsync()
    {
        var campaign = await CreateAsync("campaigns", GoodCampaign());
        var adSet = await CreateAsync("adsets", GoodAdSet(campaign));
        var creative = await CreateAsync("adcreatives", GoodCreative());
        return new StubTree(campaign, adSet, creative, await CreateAsync("ads", GoodAd(adSet, creative)));
    }

    public static string[] Ids(JsonNode page) => [.. page["data"]!.AsArray().Select(item => (string)item!["id"]!)];

    public async Task<long> CountAsync(string condition = "true")
    {
        await using var command = DataSource.CreateCommand($"SELECT count(*) FROM stub_graph.objects WHERE {condition}");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public static string Json(object value) => JsonSerializer.Serialize(value);
}

internal sealed record StubTree(string Campaign, string AdSet, string Creative, string Ad);
