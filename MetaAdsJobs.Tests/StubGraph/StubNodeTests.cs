using System.Text.Json.Nodes;

namespace MetaAdsJobs.Tests.StubGraph;

[TestFixture]
public sealed class StubNodeTests
{
    private StubWorld _world = null!;

    [SetUp]
    public async Task CreateWorld() => _world = await StubWorld.CreateAsync();

    [TearDown]
    public async Task DisposeWorld() => await _world.DisposeAsync();

    [Test]
    public async Task An_object_shows_the_fields_that_were_asked_for()
    {
        var tree = await _world.CreateTreeAsync();

        var adSet = await _world.GetAsync(tree.AdSet, ("fields", "name,campaign_id,daily_budget,targeting,campaign{id,name},created_time,bid_amount"));
        var ad = await _world.GetAsync(tree.Ad, ("fields", "account_id,campaign_id,adset_id,creative"));

        Assert.That((string?)adSet["daily_budget"], Is.EqualTo("10000"));
        Assert.That((int?)adSet["targeting"]!["age_min"], Is.EqualTo(18));
        Assert.That(adSet["campaign"]!.AsObject().Select(field => field.Key).Order(), Is.EqualTo(["id", "name"]));
        Assert.That((string?)adSet["campaign"]!["id"], Is.EqualTo(tree.Campaign));
        Assert.That((string?)adSet["created_time"], Is.EqualTo("2026-11-22T09:00:00+0000"));
        Assert.That(adSet.AsObject().ContainsKey("bid_amount"), Is.False);
        Assert.That(ad.ToJsonString(), Is.EqualTo(
            $$"""{"account_id":"1234567890","campaign_id":"{{tree.Campaign}}","adset_id":"{{tree.AdSet}}","creative":{"id":"{{tree.Creative}}"},"id":"{{tree.Ad}}"}"""));
    }

    [Test]
    public async Task What_an_ad_effectively_does_follows_from_its_parents()
    {
        var tree = await _world.CreateTreeAsync();

        Assert.That(await EffectiveStatusAsync(tree.Ad), Is.EqualTo("PAUSED"));
        await ActivateAsync(tree.Ad);
        Assert.That(await EffectiveStatusAsync(tree.Ad), Is.EqualTo("CAMPAIGN_PAUSED"));
        await ActivateAsync(tree.Campaign);
        Assert.That(await EffectiveStatusAsync(tree.Ad), Is.EqualTo("ADSET_PAUSED"));
        await ActivateAsync(tree.AdSet);
        Assert.That(await EffectiveStatusAsync(tree.Ad), Is.EqualTo("ACTIVE"));
        Assert.That(await EffectiveStatusAsync(tree.AdSet), Is.EqualTo("ACTIVE"));
    }

    [Test]
    public async Task Names_and_budgets_can_be_changed_and_what_is_refused_changes_nothing()
    {
        var tree = await _world.CreateTreeAsync();

        var changed = await _world.CallAsync("POST", tree.AdSet, new() { ["name"] = "Winter Sale", ["daily_budget"] = "20000" });
        var tooLow = await _world.CallAsync("POST", tree.AdSet, new() { ["daily_budget"] = "1" });
        var moved = await _world.CallAsync("POST", tree.AdSet, new() { ["campaign_id"] = "1" });
        var content = await _world.CallAsync("POST", tree.Creative, new() { ["object_story_spec"] = "{}" });

        Assert.That(changed.Body.ToJsonString(), Is.EqualTo("""{"success":true}"""));
        Assert.That((int?)tooLow.Body["error"]!["error_subcode"], Is.EqualTo(1885272));
        Assert.That((int?)moved.Body["error"]!["code"], Is.EqualTo(100));
        Assert.That((int?)content.Body["error"]!["error_subcode"], Is.EqualTo(1815573));
        var adSet = await _world.GetAsync(tree.AdSet, ("fields", "name,daily_budget"));
        Assert.That((string?)adSet["name"], Is.EqualTo("Winter Sale"));
        Assert.That((string?)adSet["daily_budget"], Is.EqualTo("20000"));
    }

