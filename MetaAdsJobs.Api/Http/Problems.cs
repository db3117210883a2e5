using System.Globalization;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Api.Http;

/// <summary>The ways a call is refused, as RFC 9457 problem details.</summary>
internal static class Problems
{
    public static IResult Invalid(FieldErrors errors) => Results.ValidationProblem(
        errors.ToDictionary(), title: "Some fields are wrong.", statusCode: StatusCodes.Status422UnprocessableEntity);

    public static IResult Invalid(string field, string message)
    {
        var errors = new FieldErrors();
        errors.Add(field, message);
        return Invalid(errors);
    }

    public static IResult NotFound(string what, Guid id) => NotFound(what, id.ToString());

    public static IResult NotFound(string what, string id) =>
        Results.Problem($"There is no {what} {id}.", statusCode: StatusCodes.Status404NotFound);

    public static IResult Outdated(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status412PreconditionFailed);

    /// <summary>Meta does not answer: 429 when the account has used up its limit there, 503 when Meta is away, 409 when nothing but a person will change that.</summary>
    public static IResult NotNow(HttpContext http, string detail, TimeSpan? retryAfter, bool isThrottled)
    {
        if (retryAfter is not { } wait) return Conflict(detail);
        http.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return Results.Problem(detail, statusCode: isThrottled ? StatusCodes.Status429TooManyRequests : StatusCodes.Status503ServiceUnavailable);
    }

    public static IResult Conflict(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status409Conflict);
}
