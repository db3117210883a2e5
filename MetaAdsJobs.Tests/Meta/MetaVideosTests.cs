using System.Text;
using MetaAdsJobs.Core.Meta.Media;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Meta;

[TestFixture]
public sealed class MetaVideosTests
{
    private const string Small = """{"uri":"https://x/small","width":100,"height":100,"is_preferred":false}""";
    private const string Large = """{"uri":"https://x/large","width":1080,"height":1920}""";
    private const string Preferred = """{"uri":"https://x/preferred","width":10,"height":10,"is_preferred":true}""";

    [TestCase($"{Small},{Large},{Preferred}", "https://x/preferred")]
    [TestCase($"{Small},{Large}", "https://x/large")]
    [TestCase(Small, "https://x/small")]
    [TestCase("""{"width":5000,"height":5000}""", null)]
    [TestCase("", null)]
    [TestCase(null, null)]
    public async Task The_preferred_thumbnail_is_chosen_else_the_largest_and_the_picture_is_none(string? thumbnails, string? expected)
    {
        var list = thumbnails is null ? "" : $$""" "thumbnails":{"data":[{{thumbnails}}]}, """;
        var video = await ReadAsync($$"""{"status":{"video_status":"ready"},{{list}}"picture":"https://x/picture","id":"1"}""");
        Assert.That(video, Is.EqualTo(new VideoProgress(true, null, expected, "https://x/picture")));
    }

    [TestCase("""{"status":{"video_status":"processing"},"thumbnails":{"data":[{"uri":"https://x/placeholder"}]},"id":"1"}""")]
    [TestCase("""{"id":"1"}""")]
    public async Task Before_it_is_ready_there_is_only_a_placeholder(string answer) => Assert.That(await ReadAsync(answer), Is.EqualTo(new VideoProgress(false, null, null, null)));

    private static async Task<VideoProgress> ReadAsync(string answer)
    {
        using var wire = new Wire(answer);
        using var http = new HttpClient(wire);
        var graph = LiveMeta.Over(http, new() { GraphUrl = new("https://graph.example/") });
        var video = await new MetaVideos(graph).ReadAsync(new("act_1", "token"), "1", CancellationToken.None);
        Assert.That(wire.Asked, Does.EndWith("/1?fields=status%2Cthumbnails%2Cpicture"));
        return video;
    }

    private sealed class Wire(string answer) : HttpMessageHandler
    {
        public string? Asked { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked = request.RequestUri!.AbsoluteUri;
            return Task.FromResult(new HttpResponseMessage { Content = new StringContent(answer, Encoding.UTF8, "application/json") });
        }
    }
}
