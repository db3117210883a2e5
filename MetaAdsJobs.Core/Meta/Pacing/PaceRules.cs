using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Pacing;

/// <summary>What one process may change in one account: so many calls within this time.</summary>
internal readonly record struct PaceShare(int Calls, TimeSpan Within);

/// <summary>
/// How used limits become waiting. From 75 % on calls are spaced, by 0.1 s at first and growing steadily to 5 s just below 95 %;
/// from 95 % on there are none until Meta's time is over.
/// </summary>
internal static class PaceRules
{
    public const double Slow = 75;

    /// <summary>Usage that nothing more was heard of says nothing about now.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(5);

    /// <summary>A throttling of which Meta did not say how long.</summary>
    public static readonly TimeSpan UsualBlock = TimeSpan.FromMinutes(1);

    private const double BrakeAtMost = 90;
    private static readonly TimeSpan FullBlock = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LongestSpacing = TimeSpan.FromSeconds(15);

    /// <summary>The percentage to slow down for: the insights throttle alone never slows to a halt.</summary>
    public static double Effective(UsageReading reading) => Math.Max(reading.Percent, Math.Min(reading.Brake, BrakeAtMost));

    /// <param name="processes">Worker processes that share the limit: each goes the slower.</param>
    public static TimeSpan Spacing(double percent, int processes)
    {
        if (percent < Slow) return TimeSpan.Zero;
        var alone = 0.1 * Math.Pow(50, (Math.Min(percent, GraphUsage.Full) - Slow) / (GraphUsage.Full - Slow));
        var shared = TimeSpan.FromSeconds(alone * Math.Max(1, processes));
        return shared < LongestSpacing ? shared : LongestSpacing;
    }

    /// <summary>One process's share of a limit a second; where there are more processes than calls, each makes one in so many seconds.</summary>
    public static PaceShare Share(int perSecond, int processes) => perSecond >= processes
        ? new(perSecond / processes, TimeSpan.FromSeconds(1))
        : new(1, TimeSpan.FromSeconds((double)processes / perSecond));

    /// <summary>How long nobody may call; null while calls may go on.</summary>
    public static TimeSpan? BlockFor(UsageReading reading) => reading.Regain ?? (reading.Percent >= GraphUsage.Full ? FullBlock : null);
}
