using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Meta;

[TestFixture]
public sealed class ObjectiveGoalsTests
{
    [Test]
    public void The_six_outcomes_are_objectives_and_the_legacy_names_are_not()
    {
        Assert.That(ObjectiveGoals.Objectives, Is.EquivalentTo(
            new[] { "OUTCOME_AWARENESS", "OUTCOME_TRAFFIC", "OUTCOME_ENGAGEMENT", "OUTCOME_LEADS", "OUTCOME_SALES", "OUTCOME_APP_PROMOTION" }));
        foreach (var legacy in (string[])["CONVERSIONS", "LINK_CLICKS", "BRAND_AWARENESS", "outcome_sales", ""])
            Assert.That(ObjectiveGoals.IsObjective(legacy), Is.False, legacy);
    }

    [TestCase("OUTCOME_SALES", "LEAD_GENERATION")]
    [TestCase("OUTCOME_AWARENESS", "OFFSITE_CONVERSIONS")]
    [TestCase("OUTCOME_TRAFFIC", "VALUE")]
    [TestCase("OUTCOME_APP_PROMOTION", "VALUE")]
    [TestCase("OUTCOME_SALES", "link_clicks")]
    [TestCase("CONVERSIONS", "CONVERSIONS")]
    public void A_goal_that_does_not_fit_has_no_rule(string objective, string goal) => Assert.That(ObjectiveGoals.Find(objective, goal), Is.Null);

    [TestCase("OUTCOME_SALES", "PURCHASE")]
    [TestCase("OUTCOME_LEADS", "LEAD")]
    [TestCase("OUTCOME_ENGAGEMENT", "CONTENT_VIEW")]
    public void The_seeds_word_conversions_counts_events_of_the_pixel(string objective, string pixelEvent)
    {
        var rule = ObjectiveGoals.Find(objective, "CONVERSIONS");

        Assert.That(rule, Is.EqualTo(ObjectiveGoals.Find(objective, "OFFSITE_CONVERSIONS")));
        Assert.That((rule!.DestinationType, rule.Promotes, rule.PixelEvent), Is.EqualTo(("WEBSITE", PromotedObject.Pixel, pixelEvent)));
    }

    [Test]
    public async Task The_Graph_takes_every_goal_that_validation_lets_pass()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var graph = await GraphServer.StartAsync(database.DataSource);
        await using var live = LiveMeta.Against(graph);
        var taken = 0;
        foreach (var objective in ObjectiveGoals.Objectives)
        {
            var campaign = await live.Ads.CreateCampaignAsync(LiveMeta.Credential, new(objective, objective), CancellationToken.None);
            foreach (var goal in ObjectiveGoals.GoalsOf(objective))
            {
                foreach (var chat in ObjectiveGoals.Find(objective, goal)! switch { { MayChat: false } => [null], { DestinationType: null } => ObjectiveGoals.Chats, _ => (IEnumerable<string?>)[null, .. ObjectiveGoals.Chats] })
                {
                    var targeting = JsonNode.Parse("""{"geo_locations":{"countries":["US"]},"user_os":["iOS"],"targeting_automation":{"advantage_audience":0}}""")!.AsObject();
                    var promotion = new Promotion("2000000001", "3000000001", ApplicationId: "4000000001", ObjectStoreUrl: "https://apps.apple.com/app/id5");
                    var spec = new AdSetSpec(goal, campaign, goal, ObjectiveGoals.Find(objective, goal, chat)!, 10000, targeting, promotion);
                    Assert.That(await live.Ads.CreateAdSetAsync(LiveMeta.Credential, spec, CancellationToken.None), Is.Not.Empty, $"{objective} {goal} {chat}");
                    taken++;
                }
            }
        }

        Assert.That(taken, Is.GreaterThan(30));
    }
}
