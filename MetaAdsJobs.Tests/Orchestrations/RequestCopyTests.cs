using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Validation;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>What a run was asked for is asked for again: the same in the same account, and nothing of the old account's in another.</summary>
[TestFixture]
public sealed class RequestCopyTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.Parse("2026-11-23T12:00:00Z", null);
    private static readonly SocialAccount Here = new() { Id = Guid.NewGuid(), Name = "Here", AdAccountId = "act_1", PageId = "1", Currency = "USD", TimezoneName = "Europe/Madrid" };
    private static readonly SocialAccount There = Here with { Id = Guid.NewGuid(), AdAccountId = "act_2" };

    [TestCase("{}")]
    [TestCase("""{"validate_only":true,"auto_publish":true,"bid_strategy":"COST_CAP","bid_amount_cents":300,"special_ad_categories":["HOUSING"],"special_ad_category_countries":["US"]}""")]
    [TestCase("""{"ad_sets":[{"ads":[{}]}]}""")]
    [TestCase("""{"ad_sets":[{"name":"Women","targeting":{"genders":[2]},"daily_budget_cents":1500,"ads":[{"creative_title":"One"},{"name":"Loud","creative_title":"Two"},{}]},{"ads":[{},{"landing_url":"https://example.com/other"},{"call_to_action":"SHOP_NOW"}]}]}""")]
    [TestCase("""{"targeting":null,"creative_description":null,"ad_sets":[{"targeting":{"genders":[2]},"dsa_payor":"A","ads":[{"creative_description":"Own"}]},{"ads":[{}]}]}""")]
    [TestCase("""{"end_time":"2099-01-01T00:00:00Z","ad_sets":[{"daily_budget_cents":null,"lifetime_budget_cents":90000,"ads":[{}]},{"ads":[{}]},{"start_time":"2098-01-01T00:00:00Z","ads":[{}]}]}""")]
    [TestCase("""{"bid_strategy":"COST_CAP","bid_amount_cents":300,"ad_sets":[{"ads":[{}]},{"bid_strategy":"LOWEST_COST_WITHOUT_CAP","ads":[{}]},{"bid_strategy":"COST_CAP","bid_amount_cents":400,"ads":[{}]}]}""")]
    [TestCase("""{"ad_sets":[{"optimization_goal":"OFFSITE_CONVERSIONS","pixel_id":"7","ads":[{}]},{"ads":[{}]},{"optimization_goal":"OFFSITE_CONVERSIONS","conversion_event":"LEAD","ads":[{}]}]}""")]
    [TestCase("""{"budget_at":"campaign","bid_strategy":"COST_CAP","bid_amount_cents":300,"ad_sets":[{"min_spend_cents":1000,"max_spend_cents":4000,"ads":[{}]},{"bid_amount_cents":500,"ads":[{}]}]}""")]
    [TestCase("""{"campaign_objective":"OUTCOME_LEADS","optimization_goal":"LEAD_GENERATION","lead_gen_form_id":"1","landing_url":null,"ad_sets":[{"ads":[{}]},{"lead_gen_form_id":"2","ads":[{}]},{"optimization_goal":"LINK_CLICKS","ads":[{"landing_url":"https://example.com/"}]}]}""")]
    [TestCase("""{"optimization_goal":"OFFSITE_CONVERSIONS","attribution_spec":[{"event_type":"CLICK_THROUGH","window_days":7}],"daily_budget_cents":null,"lifetime_budget_cents":90000,"end_time":"2099-01-01T00:00:00Z","adset_schedule":[{"start_minute":0,"end_minute":60,"days":[1]}],"ad_sets":[{"ads":[{}]},{"lifetime_budget_cents":90000,"ads":[{}]},{"daily_budget_cents":500,"ads":[{}]},{"optimization_goal":"OFFSITE_CONVERSIONS","ads":[{}]}]}""")]
    [TestCase("""{"budget_at":"campaign","daily_budget_cents":null,"lifetime_budget_cents":90000,"end_time":"2099-01-01T00:00:00Z","ad_sets":[{"adset_schedule":[{"start_minute":0,"end_minute":60,"days":[1]}],"ads":[{}]},{"ads":[{}]}]}""")]
    public void Asked_for_again_it_is_the_same_request(string change)
    {
        var asked = Read(change);

        var copy = RequestCopy.Of(asked, Here, Here, Now);

        Assert.That(copy.LeftOut, Is.Empty);
        Assert.That(ReadBody(JsonNode.Parse(copy.Request.ToJson())!).ToJson(), Is.EqualTo(asked.ToJson()));
    }

    [Test]
    public void What_most_ad_sets_and_ads_say_stands_at_the_top()
    {
        var copy = RequestCopy.Of(Read("""{"ad_sets":[{"daily_budget_cents":1500,"ads":[{"creative_title":"Other"},{}]},{"name":"Two","ads":[{}]},{"ads":[{}]}]}"""), Here, Here, Now);

        Assert.That(JsonSerializer.SerializeToNode(copy.Request.AdSets, OrchestrationRequest.Json)!.ToJsonString(),
            Is.EqualTo("""[{"daily_budget_cents":1500,"ads":[{"creative_title":"Other"},{}]},{"name":"Two","ads":[{}]},{"ads":[{}]}]"""));
    }

    [Test]
    public void In_another_account_nothing_of_the_old_ones_is_left_and_what_is_left_out_is_named()
    {
        var asked = Read("""
            {"campaign_objective":"OUTCOME_SALES","pixel_id":"7","optimization_goal":"OFFSITE_CONVERSIONS","dsa_payor":"Payer","targeting":{"age_min":20,"custom_audiences":[{"id":"1"}]},
             "ad_sets":[{"ads":[{}]},{"optimization_goal":"OFFSITE_CONVERSIONS","dsa_beneficiary":"Other","targeting":{"custom_audiences":[{"id":"2"}],"excluded_custom_audiences":[{"id":"3"}]},"ads":[{}]}]}
            """);

        var copy = RequestCopy.Of(asked, Here, There, Now);

        Assert.That(copy.LeftOut.Select(left => left.Path), Is.EqualTo(["ad_sets[0].pixel_id", "ad_sets[1].dsa_beneficiary", "dsa_payor", "targeting.custom_audiences", "ad_sets[1].targeting.excluded_custom_audiences"]));
        Assert.That(copy.Request.ToJson(), Does.Not.Contain("pixel").And.Not.Contain("audiences").And.Not.Contain("dsa").And.Contain("\"age_min\":20").And.Contain($"{There.Id}"));
        Assert.That(copy.Request.DailyBudgetCents, Is.EqualTo(10000));
    }

    [Test]
    public void A_form_and_groups_with_audiences_stay_with_their_account()
    {
        var asked = Read("""
            {"campaign_objective":"OUTCOME_LEADS","optimization_goal":"LEAD_GENERATION","lead_gen_form_id":"1","targeting":{"flexible_spec":[{"interests":[{"id":"2"}]},{"custom_audiences":[{"id":"3"}]}]},
             "ad_sets":[{"ads":[{}]},{"targeting":{"flexible_spec":[{"interests":[{"id":"2"}]}]},"ads":[{}]}]}
            """);

        var copy = RequestCopy.Of(asked, Here, There, Now);

        Assert.That(copy.LeftOut.Select(left => left.Path), Is.EqualTo(["lead_gen_form_id", "ad_sets[0].targeting.flexible_spec"]));
        Assert.That(copy.Request.ToJson(), Does.Not.Contain("lead_gen_form_id").And.Not.Contain("custom_audiences").And.Contain("interests"));
    }

    [Test]
    public void An_amount_is_not_taken_into_another_currency()
    {
        var copy = RequestCopy.Of(Read("""{"budget_at":"campaign","ad_sets":[{"min_spend_cents":1000,"ads":[{}]},{"ads":[{}]}]}"""), Here, There with { Currency = "JPY" }, Now);

        Assert.That(copy.LeftOut, Is.EqualTo([new LeftOut("daily_budget_cents", "is an amount in another currency"), new LeftOut("ad_sets[0].min_spend_cents", "is an amount in another currency")]));
        Assert.That(copy.Request.ToJson(), Does.Not.Contain("_cents"));
    }

    [TestCase("""{"start_time":"2026-11-01T10:30:00+01:00","end_time":"2026-12-01T10:30:00Z","auto_publish":true}""", "start_time", true, TestName = "An end to come is kept")]
    [TestCase("""{"end_time":"2026-11-23T12:00:00Z","auto_publish":true}""", "end_time auto_publish", false, TestName = "What was to end and now would not is not activated")]
    [TestCase("""{"end_time":"2027-01-01T00:00:00Z","auto_publish":true,"ad_sets":[{"ads":[{}]},{"end_time":"2026-11-01T00:00:00Z","ads":[{}]}]}""", "ad_sets[1].end_time auto_publish", false, TestName = "Nor if it is one ad set of several, which takes no other end")]
    public void A_time_that_is_past_is_left_out(string change, string leftOut, bool isPublished)
    {
        var copy = RequestCopy.Of(Read(change), Here, Here, Now);

        Assert.That(copy.LeftOut.Select(left => left.Path), Is.EqualTo(leftOut.Split(' ')));
        Assert.That(copy.Request.AutoPublish, Is.EqualTo(isPublished));
        if (copy.Request.AdSets is { } sets) Assert.That(sets.Select(set => set.EndTime?.Year), Is.EqualTo([2027, (int?)null]), "at the top it would be that of both");
    }

    // Whoever adds a field says whether another account may have it.
    [Test]
    public void Of_every_field_it_is_decided_whether_it_goes_to_another_account()
    {
        string[] goes =
        [
            "social_account_id", "clip_id", "campaign_name", "campaign_objective", "creative_title", "creative_description", "landing_url", "targeting", "optimization_goal", "auto_publish", "bid_strategy", "activate_at",
            "roas_average_floor", "special_ad_categories", "special_ad_category_countries", "conversion_event", "call_to_action", "validate_only", "budget_at", "ad_sets", "ads", "name",
            "destination_type", "application_id", "object_store_url", "attribution_spec", "frequency_control_specs", "adset_schedule",
            "cards", "titles", "texts", "placement_media", "link_description", "url_tags", "conversion_domain",
        ];
        Assert.That(new[] { typeof(OrchestrationRequest), typeof(AdSetRequest), typeof(AdRequest) }.SelectMany(type => OrchestrationRequest.Json.GetTypeInfo(type).Properties).Where(field => field.Get is not null).Select(field => field.Name).Distinct(),
            Is.EquivalentTo([.. goes, .. RequestCopy.OfAccount.Where(path => !path.Contains('.', StringComparison.Ordinal)), .. RequestCopy.Amounts, .. RequestCopy.Times]));
    }

    private static OrchestrationRequest Read(string change) => ReadBody(SentCase.Merged(ApiClient.Request($"{Here.Id}", "7d0c0000-0000-4000-8000-000000000002").ToJsonString(), change));

    private static OrchestrationRequest ReadBody(JsonNode body)
    {
        var errors = new FieldErrors();
        return RequestValidation.Read(JsonSerializer.SerializeToElement(body), errors, out _) ?? throw new InvalidOperationException(string.Join("; ", errors.ToDictionary().Select(error => $"{error.Key} {error.Value[0]}")));
    }
}
