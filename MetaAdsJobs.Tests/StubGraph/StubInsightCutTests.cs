using System.Text.Json.Nodes;

namespace MetaAdsJobs.Tests.StubGraph;

/// <summary>What a report can be narrowed to and cut by.</summary>
[TestFixture]
public sealed class StubInsightCutTests
{
    private static readonly string[] Types =
        ["link_click", "landing_page_view", "omni_landing_page_view", "video_view", "post_engagement", "page_engagement", "purchase", "omni_purchase"];

    private StubWorld _world = null!;
    private StubTree _first = null!;
    private StubTree _second = null!;

    [SetUp]
    public async Task CreateWorld()
    {
        _world = await StubWorld.CreateAsync();
        _first = await _world.CreateTreeAsync("META_AD_first");
        _second = await _world.CreateTreeAsync("META_AD_second");
    }

    [TearDown]
    public async Task DisposeWorld() => await _world.DisposeAsync();

    [Test]
    public async Task A_filter_narrows_the_report_to_the_ads_it_names([Values("campaign.id", "adset.id", "ad.id")] string field, [Values] bool isList)
    {
        var id = field[..^3] switch { "campaign" => _second.Campaign, "adset" => _second.AdSet, _ => _second.Ad };
        var filter = isList ? $$"""[{"field":"{{field}}","operator":"IN","value":["{{id}}"]}]""" : $$"""[{"field":"{{field}}","operator":"EQUAL","value":"{{id}}"}]""";

        foreach (var level in (string[])["account", "campaign", "adset", "ad"])
        {
            var rows = await ReadAsync(("filtering", filter), ("level", level));
            Assert.That(rows.Spend(), Is.EqualTo((await _world.ReadReportAsync($"{_second.Ad}/insights")).Spend()), level);
            Assert.That(rows, Has.Count.EqualTo(7), level);
        }
    }

    [Test]
    public async Task A_deleted_ad_shows_in_the_account_when_its_status_is_asked_for()
    {
        var before = await ReadAsync();
        await _world.CallAsync("DELETE", _second.Campaign);

        var rows = await ReadAsync(("filtering", """[{"field":"ad.effective_status","operator":"IN","value":["PAUSED","DELETED"]}]"""));
        var deleted = await ReadAsync(("filtering", """[{"field":"ad.effective_status","operator":"IN","value":["DELETED"]}]"""), ("level", "campaign"));

        Assert.That(rows.Json(), Is.EqualTo(before.Json()));
        Assert.That(deleted.Texts("campaign_id").Distinct(), Is.EqualTo([_second.Campaign]));
    }

    [TestCase("age", 6, "ad")]
    [TestCase("""["gender","age"]""", 18, "ad")]
    [TestCase("""["publisher_platform","platform_position","impression_device"]""", 27, "campaign")]
    [TestCase("country,region,device_platform", 36, "account")]
    public async Task The_rows_of_a_breakdown_add_up_to_the_row_without_it(string breakdowns, int cells, string level)
    {
        var whole = await ReadAsync(("level", level));
        var cut = await ReadAsync(("level", level), ("breakdowns", breakdowns));

        Assert.That(cut, Has.Count.GreaterThan(whole.Count * cells / 2).And.Count.LessThanOrEqualTo(whole.Count * cells));
        foreach (var row in whole)
        {
            var parts = cut.Where(part => (string?)part["date_start"] == (string?)row["date_start"] && (string?)part["ad_id"] == (string?)row["ad_id"]
                && (string?)part["campaign_id"] == (string?)row["campaign_id"]).ToList();
            foreach (var metric in (string[])["impressions", "clicks", "spend"])
                Assert.That(parts.Sum(metric), Is.EqualTo(((JsonNode[])[row]).Sum(metric)), metric);
            foreach (var type in Types)
                Assert.That(parts.Actions(type), Is.EqualTo(((JsonNode[])[row]).Actions(type)), type);
            Assert.That(parts.Actions("purchase", "action_values"), Is.EqualTo(((JsonNode[])[row]).Actions("purchase", "action_values")));
        }
    }

    [Test]
    public async Task Each_row_of_a_breakdown_carries_its_values_and_each_comes_once_at_any_page_size([Values("1", "7", "5000")] string limit)
    {
        var rows = await ReadAsync(("breakdowns", "age,gender"), ("limit", limit));
        var whole = await ReadAsync(("breakdowns", "age,gender"), ("limit", "400"));

        Assert.That(rows.Json(), Is.EqualTo(whole.Json()));
        Assert.That(rows.Texts("age").Distinct(), Is.EquivalentTo(["18-24", "25-34", "35-44", "45-54", "55-64", "65+"]));
        Assert.That(rows.Texts("gender").Distinct(), Is.EquivalentTo(["female", "male", "unknown"]));
        Assert.That(rows.Select(row => (row["ad_id"]!.ToString(), row["date_start"]!.ToString(), row["age"]!.ToString(), row["gender"]!.ToString())), Is.Unique);
    }

