namespace MetaAdsJobs.Core.Statistics;

/// <summary>What takes a core for seconds, on a thread of its own: those that answer calls, a stop's among them, are not for it.</summary>
public static class Computation
{
    public static Task<T> RunAsync<T>(Func<T> work, CancellationToken ct) => Task.Factory.StartNew(work, ct, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
