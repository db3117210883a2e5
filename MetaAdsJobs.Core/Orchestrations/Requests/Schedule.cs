namespace MetaAdsJobs.Core.Orchestrations.Requests;

/// <summary>How long an ad runs, in days that have begun.</summary>
internal static class Schedule
{
    /// <summary>A begun day counts as a whole one; time that has passed counts no more.</summary>
    public static long Days(DateTimeOffset? start, DateTimeOffset end, DateTimeOffset now) =>
        Math.Max(1, (long)Math.Ceiling((end - (start > now ? start.Value : now)).TotalDays));

    /// <summary>Rounded up.</summary>
    public static long PerDay(long amount, long days) => (amount / days) + (amount % days == 0 ? 0 : 1);
}
