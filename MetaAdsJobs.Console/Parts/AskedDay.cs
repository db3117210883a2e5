using System.Globalization;

namespace MetaAdsJobs.Console.Parts;

/// <summary>A day as it stands in an address.</summary>
internal static class AskedDay
{
    // Before Meta's own beginning there is nothing to see, and from here a period before can be told without falling off the calendar.
    private static readonly DateOnly First = new(2004, 1, 1);
    private static readonly DateOnly Last = new(2999, 1, 1);

    /// <param name="today">Where no later day has anything to see: the reader's, where it is tomorrow already in some zones, so the day after counts.</param>
    /// <returns>A day that can be reckoned with, the nearest to what was asked for; null when that cannot be read.</returns>
    public static DateOnly? Read(string? text, DateOnly? today = null)
    {
        var last = today?.AddDays(1) ?? Last;
        if (!DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)) return null;
        return day < First ? First : day > last ? last : day;
    }
}
