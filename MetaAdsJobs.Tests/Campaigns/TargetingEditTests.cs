using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>Whom an ad set addresses, changed after its birth; and what is wrong with that, or with another content.</summary>
[TestFixture]
public sealed class TargetingEditTests
{
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task Another_targeting_takes_the_whole_place_of_the_old_one_and_waits_for_no_permit()
    {
        var tree = await _world.BuiltAsync();
        var adSet = tree.AdSets[0].MetaId;
        await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId);
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 1 WHERE id = @AccountId", new { tree.AccountId });
        _world.Graph.Faults.Add(call => call.Path == adSet && call["targeting"] is not null, GraphFaults.FailBeforeActing);
        const string Body = """{"targeting":{"geo_locations":{"countries":["DE","US"]},"age_min":30}}""";

        var (preview, _) = await _world.Get<PreviewEdit>().ExecuteAsync(adSet, EditKind.Update, JsonElement.Parse(Body), CancellationToken.None);
        Assert.That(($"{preview!.Before.Targeting!["age_max"]}", $"{preview.After.Targeting!["age_min"]}", preview.SpendsMore), Is.EqualTo(("65", "30", false)));
        var edit = await _world.EditAsync(EditKind.Update, adSet, Body);

        Assert.That((edit.Status, (int?)edit.Found!["targeting"]!["age_max"]), Is.EqualTo(("succeeded", 65)));
        var sent = _world.Graph.Calls.Last(call => call.Path == adSet && call["targeting"] is not null);
        const string Whole = """{"geo_locations":{"countries":["DE","US"]},"age_min":30,"publisher_platforms":["facebook"],"targeting_automation":{"advantage_audience":0}}""";
        Assert.That(JsonNode.DeepEquals(JsonNode.Parse(sent["targeting"]!), JsonNode.Parse(Whole)), sent["targeting"]);
        Assert.That((sent["dsa_beneficiary"], sent["dsa_payor"]), Is.EqualTo(("Our shop", "Our shop")), "it reaches the EU now");
        Assert.That((await _world.QueryAsync<bool>("SELECT targeting = @Whole::jsonb FROM meta_adsets WHERE meta_id = @adSet", new { Whole, adSet })).Single());

        await _world.ExecuteAsync("UPDATE stub_graph.objects SET fields = jsonb_set(fields, '{targeting}', @Kept::jsonb) WHERE id = @adSet", new { Kept = Whole.Replace("\"age_min\":30", "\"age_min\":\"30\",\"age_max\":65,\"brand_safety\":[\"X\"]", StringComparison.Ordinal), adSet });
        Assert.That((await _world.EditAsync(EditKind.Update, adSet, Body)).Status, Is.EqualTo("succeeded"));
        Assert.That(_world.Graph.Calls.Last(call => call.Path == adSet && call["targeting"] is not null), Is.SameAs(sent), "what is there is not sent again");
    }

    private const string Kept = """{"age_min":18,"age_max":65,"geo_locations":{"countries":["US","DE"],"cities":[{"key":"1","name":"Hamburg","radius":17,"country":"DE"}],"location_types":["home","recent"]},"interests":[{"id":"6","name":"Shoes"}],"user_age_unknown":true}""";

    [TestCase("""{"geo_locations":{"cities":[{"key":1,"radius":17.0}],"countries":["DE","US"]},"interests":[{"id":"6"}]}""", true)]
    [TestCase("""{"geo_locations":{"cities":[{"key":"1"}],"countries":["US","DE"]},"interests":[{"id":"6"}],"age_min":18}""", true)]
    [TestCase("""{"geo_locations":{"cities":[{"key":"1"}],"countries":["US"]},"interests":[{"id":"6"}]}""", false)]
    [TestCase("""{"geo_locations":{"countries":["US","DE"]},"interests":[{"id":"6"}]}""", false)]
    [TestCase("""{"geo_locations":{"cities":[{"key":"1"}],"countries":["US","DE"]}}""", false)]
    [TestCase("""{"geo_locations":{"cities":[{"key":"1"}],"countries":["US","DE"]},"interests":[{"id":"6"}],"genders":[1]}""", false)]
    [TestCase("""{"geo_locations":{"cities":[{"key":"1"}],"countries":["US","DE"]},"interests":[{"id":"6"}],"age_min":21}""", false)]
    public void A_targeting_is_there_when_all_that_is_wanted_is_and_nothing_leaves_out_more(string wanted, bool isThere) =>
        Assert.That(KeptTargeting.Holds(JsonNode.Parse(Kept)!.AsObject(), JsonNode.Parse(wanted)!.AsObject()), Is.EqualTo(isThere));

    [TestCase("META_CAMPAIGN", """{"targeting":{}}""", "targeting: is an ad set's: change it there")]
    [TestCase("META_ADSET", """{"creative":{}}""", "creative: is an ad's: change it there")]
    [TestCase("META_ADSET", """{"targeting":5}""", "targeting: must be a JSON object")]
    [TestCase("META_ADSET", """{"targeting":{"age_min":70,"colour":1},"daily_budget_cents":0}""", "daily_budget_cents: must be a whole number from 1 to 10000000000000", "targeting.age_min: must be a whole number from 13 to 65", "targeting.colour: is not a known field")]
    [TestCase("META_ADSET", """{"targeting":{"publisher_platforms":["facebook","instagram"]}}""", "targeting.publisher_platforms[1]: needs an Instagram account")]
    [TestCase("META_AD_", """{"creative":{}}""", "creative.clip_id: is required", "creative.creative_title: is required", "creative.landing_url: is required")]
    [TestCase("META_AD_", """{"creative":{"clip_id":"0196b1d2-7f3a-7c55-9d6e-2f1b8a4c3e10","creative_title":"T","landing_url":"https://example.com","conversion_domain":"example.com","name":"x"}}""",
        "creative.conversion_domain: is the ad's and not what it shows", "creative.name: is not a known field", "creative: there is no clip 0196b1d2-7f3a-7c55-9d6e-2f1b8a4c3e10")]
    [TestCase("META_AD_", """{"creative":{"post_id":"5","creative_title":"T"}}""", "creative.creative_title: must be left out")]
    [TestCase("META_AD_", """{"creative":{"instagram_media_id":"5","landing_url":"https://example.com"}}""", "creative.instagram_media_id: needs an Instagram account")]
    public async Task What_is_wrong_with_another_targeting_or_content_is_told_by_its_path(string of, string body, params string[] errors)
    {
        var tree = await _world.BuiltAsync();
        var one = tree.All.First(one => one.MetaId.StartsWith(of, StringComparison.Ordinal));
        var level = of == "META_CAMPAIGN" ? EditLevel.Campaign : of == "META_ADSET" ? EditLevel.Adset : EditLevel.Ad;

        var asked = await _world.Get<RequestEdit>().ExecuteAsync(level, one.MetaId, EditKind.Update, JsonElement.Parse(body), "ann", CancellationToken.None);

        var told = ((EditRequested.Invalid)asked).Errors.ToDictionary().Select(pair => $"{pair.Key}: {pair.Value[0]}").ToList();
        Assert.That(told, Has.Count.EqualTo(errors.Length), string.Join('\n', told));
        Assert.That(errors.Zip(told), Has.All.Matches<(string Wanted, string Told)>(pair => pair.Told.StartsWith(pair.Wanted, StringComparison.Ordinal)), string.Join('\n', told));
    }
}
