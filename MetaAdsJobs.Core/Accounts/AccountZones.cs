namespace MetaAdsJobs.Core.Accounts;

/// <summary>
/// Time zones of accounts on this machine. Meta knows zones that an older machine, or an image without time zones, does not: what goes over all accounts
/// leaves such an account out, or shows its times in UTC, and what goes over it alone fails.
/// </summary>
public static class AccountZones
{
    public static bool IsKnown(string name) => TimeZoneInfo.TryFindSystemTimeZoneById(name, out _);

    /// <summary>For what is only shown, of many accounts at once.</summary>
    public static TimeZoneInfo OrUtc(string name) => TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : TimeZoneInfo.Utc;
}
