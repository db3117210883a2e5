using System.Globalization;
using MetaAdsJobs.Core.Accounts;

namespace MetaAdsJobs.Api.Accounts;

/// <summary>
/// An account's version as ETag: another one after every change by a person. What the service itself notes of the account, such as a check of its
/// token, makes no new version.
/// </summary>
internal static class AccountVersion
{
    public static string Of(SocialAccount account) => string.Create(CultureInfo.InvariantCulture, $"\"{account.UpdatedAt.UtcTicks / TimeSpan.TicksPerMicrosecond:x}\"");

    /// <summary>The account as answer, with its version.</summary>
    public static T Tagged<T>(HttpResponse response, SocialAccount account, T answer) where T : IResult
    {
        response.Headers.ETag = Of(account);
        return answer;
    }

    /// <summary>Whether If-Match, if it was sent, names this account's version, or any with *.</summary>
    public static bool Matches(HttpRequest request, SocialAccount account)
    {
        if (request.Headers.IfMatch.Count == 0) return true;
        var version = Of(account);
        return request.GetTypedHeaders().IfMatch.Any(tag => tag.Tag == "*" || (!tag.IsWeak && tag.Tag == version));
    }
}
