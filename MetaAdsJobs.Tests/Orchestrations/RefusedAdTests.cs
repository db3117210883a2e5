using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Core.Validation;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>What an ad may be: everything that is wrong with it is told at once, by its path.</summary>
[TestFixture]
public sealed class RefusedAdTests
{
    private const string Id = "0196b1d2-7f3a-7c55-9d6e-2f1b8a4c3e10";
    private const string Post = "\"clip_id\":null,\"creative_title\":null,\"creative_description\":null,\"post_id\":\"5\"";
    private const string Square = """{"x":0,"y":0,"width":100,"height":100}""";

    // Cards.
    [TestCase("""{"cards":{}}""", "cards")]
    [TestCase("""{"cards":[]}""", "cards")]
    [TestCase("""{"cards":[{}]}""", "cards")]
    [TestCase("""{"cards":[{},{},{},{},{},{},{},{},{},{},{}]}""", "cards")]
    [TestCase("""{"cards":[{},7]}""", "cards[1]")]
    [TestCase("""{"cards":[{"clip_id":"x","title":"","description":7,"landing_url":"ftp://x","call_to_action":"X","size":1},{}]}""",
        "cards[0].clip_id cards[0].title cards[0].description cards[0].landing_url cards[0].call_to_action cards[0].size")]
    [TestCase($$"""{"clip_id":null,"creative_title":null,"cards":[{},{"clip_id":"{{Id}}"},{"title":"A"}]}""", "cards[0].clip_id cards[0].title cards[1].title cards[2].clip_id")]
    [TestCase("""{"landing_url":null,"cards":[{},{}]}""", "landing_url")]

    // One form at a time.
    [TestCase("""{"cards":[{},{}],"titles":["A","B"],"creative_title":null}""", "titles cards[0].title cards[1].title")]
    [TestCase($$"""{ {{Post}},"instagram_media_id":"6"}""", "instagram_media_id")]
    [TestCase($$"""{ {{Post}},"cards":[{"clip_id":"{{Id}}","title":"A"},{"clip_id":"{{Id}}","title":"B"}]}""", "post_id")]
    [TestCase($$"""{"cards":[{},{}],"placement_media":[{"placements":["feed"],"crop":{{Square}}}],"texts":["a","b"],"creative_description":null}""", "placement_media texts")]
    [TestCase("""{"titles":["A","B"]}""", "titles")]
    [TestCase("""{"texts":["a","b"]}""", "texts")]

    // Posts.
    [TestCase("""{"post_id":"5"}""", "clip_id creative_title creative_description")]
    [TestCase($$"""{ {{Post}},"link_description":"x"}""", "link_description")]
    [TestCase($$"""{ {{Post}},"landing_url":null,"call_to_action":"SHOP_NOW"}""", "call_to_action")]
    [TestCase("""{"clip_id":null,"creative_title":null,"creative_description":null,"post_id":5}""", "post_id")]
    [TestCase("""{"clip_id":null,"creative_title":null,"creative_description":null,"post_id":"1_2_3"}""", "post_id")]
    [TestCase("""{"clip_id":null,"creative_title":null,"creative_description":null,"post_id":"https://x"}""", "post_id")]
    [TestCase("""{"clip_id":null,"creative_title":null,"creative_description":null,"instagram_media_id":"CwX_1"}""", "instagram_media_id")]
    [TestCase("""{"clip_id":null,"creative_title":null,"creative_description":null,"landing_url":null,"instagram_media_id":"1"}""", "landing_url")]

    // Titles and texts.
    [TestCase("""{"creative_title":null,"titles":["A"]}""", "titles")]
    [TestCase("""{"creative_title":null,"titles":["1","2","3","4","5","6"]}""", "titles")]
    [TestCase("""{"creative_title":null,"titles":["A","A"]}""", "titles[1]")]
    [TestCase("""{"creative_title":null,"titles":["A","B\n"]}""", "titles[1]")]
    [TestCase("""{"creative_description":null,"texts":["a",7,""]}""", "texts[1] texts[2]")]
    [TestCase("""{"creative_title":null,"creative_description":null,"texts":["a","b"]}""", "creative_title")]

