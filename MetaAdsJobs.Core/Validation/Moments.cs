using System.Globalization;
using System.Text.RegularExpressions;

namespace MetaAdsJobs.Core.Validation;

/// <summary>Reads fields that hold a moment. Without an offset a time means another moment to everybody: it is refused.</summary>
public static partial class Moments
{
    public static DateTimeOffset? Moment(this JsonFields fields, string name)
    {
        var text = fields.Text(name, max: 40);
        if (text is null) return null;
        if (Iso().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var moment)) return moment;
        fields.Refuse(name, "must be an ISO 8601 time with its offset, such as 2027-03-01T09:00:00+01:00");
        return null;
    }

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,7})?)?(Z|[+-][0-9]{2}:[0-9]{2})$")]
    private static partial Regex Iso();
}
