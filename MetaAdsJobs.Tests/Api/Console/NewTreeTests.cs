using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Console.New;
using MetaAdsJobs.Console.New.Trees;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Validation;
using Microsoft.Extensions.Primitives;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>The form for several ad sets and ads: what its buttons do, which body it sends, and how a body comes back into it.</summary>
[TestFixture]
public sealed class NewTreeTests
{
    private static readonly TimeZoneInfo Madrid = TimeZoneInfo.FindSystemTimeZoneById("Europe/Madrid");

    [TestCase("add_set", "1[1] 2[1]*", "ad_sets[1]", TestName = "A second ad set beside the first")]
    [TestCase("add_ad", "1[1 2*]", "ad_sets[0].ads[1]", TestName = "A second ad in the only ad set")]
    [TestCase("add_set add_ad:0 copy:0", "1[1 2*] 2[1 2]* 3[1]*", "ad_sets[1]", TestName = "An ad set duplicated behind itself with its ads")]
    [TestCase("add_set remove:0", "1[1]*", "ad_sets[0]", TestName = "An ad set removed")]
    [TestCase("add_ad remove:0.1", "1[1]", "ad_sets[0].ads[0]", TestName = "An ad removed")]
    [TestCase("add_ad remove:0.1 remove:0.0", "1[1]", "ad_sets[0].ads[0]", TestName = "The last ad of an ad set stays")]
    [TestCase("add_ad remove:0", "", null, TestName = "Without ad sets the form is for one ad again")]
    [TestCase("add_ad close:0.1 open:0 open:0.0", "1[1* 2]*", "ad_sets[0].ads[0]", TestName = "Opened and closed")]
    [TestCase("add_ad remove:7 copy:0.9 open:x preview", "1[1 2*]", null, TestName = "Nothing at a place that is not there")]
    public void A_button_changes_the_tree_and_nothing_typed_is_lost(string presses, string shape, string? goOn)
    {
        var values = Of(("campaign_name", "Kept"));
        string? at = null;
        foreach (var press in presses.Split(' ').Select(press => press.Split(':')))
        {
            var tree = NewTree.Of(values);
            at = tree.Do(press[0], press.Length == 1 ? "" : Path(press[1]));
            values = tree.In(values);
        }

        Assert.That(string.Join(' ', NewTree.Of(values).Sets.Select((set, s) => $"{s + 1}[{string.Join(' ', set.Ads.Select((ad, a) => $"{a + 1}{(ad.IsOpen ? "*" : "")}"))}]{(set.IsOpen ? "*" : "")}")), Is.EqualTo(shape));
        Assert.That((at, values["campaign_name"]), Is.EqualTo((goOn, "Kept")));
    }

    [Test]
    public void What_was_typed_moves_with_its_place()
    {
        var values = Of(
            ("ad_sets[0]", "closed"), ("ad_sets[0].name", "One"), ("ad_sets[0].ads[0]", "closed"), ("ad_sets[1]", "open"), ("ad_sets[1].name", "Two"), ("ad_sets[1].targeting.genders", "2"), ("ad_sets[1].place", "city|1|Madrid"),
            ("ad_sets[1].ads[0]", "open"), ("ad_sets[1].ads[1]", "open"), ("ad_sets[1].ads[1].creative_title", "Loud"));
        var tree = NewTree.Of(values);

        tree.Do("copy", "ad_sets[1].ads[1]");
        tree.Do("remove", "ad_sets[0]");

        Assert.That(Sent(tree.In(values)), Is.EqualTo("""[{"name":"Two","targeting":{"genders":[2],"geo_locations":{"cities":[{"key":"1","name":"Madrid"}]}},"ads":[{},{"creative_title":"Loud"},{"creative_title":"Loud"}]}]"""));
    }

