using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Accounts;

/// <summary>A clip given as a file: it is there with its whole file, or not at all.</summary>
[TestFixture, HasServiceAlone]
public sealed class ClipFileTests
{
    private static readonly byte[] Png = FileServer.Picture;
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

    [Test]
    public async Task A_file_becomes_a_clip_and_the_same_sent_again_changes_nothing()
    {
        var (id, video, query) = (Guid.NewGuid(), ClipFileBytes.Video(3_000_000), "title=..%2F..%2Fetc%2Fpasswd&thumbnail_url=https://cdn.example.com/small.jpg");
        var before = Kept();

        var sent = await _client.PutFileAsync(id, video, query: query);

        Assert.That((sent.Code, sent.Header("Location")), Is.EqualTo((201, $"/meta/clips/{id}")), sent.Text);
        Assert.That((string?)sent.Json["title"], Is.EqualTo("../../etc/passwd"));
        Assert.That(JsonNode.DeepEquals(sent.Json["file"], new JsonObject { ["type"] = "video/mp4", ["bytes"] = video.Length, ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(video)) }), sent.Text);
        Assert.That((await _client.GetAsync($"/meta/clips/{id}")).Text, Is.EqualTo(sent.Text));
        var kept = Kept().Except(before).Single();
        Assert.That(kept, Does.Match("^[0-9a-f]{32}$"), "a name that is not the caller's");
        Assert.That(await File.ReadAllBytesAsync(Path.Combine(_service.ClipFiles, kept)), Is.EqualTo(video));

        var again = await _client.PutFileAsync(id, video, query: query);

