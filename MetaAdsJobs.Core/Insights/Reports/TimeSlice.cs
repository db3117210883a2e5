namespace MetaAdsJobs.Core.Insights.Reports;

/// <summary>
/// How long one run may hold its worker. Reading and storing go on where they were, so a large account makes room for the others
/// and goes on behind them.
/// </summary>
internal sealed class TimeSlice(TimeProvider time)
{
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(20);
    private readonly long _began = time.GetTimestamp();

    public bool IsOver => time.GetElapsedTime(_began) >= Length;
}

/// <summary>When a sync is to go on, and what it waits for.</summary>
internal sealed record Pause(DateTimeOffset Until, string Reason)
{
    public static Pause BehindTheOthers(DateTimeOffset now) => new(now, "goes on behind the others");
}
