using Npgsql;

namespace MetaAdsJobs.Core.Accounts;

/// <summary>
/// Time zones of accounts on this machine. Meta knows zones that an older machine, or an image without time zones, does not: what goes over all accounts
/// leaves such an account out, or shows its times in UTC, and what goes over it alone fails.
/// </summary>
public static class AccountZones
{
    public static bool IsKnown(string name) => TimeZoneInfo.TryFindSystemTimeZoneById(name, out _);

    /// <returns>What PostgreSQL, whose zones are its own, has said of one that it does not know; null of any other error.</returns>
    public static string? UnknownToDatabase(Exception? exception)
    {
        for (var one = exception; one is not null; one = one.InnerException)
            // Other values that are wrong have this code, too, and the text is in the server's language.
            if (one is PostgresException { SqlState: PostgresErrorCodes.InvalidParameterValue, Routine: { } routine } refused && routine.Contains("zone", StringComparison.OrdinalIgnoreCase)) return refused.MessageText;
        return null;
    }

    /// <summary>For what is only shown, of many accounts at once.</summary>
    public static TimeZoneInfo OrUtc(string name) => TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : TimeZoneInfo.Utc;
}
