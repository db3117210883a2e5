namespace MetaAdsJobs.Tests.Support;

/// <summary>
/// For what happens by itself: looks again until it is so. A busy machine is waited for as long as something still moves; the wait
/// fails, with what there was to see, once nothing has moved for long.
/// </summary>
public static class Eventually
{
    // Several times as long as the longest pause that anything here makes.
    private static readonly TimeSpan Stall = TimeSpan.FromMinutes(2);

    // For what moves without ever getting anywhere.
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <param name="condition">Looked at every 50 ms.</param>
    /// <param name="progress">What shows that things move, looked at every second; a constant if nothing is to be seen before the end.</param>
    /// <param name="details">What else a person wants to see of a failure.</param>
    public static async Task TrueAsync(Func<Task<bool>> condition, Func<string> progress, Func<string>? details = null)
    {
        var time = TimeProvider.System;
        var (began, moved, looks) = (time.GetTimestamp(), time.GetTimestamp(), 0);
        var seen = new HashSet<string>();
        while (!await condition())
        {
            // What was seen before is no progress: a run that fails and is tried again, say.
            if (looks++ % 20 == 0 && seen.Add(progress())) moved = time.GetTimestamp();
            if (time.GetElapsedTime(moved) > Stall || time.GetElapsedTime(began) > Longest)
                Assert.Fail($"Nothing new for {time.GetElapsedTime(moved).TotalSeconds:0} s, after {time.GetElapsedTime(began).TotalSeconds:0} s in all. {progress()}\n{details?.Invoke()}");
            await Task.Delay(Pause, time, CancellationToken.None);
        }
    }
}