    // Pictures by placement.
    [TestCase("""{"placement_media":[]}""", "placement_media")]
    [TestCase("""{"placement_media":[{}]}""", "placement_media[0].placements placement_media[0].clip_id")]
    [TestCase($$"""{"placement_media":[{"placements":[],"clip_id":"{{Id}}"}]}""", "placement_media[0].placements")]
    [TestCase($$"""{"placement_media":[{"placements":["feeds"],"clip_id":"{{Id}}"}]}""", "placement_media[0].placements[0]")]
    [TestCase($$"""{"placement_media":[{"placements":["feed","reels"],"clip_id":"{{Id}}"},{"placements":["reels"],"clip_id":"{{Id}}","x":1}]}""", "placement_media[1].placements[0] placement_media[1].x")]
    [TestCase("""{"placement_media":[{"placements":["feed"],"crop":{"x":-1,"y":0,"width":0}}]}""", "placement_media[0].crop.x placement_media[0].crop.width placement_media[0].crop.height")]
    [TestCase("""{"placement_media":[{"placements":["feed"],"crop":{"x":0,"y":0,"width":1080,"height":1077,"unit":"px"}}]}""", "placement_media[0].crop.height placement_media[0].crop.unit")]

    // What any of them may carry.
    [TestCase("""{"url_tags":"?a=1"}""", "url_tags")]
    [TestCase("""{"url_tags":"a=1&"}""", "url_tags")]
    [TestCase("""{"url_tags":"a = 1"}""", "url_tags")]
    [TestCase("""{"url_tags":"a=1#b"}""", "url_tags")]
    [TestCase("""{"url_tags":"a"}""", "url_tags")]
    [TestCase("""{"conversion_domain":"https://example.com"}""", "conversion_domain")]
    [TestCase("""{"conversion_domain":"www.example.com"}""", "conversion_domain")]
    [TestCase("""{"conversion_domain":"example.com/sale"}""", "conversion_domain")]
    [TestCase("""{"conversion_domain":"localhost"}""", "conversion_domain")]
    [TestCase("""{"conversion_domain":"127.0.0.1"}""", "conversion_domain")]
    [TestCase("""{"instagram_user_id":7}""", "instagram_user_id")]
    [TestCase("""{"instagram_user_id":"@shop"}""", "instagram_user_id")]
    [TestCase("""{"link_description":""}""", "link_description")]

    // In a tree: where the field stands, or belongs.
    [TestCase("""{"cards":[{},{"size":1}],"ad_sets":[{"ads":[{},{"url_tags":"?"}]},{"ads":[{"post_id":"5","creative_title":"A"}]}]}""", "cards[1].size ad_sets[0].ads[1].url_tags ad_sets[1].ads[0].creative_title")]
    [TestCase("""{"ad_sets":[{"ads":[{"texts":["a"]},{"cards":[{}]},{"clip_id":null,"instagram_media_id":"1","landing_url":"x"}]}]}""",
        "ad_sets[0].ads[0].texts ad_sets[0].ads[1].cards ad_sets[0].ads[2].landing_url")]
    [TestCase("""{"creative_title":null,"titles":["A","B"],"ad_sets":[{"ads":[{},{"cards":[{"title":"A"},{}]}]}]}""", "ad_sets[0].ads[1].cards[1].title")]
    public void What_is_wrong_is_told_by_its_path(string change, string paths)
    {
        Read(change, out var errors);
        Assert.That(errors.ToDictionary().Keys, Is.EquivalentTo(paths.Split(' ')), string.Join("; ", errors.ToDictionary().SelectMany(error => error.Value)));
    }

    [TestCase(600, 360)]
    [TestCase(1080, 1920)]
    [TestCase(1081, 1922)]
    [TestCase(400, 150)]
    [TestCase(1080, 1350)]
    [TestCase(1000, 720)]
    public void A_crop_may_have_any_of_Metas_shapes_to_the_pixel(int width, int height)
    {
        Read($$"""{"placement_media":[{"placements":["feed"],"crop":{"x":0,"y":0,"width":{{width}},"height":{{height}} } }]}""", out var errors);
        Assert.That(errors.ToDictionary(), Is.Empty);
    }

