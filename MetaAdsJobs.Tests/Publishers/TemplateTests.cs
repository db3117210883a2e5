using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Publishers.Templates;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Tests.Publishers;

/// <summary>What templates make of clips, what is refused before it is saved, and what a preview shows.</summary>
[TestFixture]
public sealed class TemplateTests
{
    private static readonly RenderingFacts Facts = new(Guid.Parse("7d0c0000-0000-4000-8000-000000000001"), Guid.Parse("7d0c0000-0000-4000-8000-000000000002"), new(2026, 11, 29), "studio");

    private static readonly Dictionary<string, string> Clip = new()
    {
        ["clip_id"] = "yt 7/1", ["title"] = "Ice & fire", ["url"] = "https://example.com/clips?id=7", ["caption"] = "Ten words 🙂 and more", ["language"] = "es", ["fields.brand"] = "Acme", ["fields.shop"] = "HTTPS://shop.example", ["fields.path"] = "en/item 1?id=1&n=ü%20%x",
    };

    private ClipWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _world = await ClipWorld.StartAsync();
        await _world.NewPublisherAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [TestCase("{clip.title}", "Ice & fire")]
    [TestCase("{clip.fields.brand} {date} {publisher} {clip}", "Acme 2026-11-29 studio 7d0c0000-0000-4000-8000-000000000002")]
    [TestCase("{clip.title:5}", "Ice &")]
    [TestCase("{clip.title:4}!", "Ice!")]
    [TestCase("{clip.caption:11}", "Ten words", TestName = "No half of a character is left")]
    [TestCase("{clip.title:400}", "Ice & fire")]
    [TestCase("{clip.title}/{clip.clip_id}", "Ice & fire/yt 7/1")]
    [TestCase("{clip.url} {clip.title}", "https://example.com/clips?id=7 Ice & fire", TestName = "Words that begin with an address are no address")]
    [TestCase("ad={{ad.name}} {clip.language}", "ad={{ad.name}} es")]
    [TestCase("plain", "plain")]
    public void A_text_is_made(string template, string expected)
    {
        var (made, errors) = Make(new() { ["creative_title"] = template });
        Assert.That((errors, (string?)made["creative_title"]), Is.EqualTo(("", expected)));
    }

    /// <summary>What a program of one's own says in a field of its own may be a piece of a path.</summary>
    [TestCase("{clip.url}?utm=x", "https://example.com/clips?id=7?utm=x")]
    [TestCase("https://shop.example/{clip.clip_id}?name={clip.title}", "https://shop.example/yt%207%2F1?name=Ice%20%26%20fire")]
    [TestCase("{clip.url}&utm_source=x&utm_content={clip.title}", "https://example.com/clips?id=7&utm_source=x&utm_content=Ice%20%26%20fire")]
    [TestCase("{clip.fields.shop}/{clip.clip_id}", "HTTPS://shop.example/yt%207%2F1")]
    [TestCase("{clip.url}{clip.clip_id}", "https://example.com/clips?id=7yt 7/1", TestName = "What stands behind nothing that the template writes is a piece of the address")]
    [TestCase("{clip.fields.brand}://{clip.title}", "Acme://Ice%20%26%20fire")]
    [TestCase("{clip.fields.shop}/{clip.fields.path}", "HTTPS://shop.example/en/item%201?id=1&n=%C3%BC%20%25x")]
    [TestCase("https://shop.example/{clip.fields.path}", "https://shop.example/en/item%201?id=1&n=%C3%BC%20%25x")]
    [TestCase("https://{clip.fields.path}.shop.example/", "https://en%2Fitem%201%3Fid%3D1%26n%3D%C3%BC%2520%25x.shop.example/")]
    [TestCase("https://shop.example{clip.fields.path}", "https://shop.exampleen%2Fitem%201%3Fid%3D1%26n%3D%C3%BC%2520%25x")]
    [TestCase("{clip.fields.shop}.{clip.fields.path}", "HTTPS://shop.example.en%2Fitem%201%3Fid%3D1%26n%3D%C3%BC%2520%25x")]
    [TestCase("{clip.fields.shop}/go?to=https://shop.example/{clip.fields.path}", "HTTPS://shop.example/go?to=https://shop.example/en%2Fitem%201%3Fid%3D1%26n%3D%C3%BC%2520%25x")]
    [TestCase("https:/{clip.fields.path}", "https:/en%2Fitem%201%3Fid%3D1%26n%3D%C3%BC%2520%25x")]
    [TestCase("{clip.fields.shop}/?path={clip.fields.path}", "HTTPS://shop.example/?path=en%2Fitem%201%3Fid%3D1%26n%3D%C3%BC%2520%25x")]
    public void An_address_is_one_by_its_field(string template, string expected) =>
        Assert.That((string?)Make(new() { ["landing_url"] = template }).Made["landing_url"], Is.EqualTo(expected));

