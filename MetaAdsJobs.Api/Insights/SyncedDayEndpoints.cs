using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Insights.Watching;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Insights;

internal static class SyncedDayEndpoints
{
    public static void MapSyncedDays(this IEndpointRouteBuilder insights) => insights.MapGet("/days", ListAsync)
        .WithSummary("An account's days: when each was read, and whether Meta's own sum agrees; newest first")
        .WithDescription("With differing=true only the days that differ, and those of all accounts when none is named.")
        .Produces<Page<SyncedDay>>().ProducesProblem(404).ProducesValidationProblem(422);

    private static async Task<IResult> ListAsync(
        AccountStore accounts, SyncedDayReader reader, [FromQuery(Name = "social_account_id")] string? accountId,
        string? since, string? until, string? differing, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new SyncedDayFilter(query.Id("social_account_id", accountId), from, to, query.Flag("differing", differing));
        if (accountId is null && !filter.Differing) query.Errors.Add("social_account_id", "is required, unless differing=true");
        var before = InsightCursors.SyncedDay(cursor, query.Errors);
        var count = query.Limit(limit);
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        if (filter.SocialAccountId is { } account && await accounts.FindAsync(account, ct) is null) return Problems.NotFound("social account", account);
        return Results.Ok(Page<SyncedDay>.From(await reader.ListAsync(filter, before, count + 1, ct), count, InsightCursors.Format));
    }
}
