using System.Text;

namespace MetaAdsJobs.Tests.StubGraph;

[TestFixture]
public sealed class StubCreateTests
{
    private StubWorld _world = null!;

    [SetUp]
    public async Task CreateWorld() => _world = await StubWorld.CreateAsync();

    [TearDown]
    public async Task DisposeWorld() => await _world.DisposeAsync();

    [Test]
    public async Task A_whole_ad_is_four_objects_with_ids_as_the_seed_shows_them()
    {
        var tree = await _world.CreateTreeAsync();

        Assert.That(tree.Campaign, Does.Match("^META_CAMPAIGN_[0-9a-f]{12}$"));
        Assert.That(tree.AdSet, Does.Match("^META_ADSET_[0-9a-f]{12}$"));
        Assert.That(tree.Creative, Does.Match("^META_CREATIVE_[0-9a-f]{12}$"));
        Assert.That(tree.Ad, Does.Match("^META_AD_[0-9a-f]{12}$"));
        Assert.That(await _world.CountAsync(), Is.EqualTo(4));
        Assert.That(await _world.CountAsync($"kind = 'ad' AND parent_id = '{tree.AdSet}' AND account_id = '1234567890'"), Is.EqualTo(1));
    }

    [Test]
    public async Task Repeating_a_create_makes_a_second_object_as_at_Meta()
    {
        await _world.CreateAsync("campaigns", StubWorld.GoodCampaign());
        await _world.CreateAsync("campaigns", StubWorld.GoodCampaign());

        Assert.That(await _world.CountAsync("kind = 'campaign'"), Is.EqualTo(2));
    }

    [Test]
    public async Task Without_a_status_an_object_is_paused()
    {
        var campaign = StubWorld.GoodCampaign();
        campaign.Remove("status");

        var id = await _world.CreateAsync("campaigns", campaign);

        Assert.That((string?)(await _world.GetAsync(id, ("fields", "status")))["status"], Is.EqualTo("PAUSED"));
    }

    [TestCase("campaigns")]
    [TestCase("adsets")]
    [TestCase("adcreatives")]
    [TestCase("ads")]
    public async Task Validating_only_answers_success_and_creates_nothing(string edge)
    {
        var tree = await _world.CreateTreeAsync();
        var parameters = edge switch
        {
            "campaigns" => StubWorld.GoodCampaign(),
            "adsets" => StubWorld.GoodAdSet(tree.Campaign),
            "adcreatives" => StubWorld.GoodCreative(),
            _ => StubWorld.GoodAd(tree.AdSet, tree.Creative),
        };
        parameters["execution_options"] = """["validate_only"]""";

        var (status, body) = await _world.CallAsync("POST", $"{StubWorld.Account}/{edge}", parameters);

        Assert.That(status, Is.EqualTo(200));
        Assert.That(body.ToJsonString(), Is.EqualTo("""{"success":true}"""));
        Assert.That(await _world.CountAsync(), Is.EqualTo(4));
    }

    [Test]
    public async Task The_same_image_twice_has_one_hash_and_belongs_to_its_account()
    {
        var image = new Dictionary<string, string> { ["bytes"] = Convert.ToBase64String(Encoding.UTF8.GetBytes("picture")) };
        var (_, first) = await _world.CallAsync("POST", $"{StubWorld.Account}/adimages", image);
        var (_, second) = await _world.CallAsync("POST", $"{StubWorld.Account}/adimages", image);
        var hash = (string)first["images"]!["bytes"]!["hash"]!;
        var creative = new Dictionary<string, string>
        {
            ["object_story_spec"] = $$$"""{"page_id":"77","link_data":{"link":"https://example.com","image_hash":"{{{hash}}}"}}""",
        };

        Assert.That((string?)second["images"]!["bytes"]!["hash"], Is.EqualTo(hash));
        Assert.That(await _world.CountAsync("kind = 'image'"), Is.EqualTo(1));
        Assert.That((await _world.CallAsync("POST", $"{StubWorld.Account}/adcreatives", creative)).Status, Is.EqualTo(200));
        Assert.That((await _world.CallAsync("POST", "act_999/adcreatives", creative)).Status, Is.EqualTo(400));
    }

    [Test]
    public async Task An_ad_set_under_a_campaign_with_a_budget_has_none_of_its_own()
    {
        var campaign = StubWorld.GoodCampaign();
        campaign["daily_budget"] = "5000";
        var adSet = StubWorld.GoodAdSet(await _world.CreateAsync("campaigns", campaign));

        var (_, twice) = await _world.CallAsync("POST", $"{StubWorld.Account}/adsets", adSet);
        adSet.Remove("daily_budget");

        Assert.That((int?)twice["error"]!["error_subcode"], Is.EqualTo(1885621));
        Assert.That((await _world.CallAsync("POST", $"{StubWorld.Account}/adsets", adSet)).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Parents_of_another_account_are_not_seen()
    {
        var tree = await _world.CreateTreeAsync();

        var (_, adSet) = await _world.CallAsync("POST", "act_999/adsets", StubWorld.GoodAdSet(tree.Campaign));
        var (_, ad) = await _world.CallAsync("POST", "act_999/ads", StubWorld.GoodAd(tree.AdSet, tree.Creative));

        Assert.That((int?)adSet["error"]!["error_subcode"], Is.EqualTo(33));
        Assert.That((int?)ad["error"]!["error_subcode"], Is.EqualTo(33));
    }
}
