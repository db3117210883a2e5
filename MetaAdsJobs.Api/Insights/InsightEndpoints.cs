using System.Text;
using System.Text.Json.Serialization;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Description;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Insights.Reading;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Insights;

internal sealed record SyncQueuedResponse(string Message, string Status, Guid SyncId, string StatusUrl);

/// <summary>One page of numbers; the first one also tells, per currency, what the whole filter adds up to.</summary>
internal sealed record InsightPage(
    IReadOnlyList<InsightDay> Items, string? NextCursor,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<InsightTotal>? Totals);

internal static class InsightEndpoints
{
    public static void MapInsights(this IEndpointRouteBuilder meta)
    {
        meta.MapPost("/orchestrate/sync-insights/{socialAccountId:guid}", SyncAsync).RequireAuthorization(Policies.Operate).WithTags("Insights").WithMetadata(new AnswerPlace(IsTold: true))
            .WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Fetch an account's numbers; Location tells where to follow it").Produces<SyncQueuedResponse>().ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422);
        var insights = meta.MapGroup("/insights").WithTags("Insights").RequireAuthorization(Policies.Read);
        insights.MapGet("/", ListAsync).WithCsv()
            .WithSummary("Numbers per day, and on the first page what all of them add up to; Accept: text/csv streams them all")
            .WithDescription("level is ad, adset, campaign or account. Reach is told of ads only and never added up; results are added up only where all rows count the same.")
            .Produces<InsightPage>().ProducesValidationProblem(422);
        insights.MapReportRows();
        insights.MapRestatements();
        insights.MapSyncedDays();
        insights.MapSyncs();
        meta.MapReportDefinitions();
    }

    private static async Task<IResult> SyncAsync(
        HttpContext http, Guid socialAccountId, string? since, string? until, RequestSync request, [FromHeader(Name = IdempotencyKey.Header)] string? idempotencyKey, CancellationToken ct)
    {
        if (IdempotencyKey.IsWrong(idempotencyKey)) return IdempotencyKey.Refused();
        var query = new QueryFields();
        var (from, to) = (query.Day("since", since), query.Day("until", until));
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        switch (await request.ExecuteAsync(socialAccountId, from, to, http.User.CallerName(), IdempotencyKey.Of(http, idempotencyKey, Encoding.UTF8.GetBytes($"{socialAccountId} {from:O} {to:O}")), ct))
        {
            case SyncRequested.Queued queued:
                var statusUrl = $"/meta/insights/syncs/{queued.SyncId}";
                http.Response.Headers.Location = statusUrl;
                IdempotencyKey.Tell(http, queued.Replayed);
                return Results.Ok(new SyncQueuedResponse($"Insights sync initiated for account {socialAccountId}", "queued", queued.SyncId, statusUrl));
            case SyncRequested.Retired:
                return Problems.Of(ProblemKind.AccountRetired, $"The account {socialAccountId} is retired: no numbers are fetched any more. Those that were fetched stay.");
            case SyncRequested.KeyReused:
                return IdempotencyKey.Reused("fetching");
            case SyncRequested.Invalid invalid:
                return Problems.Invalid(invalid.Errors);
            default:
                return Problems.NotFound("social account", socialAccountId);
        }
    }

    private static async Task<IResult> ListAsync(
        HttpRequest request, InsightReader reader, LongCalls calls, [FromQuery(Name = "social_account_id")] string? accountId, [FromQuery(Name = "campaign_id")] string? campaignId,
        string? since, string? until, [OneOf(typeof(InsightLevel))] string? level, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new InsightFilter(
            query.Id("social_account_id", accountId), query.Text("campaign_id", campaignId), from, to, query.OneOf<InsightLevel>("level", level) ?? InsightLevel.Ad);
        var after = InsightCursors.Insight(cursor, query.Errors);
        var count = query.Limit(limit);
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        if (request.WantsCsv()) return InsightCsv.Of(reader.StreamAsync(filter, ct));
        var page = Page<InsightDay>.From(await reader.ListAsync(filter, after, count + 1, ct), count, InsightCursors.Format);
        if (after is not null) return Results.Ok(new InsightPage(page.Items, page.NextCursor, null));
        using var place = await calls.Sums.TakeAsync(request.HttpContext);
        return place is null ? calls.Sums.Refused() : Results.Ok(new InsightPage(page.Items, page.NextCursor, await reader.TotalAsync(filter, ct)));
    }
}
