using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Validation;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>Everything that is wrong with a tree is told at once, by the path of the field as it was sent.</summary>
[TestFixture]
public sealed class RefusedTreeTests
{
    [TestCase("""{"ad_sets":[]}""", "ad_sets")]
    [TestCase("""{"ad_sets":{}}""", "ad_sets")]
    [TestCase("""{"ad_sets":[7]}""", "ad_sets[0]")]
    [TestCase("""{"ad_sets":[{}]}""", "ad_sets[0].ads")]
    [TestCase("""{"ad_sets":[{"ads":[]}]}""", "ad_sets[0].ads")]
    [TestCase("""{"ad_sets":[{"ads":[{}]},{"ads":[null]}]}""", "ad_sets[1].ads[0]")]
    [TestCase("""{"ad_sets":[{"color":1,"ads":[{"size":2}]}]}""", "ad_sets[0].color ad_sets[0].ads[0].size")]
    [TestCase("""{"ad_sets":[{"campaign_objective":"OUTCOME_LEADS","ads":[{}]}]}""", "ad_sets[0].campaign_objective")]
    [TestCase("""{"creative_title":null,"ad_sets":[{"ads":[{"creative_title":"A"},{}]}]}""", "ad_sets[0].ads[1].creative_title")]
    [TestCase("""{"landing_url":"nowhere","ad_sets":[{"ads":[{},{}]},{"ads":[{"landing_url":"ftp://x"}]}]}""", "landing_url ad_sets[1].ads[0].landing_url")]
    [TestCase("""{"ad_sets":[{"ads":[{}]},{"targeting":{"age_min":3,"geo_locations":{"countries":["US","XX"]}},"ads":[{},{}]}]}""", "ad_sets[1].targeting.age_min ad_sets[1].targeting.geo_locations.countries[1]")]
    [TestCase("""{"daily_budget_cents":null,"ad_sets":[{"daily_budget_cents":500,"ads":[{}]},{"ads":[{}]}]}""", "ad_sets[1].daily_budget_cents")]
    [TestCase("""{"ad_sets":[{"lifetime_budget_cents":5000,"ads":[{}]}]}""", "ad_sets[0].end_time")]
    [TestCase("""{"bid_strategy":"COST_CAP","bid_amount_cents":50,"ad_sets":[{"bid_strategy":"LOWEST_COST_WITH_BID_CAP","ads":[{}]}]}""", "ad_sets[0].bid_amount_cents")]
    [TestCase("""{"budget_at":"somewhere"}""", "budget_at")]
    [TestCase("""{"min_spend_cents":5}""", "min_spend_cents")]
    [TestCase("""{"budget_at":"campaign","ad_sets":[{"daily_budget_cents":500,"bid_strategy":"COST_CAP","ads":[{}]}]}""", "ad_sets[0].daily_budget_cents ad_sets[0].bid_strategy ad_sets[0].bid_amount_cents")]
    [TestCase("""{"budget_at":"campaign","daily_budget_cents":null,"ad_sets":[{"ads":[{}]},{"ads":[{}]}]}""", "daily_budget_cents")]
    [TestCase("""{"budget_at":"campaign","ad_sets":[{"min_spend_cents":600,"max_spend_cents":500,"ads":[{}]}]}""", "ad_sets[0].min_spend_cents")]
    [TestCase("""{"budget_at":"campaign","ad_sets":[{"min_spend_cents":6000,"ads":[{}]},{"min_spend_cents":6000,"ads":[{}]}]}""", "ad_sets")]
    [TestCase("""{"name":"no","ad_sets":[{"ads":[{"clip_id":"x","name":""}]}]}""", "name ad_sets[0].ads[0].clip_id ad_sets[0].ads[0].name")]
    public void What_is_wrong_is_told_by_its_path(string change, string paths) => Assert.That(Wrong(change), Is.EquivalentTo(paths.Split(' ')));

    [Test]
    public void A_tree_has_at_most_20_ad_sets_of_50_ads()
    {
        string Tree(int adSets, int ads) => $$"""{"ad_sets":[{{string.Join(',', Enumerable.Repeat($$"""{"ads":[{{string.Join(',', Enumerable.Repeat("{}", ads))}}]}""", adSets))}}]}""";
        Assert.That(Wrong(Tree(20, 50)), Is.Empty);
        Assert.That(Wrong(Tree(21, 1)), Is.EqualTo(["ad_sets"]));
        Assert.That(Wrong(Tree(2, 51)), Is.EqualTo(["ad_sets[0].ads", "ad_sets[1].ads"]));
    }

    [Test]
    public void What_stands_at_the_top_is_the_default_and_what_belongs_together_is_taken_together()
    {
        var request = Read("""
            {"start_time":"2099-01-01T00:00:00Z","ad_sets":[{"ads":[{},{"creative_title":"Other"}]},{"daily_budget_cents":null,"lifetime_budget_cents":90000,"end_time":"2099-02-01T00:00:00Z","ads":[{}]}]}
            """, out _)!;
        var sets = request.AdSets!;
        Assert.That(sets.Select(adSet => (adSet.DailyBudgetCents is null, adSet.LifetimeBudgetCents)), Is.EqualTo([(false, (long?)null), (true, (long?)90000)]));
        Assert.That(sets.Select(adSet => adSet.StartTime), Is.All.EqualTo(DateTimeOffset.Parse("2099-01-01T00:00:00Z", null)));
        Assert.That(sets[0].Ads.Select(ad => ad.CreativeTitle), Is.EqualTo([request.CreativeTitle, "Other"]));
        Assert.That(OrchestrationRequest.FromJson(request.ToJson()).ToJson(), Is.EqualTo(request.ToJson()), "stored and read again it is the same");
    }

