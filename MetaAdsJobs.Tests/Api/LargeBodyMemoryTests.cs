using System.Diagnostics;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api;

/// <summary>A process of its own, since memory is a process's.</summary>
[TestFixture]
public sealed class LargeBodyMemoryTests
{
    private const long Megabyte = 1024 * 1024;

    [Test]
    public async Task A_long_file_costs_no_more_memory_than_what_of_it_is_under_way()
    {
        await using var service = await Service.StartProcessesAsync(workers: 0, settings: ("CLIP_FILE_MAX_MB", "100"));
        using var client = service.Client();
        Assert.That((await client.PutFileAsync(Guid.NewGuid(), ClipFileBytes.Video(2000))).Code, Is.EqualTo(201));
        var before = Peak(service);

        var sent = await client.PutFileAsync(Guid.NewGuid(), ClipFileBytes.Video(60 * (int)Megabyte));

        Assert.That((sent.Code, (long?)sent.Json["file"]!["bytes"]), Is.EqualTo((201, 60 * Megabyte)), sent.Text);
        Assert.That((Peak(service) - before) / Megabyte, Is.LessThan(40));
    }

    [TestCase("/meta/orchestrate/run")]
    [TestCase("/meta/accounts")]
    [TestCase("/meta/clips")]
    public async Task Four_megabytes_of_unknown_fields_cost_a_bounded_memory(string path)
    {
        await using var service = await Service.StartProcessesAsync(workers: 0);
        using var client = service.Client();
        var body = $"{{{string.Join(',', Enumerable.Range(0, 400_000).Select(n => $"\"{n:x}\":1"))}}}";
        (await client.SendAsync(HttpMethod.Post, path, "{\"a\":1}")).AssertProblem(422);
        var before = Peak(service);

        for (var times = 0; times < 3; times++) (await client.SendAsync(HttpMethod.Post, path, body)).AssertProblem(422);

        var more = (Peak(service) - before) / Megabyte;
        TestContext.Out.WriteLine($"{path}: {more} MB");
        Assert.That(more, Is.LessThan(200));
    }

    private static long Peak(Service service)
    {
        using var api = Process.GetProcessById(service.Api.Id);
        return api.PeakWorkingSet64;
    }
}