    [Test]
    public async Task An_ad_is_pointed_to_a_creative_of_its_account_and_a_targeting_is_replaced_as_a_whole()
    {
        var (tree, other) = (await _world.CreateTreeAsync(), await _world.CreateAsync("adcreatives", StubWorld.GoodCreative()));
        Task<(int Status, JsonNode Body)> PointAsync(string creative) => _world.CallAsync("POST", tree.Ad, new() { ["creative"] = $$"""{"creative_id":"{{creative}}"}""" });
        Task<(int Status, JsonNode Body)> TargetAsync(string targeting) => _world.CallAsync("POST", tree.AdSet, new() { ["targeting"] = targeting });

        Assert.That((await PointAsync(other)).Body.ToJsonString(), Is.EqualTo("""{"success":true}"""));
        Assert.That((string?)(await _world.GetAsync(tree.Ad, ("fields", "creative")))["creative"]!["id"], Is.EqualTo(other));
        Assert.That((await _world.CallAsync("DELETE", tree.Creative)).Status, Is.EqualTo(200), "no ad shows it any more");
        var elsewhere = (string)(await _world.CallAsync("POST", "act_81/adcreatives", StubWorld.GoodCreative())).Body["id"]!;
        foreach (var wrong in (string[])[tree.Creative, tree.AdSet, elsewhere, "META_CREATIVE_000000000000"])
            Assert.That((int?)(await PointAsync(wrong)).Body["error"]!["error_subcode"], Is.EqualTo(33), wrong);
        Assert.That((await _world.CallAsync("POST", tree.Ad, new() { ["creative"] = "{}" })).Status, Is.EqualTo(400));

        const string Right = """{"geo_locations":{"countries":["US"]},"age_min":30,"publisher_platforms":["facebook"],"targeting_automation":{"advantage_audience":0}}""";
        Assert.That((await TargetAsync(Right)).Status, Is.EqualTo(200));
        Assert.That(JsonNode.DeepEquals((await _world.GetAsync(tree.AdSet, ("fields", "targeting")))["targeting"], JsonNode.Parse(Right)));
        Assert.That((int?)(await TargetAsync("{}")).Body["error"]!["error_subcode"], Is.EqualTo(1885364));
        Assert.That((string?)(await TargetAsync(Right.Replace("US", "DE", StringComparison.Ordinal))).Body["error"]!["message"], Does.Contain("need a dsa_beneficiary"));
    }

