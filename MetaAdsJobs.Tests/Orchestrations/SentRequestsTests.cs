using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>Every kind of orchestration is run, and all that was sent for it is compared, field by field, with what was written by hand.</summary>
[TestFixture]
public sealed class SentRequestsTests
{
    private readonly Dictionary<string, JsonNode> _runs = [];
    private Service _service = null!;
    private ApiClient _client = null!;

    [OneTimeSetUp]
    public async Task RunAllAsync()
    {
        _service = await Service.StartAsync();
        _client = _service.Client();
        var ids = new List<(string Name, string Id)>();
        foreach (var one in SentCases.All) ids.Add((one.Name, await _client.AcceptAsync(await RequestAsync(one))));
        foreach (var (name, id) in ids) _runs[name] = await _client.UntilAsync(id);

        var checking = SentCase.Merged((await _client.NewRequestAsync()).ToJsonString(), """{"validate_only":true,"campaign_name":"Only checked"}""");
        await _client.UntilAsync(await _client.AcceptAsync(checking), "succeeded");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _service.DisposeAsync();
    }

    [TestCaseSource(typeof(SentCases), nameof(SentCases.All))]
    public void What_is_sent_is_exactly_what_was_written_by_hand(SentCase one)
    {
        var run = _runs[one.Name];
        Assert.That((string?)run["status"], Is.EqualTo("succeeded"), run.ToJsonString());
        AssertSent("campaigns", one.ExpectedCampaign, one, run);
        AssertSent("adsets", one.ExpectedAdSet, one, run);
        AssertSent("adcreatives", one.ExpectedCreative, one, run);
        AssertSent("ads", one.ExpectedAd, one, run);
    }

    [Test]
    public void Every_goal_that_a_request_may_name_is_among_the_cases() => Assert.That(
        SentCases.All.Select(one => JsonNode.Parse(one.Change)!).Where(change => change["campaign_objective"] is not null).Select(change => ((string)change["campaign_objective"]!, (string)change["optimization_goal"]!)).Distinct(),
        Is.SupersetOf(ObjectiveGoals.Objectives.SelectMany(objective => ObjectiveGoals.GoalsOf(objective).Select(goal => (objective, goal)))));

    [Test]
    public void No_parameter_was_sent_that_Meta_does_not_publish()
    {
        var posts = _service.Graph.Calls.Where(call => call.Method == "POST" && call.Path.StartsWith("act_", StringComparison.Ordinal)).ToList();
        Assert.That(posts.Select(call => call.Edge).Distinct(), Is.EquivalentTo(SpecNames.OfEdge.Keys), "an edge was never called");

        Assert.That(posts.SelectMany(call => call.Parameters.Keys.Where(name => !SpecNames.OfEdge[call.Edge].Contains(name)).Select(name => $"{call.Edge}: {name}")).Distinct(), Is.Empty);
    }

    [Test]
    public void Media_is_sent_with_its_name_and_address_or_its_bytes()
    {
        var video = _service.Graph.Calls.Single(call => call.IsCreateOf("advideos"));
        Assert.That(video.Parameters.Keys, Is.EquivalentTo((string[])["title", "name", "file_url"]));
        Assert.That((video["file_url"], video["name"]), Is.EqualTo(("https://cdn.example.com/clip.mp4", video["title"])));
        Assert.That(video["title"], Does.Match(@"^A clip \[maj[a-z2-7]{16}v\]$"));
        var images = _service.Graph.Calls.Where(call => call.Edge == "adimages").ToList();
        Assert.That(images, Is.Not.Empty);
        foreach (var image in images) Assert.That(image.Parameters, Is.EqualTo(new Dictionary<string, string> { ["bytes"] = Convert.ToBase64String(FileServer.Picture) }));
    }

    [Test]
    public void Only_publishing_changes_anything_after_the_creates()
    {
        var changes = _service.Graph.Calls.Where(call => call.Method == "POST" && !call.Path.StartsWith("act_", StringComparison.Ordinal)).ToList();
        var created = _runs["Published"]["campaign_creation"]!;
        Assert.That(changes.Select(call => call.Path), Is.EqualTo(((string[])["ad", "adset", "campaign"]).Select(kind => (string?)created[$"{kind}_meta_id"])));
        foreach (var change in changes) Assert.That(change.Parameters, Is.EqualTo(new Dictionary<string, string> { ["status"] = "ACTIVE" }));
    }

    [Test]
    public void What_is_only_checked_says_so_and_nothing_else_does()
    {
        var checks = _service.Graph.Calls.Where(call => call.Parameters.ContainsKey("execution_options")).ToList();
        Assert.That(checks, Is.Not.Empty);
        foreach (var check in checks)
        {
            Assert.That(check["execution_options"], Is.EqualTo("""["validate_only"]"""));
            Assert.That(check["name"], Does.StartWith("Only checked"));
        }
    }

