using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Description;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Core.Targeting;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Targeting;

/// <summary>The body of POST: a request, or as much of it as an estimate needs.</summary>
internal sealed record ReachBody(
    Guid SocialAccountId, JsonObject? Targeting = null, string? CampaignObjective = null, string? OptimizationGoal = null, string? DestinationType = null,
    string? PixelId = null, string? ConversionEvent = null, string? ApplicationId = null, string? ObjectStoreUrl = null, IReadOnlyList<JsonObject>? AdSets = null);

internal sealed record ReachResponse(IReadOnlyList<ReachEstimate> Estimates);

/// <summary>What Meta knows of people, asked while the caller waits: whoever may write requests may ask. Each question is a call to Meta, so few of them are taken.</summary>
internal static class TargetingEndpoints
{
    private const int LongestText = 100;
    private const int LongestCursor = 1000;

    public static void MapTargeting(this IEndpointRouteBuilder meta)
    {
        meta.MapGet("/targeting", FindAsync).WithTags("Targeting").WithName("searchTargeting").WithSummary("Search Meta's places, interests, languages, or all that a flexible_spec takes")
            .Asks().Produces<Page<TargetingOption>>();
        meta.MapGet("/accounts/{id:guid}/audiences", ListAsync).WithTags("Targeting").WithSummary("The account's custom or saved audiences at Meta")
            .Asks().Produces<Page<Audience>>();
        meta.MapPost("/targeting/reach", EstimateAsync).WithTags("Targeting").WithName("estimateReach").WithMetadata(InDoubtAdvice.NoHarm).WithSummary("How many people each ad set of a request could reach, as Meta estimates; nothing is made")
            .Asks().Accepts<ReachBody>("application/json").Produces<ReachResponse>();
    }

    private static RouteHandlerBuilder Asks(this RouteHandlerBuilder endpoint) => endpoint.RequireAuthorization(Policies.Operate).RequireRateLimiting(RateLimits.Questions)
        .ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422).ProducesProblem(503);

    private static async Task<IResult> FindAsync(
        FindTargeting find, HttpContext http, [FromQuery(Name = "social_account_id"), Required] string? accountId, [OneOf(typeof(TargetingKind)), Required] string? kind, [Required] string? q, CancellationToken ct)
    {
        var query = new QueryFields();
        var (account, what, text) = (query.RequiredId("social_account_id", accountId), query.OneOf<TargetingKind>("kind", kind), query.Text("q", q, LongestText));
        if (kind is null) query.Errors.Add("kind", "is required");
        if (text is null && !query.Errors.Any) query.Errors.Add("q", "is required");
        return query.Errors.Any ? Problems.Invalid(query.Errors) : Answer(http, await find.ExecuteAsync(account, what!.Value, text!, ct));
    }

    private static async Task<IResult> ListAsync(ListAudiences list, HttpContext http, Guid id, [OneOf(typeof(AudienceKind))] string? kind, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (what, count, after) = (query.OneOf<AudienceKind>("kind", kind) ?? AudienceKind.Custom, query.Limit(limit), query.Text("cursor", cursor, LongestCursor));
        return query.Errors.Any ? Problems.Invalid(query.Errors) : Answer(http, await list.ExecuteAsync(id, what, count, after, ct));
    }

    private static async Task<IResult> EstimateAsync(HttpRequest request, EstimateReach estimate, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, JsonBody.LargeBytes, ct);
        if (problem is not null) return problem;
        return await estimate.ExecuteAsync(body, ct) switch
        {
            TargetingFound.UnknownAccount unknown => Problems.Unknown(body, ("social_account_id", "social account", [unknown.Id])),
            var found => Answer(request.HttpContext, found),
        };
    }

    private static IResult Answer(HttpContext http, TargetingFound found) => found switch
    {
        TargetingFound.Options options => Results.Ok(new Page<TargetingOption>(options.Found, null)),
        TargetingFound.Audiences audiences => Results.Ok(new Page<Audience>(audiences.Found, audiences.Next)),
        TargetingFound.Estimates estimates => Results.Ok(new ReachResponse(estimates.Found)),
        TargetingFound.Invalid invalid => Problems.Invalid(invalid.Errors),
        TargetingFound.NotNow notNow => Problems.NotNow(http, notNow.Why, notNow.RetryAfter, isThrottled: notNow.Reason == NotNowReason.Throttled),
        TargetingFound.UnknownAccount unknown => Problems.NotFound("social account", unknown.Id),
        _ => throw new InvalidOperationException("unreachable: there is no other answer"),
    };
}
