namespace MetaAdsJobs.Core.Events.Delivering;

/// <summary>When a delivery is tried again: 11 tries within two days. And how long a receiver that is away is left in peace.</summary>
internal static class DeliverySchedule
{
    private static readonly TimeSpan ShortestRest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestAsked = TimeSpan.FromHours(24);

    /// <summary>After the first try, the second and so on.</summary>
    public static readonly IReadOnlyList<TimeSpan> Waits =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), TimeSpan.FromHours(3), TimeSpan.FromHours(6),
        TimeSpan.FromHours(12), TimeSpan.FromHours(24),
    ];

    /// <param name="tries">Those that failed.</param>
    /// <param name="now">When the last one did.</param>
    /// <param name="asked">What the receiver asks for in Retry-After.</param>
    /// <returns>Null when it is given up.</returns>
    public static DateTimeOffset? NextAt(int tries, DateTimeOffset now, TimeSpan? asked) =>
        tries > Waits.Count ? null : now + Longer(Waits[tries - 1], asked);

    /// <summary>The longer it has been away, the longer; then one delivery tries whether it is back, and the others lose no try.</summary>
    public static DateTimeOffset RestsUntil(DateTimeOffset failingSince, DateTimeOffset now, TimeSpan? asked) =>
        now + Longer(TimeSpan.FromTicks(Math.Clamp((now - failingSince).Ticks / 2, ShortestRest.Ticks, LongestRest.Ticks)), asked > LongestRest ? LongestRest : asked);

    private static TimeSpan Longer(TimeSpan wait, TimeSpan? asked) => asked is { } other && other > wait ? (other < LongestAsked ? other : LongestAsked) : wait;
}
