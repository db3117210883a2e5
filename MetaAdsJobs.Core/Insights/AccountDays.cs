namespace MetaAdsJobs.Core.Insights;

/// <summary>An inclusive range of days in an account's own calendar.</summary>
internal readonly record struct DayRange(DateOnly Since, DateOnly Until)
{
    public int Days => Until.DayNumber - Since.DayNumber + 1;
}

/// <summary>Days are the ad account's: Meta cuts its reports at midnight in the account's time zone.</summary>
internal static class AccountDays
{
    public const int RetentionMonths = 37;

    /// <summary>SQL: from when on, in its account's zone, a day of insight_days as d is read by the night that follows it. Takes @NightlyAt. Clocks of two machines may be minutes apart: one begins the night, another its syncs.</summary>
    public const string ReadFrom = "d.date_start + 1 + @NightlyAt - interval '10 minutes'";

    public static DateOnly Today(string timezoneName, DateTimeOffset now) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, TimeZoneInfo.FindSystemTimeZoneById(timezoneName)).DateTime);

    /// <summary>The night whose time has come last: the day in the account's zone on which it began.</summary>
    /// <param name="at">NIGHTLY_SYNC_AT.</param>
    public static DateOnly Night(string timezoneName, DateTimeOffset now, TimeOnly at)
    {
        var local = TimeZoneInfo.ConvertTime(now, TimeZoneInfo.FindSystemTimeZoneById(timezoneName)).DateTime;
        return DateOnly.FromDateTime(local).AddDays(TimeOnly.FromDateTime(local) < at ? -1 : 0);
    }

    /// <summary>The last complete days: today is still counting and left out.</summary>
    public static DayRange LastComplete(string timezoneName, DateTimeOffset now, int days)
    {
        var today = Today(timezoneName, now);
        return new(today.AddDays(-days), today.AddDays(-1));
    }

    /// <summary>The oldest day Meta still tells: it keeps 37 months.</summary>
    public static DateOnly Oldest(DateOnly today) => today.AddMonths(-RetentionMonths);

    /// <summary>
    /// A night that follows on missed ones makes up for them: it begins where the first of those would have. No day between them stays unread, and
    /// none before them as it was when Meta had not told all of it.
    /// </summary>
    /// <param name="syncedUntil">The last day that was read by a night; null before the first.</param>
    public static DayRange CatchUp(DayRange usual, DateOnly? syncedUntil)
    {
        if (syncedUntil?.AddDays(2 - usual.Days) is not { } since || since >= usual.Since) return usual;
        var oldest = Oldest(usual.Until.AddDays(1));
        return new(since > oldest ? since : oldest, usual.Until);
    }
}
