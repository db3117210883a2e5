using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>Every kind of edit is run, and all that it sends is compared, field by field, with what was written by hand from Meta's rules.</summary>
[TestFixture]
public sealed partial class SentEditsTests
{
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    private const string ByCampaign = """{"budget_at":"campaign","bid_strategy":"COST_CAP","bid_amount_cents":300}""";
    private const string Lifetime = """{"daily_budget_cents":null,"lifetime_budget_cents":500000,"end_time":"2031-02-01T00:00:00Z"}""";
    private const string Picture = "http://nowhere.invalid/clip.jpg";
    private const string Sale = """{"type":"LEARN_MORE","value":{"link":"https://example.com/new"}}""";

    /// <summary>What is edited, as what was built, and how; and what is sent, in this order.</summary>
    private static IEnumerable<TestCaseData> Cases =>
    [
        Case("publish", "campaign", null, Call("ad", """{"status":"ACTIVE"}"""), Call("adset", """{"status":"ACTIVE"}"""), Call("campaign", """{"status":"ACTIVE"}""")),
        Case("publish", "adset", null, Call("ad", """{"status":"ACTIVE"}"""), Call("adset", """{"status":"ACTIVE"}""")),
        Case("resume", "campaign", null, Call("campaign", """{"status":"ACTIVE"}""")),
        Case("pause", "ad", null, Call("ad", """{"status":"PAUSED"}""")),
        Case("archive", "adset", null, Call("adset", """{"status":"ARCHIVED"}""")),
        Case("delete", "campaign", null, """["DELETE","[campaign]",{}]"""),
        Case("update", "campaign", """{"name":"Other"}""", Call("campaign", """{"name":"Other [c]"}""")),
        Case("update", "ad", """{"name":"Other"}""", Call("ad", """{"name":"Other [a]"}""")),
        Case("update", "adset", """{"daily_budget_cents":20000,"if_budget_is":10000}""", Call("adset", """{"daily_budget":"20000"}""")),
        Case("update", "adset", """{"name":"Other","daily_budget_cents":5000,"end_time":"2031-03-01T01:00:00+01:00"}""", Call("adset", """{"name":"Other [s]","daily_budget":"5000","end_time":"2031-03-01T00:00:00+0000"}""")),
        Case("update", "campaign", """{"daily_budget_cents":20000}""", ByCampaign, Call("campaign", """{"daily_budget":"20000"}""")),
        Case("update", "adset", """{"bid_amount_cents":450}""", ByCampaign, Call("adset", """{"bid_amount":"450"}""")),
        Case("update", "adset", """{"lifetime_budget_cents":600000,"end_time":"2031-03-01T00:00:00Z"}""", Lifetime, Call("adset", """{"lifetime_budget":"600000","end_time":"2031-03-01T00:00:00+0000"}""")),
        Case("update", "adset", """{"targeting":{"geo_locations":{"countries":["FR"]},"custom_audiences":[{"id":"7"}],"age_min":30}}""", Call("adset", """
            {"targeting":{"geo_locations":{"countries":["FR"]},"custom_audiences":[{"id":"7"}],"age_min":30,"publisher_platforms":["facebook"],"targeting_automation":{"advantage_audience":0},
             "targeting_relaxation_types":{"lookalike":0,"custom_audience":0}},"dsa_beneficiary":"Our shop","dsa_payor":"Our shop"}
            """)),
        Content("""{"clip_id":"[clip]","creative_title":"New","creative_description":"Text","landing_url":"https://example.com/new","url_tags":"a=1"}""", $$"""
            {"object_story_spec":{"page_id":"2000000001","link_data":{"link":"https://example.com/new","name":"New","message":"Text","picture":"{{Picture}}","call_to_action":{{Sale}} } },"url_tags":"a=1"}
            """),
        Content("""{"clip_id":"[clip]","landing_url":"https://example.com/new","cards":[{"title":"Left"},{"title":"Right"}]}""", $$"""
            {"object_story_spec":{"page_id":"2000000001","link_data":{"link":"https://example.com/new","child_attachments":[
                {"link":"https://example.com/new","name":"Left","picture":"{{Picture}}","call_to_action":{{Sale}} },{"link":"https://example.com/new","name":"Right","picture":"{{Picture}}","call_to_action":{{Sale}} }],
             "multi_share_optimized":false,"multi_share_end_card":false} } }
            """),
        Content("""{"post_id":"555"}""", """{"object_story_id":"2000000001_555"}"""),
        Content("""{"clip_id":"[clip]","landing_url":"https://example.com/new","titles":["A","B"]}""", $$"""
            {"object_story_spec":{"page_id":"2000000001","link_data":{"link":"https://example.com/new","picture":"{{Picture}}","call_to_action":{{Sale}} } },
             "asset_feed_spec":{"optimization_type":"DEGREES_OF_FREEDOM","images":[{"url":"{{Picture}}"}],"titles":[{"text":"A"},{"text":"B"}]} }
            """),
    ];

