using System.Globalization;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Description;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Insights.Watching;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Insights;

internal static class SyncEndpoints
{
    public static void MapSyncs(this IEndpointRouteBuilder insights)
    {
        insights.MapGet("/syncs", ListAsync).WithSummary("Fetchings of numbers, newest first").WithDescription("since and until: days in UTC on which they were asked for. changed_since: those that have not ended, and those that have ended since. requested_by: who asked for it.")
            .Produces<Page<InsightSync>>().ProducesValidationProblem(422);
        insights.MapGet("/syncs/{syncId:guid}", GetAsync).WithVersion().WithSummary("How far one fetching has got")
            .Produces<InsightSync>().ProducesProblem(404);
        insights.MapGet("/nights", ListNightsAsync).WithSummary("Nights, newest first: how many accounts' syncs stand where").WithDescription("since and until: the days on which they began.")
            .Produces<Page<InsightNight>>().ProducesValidationProblem(422);
        insights.MapGet("/nights/{night}", GetNightAsync).WithVersion().WithSummary("One night, with its failed and waiting syncs and why")
            .Produces<InsightNight>().ProducesProblem(404).ProducesValidationProblem(422);
    }

    private static async Task<IResult> ListAsync(
        SyncReader reader, [FromQuery(Name = "social_account_id")] string? accountId, [OneOf(typeof(InsightSyncState))] string? state, [FromQuery(Name = "requested_by")] string? requestedBy, string? since, string? until,
        [FromQuery(Name = "changed_since")] string? changedSince, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new SyncFilter(query.Id("social_account_id", accountId), query.OneOf<InsightSyncState>("state", state), from, to, query.Moment("changed_since", changedSince), query.Text("requested_by", requestedBy));
        var (before, count) = (query.Id("cursor", cursor), query.Limit(limit));
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        return Results.Ok(Page<InsightSync>.From(await reader.ListAsync(filter, before, count + 1, ct), count, sync => sync.SyncId.ToString()));
    }

    private static async Task<IResult> GetAsync(Guid syncId, SyncReader reader, CancellationToken ct) =>
        await reader.FindAsync(syncId, ct) is { } sync ? Results.Ok(sync) : Problems.NotFound("insights sync", syncId);

    private static async Task<IResult> ListNightsAsync(NightReader reader, string? since, string? until, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var (before, count) = (query.Day("cursor", cursor), query.Limit(limit));
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        return Results.Ok(Page<InsightNight>.From(
            await reader.ListAsync(from, to, before, count + 1, ct), count, night => night.Night.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
    }

    private static async Task<IResult> GetNightAsync(string night, NightReader reader, CancellationToken ct)
    {
        var query = new QueryFields();
        if (query.Day("night", night) is not { } day) return Problems.Invalid(query.Errors);
        return await reader.FindAsync(day, ct) is { } found ? Results.Ok(found) : Problems.NotFound("night", night);
    }
}
