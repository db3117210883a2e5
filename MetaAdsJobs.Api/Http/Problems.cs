using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Api.Http;

/// <summary>The ways a call is refused, as RFC 9457 problem details.</summary>
internal static class Problems
{
    public static IResult Of(ProblemKind kind, string detail) => new Problem(kind, detail);

    public static IResult Invalid(FieldErrors errors) => new Problem(ProblemKind.InvalidFields, errors: errors.ToDictionary());

    public static IResult Invalid(string field, string message)
    {
        var errors = new FieldErrors();
        errors.Add(field, message);
        return Invalid(errors);
    }

    public static IResult KeyReused(string header, string message) => new Problem(ProblemKind.KeyReused, errors: new Dictionary<string, string[]> { [header] = [message] });

    /// <summary>What the path, or the query, names is not there.</summary>
    public static IResult NotFound(string what, Guid id) => NotFound(what, id.ToString());

    /// <inheritdoc cref="NotFound(string, Guid)"/>
    public static IResult NotFound(string what, string id) => Of(ProblemKind.UnknownId, $"There is no {what} {id}.");

    /// <summary>What the body names is not there: told at each place that names it.</summary>
    public static IResult Unknown(JsonElement body, params (string Field, string What, IReadOnlyList<Guid> Ids)[] unknown)
    {
        var errors = new FieldErrors();
        foreach (var (field, what, ids) in unknown)
            foreach (var (path, id) in JsonPaths.Of(body, field, ids)) errors.Add(path, $"there is no {what} {id}");
        return Invalid(errors);
    }

    public static IResult Outdated(string detail) => Of(ProblemKind.Outdated, detail);

    /// <summary>Meta does not answer: 429 when the account has used up its limit there, 503 when Meta is away, 409 when nothing but a person will change that.</summary>
    public static IResult NotNow(HttpContext http, string detail, TimeSpan? retryAfter, bool isThrottled)
    {
        if (retryAfter is not { } wait) return Of(ProblemKind.MetaRefuses, detail);
        http.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return Of(isThrottled ? ProblemKind.MetaThrottled : ProblemKind.MetaAway, detail);
    }

    public static IResult Conflict(string detail) => Of(ProblemKind.WrongState, detail);
}
