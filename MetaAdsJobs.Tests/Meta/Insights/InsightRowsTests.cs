using System.Text.Json;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Insights;

namespace MetaAdsJobs.Tests.Meta.Insights;

/// <summary>One row of Meta's, whatever stands in it.</summary>
[TestFixture]
public sealed class InsightRowsTests
{
    private static readonly DateOnly Day = new(2026, 11, 20);
    private static readonly ReportQuery Query = new() { Node = "act_1", Since = Day, Until = Day };

    [Test]
    public void A_metric_that_is_missing_or_null_or_was_not_asked_for_is_unknown_and_zero_is_zero()
    {
        var row = Read(Query.WithMetrics(["impressions", "clicks", "reach"]), "\"impressions\":null,\"reach\":\"0\",\"spend\":\"7\"");

        Assert.That((row.Impressions, row.Clicks, row.Spend, row.Reach), Is.EqualTo(((long?)null, (long?)null, (decimal?)null, (long?)0L)));
    }

    [Test]
    public void An_asset_is_known_by_its_id_whatever_becomes_of_its_link()
    {
        var query = Query with { Breakdowns = ["image_asset", "age"] };

        var first = Read(query, Asset("sig=1"));
        var second = Read(query, Asset("sig=2"));

        Assert.That(first.Breakdown, Is.EqualTo("""["77","18-24"]"""));
        Assert.That(second.Breakdown, Is.EqualTo(first.Breakdown));
    }

    [Test]
    public void A_long_value_is_known_by_its_hash_so_that_every_index_takes_it()
    {
        var row = Read(Query with { Breakdowns = ["body_asset"] }, $"\"body_asset\":\"{new string('щ', 4000)}\"");

        Assert.That(row.Breakdown, Has.Length.LessThan(100).And.StartWith("[\"sha256:"));
        Assert.That(System.Text.Encoding.UTF8.GetString(row.Raw.Span), Does.Contain("щщщ"));
    }

    [TestCase(@"cut \ud83d", @"cut \ufffd")]
    [TestCase(@"\ude00 cut", @"\ufffd cut")]
    [TestCase(@"a\u0000b", @"a\ufffdb")]
    [TestCase(@"\ud83d\ud83d\ude00", @"\ufffd\ud83d\ude00")]
    [TestCase(@"whole \ud83d\ude00", @"whole \ud83d\ude00")]
    [TestCase(@"no escape \\ud83d", @"no escape \\ud83d")]
    [TestCase(@"\\\ud83d", @"\\\ufffd")]
    [TestCase(@"\n\u00f1", @"\n\u00f1")]
    public void Half_a_character_of_a_name_that_was_cut_is_replaced_and_nothing_else(string name, string expected) =>
        Assert.That(System.Text.Encoding.UTF8.GetString(Read(Query, $"\"ad_name\":\"{name}\"").Raw.Span), Does.Contain($"\"ad_name\":\"{expected}\""));

    [TestCase("\"date_start\":\"2026-11-19\"")]
    [TestCase("\"date_start\":\"2026-11-20\",\"date_stop\":\"2026-11-21\"")]
    [TestCase("\"date_start\":\"2026-11-20\",\"impressions\":\"many\"")]
    public void A_row_that_belongs_nowhere_is_not_stored_somewhere(string fields) =>
        Assert.That(() => new InsightRows(Query, new Dictionary<string, string>()).Read(JsonElement.Parse($$"""{"ad_id":"1","adset_id":"2","campaign_id":"3",{{fields}}}""")), Throws.TypeOf<MetaException>());

    [TestCase("""[{"action_type":"like","value":"3"},{"value":"7.5","action_type":"link_click","1d_view":"2"},{"action_type":"link_click","value":"9"}]""", 7.5)]
    [TestCase("""[{"action_type":"link_click","value":4}]""", 4)]
    [TestCase("""[{"action_type":"link_click"}]""", 0)]
    [TestCase("""[{"action_type":null,"value":"1"},{}]""", 0)]
    [TestCase("""[{"action_type":"like","value":["odd"]},{"action_type":"link_click","value":"5"}]""", 5)]
    [TestCase("[]", 0)]
    [TestCase("null", 0)]
    [TestCase("{}", 0)]
    public void A_result_is_the_first_action_of_its_type_wherever_its_value_stands(string actions, decimal expected) =>
        Assert.That(Read(Query, $"\"optimization_goal\":\"LINK_CLICKS\",\"actions\":{actions}").Results, Is.EqualTo(expected));

    [TestCase("[1]")]
    [TestCase("""[{"action_type":7,"value":"1"}]""")]
    [TestCase("""[{"action_type":"link_click","value":"some"}]""")]
    [TestCase("""[{"action_type":"link_click","value":[]}]""")]
    public void A_list_that_is_none_of_actions_is_no_row(string actions) =>
        Assert.That(() => Read(Query, $"\"optimization_goal\":\"LINK_CLICKS\",\"actions\":{actions}"), Throws.TypeOf<MetaException>());

    [Test]
    public void Texts_that_come_again_are_the_same_and_those_that_only_look_alike_are_not()
    {
        var rows = new InsightRows(Query, new Dictionary<string, string>());
        var read = Enumerable.Range(0, 3000).Select(no => rows.Read(JsonElement.Parse(
            $$"""{"ad_id":"{{no / 3}}ä","adset_id":"{{no / 2}}","campaign_id":"\u0031{{no}}","date_start":"2026-11-20"}"""))).ToList();

        Assert.That(read.Select(row => (row.AdId, row.AdSetId, row.CampaignId)), Is.EqualTo(Enumerable.Range(0, 3000).Select(no => ($"{no / 3}ä", $"{no / 2}", $"1{no}"))));
    }

    [TestCase("\"adset_id\":\"2\",\"campaign_id\":\"3\"")]
    [TestCase("\"ad_id\":\"1\",\"campaign_id\":\"3\"")]
    [TestCase("\"ad_id\":\"1\",\"adset_id\":\"2\"")]
    public void A_row_about_nothing_is_not_stored(string ids) =>
        Assert.That(() => new InsightRows(Query, new Dictionary<string, string>()).Read(JsonElement.Parse($$"""{{{ids}},"date_start":"2026-11-20"}""")), Throws.TypeOf<MetaException>());

    private static string Asset(string link) => $$"""
        "image_asset":{"hash":"h1","url":"https://cdn.example/a?{{link}}","id":"77"},"age":"18-24"
        """;

    private static InsightRow Read(ReportQuery query, string fields) =>
        new InsightRows(query, new Dictionary<string, string>()).Read(JsonElement.Parse($$"""{"ad_id":"1","adset_id":"2","campaign_id":"3","date_start":"2026-11-20",{{fields}}}"""));
}