    [Test]
    public void There_are_no_more_than_20_ad_sets_of_50_ads_and_20_open_ones()
    {
        var tree = new NewTree();
        for (var press = 0; press < 60; press++) tree.Do("add_ad", "ad_sets[0]");
        for (var press = 0; press < 30; press++) tree.Do("copy", "ad_sets[0]");

        Assert.That((NewTree.MostAdSets, NewTree.MostAds), Is.EqualTo((RequestParts.MostAdSets, RequestParts.MostAds)));
        Assert.That((tree.Sets.Count, tree.Sets.Select(set => set.Ads.Count).Distinct().Single()), Is.EqualTo((20, 50)));
        Assert.That(tree.Places.Count(place => place.Node.IsOpen), Is.EqualTo(20));
    }

    [Test]
    public void What_the_form_alone_can_get_wrong_is_told_at_its_field()
    {
        var values = Of(("ad_sets[0]", "closed"), ("ad_sets[0].daily_budget_cents", "1.234"), ("ad_sets[0].start_time", "2027-03-28T02:30"), ("ad_sets[0].targeting_more", "["), ("ad_sets[0].ads[0]", "closed"), ("ad_sets[0].ads[0].more", "7"));

        var refused = new NewBody(values, Madrid, validateOnly: false).Refused(new FieldErrors());

        Assert.That(refused.ErrorsBeside().Select(error => error.Path), Is.EquivalentTo(["ad_sets[0].daily_budget_cents", "ad_sets[0].start_time", "ad_sets[0].targeting_more", "ad_sets[0].ads[0].more"]));
    }

    [Test]
    public void A_request_comes_back_as_it_was_with_what_the_form_has_no_input_for()
    {
        const string Body = """
            {"social_account_id":"a","campaign_name":"C","clip_id":"c","creative_title":"T","creative_description":"D\nE","landing_url":"https://example.com/","call_to_action":"SHOP_NOW",
             "campaign_objective":"OUTCOME_TRAFFIC","optimization_goal":"LINK_CLICKS","budget_at":"campaign","lifetime_budget_cents":123456,"end_time":"2027-06-01T10:30:00+02:00","colour":{"of":"later"},
             "special_ad_categories":["HOUSING","CREDIT"],"special_ad_category_countries":["ES","US"],"auto_publish":true,
             "targeting":{"age_min":20,"interests":[{"id":"6","name":"Shopping"}],"locales":[24],"device_platforms":["mobile"],"geo_locations":{"countries":["ES"],"cities":[{"key":"3","radius":10,"distance_unit":"mile"},{"key":"2","name":"Madrid"}]}},
             "ad_sets":[{"name":"One","optimization_goal":"REACH","min_spend_cents":1050,"bid_amount_cents":5,"pixel_id":"7","dsa_payor":"P","targeting":{"genders":[1,2]},"ads":[{},{"name":"Loud","clip_id":"d","cards":[1]},{"cards":[{"clip_id":"e","title":"E"},{"clip_id":"f","landing_url":"https://example.com/f"}]},{"post_id":"1_2"},
              {"titles":["A","B"],"texts":["C\nD"]},{"titles":["A","B"],"texts":["C","D"]}]},
                        {"start_time":"2027-05-01T00:00:01+02:00","max_spend_cents":2000,"roas_average_floor":1.25,"shape":"new","optimization_goal":"LEAD_GENERATION","lead_gen_form_id":"8","application_id":"9","object_store_url":"https://example.com/app","destination_type":"MESSENGER","ads":[{"creative_description":"Own"}]}]}
            """;

        var values = NewPrefill.Of(JsonNode.Parse(Body)!.AsObject(), Madrid);

        var sent = JsonNode.Parse(new NewBody(values, Madrid, validateOnly: false).ToJson().GetRawText());
        Assert.That(JsonNode.DeepEquals(sent, JsonNode.Parse(Body)), Is.True, sent!.ToJsonString());
    }

    private static string Path(string place) => place.Split('.') is [var set, var ad] ? $"ad_sets[{set}].ads[{ad}]" : $"ad_sets[{place}]";

    private static FormValues Of(params (string Name, string Value)[] fields) => FormValues.Of(fields.ToDictionary(field => field.Name, field => new StringValues(field.Value)));

    private static string Sent(FormValues values) => new NewBody(values, Madrid, validateOnly: false).ToJson().GetProperty("ad_sets").GetRawText();
}
