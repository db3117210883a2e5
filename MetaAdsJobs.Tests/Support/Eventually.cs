using System.Diagnostics;

namespace MetaAdsJobs.Tests.Support;

/// <summary>For what happens by itself: looks again until it is so, and fails with what there was to see.</summary>
public static class Eventually
{
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan patience, Func<string> whatThereIs)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > patience) Assert.Fail($"Not within {patience.TotalSeconds} s. {whatThereIs()}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }
}