    [Test]
    public async Task What_was_sent_is_what_is_recorded()
    {
        var id = (string)_runs["Lifetime budget"]["request_id"]!;
        Assert.That(await _service.Database.DataSource.RowsAsync($"""
            meta_adsets WHERE request_id = '{id}' AND daily_budget IS NULL AND lifetime_budget = 500000 AND bid_strategy = 'LOWEST_COST_WITHOUT_CAP'
            AND start_time = '{SentCases.NextYear - 1}-12-31T23:30:00Z' AND end_time = '{SentCases.NextYear}-02-01T00:00:00Z'
            """), Is.EqualTo(1));
        Assert.That(await _service.Database.DataSource.RowsAsync($"""
            meta_adsets WHERE request_id = '{(string?)_runs["Cost cap in yen"]["request_id"]}' AND daily_budget = 10000 AND bid_amount = 250 AND bid_strategy = 'COST_CAP'
            """), Is.EqualTo(1));
        Assert.That(await _service.Database.DataSource.RowsAsync($"meta_creatives WHERE request_id = '{id}' AND image_hash ~ '^[0-9a-f]+$' AND video_id IS NULL"), Is.EqualTo(1));
    }

    [TestCase("A carousel", "carousel", 3)]
    [TestCase("A post of the page", "post", 0)]
    [TestCase("A post on Instagram", "instagram_post", 0)]
    [TestCase("Several texts of an image", "texts", 1)]
    [TestCase("Pictures by placement", "placements", 2)]
    [TestCase("Tags and domain", "single", 1)]
    public async Task A_result_and_what_is_recorded_tell_the_kind_of_an_ad_and_its_clips(string name, string kind, int clips)
    {
        var run = _runs[name];
        var ad = run["ad_sets"]![0]!["ads"]![0]!;
        Assert.That(((string?)ad["kind"], ad["clip_ids"]!.AsArray().Count), Is.EqualTo((kind, clips)), run.ToJsonString());
        Assert.That((string?)run["clip_id"], Is.EqualTo((string?)ad["clip_ids"]!.AsArray().FirstOrDefault()));
        Assert.That(run["steps"]!.AsArray().Count(step => ((string)step!["step"]!).StartsWith("media", StringComparison.Ordinal)), Is.EqualTo(clips));
        Assert.That(await _service.Database.DataSource.RowsAsync($"meta_creatives WHERE request_id = '{(string?)run["request_id"]}' AND kind = '{kind}' AND (clip_id IS NOT NULL) = {clips > 0}"), Is.EqualTo(1));
        var page = await _client.Http.GetStringAsync($"/console/runs?q={(string?)run["request_id"]}");
        Assert.That(page, Does.Contain(name));
    }

    private void AssertSent(string edge, JsonObject expected, SentCase one, JsonNode run)
    {
        var sent = _service.Graph.Calls.Single(call => call.IsCreateOf(edge) && BareName(call).Split(" - ")[0] == one.Name);
        var known = new Dictionary<string, string?>
        {
            ["[name]"] = one.Name, ["[campaign]"] = Id("campaign"), ["[adset]"] = Id("adset"), ["[creative]"] = Id("creative"),
        };
        foreach (var step in run["steps"]!.AsArray().Where(step => ((string)step!["step"]!).StartsWith("media", StringComparison.Ordinal))) known[$"[{step!["step"]}]"] = (string?)step["meta_id"];
        Assert.That(sent["name"], Does.Match(@" \[maj[a-z2-7]{16}[csra]\]$"));
        Assert.That(sent.Parameters.Keys, Is.EquivalentTo(expected.Select(field => field.Key)), edge);
        foreach (var (name, value) in expected)
        {
            var right = known.Aggregate(value!.ToJsonString(), (text, pair) => pair.Value is null ? text : text.Replace(pair.Key, pair.Value, StringComparison.Ordinal));
            var text = name == "name" ? BareName(sent) : sent[name]!;
            var given = text.StartsWith('{') || text.StartsWith('[') ? JsonNode.Parse(text) : JsonValue.Create(text);
            Assert.That(JsonNode.DeepEquals(JsonNode.Parse(right), given), Is.True, $"{edge}.{name}\n  expected {right}\n  sent     {text}");
        }

        string? Id(string kind) => (string?)run["campaign_creation"]![$"{kind}_meta_id"];
    }

    private static string BareName(RecordedCall call) => call["name"]![..call["name"]!.LastIndexOf(" [", StringComparison.Ordinal)];

    private async Task<JsonObject> RequestAsync(SentCase one)
    {
        var clips = one.Media.Split(", ").Select(media => media switch
        {
            "video_url" => """{"video_url":"https://cdn.example.com/clip.mp4"}""",
            "video_id" => """{"video_id":"120210000000000001"}""",
            "video_id 2" => """{"video_id":"120210000000000002"}""",
            "video_id thumbnail" => """{"video_id":"120210000000000001","thumbnail_url":"https://cdn.example.com/own.jpg"}""",
            "image elsewhere" => """{"image_url":"http://nowhere.invalid/clip.jpg"}""",
            _ => $$"""{"image_url":"{{_client.ImageUrl}}"}""",
        }).Select(clip => SentCase.Merged(clip, """{"title":"A clip"}""")).ToList();
        var request = await _client.NewRequestAsync(
            account =>
            {
                foreach (var (name, value) in SentCase.Merged(SentCase.Account, one.AccountChange)) account[name] = value!.DeepClone();
            },
            clips[0]);
        var change = one.Change.Replace("[clip]", (string)request["clip_id"]!, StringComparison.Ordinal);
        foreach (var (index, clip) in clips.Index().Skip(1))
            change = change.Replace($"[clip:{index + 1}]", (string)(await _client.PostAsync("/meta/clips", clip)).Json["id"]!, StringComparison.Ordinal);
        return SentCase.Merged(SentCase.Merged(request.ToJsonString(), change).ToJsonString(), $$"""{"campaign_name":"{{one.Name}}"}""");
    }
}