    [TestCase("{clip.country}", "the clip has none")]
    [TestCase("{title}", "is no placeholder")]
    [TestCase("{clip.budget}", "is no placeholder")]
    [TestCase("{clip.title:0}", "is no placeholder")]
    [TestCase("{clip.title:x}", "is no placeholder")]
    [TestCase("{clip.fields.}", "is no placeholder")]
    [TestCase("{Clip.title}", "is no placeholder")]
    [TestCase("{clip.title", "a brace without its other")]
    [TestCase("}", "a brace without its other")]
    public void What_cannot_be_put_in_is_told_by_its_path(string template, string told)
    {
        var (_, errors) = Make(new() { ["ad_sets"] = new JsonArray(new JsonObject { ["ads"] = new JsonArray(new JsonObject { ["creative_title"] = template }) }) });
        Assert.That(errors, Does.StartWith("ad_sets[0].ads[0].creative_title: ").And.Contain(told));
    }

    [Test]
    public void Only_texts_are_made_and_what_a_clip_says_is_nothing_but_text()
    {
        var errors = new FieldErrors();
        var made = ClipRendering.Make(
            new JsonObject { ["daily_budget_cents"] = 500, ["auto_publish"] = false, ["targeting"] = new JsonObject { ["geo_locations"] = new JsonObject { ["countries"] = new JsonArray("{clip.language}") } }, ["creative_title"] = "{clip.title}" },
            _ => "\"}, {clip.url} {{x}}", Facts, errors);
        Assert.That(made.ToJsonString(), Does.StartWith("""{"daily_budget_cents":500,"auto_publish":false,"""));
        Assert.That((errors.Any, (string?)made["creative_title"], (string?)made["targeting"]!["geo_locations"]!["countries"]![0]), Is.EqualTo((false, "\"}, {clip.url} {{x}}", "\"}, {clip.url} {{x}}")), "nothing is put in twice");
        Assert.That(((Guid)made["social_account_id"]!, (Guid)made["clip_id"]!), Is.EqualTo((Facts.AccountId, Facts.ClipId)));
        Assert.That(Make(new() { ["url_tags"] = "a={clip.title}&b={{ad.id}}" }).Made["url_tags"]!.ToString(), Is.EqualTo("a=Ice%20%26%20fire&b={{ad.id}}"));
    }

    [TestCase("daily_budget_cents", 0, "request.daily_budget_cents")]
    [TestCase("campaign_objective", "MONEY", "request.campaign_objective")]
    [TestCase("creative_title", "{clip.nothing}", "request.creative_title")]
    [TestCase("budget", 5, "request.budget")]
    [TestCase("validate_only", true, "request.validate_only")]
    [TestCase("social_account_id", "7d0c0000-0000-4000-8000-000000000001", "request.social_account_id")]
    [TestCase("landing_url", "{clip.title}", "request.landing_url")]
    [TestCase("clip_id", "7d0c0000-0000-4000-8000-00000000000f", "request.clip_id")]
    public async Task A_template_is_judged_whole_before_it_is_kept(string field, object value, string path)
    {
        var saved = await _world.SaveTemplateAsync(_world.Other, ClipWorld.Template(request => request[field] = JsonSerializer.SerializeToNode(value)));
        Assert.That(saved, Is.InstanceOf<TemplateSaved.Invalid>());
        Assert.That(((TemplateSaved.Invalid)saved).Errors.ToDictionary().Keys, Is.EqualTo((string[])[path]));
        Assert.That(await _world.Get<TemplateStore>().FindAsync(_world.Publisher, _world.Other, CancellationToken.None), Is.Null);
    }

