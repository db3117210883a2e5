using System.Security.Claims;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Insights;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Insights;

internal sealed record SyncQueuedResponse(string Message, string Status, Guid SyncId);

internal static class InsightEndpoints
{
    public static void MapInsights(this IEndpointRouteBuilder meta)
    {
        meta.MapPost("/orchestrate/sync-insights/{socialAccountId:guid}", SyncAsync).RequireAuthorization(Policies.Operate).WithTags("Insights")
            .WithSummary("Fetch an account's numbers").Produces<SyncQueuedResponse>().ProducesProblem(404).ProducesValidationProblem(422);
        meta.MapGet("/insights", ListAsync).RequireAuthorization(Policies.Read).WithTags("Insights")
            .WithSummary("Numbers per day; Accept: text/csv streams them all").Produces<Page<InsightDay>>().ProducesValidationProblem(422);
    }

    private static async Task<IResult> SyncAsync(Guid socialAccountId, string? since, string? until, RequestSync request, ClaimsPrincipal user, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = (query.Day("since", since), query.Day("until", until));
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        return await request.ExecuteAsync(socialAccountId, from, to, user.CallerName(), ct) switch
        {
            SyncRequested.Queued queued => Results.Ok(new SyncQueuedResponse($"Insights sync initiated for account {socialAccountId}", "queued", queued.SyncId)),
            SyncRequested.Invalid invalid => Problems.Invalid(invalid.Errors),
            _ => Problems.NotFound("social account", socialAccountId),
        };
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, InsightReader reader, [FromQuery(Name = "social_account_id")] string? accountId, [FromQuery(Name = "campaign_id")] string? campaignId,
        string? since, string? until, string? level, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var filter = new InsightFilter(
            query.Id("social_account_id", accountId), query.Text("campaign_id", campaignId), query.Day("since", since), query.Day("until", until),
            query.OneOf<InsightLevel>("level", level) ?? InsightLevel.Ad);
        if (filter.Since > filter.Until) query.Errors.Add("since", "must not be after until");
        var after = InsightCursors.Parse(cursor, query.Errors);
        var count = query.Limit(limit);
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        if (http.Request.GetTypedHeaders().Accept.Any(accept => accept.MediaType.Equals("text/csv", StringComparison.OrdinalIgnoreCase)))
            return new InsightCsv(reader.StreamAsync(filter, ct));
        return Results.Ok(Page<InsightDay>.From(await reader.ListAsync(filter, after, count + 1, ct), count, InsightCursors.Format));
    }
}