    [Test]
    public void An_ad_of_a_tree_has_one_form_and_takes_what_goes_with_it_from_above()
    {
        var request = Read($$"""
            {"cards":[{"title":"A"},{"title":"B"}],"link_description":"Below","url_tags":"a=1","ad_sets":[{"ads":[
                {},{"clip_id":"{{Id}}"},{"post_id":"5"},{"titles":["A","B"]},{"placement_media":[{"placements":["stories"],"clip_id":"{{Id}}"}]},{"creative_title":"C"}]}]}
            """, out var errors)!;

        Assert.That(errors.ToDictionary(), Is.Empty);
        var ads = request.AdSets![0].Ads;
        Assert.That(ads.Select(ad => ad.Kind), Is.EqualTo(["carousel", "single", "post", "texts", "placements", "carousel"]));
        Assert.That(ads.Select(ad => ad.UrlTags), Is.All.EqualTo("a=1"));
        Assert.That(ads.Select(ad => ad.CreativeTitle), Is.EqualTo(["Amazing Product", "Amazing Product", null, null, "Amazing Product", "C"]));
        Assert.That(ads[0].Cards!.Select(card => (card.Title, card.Description, card.LandingUrl)), Is.EqualTo([("A", "Below", "https://example.com/sale"), ("B", "Below", "https://example.com/sale")]));
        Assert.That((ads[2].ClipId, ads[2].LinkDescription, ads[2].LandingUrl), Is.EqualTo(((Guid?)null, (string?)null, "https://example.com/sale")));
        var stored = OrchestrationRequest.FromJson(request.ToJson());
        Assert.That(stored.ToJson(), Is.EqualTo(request.ToJson()), "stored and read again it is the same");
        Assert.That(RequestValidation.Read(JsonDocument.Parse(request.ToJson()).RootElement, errors, out _)?.ToJson(), Is.EqualTo(request.ToJson()), "and asked for again, too");
        Assert.That(errors.ToDictionary(), Is.Empty);
    }

    [Test]
    public void A_creative_needs_each_clip_that_it_shows_and_a_post_none()
    {
        var (one, two) = (Guid.NewGuid(), Guid.NewGuid());
        var shape = new TreeShape(Read($$"""
            {"clip_id":"{{one}}","ad_sets":[{"ads":[{"post_id":"5"},{"cards":[{"clip_id":"{{two}}"},{},{"clip_id":"{{two}}"}]},{},{"placement_media":[{"placements":["feed"],"clip_id":"{{two}}"}]}]}]}
            """, out _)!);

        Assert.That(shape.Media, Is.EqualTo([("media", two), ("media:2", one)]));
        Assert.That(shape.NeedsOf("creative"), Is.EqualTo(["campaign"]));
        Assert.That(shape.NeedsOf("creative:1.2"), Is.EqualTo(["campaign", "media", "media:2"]));
        Assert.That(shape.NeedsOf("creative:1.3"), Is.EqualTo(["campaign", "media:2"]));
        Assert.That(shape.NeedsOf("creative:1.4"), Is.EqualTo(["campaign", "media:2", "media"]));
        Assert.That(shape.NeedsOf("ad:1.2"), Is.SupersetOf(["media", "media:2"]));
    }

    [Test]
    public void A_request_with_several_clips_at_the_top_is_not_copied_without_end_for_a_thousand_ads()
    {
        var body = ApiClient.Request($"{Guid.NewGuid()}", $"{Guid.NewGuid()}");
        body["cards"] = new JsonArray([.. Enumerable.Range(0, 10).Select(_ => (JsonNode)new JsonObject { ["title"] = new string('x', 255), ["landing_url"] = $"https://example.com/{new string('x', 1900)}" })]);
        body["ad_sets"] = new JsonArray([.. Enumerable.Range(0, 20).Select(_ => (JsonNode)new JsonObject { ["ads"] = new JsonArray([.. Enumerable.Range(0, 50).Select(_ => (JsonNode)new JsonObject())]) })]);
        var errors = new FieldErrors();
        var request = RequestValidation.Read(JsonSerializer.SerializeToElement(body), errors, out _);
        Assert.That(errors.ToDictionary(), Is.Empty);
        Assert.That(request!.AdSets!.SelectMany(adSet => adSet.Ads).Select(ad => ad.Cards!.Count), Is.All.EqualTo(10));
    }

    private static OrchestrationRequest? Read(string change, out FieldErrors errors)
    {
        errors = new();
        var body = SentCase.Merged(ApiClient.Request($"{Guid.NewGuid()}", $"{Guid.NewGuid()}").ToJsonString(), change);
        return RequestValidation.Read(JsonSerializer.SerializeToElement(body), errors, out _);
    }
}
