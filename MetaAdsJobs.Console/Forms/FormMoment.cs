using System.Globalization;

namespace MetaAdsJobs.Console.Forms;

/// <summary>Times as people type them, in an account's zone, and the API's.</summary>
internal static class FormMoment
{
    /// <summary>What to tell when a time is none.</summary>
    public const string Wrong = "must be a time that exists in the account's time zone";

    private const string Minutes = "yyyy-MM-ddTHH:mm";
    private const string Seconds = "yyyy-MM-ddTHH:mm:ss";

    /// <returns>Null when it is no time, or one that the zone leaves out. Of a time that comes twice, the first.</returns>
    public static string? Read(string text, TimeZoneInfo zone)
    {
        if (!DateTime.TryParseExact(text, (string[])[Minutes, Seconds], CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) || zone.IsInvalidTime(local)) return null;
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToString($"{Seconds}zzz", CultureInfo.InvariantCulture);
    }

    /// <summary>For the value of a field.</summary>
    public static string? Show(DateTimeOffset? at, TimeZoneInfo zone) =>
        at is { } moment ? TimeZoneInfo.ConvertTime(moment, zone).ToString(moment.Second == 0 ? Minutes : Seconds, CultureInfo.InvariantCulture) : null;
}
