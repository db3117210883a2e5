using System.Diagnostics;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api;

/// <summary>A process of its own, since memory is a process's.</summary>
[TestFixture, Parallelizable]
public sealed class LargeBodyMemoryTests
{
    private const long Megabyte = 1024 * 1024;

    [TestCase("/meta/orchestrate/run")]
    [TestCase("/meta/accounts")]
    [TestCase("/meta/clips")]
    public async Task Four_megabytes_of_unknown_fields_cost_a_bounded_memory(string path)
    {
        await using var service = await Service.StartProcessesAsync(workers: 0);
        using var client = service.Client();
        var body = $"{{{string.Join(',', Enumerable.Range(0, 400_000).Select(n => $"\"{n:x}\":1"))}}}";
        (await client.SendAsync(HttpMethod.Post, path, "{\"a\":1}")).AssertProblem(422);
        var before = Peak();

        for (var times = 0; times < 3; times++) (await client.SendAsync(HttpMethod.Post, path, body)).AssertProblem(422);

        var more = (Peak() - before) / Megabyte;
        TestContext.Out.WriteLine($"{path}: {more} MB");
        Assert.That(more, Is.LessThan(200));

        long Peak()
        {
            using var api = Process.GetProcessById(service.Api.Id);
            return api.PeakWorkingSet64;
        }
    }
}