    [Test]
    public void An_ad_set_inherits_what_a_goal_needs_with_the_goal_and_not_without_it()
    {
        const string Top = """
            "campaign_objective":"OUTCOME_LEADS","optimization_goal":"LEAD_GENERATION","lead_gen_form_id":"1","landing_url":null
            """;
        var sets = Read($$"""{ {{Top}},"ad_sets":[{"ads":[{}]},{"lead_gen_form_id":"2","ads":[{}]},{"optimization_goal":"LINK_CLICKS","ads":[{"landing_url":"https://example.com/"}]}]}""", out _)!.AdSets!;
        Assert.That(sets.Select(adSet => (adSet.OptimizationGoal, adSet.LeadGenFormId, adSet.Ads[0].LandingUrl)), Is.EqualTo(
            [("LEAD_GENERATION", "1", "https://fb.me/"), ("LEAD_GENERATION", "2", "https://fb.me/"), ("LINK_CLICKS", null, "https://example.com/")]));
        Assert.That(Wrong($$"""{ {{Top}},"ad_sets":[{"lead_gen_form_id":"x","ads":[{}]},{"optimization_goal":"QUALITY_LEAD","ads":[{},{}]}]}"""), Is.EquivalentTo(["ad_sets[0].lead_gen_form_id", "ad_sets[1].lead_gen_form_id"]));
    }

    [Test]
    public void Hours_go_with_the_budget_and_windows_with_the_goal()
    {
        const string Top = """
            "optimization_goal":"CONVERSIONS","attribution_spec":[{"event_type":"CLICK_THROUGH","window_days":7}],"daily_budget_cents":null,"lifetime_budget_cents":5000,
            "end_time":"2099-01-01T00:00:00Z","adset_schedule":[{"start_minute":0,"end_minute":60,"days":[1]}]
            """;
        var sets = Read($$"""{ {{Top}},"ad_sets":[{"ads":[{}]},{"daily_budget_cents":500,"ads":[{}]},{"optimization_goal":"LINK_CLICKS","ads":[{}]}]}""", out _)!.AdSets!;
        Assert.That(sets.Select(adSet => (adSet.AttributionSpec is null, adSet.AdsetSchedule is null)), Is.EqualTo([(false, false), (false, true), (true, false)]));
        Assert.That(Wrong($$"""{ {{Top}},"ad_sets":[{"attribution_spec":[{"event_type":"CLICK_THROUGH","window_days":2}],"ads":[{},{}]},{"daily_budget_cents":500,"adset_schedule":[{"start_minute":0,"end_minute":60,"days":[1]}],"ads":[{}]}]}"""),
            Is.EquivalentTo(["ad_sets[0].attribution_spec[0].window_days", "ad_sets[1].adset_schedule"]));
    }

    [Test]
    public void A_large_tree_with_hundreds_of_thousands_of_unknown_fields_is_judged_within_seconds()
    {
        var body = ApiClient.Request($"{Guid.NewGuid()}", $"{Guid.NewGuid()}");
        for (var field = 0; field < 200_000; field++) body[$"f{field}"] = 1;
        body["ad_sets"] = new JsonArray([.. Enumerable.Range(0, 20).Select(_ => (JsonNode)new JsonObject { ["ads"] = new JsonArray([.. Enumerable.Range(0, 50).Select(_ => (JsonNode)new JsonObject())]) })]);
        var errors = new FieldErrors();
        RequestValidation.Read(JsonSerializer.SerializeToElement(body), errors, out _);
        Assert.That(errors.ToDictionary(), Has.Count.InRange(100, 101));
    }

    [Test]
    public void A_long_text_at_the_top_is_not_copied_for_every_ad()
    {
        var body = ApiClient.Request($"{Guid.NewGuid()}", $"{Guid.NewGuid()}");
        body["landing_url"] = $"https://example.com/{new string('x', 3_000_000)}";
        body["ad_sets"] = new JsonArray([.. Enumerable.Range(0, 20).Select(_ => (JsonNode)new JsonObject { ["ads"] = new JsonArray([.. Enumerable.Range(0, 50).Select(_ => (JsonNode)new JsonObject())]) })]);
        var element = JsonSerializer.SerializeToElement(body);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var errors = new FieldErrors();
        RequestValidation.Read(element, errors, out _);
        Assert.That(errors.ToDictionary().Keys, Does.Contain("landing_url"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1_000_000_000), "a thousand copies are many times as much");
    }

    private static IEnumerable<string> Wrong(string change)
    {
        Read(change, out var errors);
        return errors.ToDictionary().Keys;
    }

    private static OrchestrationRequest? Read(string change, out FieldErrors errors)
    {
        errors = new();
        var body = SentCase.Merged(ApiClient.Request($"{Guid.NewGuid()}", $"{Guid.NewGuid()}").ToJsonString(), change);
        return RequestValidation.Read(JsonSerializer.SerializeToElement(body), errors, out _);
    }
}
