using MetaAdsJobs.Api.Console.Live;
using MetaAdsJobs.Core.Orchestrations.Listing;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>What an open page hears while nothing happens.</summary>
[TestFixture, Parallelizable]
public sealed class LiveChangesTests
{
    [Test]
    public async Task A_stream_on_which_nothing_moves_shows_every_quarter_of_a_minute_that_it_is_alive()
    {
        await using var core = await InProcess.CreateAsync();
        var time = new FakeTimeProvider();
        await using var told = new LiveChanges(core.Get<Pulse>(), time, NullLogger<LiveChanges>.Instance).WatchAsync(CancellationToken.None).GetAsyncEnumerator();
        // At first everything counts as moved.
        while (await NextAsync(told, time) is not LiveChanges.Still)
        {
        }

        Assert.That(await NextAsync(told, time), Is.EqualTo(LiveChanges.Still));
    }

    private static async Task<string> NextAsync(IAsyncEnumerator<string> told, FakeTimeProvider time)
    {
        var (next, beats) = (told.MoveNextAsync().AsTask(), 0);
        while (!next.IsCompleted)
        {
            Assert.That(beats++, Is.LessThan(200), "nothing was told");
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(next, Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None));
        }

        Assert.That(await next, Is.True);
        return told.Current;
    }
}