    [Test]
    public async Task An_action_tells_the_windows_asked_for_and_nothing_of_those_that_are_gone()
    {
        var rows = await ReadAsync(("action_attribution_windows", """["1d_click","7d_click","28d_click","1d_view","7d_view","28d_view"]"""));
        var plain = await ReadAsync();

        Assert.That(rows.Actions("purchase"), Is.EqualTo(plain.Actions("purchase")).And.Positive);
        Assert.That(rows.Actions("purchase", key: "1d_click"), Is.Positive.And.LessThanOrEqualTo(rows.Actions("purchase", key: "7d_click")));
        Assert.That(rows.Actions("purchase", key: "7d_click"), Is.LessThanOrEqualTo(rows.Actions("purchase", key: "28d_click")));
        Assert.That(rows.Actions("purchase", key: "7d_click") + rows.Actions("purchase", key: "1d_view"), Is.EqualTo(rows.Actions("purchase")));
        Assert.That(rows.Json(), Has.None.Contains("\"7d_view\"").And.None.Contains("\"28d_view\""));
        Assert.That(plain.Json(), Has.None.Contains("_click\":"));
    }

    [Test]
    public async Task Actions_overlap_so_that_adding_their_types_up_counts_twice()
    {
        var rows = await ReadAsync(("fields", "actions,action_values,inline_link_clicks,video_thruplay_watched_actions"));

        foreach (var same in (string[])["omni_purchase", "web_in_store_purchase", "offsite_conversion.fb_pixel_purchase"])
        {
            Assert.That(rows.Actions(same), Is.EqualTo(rows.Actions("purchase")).And.Positive);
            Assert.That(rows.Actions(same, "action_values"), Is.EqualTo(rows.Actions("purchase", "action_values")).And.Positive);
        }

        Assert.That(rows.Actions("omni_landing_page_view"), Is.EqualTo(rows.Actions("landing_page_view")).And.Positive);
        Assert.That(rows.Actions("page_engagement"), Is.EqualTo(rows.Actions("post_engagement")).And.GreaterThan(rows.Actions("link_click")));
        Assert.That(rows.Sum("inline_link_clicks"), Is.EqualTo(rows.Actions("link_click")).And.Positive);
        Assert.That(rows.Actions("video_view", "video_thruplay_watched_actions"), Is.Positive.And.LessThan(rows.Actions("video_view")));
    }

    [Test]
    public async Task A_row_tells_what_the_ad_is_for_as_its_objects_say()
    {
        var rows = await _world.ReadReportAsync($"{StubWorld.Account}/insights", ("fields", "optimization_goal,objective,buying_type,account_currency,ad_id,adset_id,frequency"));
        var row = rows.First(row => (string?)row["ad_id"] == _first.Ad);

        Assert.That((string?)row["optimization_goal"], Is.EqualTo("LINK_CLICKS"));
        Assert.That((string?)row["objective"], Is.EqualTo("OUTCOME_SALES"));
        Assert.That((string?)row["buying_type"], Is.EqualTo("AUCTION"));
        Assert.That((string?)row["account_currency"], Is.EqualTo("USD"));
        Assert.That((string?)row["adset_id"], Is.EqualTo(_first.AdSet));
        Assert.That(StubReports.Number(row["frequency"]), Is.GreaterThan(1));
    }

    [TestCase("today", "2026-11-22", "2026-11-22")]
    [TestCase("yesterday", "2026-11-21", "2026-11-21")]
    [TestCase("last_7d", "2026-11-15", "2026-11-21")]
    [TestCase("last_14d", "2026-11-08", "2026-11-21")]
    [TestCase("last_28d", "2026-10-25", "2026-11-21")]
    [TestCase("last_30d", "2026-10-23", "2026-11-21")]
    [TestCase("this_month", "2026-11-01", "2026-11-22")]
    [TestCase("last_month", "2026-10-01", "2026-10-31")]
    [TestCase("maximum", "2023-10-22", "2026-11-22")]
    public async Task A_range_may_be_told_by_its_name(string preset, string since, string until)
    {
        var rows = await ReadAsync(("time_range", ""), ("date_preset", preset), ("limit", "5000"), ("level", "account"));

        Assert.That(rows.Texts("date_start").First(), Is.EqualTo(since));
        Assert.That(rows.Texts("date_stop").Last(), Is.EqualTo(until));
    }

    private Task<List<JsonNode>> ReadAsync(params (string Name, string Value)[] others) =>
        _world.ReadReportAsync($"{StubWorld.Account}/insights", others);
}