        Assert.That((again.Code, again.Text), Is.EqualTo((200, sent.Text)));
        await _service.RefusesAsync(409, () => _client.PutFileAsync(id, ClipFileBytes.Video(3_000_001), query: query));
        await _service.RefusesAsync(409, () => _client.PutFileAsync(id, video));
        Assert.That(Kept().Except(before), Is.EqualTo([kept]));
    }

    [TestCase("image/png")]
    [TestCase("image/jpeg")]
    [TestCase("video/quicktime")]
    public async Task A_file_is_what_its_first_bytes_say(string type)
    {
        byte[] file = type switch { "image/png" => Png, "image/jpeg" => [0xFF, 0xD8, 0xFF, 0xE0, .. new byte[100]], _ => ClipFileBytes.Of(100, [0, 0, 0, 0x14, .. "ftypqt  "u8]) };
        var sent = await _client.PutFileAsync(Guid.NewGuid(), file, type);
        Assert.That((sent.Code, (string?)sent.Json["file"]!["type"]), Is.EqualTo((201, type)), sent.Text);
        foreach (var other in (string[])["image/png", "image/jpeg", "video/mp4"])
            if (other != type && !(other.StartsWith("video/", StringComparison.Ordinal) && type.StartsWith("video/", StringComparison.Ordinal)))
                await RefusesAsync(422, file, other, "title=A", "file");
    }

    [TestCase("", "video/mp4", "title=A", 422, "file")]
    [TestCase("GIF89a and more", "image/png", "title=A", 422, "file")]
    [TestCase("whatever it is", "application/octet-stream", "title=A", 415, "video/mp4")]
    [TestCase("whatever it is", null, "title=A", 415, "image/png")]
    [TestCase("whatever it is", "video/mp4", "", 422, "title")]
    [TestCase("whatever it is", "video/mp4", "title=A&colour=red", 422, "colour")]
    [TestCase("whatever it is", "video/mp4", "title=A&thumbnail_url=file:///etc/passwd", 422, "thumbnail_url")]
    public Task What_is_no_such_file_is_refused_and_nothing_is_kept(string content, string? type, string query, int code, string told) =>
        RefusesAsync(code, Encoding.UTF8.GetBytes(content), type, query, told);

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_file_that_is_too_long_is_refused_by_the_limits_name_and_nothing_is_kept(bool isToldInAdvance)
    {
        var (file, before) = (ClipFileBytes.Video(9 * 1024 * 1024), Kept());
        var answer = await _service.RefusesAsync(413, () => _client.PutFileAsync($"/meta/clips/{Guid.NewGuid()}/file?title=A", isToldInAdvance ? new MemoryStream(file) : new Unseekable(file), "video/mp4"));
        Assert.That((string?)answer.Json["detail"], Is.EqualTo("The file must be at most 8 MiB long (CLIP_FILE_MAX_MB)."));
        Assert.That(Kept(), Is.EqualTo(before));
    }

    [Test]
    public async Task A_clip_that_is_no_file_gets_none()
    {
        var id = Guid.NewGuid();
        await _client.PostAsync("/meta/clips", new JsonObject { ["id"] = $"{id}", ["title"] = "A clip", ["video_id"] = "12" });
        await _service.RefusesAsync(409, () => _client.PutFileAsync(id, ClipFileBytes.Video(2000)));
    }

    [TestCase("..%2F..%2Fetc%2Fpasswd")]
    [TestCase("../../../etc/passwd")]
    public async Task An_id_leads_nowhere_else(string id)
    {
        var before = Kept();
        var answer = await _client.PutFileAsync($"/meta/clips/{id}/file?title=A", new MemoryStream(ClipFileBytes.Video(2000)), "video/mp4");
        Assert.That((answer.Code, Kept()), Is.EqualTo((404, before)));
    }

    [Test]
    public async Task A_connection_that_breaks_in_the_middle_leaves_nothing()
    {
        var (id, before) = (Guid.NewGuid(), Kept());
        using (var sender = new TcpClient())
        {
            await sender.ConnectAsync(_service.BaseUrl.Host, _service.BaseUrl.Port);
            var stream = sender.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"PUT /meta/clips/{id}/file?title=A HTTP/1.1\r\nHost: {_service.BaseUrl.Authority}\r\nAuthorization: Bearer {Service.Token("manager")}\r\nContent-Type: video/mp4\r\nContent-Length: 4000000\r\n\r\n"));
            await stream.WriteAsync(ClipFileBytes.Video(300_000));
            await Eventually.TrueAsync(() => Task.FromResult(Kept().Except(before).Any(name => Regex.IsMatch(name, "^[0-9a-f]{32}.part$"))), () => "Nothing was begun.");
        }

        await Eventually.TrueAsync(() => Task.FromResult(Kept().SequenceEqual(before)), () => string.Join(' ', Kept()));
        Assert.That((await _client.GetAsync($"/meta/clips/{id}")).Code, Is.EqualTo(404));
    }

    [TestCase("video/mp4")]
    [TestCase("image/png")]
    public async Task An_ad_is_made_of_a_file(string type)
    {
        var service = await SharedServices.WithWorker;
        using var client = service.Client("admin");
        var (id, file) = (Guid.NewGuid(), type == "image/png" ? Png : ClipFileBytes.Video(200_000));
        await client.PutFileAsync(id, file, type);
        var adAccountId = "";
        var accountId = await client.AddAccountAsync(account => adAccountId = (string)account["ad_account_id"]!);

        var run = await client.UntilAsync(await client.AcceptAsync(ApiClient.Request(accountId, $"{id}")), "succeeded");

        var calls = service.Graph.Calls.Where(call => call.Files.Count > 0 && call.Path.StartsWith($"{adAccountId}/", StringComparison.Ordinal));
        Assert.That(calls.SelectMany(call => call.Files.Single().Content.ToArray()), Is.EqualTo(file), "byte for byte");
        Assert.That((string?)run["steps"]!.AsArray().Single(step => (string?)step!["step"] == "media")!["meta_id"], Is.Not.Null);
    }

    private async Task RefusesAsync(int code, byte[] file, string? type, string query, string told)
    {
        var before = Kept();
        var answer = await _service.RefusesAsync(code, () => _client.PutFileAsync($"/meta/clips/{Guid.NewGuid()}/file?{query}", new MemoryStream(file), type));
        Assert.That(answer.Text, Does.Contain(told));
        Assert.That(Kept(), Is.EqualTo(before));
    }

    private List<string> Kept() => [.. Directory.GetFiles(_service.ClipFiles).Select(Path.GetFileName).OfType<string>().Order()];

    // Its length is not told in advance.
    private sealed class Unseekable(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }
}
