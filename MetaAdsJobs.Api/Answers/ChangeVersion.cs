using System.Globalization;
using MetaAdsJobs.Api.Http;

namespace MetaAdsJobs.Api.Answers;

/// <summary>
/// The version of what people change, as ETag: another one after every change by a person. What the service itself notes beside that, such as a check of a token or what waits to be sent, makes no new version:
/// it is there to be named in If-Match, and no answer is kept by it.
/// </summary>
internal static class ChangeVersion
{
    public static string Of(DateTimeOffset changedAt) => string.Create(CultureInfo.InvariantCulture, $"\"{changedAt.UtcTicks / TimeSpan.TicksPerMicrosecond:x}\"");

    /// <summary>The answer, with the version of what it shows.</summary>
    public static T Tagged<T>(HttpResponse response, DateTimeOffset changedAt, T answer) where T : IResult => Tagged(response, Of(changedAt), answer);

    public static T Tagged<T>(HttpResponse response, string version, T answer) where T : IResult
    {
        response.Headers.ETag = version;
        return answer;
    }

    /// <summary>Whether If-Match, if it was sent, names this version, or any with *.</summary>
    /// <param name="changedAt">Null: there is none yet, and nothing names that.</param>
    public static bool Matches(HttpRequest request, DateTimeOffset? changedAt) => Matches(request, changedAt is { } at ? Of(at) : null);

    public static bool Matches(HttpRequest request, string? version)
    {
        if (request.Headers.IfMatch.Count == 0) return true;
        return version is not null && request.GetTypedHeaders().IfMatch.Any(tag => tag.Tag == "*" || (!tag.IsWeak && tag.Tag == version));
    }

    public static IResult Outdated(string what, Guid id) =>
        Problems.Outdated($"The {what} {id} has been changed since: it no longer has the ETag that If-Match names. GET it again and send the change for what it is now; nothing was changed.");
}
