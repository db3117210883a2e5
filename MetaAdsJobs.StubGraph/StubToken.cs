using System.Globalization;

namespace MetaAdsJobs.StubGraph;

/// <summary>
/// Any token is good, so that a person can start at once. Three beginnings are not: EXPIRED, FORBIDDEN, and
/// EXPIRES_{unix seconds}, which is good until then.
/// </summary>
internal static class StubToken
{
    private const string LimitedLife = "EXPIRES_";
    private static readonly TimeSpan UsualLife = TimeSpan.FromDays(60);

    public static StubRefusal? Refuse(StubCall call, DateTimeOffset now)
    {
        if (string.IsNullOrWhiteSpace(call.Token))
        {
            return new StubRefusal(190, "An active access token must be used to query information.") { Status = 401 };
        }

        if (ExpiresAt(call.Token, now) <= now)
            return Expired;

        return call.Token.StartsWith("FORBIDDEN", StringComparison.Ordinal)
            ? new StubRefusal(200, "(#200) Ad account owner has NOT granted ads_management or ads_read permission")
            {
                Status = 403,
            }
            : null;
    }

    /// <summary>GET debug_token: what the token in input_token may do and for how long.</summary>
    public static StubAnswer Inspect(StubCall call, DateTimeOffset now)
    {
        if (call.Text("input_token") is not { } token)
            return StubRefusal.Missing("input_token").ToAnswer();

        var expiresAt = ExpiresAt(token, now);
        return StubAnswer.Ok(json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("data");
            json.WriteString("app_id", "1000000000000001");
            json.WriteString("type", "SYSTEM_USER");
            json.WriteNumber("expires_at", expiresAt.ToUnixTimeSeconds());
            json.WriteBoolean("is_valid", expiresAt > now);
            json.WriteStartArray("scopes");
            foreach (var scope in Scopes(token))
                json.WriteStringValue(scope);

            json.WriteEndArray();
            json.WriteString("user_id", "1000000000000002");
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    private static StubRefusal Expired { get; } =
        new(190, "Error validating access token: Session has expired.") { Status = 401, Subcode = 463 };

    private static DateTimeOffset ExpiresAt(string token, DateTimeOffset now)
    {
        if (token.StartsWith("EXPIRED", StringComparison.Ordinal))
            return now.AddDays(-1);

        var digits = token.StartsWith(LimitedLife, StringComparison.Ordinal) ? token[LimitedLife.Length..].Split('_')[0] : "";
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : now + UsualLife;
    }

    private static string[] Scopes(string token) => token.StartsWith("FORBIDDEN", StringComparison.Ordinal)
        ? ["public_profile"]
        : ["ads_management", "ads_read", "business_management", "pages_show_list", "public_profile"];
}
