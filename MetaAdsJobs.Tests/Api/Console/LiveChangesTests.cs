using MetaAdsJobs.Console.Live;
using MetaAdsJobs.Core.Orchestrations.Listing;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>What an open page hears while nothing happens.</summary>
[TestFixture]
public sealed class LiveChangesTests
{
    [Test]
    public async Task A_stream_on_which_nothing_moves_shows_every_quarter_of_a_minute_that_it_is_alive()
    {
        await using var core = await InProcess.CreateAsync();
        using var closed = new CancellationTokenSource();
        var time = new FakeTimeProvider();
        await using var told = new LiveChanges(core.Get<Pulse>(), time, NullLogger<LiveChanges>.Instance).WatchAsync(closed.Token).GetAsyncEnumerator(CancellationToken.None);
        var (next, isStill) = (told.MoveNextAsync().AsTask(), false);
        // At first everything counts as moved.
        for (var beat = 0; beat < 60 && !isStill; beat++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(next, Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None));
            for (; next.IsCompletedSuccessfully && !isStill; next = told.MoveNextAsync().AsTask()) isStill = told.Current == LiveChanges.Still;
        }

        await closed.CancelAsync();
        Assert.That(async () => await next, Throws.InstanceOf<OperationCanceledException>(), "the page was closed");
        Assert.That(isStill, Is.True);
    }
}