    [Test]
    public async Task To_what_is_archived_nothing_is_added_and_only_its_name_is_changed()
    {
        var tree = await _world.CreateTreeAsync();
        foreach (var id in (string[])[tree.Campaign, tree.AdSet, tree.Ad]) Assert.That((await _world.CallAsync("POST", id, new() { ["status"] = "ARCHIVED" })).Status, Is.EqualTo(200));

        Assert.That((await _world.CallAsync("POST", tree.AdSet, new() { ["name"] = "Old" })).Status, Is.EqualTo(200));
        foreach (var change in (Dictionary<string, string>[])[new() { ["daily_budget"] = "20000" }, new() { ["status"] = "ACTIVE" }, new() { ["status"] = "PAUSED" }])
            Assert.That((string?)(await _world.CallAsync("POST", tree.AdSet, change)).Body["error"]!["error_user_title"], Is.EqualTo("Object is archived"));
        Assert.That((await _world.CallAsync("POST", tree.Ad, new() { ["creative"] = $$"""{"creative_id":"{{tree.Creative}}"}""" })).Status, Is.EqualTo(400));
        Assert.That((await _world.CallAsync("POST", $"{StubWorld.Account}/adsets", StubWorld.GoodAdSet(tree.Campaign))).Status, Is.EqualTo(400));
        Assert.That((await _world.CallAsync("POST", $"{StubWorld.Account}/ads", StubWorld.GoodAd(tree.AdSet, tree.Creative))).Status, Is.EqualTo(400));
        Assert.That((await _world.CallAsync("DELETE", tree.Campaign)).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Deleting_a_campaign_takes_its_ad_sets_and_ads_but_not_the_creative()
    {
        var tree = await _world.CreateTreeAsync();

        var (_, deleted) = await _world.CallAsync("DELETE", tree.Campaign);
        var (_, again) = await _world.CallAsync("DELETE", tree.Campaign);

        Assert.That(deleted.ToJsonString(), Is.EqualTo("""{"success":true}"""));
        Assert.That((int?)again["error"]!["error_subcode"], Is.EqualTo(33));
        Assert.That(await EffectiveStatusAsync(tree.Ad), Is.EqualTo("DELETED"));
        Assert.That(await _world.CountAsync("deleted_at IS NULL"), Is.EqualTo(1));
        Assert.That((await _world.CallAsync("DELETE", tree.Creative)).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task A_creative_stays_while_an_ad_shows_it()
    {
        var tree = await _world.CreateTreeAsync();

        var inUse = await _world.CallAsync("DELETE", tree.Creative);
        await _world.CallAsync("DELETE", tree.Ad);
        var free = await _world.CallAsync("DELETE", tree.Creative);

        Assert.That((string?)inUse.Body["error"]!["error_user_title"], Is.EqualTo("Creative is in use"));
        Assert.That(free.Status, Is.EqualTo(200));
    }

    [Test]
    public async Task What_is_being_made_while_its_parent_is_deleted_is_deleted_too_or_refused()
    {
        for (var round = 0; round < 40; round++)
        {
            var tree = await _world.CreateTreeAsync();
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => _world.CallAsync("POST", $"{StubWorld.Account}/adsets", StubWorld.GoodAdSet(tree.Campaign))))
                .Concat(Enumerable.Range(0, 4).Select(_ => Task.Run(() => _world.CallAsync("POST", $"{StubWorld.Account}/ads", StubWorld.GoodAd(tree.AdSet, tree.Creative)))))
                .Append(Task.Run(() => _world.CallAsync("DELETE", tree.Campaign)))
                .Append(Task.Run(() => _world.CallAsync("DELETE", tree.AdSet))));
        }

        Assert.That(await _world.CountAsync("kind IN ('campaign', 'adset', 'ad') AND deleted_at IS NULL"), Is.Zero);
    }

    [TestCase("GET")]
    [TestCase("POST")]
    [TestCase("DELETE")]
    public async Task An_unknown_id_is_refused_with_100_33(string method)
    {
        var (status, body) = await _world.CallAsync(method, "META_CAMPAIGN_000000000000");

        Assert.That(status, Is.EqualTo(400));
        Assert.That((int?)body["error"]!["code"], Is.EqualTo(100));
        Assert.That((int?)body["error"]!["error_subcode"], Is.EqualTo(33));
    }

    [Test]
    public async Task An_account_tells_its_currency_time_zone_and_least_budget()
    {
        await using (var describe = _world.DataSource.CreateCommand(
            "INSERT INTO stub_graph.ad_accounts VALUES ('81', 'Tokyo', 'JPY', 'Asia/Tokyo')"))
            await describe.ExecuteNonQueryAsync();

        var tokyo = await _world.GetAsync("act_81", ("fields", "currency,timezone_name,account_id,min_daily_budget"));
        var usual = await _world.GetAsync(StubWorld.Account, ("fields", "currency,timezone_name"));
        var budgets = await _world.GetAsync("act_81/minimum_budgets");

        Assert.That(tokyo.ToJsonString(), Is.EqualTo(
            """{"currency":"JPY","timezone_name":"Asia/Tokyo","account_id":"81","min_daily_budget":100,"id":"act_81"}"""));
        Assert.That((string?)usual["currency"], Is.EqualTo("USD"));
        Assert.That(budgets["data"]!.AsArray().Select(row => (string?)row!["currency"]), Does.Contain("JPY"));
    }

    [Test]
    public async Task A_video_is_ready_a_second_after_its_upload_and_not_before_in_a_creative()
    {
        var video = await _world.CreateAsync("advideos", new() { ["file_url"] = "https://example.com/clip.mp4", ["title"] = "Clip [maj:1]" });
        var creative = StubWorld.GoodCreative();
        creative["object_story_spec"] = creative["object_story_spec"].Replace("META_VIDEO_demo", video, StringComparison.Ordinal);

        Assert.That(await VideoStatusAsync(video), Is.EqualTo("processing"));
        Assert.That((await _world.CallAsync("POST", $"{StubWorld.Account}/adcreatives", creative)).Status, Is.EqualTo(400));

        _world.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(await VideoStatusAsync(video), Is.EqualTo("ready"));
        Assert.That((await _world.CallAsync("POST", $"{StubWorld.Account}/adcreatives", creative)).Status, Is.EqualTo(200));
        Assert.That(StubWorld.Ids(await _world.GetAsync($"{StubWorld.Account}/advideos", ("title", "[maj:1]"))), Is.EqualTo([video]));
    }

    [Test]
    public async Task A_broken_video_ends_in_an_error_and_a_foreign_one_is_ready()
    {
        var broken = await _world.CreateAsync("advideos", new() { ["file_url"] = "https://example.com/broken.mp4" });

        Assert.That(await VideoStatusAsync(broken), Is.EqualTo("error"));
        Assert.That(await VideoStatusAsync("META_VIDEO_demo"), Is.EqualTo("ready"));
        Assert.That(await VideoStatusAsync("120210000000000001"), Is.EqualTo("ready"));
    }

    private async Task ActivateAsync(string id) => await _world.CallAsync("POST", id, new() { ["status"] = "ACTIVE" });

    private async Task<string?> EffectiveStatusAsync(string id) =>
        (string?)(await _world.GetAsync(id, ("fields", "effective_status")))["effective_status"];

    private async Task<string?> VideoStatusAsync(string id)
    {
        var video = await _world.GetAsync(id, ("fields", "status,thumbnails"));
        Assert.That(video["thumbnails"]!["data"]!.AsArray(), Is.Not.Empty);
        return (string?)video["status"]!["video_status"];
    }
}
