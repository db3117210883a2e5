using System.Globalization;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Audit;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Audit;

internal static class ChangeEndpoints
{
    public static void MapChanges(this IEndpointRouteBuilder meta) =>
        meta.MapGet("/changes", ListAsync).WithTags("Audit").RequireAuthorization(Policies.Read)
            .WithSummary("Every change at Meta: who asked, what was sent, what came back; newest first")
            .Produces<Page<RecordedChange>>().ProducesValidationProblem(422);

    private static async Task<IResult> ListAsync(
        ChangeReader reader, [FromQuery(Name = "request_id")] string? requestId, [FromQuery(Name = "social_account_id")] string? accountId, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (request, account, before, count) = (query.Id("request_id", requestId), query.Id("social_account_id", accountId), query.Number("cursor", cursor), query.Limit(limit));
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        var changes = await reader.ListAsync(request, account, before, count + 1, ct);
        return Results.Ok(Page<RecordedChange>.From(changes, count, change => change.Id.ToString(CultureInfo.InvariantCulture)));
    }
}
