using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Accounts;

[TestFixture, HasServiceAlone]
public sealed class ClipTests
{
    private Service _service = null!;
    private ApiClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _client = _service.Client("manager");
    }

    [OneTimeTearDown]
    public void Stop() => _client.Dispose();

    [TestCase("video_url", "https://cdn.example.com/clip.mp4")]
    [TestCase("video_id", "1234567890")]
    [TestCase("image_url", "https://cdn.example.com/clip.jpg")]
    public async Task A_clip_is_kept_as_it_was_given(string source, string value)
    {
        var id = $"{Guid.NewGuid()}";
        var clip = new JsonObject { ["id"] = id, ["title"] = "A clip", [source] = value, ["thumbnail_url"] = "https://cdn.example.com/small.jpg" };
        var created = await _client.PostAsync("/meta/clips", clip);
        Assert.That(created.Code, Is.EqualTo(201), created.Text);
        Assert.That(created.Header("Location"), Is.EqualTo($"/meta/clips/{id}"));
        var read = await _client.GetAsync($"/meta/clips/{id}");
        Assert.That(read.Text, Is.EqualTo(created.Text));
        foreach (var (name, given) in clip) Assert.That((string?)read.Json[name], Is.EqualTo((string?)given));
        var listed = (await _client.GetAsync("/meta/clips?limit=200")).Json["items"]!.AsArray();
        Assert.That(listed.Count(one => (string?)one!["id"] == id), Is.EqualTo(1));
    }

    [Test]
    public async Task An_id_that_is_used_already_is_a_conflict()
    {
        var clip = new JsonObject { ["id"] = $"{Guid.NewGuid()}", ["title"] = "A clip", ["video_id"] = "12" };
        Assert.That((await _client.PostAsync("/meta/clips", clip)).Code, Is.EqualTo(201));
        await _service.RefusesAsync(409, () => _client.PostAsync("/meta/clips", clip));
    }

    [Test]
    public async Task A_clip_is_exactly_one_thing()
    {
        var none = new JsonObject { ["title"] = "Nothing" };
        var two = new JsonObject { ["title"] = "Two", ["video_id"] = "12", ["image_url"] = "https://cdn.example.com/clip.jpg" };
        await _service.RefusesFieldsAsync(() => _client.PostAsync("/meta/clips", none), "video_url");
        await _service.RefusesFieldsAsync(() => _client.PostAsync("/meta/clips", two), "video_url");
    }

    [TestCase("title", "")]
    [TestCase("title", null)]
    [TestCase("image_url", "file:///etc/passwd")]
    [TestCase("thumbnail_url", "javascript:alert(1)")]
    [TestCase("sound_url", "https://cdn.example.com/clip.mp3")]
    public Task A_wrong_field_is_refused_by_its_name(string field, string? value)
    {
        var clip = new JsonObject { ["title"] = "A clip", ["image_url"] = "https://cdn.example.com/clip.jpg" };
        clip[field] = value;
        return _service.RefusesFieldsAsync(() => _client.PostAsync("/meta/clips", clip), field);
    }

    [TestCase("12/comments")]
    [TestCase("12?fields=source")]
    public Task A_video_that_is_at_Meta_already_is_named_by_its_id(string videoId) => _service.RefusesFieldsAsync(
        () => _client.PostAsync("/meta/clips", new JsonObject { ["title"] = "A clip", ["video_id"] = videoId }), "video_id");

    [Test]
    public async Task An_unknown_clip_is_not_found() => (await _client.GetAsync($"/meta/clips/{Guid.NewGuid()}")).AssertProblem(404);
}
