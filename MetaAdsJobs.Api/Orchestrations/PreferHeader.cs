using System.Globalization;

namespace MetaAdsJobs.Api.Orchestrations;

/// <summary>RFC 7240's wait preference, from 1 to 60 seconds; anything else is, as the RFC says, ignored.</summary>
internal static class PreferHeader
{
    public static int? WaitSeconds(string? prefer) => prefer?
        .Split([',', ';'], StringSplitOptions.TrimEntries)
        .Where(preference => preference.StartsWith("wait=", StringComparison.OrdinalIgnoreCase))
        .Select(preference => int.TryParse(preference[5..].Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= 60 ? seconds : (int?)null)
        .FirstOrDefault();
}
