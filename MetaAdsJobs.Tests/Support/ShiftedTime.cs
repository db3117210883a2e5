namespace MetaAdsJobs.Tests.Support;

/// <summary>The system's time, some way ahead: what waits for a moment is there at once, and what waits for a while still waits.</summary>
public sealed class ShiftedTime : TimeProvider
{
    private long _aheadTicks;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref _aheadTicks));

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => System.GetElapsedTime(0).Ticks + Interlocked.Read(ref _aheadTicks);

    public void Advance(TimeSpan time) => Interlocked.Add(ref _aheadTicks, time.Ticks);

    /// <summary>Not back: a moment that has passed stays passed.</summary>
    public void AdvanceTo(DateTimeOffset moment)
    {
        var left = moment - GetUtcNow();
        if (left > TimeSpan.Zero) Advance(left);
    }
}
