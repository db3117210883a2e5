using System.Runtime.InteropServices;
using System.Text.Json;
using MetaAdsJobs.Core.Access;

namespace MetaAdsJobs.Api.Http;

/// <summary>The caller's own name for what is asked for: under one name it is done once.</summary>
internal static class IdempotencyKey
{
    public const string Header = "Idempotency-Key";
    public const string Replayed = "Idempotency-Replayed";
    public const int Longest = 255;

    public static bool IsWrong(string? key) => key is not null && (key.Length is 0 or > Longest || key.Any(c => c is < ' ' or > '~'));

    /// <returns>Null without a key.</returns>
    public static AskedOnce? Of(HttpContext http, string? key, ReadOnlySpan<byte> sent) => key is null ? null : new(http.User.CallerName(), key, sent);

    public static AskedOnce? Of(HttpContext http, string? key, JsonElement sent) => Of(http, key, JsonMarshal.GetRawUtf8Value(sent));

    public static IResult Refused() => Problems.Invalid(Header, $"must be 1 to {Longest} printable ASCII characters");

    public static IResult Reused(string what) => Problems.KeyReused(Header, $"was used before for another {what}; use a new key for a new one");

    public static HttpResponse Tell(HttpContext http, bool isReplayed)
    {
        if (isReplayed) http.Response.Headers[Replayed] = "true";
        return http.Response;
    }

    public static IResult Answer(HttpContext http, bool isReplayed, IResult answer)
    {
        Tell(http, isReplayed);
        return answer;
    }
}
