using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Orchestrations;

/// <summary>What only the account and the clips can tell of an ad, asked for over HTTP: refused by its path, with all else that is wrong.</summary>
[TestFixture, HasServiceAlone]
public sealed class RefusedKindTests
{
    private Service _service = null!;
    private ApiClient _client = null!;
    private JsonObject _request = null!;
    private string _video = "";
    private string _image = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _client = _service.Client();
        _request = await _client.NewRequestAsync();
        _image = (string)_request["clip_id"]!;
        _video = (string)(await _client.PostAsync("/meta/clips", new JsonObject { ["title"] = "A video", ["video_id"] = "7" })).Json["id"]!;
    }

    [OneTimeTearDown]
    public void Stop() => _client.Dispose();

    private const string NoClip = "\"clip_id\":null,\"creative_title\":null,\"creative_description\":null";

    [TestCase($$"""{ {{NoClip}},"instagram_media_id":"5"}""", "instagram_media_id")]
    [TestCase("""{"placement_media":[{"placements":["stories"],"clip_id":"[video]"}]}""", "placement_media[0].clip_id")]
    [TestCase("""{"clip_id":"[video]","placement_media":[{"placements":["stories"],"clip_id":"[image]"}]}""", "placement_media[0].clip_id")]
    [TestCase("""{"clip_id":"[video]","placement_media":[{"placements":["stories"],"crop":{"x":0,"y":0,"width":90,"height":160}}]}""", "placement_media[0].crop")]
    [TestCase("""{"placement_media":[{"placements":["feed","threads"],"clip_id":"[image]"}]}""", "placement_media[0].placements[1]", Description = "without an Instagram account Facebook is all")]
    [TestCase("""{"targeting":{"publisher_platforms":["facebook"],"facebook_positions":["feed"]},"placement_media":[{"placements":["reels"],"clip_id":"[image]"}],"colour":1}""", "placement_media[0].placements[0] colour")]
    [TestCase("""{"instagram_user_id":"3","targeting":{"publisher_platforms":["facebook","instagram"]},"ad_sets":[{"ads":[{},{"instagram_user_id":"4"}]}]}""", "")]
    [TestCase("""{"targeting":{"publisher_platforms":["facebook","instagram"]},"ad_sets":[{"ads":[{"instagram_user_id":"4"},{}]}]}""", "ad_sets[0].ads[1].instagram_user_id")]
    [TestCase("""{"targeting":{"publisher_platforms":["facebook","instagram"]},"ad_sets":[{"ads":[{},{"instagram_user_id":"4"}]}]}""", "targeting.publisher_platforms[1]")]
    [TestCase("""{"ad_sets":[{"ads":[{"clip_id":"[video]"},{"clip_id":"[video]","placement_media":[{"placements":["stories"],"clip_id":"[image]"}],"landing_url":"x"}]}]}""",
        "ad_sets[0].ads[1].placement_media[0].clip_id ad_sets[0].ads[1].landing_url")]
    public async Task What_is_wrong_is_told_by_its_path(string change, string paths)
    {
        change = change.Replace("[video]", _video, StringComparison.Ordinal).Replace("[image]", _image, StringComparison.Ordinal);
        var request = SentRequest(change);
        if (paths.Length == 0) Assert.That((await _client.PostAsync("/meta/orchestrate/run", request)).Code, Is.EqualTo(202));
        else await _service.RefusesFieldsAsync(() => _client.PostAsync("/meta/orchestrate/run", request), paths.Split(' '));
    }

    [TestCase("""{"cards":[{"clip_id":"[unknown]"},{}]}""", "cards[0].clip_id")]
    [TestCase("""{"placement_media":[{"placements":["stories"],"clip_id":"[unknown]"}]}""", "placement_media[0].clip_id")]
    [TestCase("""{"ad_sets":[{"ads":[{},{"cards":[{},{"clip_id":"[unknown]"}]}]}]}""", "ad_sets[0].ads[1].cards[1].clip_id")]
    public async Task A_clip_that_does_not_exist_is_refused_wherever_it_is_named(string change, string path)
    {
        var unknown = $"{Guid.NewGuid()}";
        var answer = await _service.RefusesAsync(422, () => _client.PostAsync("/meta/orchestrate/run", SentRequest(change.Replace("[unknown]", unknown, StringComparison.Ordinal))));
        Assert.That((answer.WrongFields.Single(), (string?)answer.Json["errors"]![path]![0]), Is.EqualTo((path, $"there is no clip {unknown}")));
    }

    private JsonObject SentRequest(string change) => Tests.Orchestrations.SentCase.Merged(_request.ToJsonString(), change);
}
