using System.ComponentModel.DataAnnotations;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Insights.Reading;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Insights;

internal static class RestatementEndpoints
{
    public static void MapRestatements(this IEndpointRouteBuilder insights) => insights.MapGet("/changes", ListAsync)
        .WithSummary("Every value of an account that a later report of Meta's changed; newest day first")
            .WithDescription("since and until: days whose numbers they are, in the account's calendar. changed_since: when the report that changed them was stored.")
        .Produces<Page<Restatement>>().ProducesProblem(404).ProducesValidationProblem(422);

    private static async Task<IResult> ListAsync(
        AccountStore accounts, RestatementReader reader, [FromQuery(Name = "social_account_id"), Required] string? accountId, [FromQuery(Name = "campaign_id")] string? campaignId,
        string? since, string? until, [FromQuery(Name = "changed_since")] string? changedSince, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new RestatementFilter(query.RequiredId("social_account_id", accountId), query.Text("campaign_id", campaignId), from, to, query.Moment("changed_since", changedSince));
        var after = InsightCursors.Restatement(cursor, query.Errors);
        var count = query.Limit(limit);
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        if (await accounts.FindAsync(filter.SocialAccountId, ct) is null) return Problems.NotFound("social account", filter.SocialAccountId);
        return Results.Ok(Page<Restatement>.From(await reader.ListAsync(filter, after, count + 1, ct), count, InsightCursors.Format));
    }
}
