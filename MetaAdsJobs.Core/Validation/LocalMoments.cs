using System.Globalization;
using System.Text.RegularExpressions;

namespace MetaAdsJobs.Core.Validation;

/// <summary>
/// Reads a moment that is given in an account's own time, or with its offset. A local time that the zone leaves out when its clocks are put forward is refused: whoever wrote
/// it meant another. Of one that comes twice when they are put back, the first is meant; the other needs its offset.
/// </summary>
public static partial class LocalMoments
{
    public const string Wrong = "must be a time in the account's zone, such as 2027-03-01T09:00, or one with its offset, such as 2027-03-01T09:00:00+01:00";

    /// <summary>What can be said without the zone.</summary>
    public static string? LocalMoment(this JsonFields fields, string name)
    {
        var text = fields.Text(name, max: 40);
        if (text is null || IsOne(text)) return text;
        fields.Refuse(name, Wrong);
        return null;
    }

    /// <returns>One of the two: why not.</returns>
    public static (DateTimeOffset? At, string? Why) Read(string text, TimeZoneInfo zone)
    {
        if (!IsOne(text)) return (null, Wrong);
        if (Form().Match(text).Groups["offset"].Success) return (DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).ToUniversalTime(), null);
        var local = DateTime.SpecifyKind(DateTime.Parse(text, CultureInfo.InvariantCulture), DateTimeKind.Unspecified);
        if (zone.IsInvalidTime(local)) return (null, $"is a time that does not exist in {zone.Id}: the clocks are put forward then");
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        // Years at either end of the calendar have no offset to take away.
        return local.Year is < 2 or > 9998 ? (null, Wrong) : (new DateTimeOffset(local, offset).ToUniversalTime(), null);
    }

    private static bool IsOne(string text) => Form().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _);

    [GeneratedRegex("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,7})?)?(?<offset>Z|[+-][0-9]{2}:[0-9]{2})?$")]
    private static partial Regex Form();
}