    [TestCaseSource(nameof(Cases))]
    public async Task What_an_edit_sends_is_exactly_what_was_written_by_hand(string kind, string of, string? body, string built, string[] expected)
    {
        var asked = await _world.BuildAsync(built);
        var tree = await _world.TreeAsync(asked);
        var metaId = of switch { "campaign" => tree.Campaign.MetaId, "adset" => tree.AdSets[0].MetaId, _ => tree.Ads[0].MetaId };
        var before = _world.Graph.Calls.Count;

        var edit = await _world.EditAsync(Enum.Parse<EditKind>(kind, ignoreCase: true), metaId, body?.Replace("[clip]", $"{asked.ClipId}", StringComparison.Ordinal));

        Assert.That((edit.Status, edit.Error), Is.EqualTo(("succeeded", (string?)null)));
        var made = (await _world.TreeAsync(tree)).Ads[0].CreativeId;
        var sent = new JsonArray([.. _world.Graph.Calls.Skip(before).Where(call => call.Method != "GET").Select(call => (JsonNode)new JsonArray(call.Method, call.Path, new JsonObject(call.Parameters.Select(field => KeyValuePair.Create(field.Key, Read(field.Value))))))]);
        var known = new Dictionary<string, string?> { ["[campaign]"] = tree.Campaign.MetaId, ["[adset]"] = tree.AdSets[0].MetaId, ["[ad]"] = tree.Ads[0].MetaId, ["[creative]"] = made, ["[account]"] = asked.AdAccountId };
        var right = JsonNode.Parse(known.Aggregate($"[{string.Join(',', expected)}]", (text, pair) => text.Replace(pair.Key, pair.Value, StringComparison.Ordinal)));
        Assert.That(JsonNode.DeepEquals(right, sent), $"expected {right}\nsent     {sent}");
    }

    /// <summary>Where Meta counts whole units.</summary>
    [Test]
    public async Task A_budget_and_a_bid_are_sent_in_Metas_units_of_the_currency()
    {
        var tree = await _world.BuiltAsync("""{"bid_strategy":"COST_CAP","bid_amount_cents":300}""");
        await _world.ExecuteAsync("UPDATE social_accounts SET currency = 'JPY' WHERE id = @AccountId", new { tree.AccountId });
        var before = _world.Graph.Calls.Count;

        Assert.That((await _world.EditAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":1500000,"bid_amount_cents":40000}""")).Status, Is.EqualTo("succeeded"));

        Assert.That(_world.Graph.Calls.Skip(before).Single(call => call.Method != "GET").Parameters, Is.EquivalentTo(new Dictionary<string, string> { ["daily_budget"] = "15000", ["bid_amount"] = "400" }));
    }

    private static TestCaseData Case(string kind, string of, string? body, params string[] sent) => sent[0][0] == '{' ? Of(kind, of, body, sent[0], sent[1..]) : Of(kind, of, body, "{}", sent);

    private static TestCaseData Of(string kind, string of, string? body, string built, string[] sent) =>
        new TestCaseData(kind, of, body, built, sent).SetArgDisplayNames($"{kind} {of} {body} {(built == "{}" ? "" : built)}");

    private static TestCaseData Content(string creative, string fields)
    {
        var made = SentCase.Merged(fields, """{"name":"Summer Sale 2025 - Creative [r]"}""").ToJsonString();
        return Case("update", "ad", $$"""{"creative":{{creative}}}""", $"""["POST","[account]/adcreatives",{made}]""", Call("ad", """{"creative":{"creative_id":"[creative]"}}"""));
    }

    private static string Call(string of, string fields) => $"""["POST","[{of}]",{fields}]""";

    // A marker is its last letter here.
    private static JsonNode? Read(string text)
    {
        var bare = Marked().Replace(text, "[$1]");
        return bare.StartsWith('{') ? JsonNode.Parse(bare) : JsonValue.Create(bare);
    }

    [GeneratedRegex(@"\[maj[a-z2-7]{16}([csra])\]")]
    private static partial Regex Marked();
}