    [Test]
    public async Task What_stands_beside_the_request_is_judged_too()
    {
        var template = ClipWorld.Template();
        (template["defaults"], template["approval"], template["daily_cap_cents"], template["more"], template["sample"]) = (new JsonObject { ["budget"] = "1", ["caption"] = 5 }, "yes", 0, 1, new JsonObject { ["title"] = "x" });
        var saved = (TemplateSaved.Invalid)await _world.SaveTemplateAsync(_world.Other, template);
        Assert.That(saved.Errors.ToDictionary().Keys, Is.EquivalentTo((string[])["defaults", "defaults.caption", "approval", "daily_cap_cents", "more", "sample.clip_id", "sample.video_url"]));
        Assert.That(((TemplateSaved.Invalid)await _world.SaveTemplateAsync(_world.Other, [])).Errors.ToDictionary().Keys, Is.EqualTo((string[])["request"]));
    }

    [Test]
    public async Task A_template_is_kept_as_it_was_written()
    {
        var template = ClipWorld.Template(request => request["targeting"] = new JsonObject { ["age_min"] = 18, ["geo_locations"] = new JsonObject { ["countries"] = new JsonArray("{clip.country}") } });
        (template["defaults"], template["daily_cap_cents"]) = (new JsonObject { ["country"] = "ES" }, 90_000);
        var kept = await _world.PutTemplateAsync(_world.Other, template);
        Assert.That((kept.Request.ToJsonString(), kept.DailyCapCents, kept.Defaults["country"], kept.ChangedBy), Is.EqualTo((template["request"]!.ToJsonString(), 90_000, "ES", "ann")));
        await _world.Get<TemplateStore>().DeleteAsync(_world.Publisher, _world.Other, _world.Time.GetUtcNow(), CancellationToken.None);
    }

    [Test]
    public async Task A_preview_shows_what_a_clip_would_become_and_writes_nothing()
    {
        var data = ClipMessage.Of("seen").Body["data"]!.AsObject();
        var shown = await PreviewAsync(new() { ["social_account_id"] = $"{_world.Account}", ["data"] = data.DeepClone() });
        Assert.That((shown.State, (string?)shown.Request!["creative_title"], (string?)shown.Request["landing_url"], shown.DailyCents), Is.EqualTo(("accepted", "Clip seen", "https://example.com/clips/seen", 2000)));
        var unsaved = ClipWorld.Template(request => request["creative_title"] = "{clip.caption}");
        var refused = await PreviewAsync(new() { ["social_account_id"] = $"{_world.Account}", ["data"] = data.DeepClone(), ["template"] = unsaved });
        Assert.That((refused.State, refused.Errors.Keys), Is.EqualTo(("refused", new[] { "creative_title" })));
        unsaved = ClipWorld.Template();
        unsaved["approval"] = true;
        Assert.That((await PreviewAsync(new() { ["social_account_id"] = $"{_world.Account}", ["template"] = unsaved })).State, Is.EqualTo("held"), "a clip of ours, and as if it came by itself");
        Assert.That((await PreviewAsync(new() { ["social_account_id"] = $"{_world.Other}", ["data"] = data.DeepClone() })).State, Is.EqualTo("refused"));
        foreach (var table in (string[])["clip_events", "clip_runs", "orchestrations", "clips", "hangfire.job"]) Assert.That(await _world.QueryAsync<long>($"SELECT count(*) FROM {table}"), Is.EqualTo((long[])[0]), table);
    }

    private async Task<ClipPlan> PreviewAsync(JsonObject body)
    {
        var preview = await _world.Get<PreviewClip>().ExecuteAsync(_world.Publisher, JsonSerializer.SerializeToElement(body), CancellationToken.None);
        Assert.That(preview, Is.InstanceOf<ClipPreview.Shown>(), preview is ClipPreview.Invalid invalid ? JsonSerializer.Serialize(invalid.Errors.ToDictionary()) : "");
        return ((ClipPreview.Shown)preview).Plan;
    }

    private static (JsonObject Made, string Errors) Make(JsonObject template)
    {
        var errors = new FieldErrors();
        var made = ClipRendering.Make(template, name => Clip.GetValueOrDefault(name), Facts, errors);
        return (made, string.Join("; ", errors.ToDictionary().Select(one => $"{one.Key}: {string.Join(", ", one.Value)}")));
    }
}
