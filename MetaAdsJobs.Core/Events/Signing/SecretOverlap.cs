using System.Text.Json;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Events.Signing;

/// <summary>
/// For how long old secrets are good beside the one that takes their place: each until its own end. An exchange whose answer was lost is asked for again, and then the secret that is in use is the one before the last.
/// </summary>
internal static class SecretOverlap
{
    private const int Usual = 24;
    private const int Most = 168;

    // Each is one more signature in a header: receivers take some kilobytes.
    private const int MostAtOnce = 20;

    /// <summary>Of a row with secrets: those before the present one that are still good, sealed.</summary>
    public const string FormerSql = $"ARRAY(SELECT f.secret FROM {Former} WHERE f.until > @Now ORDER BY f.until DESC, f.secret)";

    /// <summary>Until when the last of them is; null when there is none.</summary>
    public const string UntilSql = $"(SELECT max(f.until) FROM {Former} WHERE f.until > @Now)";

    /// <summary>How many they are.</summary>
    public const string CountSql = $"(SELECT count(*) FROM {Former} WHERE f.until > @Now)::int";

    /// <summary>What is set to put another secret in the place of the present one, which is good until then; should that be now, none of those before is any more.</summary>
    public const string ExchangeSql = $"""
        earlier_secrets = CASE WHEN @FormerUntil > @Now THEN {FormerSql} ELSE ARRAY[]::text[] END,
        earlier_until = CASE WHEN @FormerUntil > @Now THEN ARRAY(SELECT f.until FROM {Former} WHERE f.until > @Now ORDER BY f.until DESC, f.secret) ELSE ARRAY[]::timestamptz[] END,
        former_secret = secret, former_until = @FormerUntil, secret = @Secret
        """;

    private const string Former = "unnest(former_secret || earlier_secrets, former_until || earlier_until) f (secret, until)";

    /// <param name="body">keep_old_hours: at most 168; 0 when the old one has come into the wrong hands. 24 by default.</param>
    /// <returns>Meaningless when something is wrong.</returns>
    public static TimeSpan Read(JsonElement body, FieldErrors errors)
    {
        var fields = new JsonFields(body, errors);
        var hours = fields.Whole("keep_old_hours", 0, Most) ?? Usual;
        fields.RefuseUnknown();
        return TimeSpan.FromHours(hours);
    }

    /// <param name="former">So many of those before are still good.</param>
    public static void Check(TimeSpan overlap, int former, FieldErrors errors)
    {
        if (overlap > TimeSpan.Zero && former >= MostAtOnce) errors.Add("keep_old_hours", $"can be 0 only: {former} secrets before the present one are still good; 0 ends them all, and so does their time");
    }
}
