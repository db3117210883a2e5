using System.Globalization;
using MetaAdsJobs.Core.Campaigns.Reading;

namespace MetaAdsJobs.Console.Campaigns;

/// <summary>The list's filter as it stands in the address. What cannot be read counts as not given: a person sees it in the form.</summary>
internal static class CampaignQuery
{
    public static readonly string[] States = ["active", "paused", "archived", "deleted"];

    public static CampaignFilter Read(IQueryCollection query) => new(
        Guid.TryParse(query["account"], out var account) ? account : null, States.FirstOrDefault(state => state == query["status"])?.ToUpperInvariant(),
        query["search"].ToString().Trim() is { Length: > 0 and <= 200 } text && !text.Any(char.IsControl) ? text : null);

    public static long? Cursor(IQueryCollection query) => long.TryParse(query["cursor"], NumberStyles.None, CultureInfo.InvariantCulture, out var cursor) ? cursor : null;
}
