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

    public static IResult Conflict(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status409Conflict);
}
