using MetaAdsJobs.Core.Orchestrations.Requests;

namespace MetaAdsJobs.Tests.Orchestrations;

[TestFixture]
public sealed class OrchestrationRequestTests
{
    private static readonly DateTimeOffset Now = new(2027, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly OrchestrationRequest Old = new()
    {
        SocialAccountId = Guid.Parse("5c1a0000-0000-4000-8000-000000000001"), ClipId = Guid.Parse("5c1a0000-0000-4000-8000-000000000002"),
        CampaignName = "Summer", CampaignObjective = "OUTCOME_SALES", DailyBudgetCents = 10000, CreativeTitle = "Amazing", LandingUrl = "https://example.com/",
        OptimizationGoal = "LINK_CLICKS",
    };

    /// <summary>Its hash stands in the database beside its idempotency key: another text would make a replay another request.</summary>
    [Test]
    public void A_request_without_the_newer_fields_is_written_as_it_always_was() => Assert.That(Old.ToJson(), Is.EqualTo(
        """{"social_account_id":"5c1a0000-0000-4000-8000-000000000001","clip_id":"5c1a0000-0000-4000-8000-000000000002","campaign_name":"Summer","campaign_objective":"OUTCOME_SALES","daily_budget_cents":10000,"creative_title":"Amazing","creative_description":null,"landing_url":"https://example.com/","targeting":null,"optimization_goal":"LINK_CLICKS","auto_publish":false}"""));

    [Test]
    public void A_request_with_every_field_survives_the_database()
    {
        var full = Old with
        {
            DailyBudgetCents = null, LifetimeBudgetCents = 5, StartTime = Now, EndTime = Now.AddDays(3).ToOffset(TimeSpan.FromHours(5.5)), BidStrategy = "COST_CAP",
            BidAmountCents = 7, RoasAverageFloor = 1.5m, SpecialAdCategories = ["HOUSING"], SpecialAdCategoryCountries = ["US"], PixelId = "1", ConversionEvent = "LEAD",
            CallToAction = "SHOP_NOW", DsaBeneficiary = "B", DsaPayor = "P", ValidateOnly = true, DestinationType = "MESSENGER", ApplicationId = "2", ObjectStoreUrl = "https://apps.apple.com/app/id3", LeadGenFormId = "4",
            AttributionSpec = [new("CLICK_THROUGH", 7)], FrequencyControlSpecs = [new("IMPRESSIONS", 7, 3)], AdsetSchedule = [new(0, 60, [1, 2]) { TimezoneType = "USER" }],
        };
        Assert.That(OrchestrationRequest.FromJson(full.ToJson()).ToJson(), Is.EqualTo(full.ToJson()));
        foreach (var field in (string[])["lifetime_budget_cents", "start_time", "end_time", "bid_strategy", "bid_amount_cents", "roas_average_floor", "special_ad_categories",
            "special_ad_category_countries", "pixel_id", "conversion_event", "call_to_action", "dsa_beneficiary", "dsa_payor", "validate_only", "destination_type", "application_id", "object_store_url", "lead_gen_form_id",
            "attribution_spec", "frequency_control_specs", "adset_schedule"])
            Assert.That(full.ToJson(), Does.Contain($"\"{field}\":"));
    }

    [Test]
    public void A_daily_budget_is_a_days_amount() => Assert.That(Old.DailyAmountCents(Now), Is.EqualTo(10000));

    [TestCase(1000, null, 10, ExpectedResult = 100)]
    [TestCase(1001, null, 10, ExpectedResult = 101, Description = "rounded up")]
    [TestCase(1000, 5.0, 10, ExpectedResult = 200)]
    [TestCase(1000, -5.0, 10, ExpectedResult = 100, Description = "days that have passed spend nothing more")]
    [TestCase(1000, null, 1.5, ExpectedResult = 500, Description = "a begun day is a day")]
    [TestCase(1000, null, 0.1, ExpectedResult = 1000)]
    [TestCase(1000, null, -3.0, ExpectedResult = 1000)]
    public long A_lifetime_budget_is_spread_over_its_days(long cents, double? start, double end) =>
        (Old with { DailyBudgetCents = null, LifetimeBudgetCents = cents, StartTime = start is null ? null : Now.AddDays(start.Value), EndTime = Now.AddDays(end) }).DailyAmountCents(Now);
}
