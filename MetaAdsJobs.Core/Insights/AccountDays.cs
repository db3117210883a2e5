namespace MetaAdsJobs.Core.Insights;

/// <summary>An inclusive range of days in an account's own calendar.</summary>
internal readonly record struct DayRange(DateOnly Since, DateOnly Until)
{
    public int Days => Until.DayNumber - Since.DayNumber + 1;
}

/// <summary>Days are the ad account's: Meta cuts its reports at midnight in the account's time zone.</summary>
internal static class AccountDays
{
    public static DateOnly Today(string timezoneName, DateTimeOffset now) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, TimeZoneInfo.FindSystemTimeZoneById(timezoneName)).DateTime);

    /// <summary>The last complete days: today is still counting and left out.</summary>
    public static DayRange LastComplete(string timezoneName, DateTimeOffset now, int days)
    {
        var today = Today(timezoneName, now);
        return new(today.AddDays(-days), today.AddDays(-1));
    }
}
