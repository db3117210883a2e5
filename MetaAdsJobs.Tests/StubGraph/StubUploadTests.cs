using System.Security.Cryptography;
using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.StubGraph;

/// <summary>A video in parts: what comes out of order is refused as Meta refuses it.</summary>
[TestFixture]
public sealed class StubUploadTests
{
    private static readonly byte[] Video = ClipFileBytes.Video(10_000);
    private StubWorld _world = null!;

    [SetUp]
    public async Task CreateWorld() => _world = await StubWorld.CreateAsync();

    [TearDown]
    public async Task DisposeWorld() => await _world.DisposeAsync();

    [Test]
    public async Task A_video_is_there_once_it_is_finished_and_not_before()
    {
        var (session, videoId) = await StartAsync();
        foreach (var (start, end) in ((int, int)[])[(0, 2501), (2501, 5002), (5002, 7503), (7503, 10_000)])
            Assert.That(await TransferAsync(session, start, Video[start..end]), Is.EqualTo((200, end, Math.Min(end + 2501, 10_000))));
        Assert.That((await _world.CallAsync("GET", videoId)).Status, Is.EqualTo(400));

        var finished = await PhaseAsync("finish", ("upload_session_id", session), ("title", "A title"));

        Assert.That((finished.Status, (bool?)finished.Body["success"]), Is.EqualTo((200, true)));
        Assert.That((string?)(await _world.GetAsync(videoId, ("fields", "title")))["title"], Is.EqualTo("A title"));
        Assert.That(StubWorld.Ids(await _world.GetAsync($"{StubWorld.Account}/advideos", ("title", "A title"))), Is.EqualTo([videoId]));
        Assert.That(await _world.CountAsync($"fields -> 'parts' -> 1 ->> 'sha256' = '{Convert.ToHexStringLower(SHA256.HashData(Video.AsSpan(2501, 2501)))}'"), Is.EqualTo(1));
        Assert.That((await PhaseAsync("finish", ("upload_session_id", session))).Status, Is.EqualTo(400));
    }

    [Test]
    public async Task Another_part_than_the_one_that_is_wanted_is_refused_and_the_wanted_one_is_told()
    {
        var (session, _) = await StartAsync();
        await TransferAsync(session, 0, Video[..2501]);
        foreach (var (start, end) in ((int, int)[])[(0, 2501), (5002, 7503)])
        {
            var (status, body) = await PhaseAsync("transfer", Video[start..end], ("upload_session_id", session), ("start_offset", $"{start}"));
            Assert.That((status, (int?)body["error"]!["code"], (int?)body["error"]!["error_subcode"]), Is.EqualTo((400, 6001, 1363037)));
            Assert.That(((int?)body["error"]!["error_data"]!["start_offset"], (int?)body["error"]!["error_data"]!["end_offset"]), Is.EqualTo((2501, 5002)));
        }

        var early = await PhaseAsync("finish", ("upload_session_id", session));
        Assert.That(((int?)early.Body["error"]!["error_subcode"], await _world.CountAsync()), Is.EqualTo((1363037, 0)));
    }

    [TestCase("start", "file_size=1023", 1363022)]
    [TestCase("start", "", null)]
    [TestCase("transfer", "upload_session_id=nobodys&start_offset=0", 1363041)]
    [TestCase("finish", "upload_session_id=nobodys", 1363041)]
    [TestCase("pause", "", null)]
    [TestCase("start", "file_size=5000&colour=red", null)]
    public async Task What_is_no_step_of_an_upload_is_refused(string phase, string fields, int? subcode)
    {
        var (status, body) = await PhaseAsync(phase, Video[..10], [.. fields.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(field => (field.Split('=')[0], field.Split('=')[1]))]);
        Assert.That((status, (int?)body["error"]!["error_subcode"]), Is.EqualTo((400, subcode)));
    }

    [Test]
    public async Task A_part_that_did_not_arrive_whole_is_not_taken()
    {
        var (session, _) = await StartAsync();
        Assert.That((int?)(await PhaseAsync("transfer", Video[..2500], ("upload_session_id", session), ("start_offset", "0"))).Body["error"]!["error_subcode"], Is.EqualTo(1363033));
        Assert.That((int?)(await PhaseAsync("transfer", ("upload_session_id", session), ("start_offset", "0"))).Body["error"]!["error_subcode"], Is.EqualTo(1363020));
        Assert.That(await TransferAsync(session, 0, Video[..2501]), Is.EqualTo((200, 2501, 5002)));
    }

    private async Task<(string Session, string VideoId)> StartAsync()
    {
        var (status, body) = await PhaseAsync("start", ("file_size", $"{Video.Length}"));
        Assert.That((status, (string?)body["start_offset"], (string?)body["end_offset"]), Is.EqualTo((200, "0", "2501")), body.ToJsonString());
        return ((string)body["upload_session_id"]!, (string)body["video_id"]!);
    }

    private async Task<(int Status, int Start, int End)> TransferAsync(string session, int start, byte[] part)
    {
        var (status, body) = await PhaseAsync("transfer", part, ("upload_session_id", session), ("start_offset", $"{start}"));
        return (status, int.Parse((string?)body["start_offset"] ?? "-1", null), int.Parse((string?)body["end_offset"] ?? "-1", null));
    }

    private Task<(int Status, JsonNode Body)> PhaseAsync(string phase, params (string Name, string Value)[] fields) => PhaseAsync(phase, null, fields);

    private Task<(int Status, JsonNode Body)> PhaseAsync(string phase, byte[]? part, params (string Name, string Value)[] fields) => _world.CallAsync(
        "POST", $"{StubWorld.Account}/advideos", fields.Append(("upload_phase", phase)).ToDictionary(field => field.Item1, field => field.Item2),
        part is null ? [] : [new("video_file_chunk", "part", part)]);
}
