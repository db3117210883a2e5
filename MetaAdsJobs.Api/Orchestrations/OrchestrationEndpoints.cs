using System.Security.Claims;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Description;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Listing;
using MetaAdsJobs.Core.Orchestrations.Requests;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Orchestrations;

/// <summary>What a caller gets back at once: the ad is being built, look there for how far it is.</summary>
internal sealed record AcceptedResponse(Guid RequestId, string Status, string StatusUrl);

internal static class OrchestrationEndpoints
{
    public static void MapOrchestrations(this IEndpointRouteBuilder meta)
    {
        var runs = meta.MapGroup("/orchestrate").WithTags("Orchestrations");
        runs.MapPost("/run", RunAsync).WithName("runOrchestration").RequireAuthorization(Policies.Operate).WithSummary("Ask for a whole ad, or for ad sets and ads in a campaign that is there")
            .WithMetadata(new InDoubtAdvice("Send it again with the same Idempotency-Key: it is accepted once. If it had none, look in GET /meta/orchestrate/runs first."))
            .Accepts<OrchestrationRequest>("application/json")
            .Produces<AcceptedResponse>(202).Produces<OrchestrationResult>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422);
        runs.MapGet("/runs/{requestId:guid}", GetAsync).RequireAuthorization(Policies.Read).WithVersion().WithSummary("How far a run is, and its result")
            .Produces<OrchestrationResult>().ProducesProblem(404);
        runs.MapGet("/runs/{requestId:guid}/request", CopyAsync).RequireAuthorization(Policies.Read).WithSummary("What a run was asked for, to be asked for again, in its account or in another")
            .Produces<RequestCopy>().ProducesProblem(404).ProducesValidationProblem(422);
        runs.MapGet("/runs", ListAsync).RequireAuthorization(Policies.Read).WithSummary("Runs, newest first").WithDescription("since and until: days in UTC on which they were asked for. changed_since: those that have not ended, those that have ended since, and those of whose ads Meta has said something else since. clip_id: a clip that they, or edits since, were to show.")
            .Produces<Page<OrchestrationSummary>>().ProducesValidationProblem(422);
        runs.MapPost("/runs/{requestId:guid}/cancel", CancelAsync).RequireAuthorization(Policies.Operate).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Stop before the next step and undo")
            .Produces<OrchestrationResult>(202).ProducesProblem(404).ProducesProblem(409);
        runs.MapPost("/runs/{requestId:guid}/retry", RetryAsync).RequireAuthorization(Policies.Operate).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Try a failed run again")
            .Produces<OrchestrationResult>(202).ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> RunAsync(
        HttpContext http, AcceptOrchestration accept, AwaitOrchestration waiting, LongCalls calls, OrchestrationReader reader,
        [FromHeader(Name = IdempotencyKey.Header)] string? idempotencyKey, [FromHeader(Name = "Prefer")] string? prefer, CancellationToken ct)
    {
        if (IdempotencyKey.IsWrong(idempotencyKey)) return IdempotencyKey.Refused();
        var (body, problem) = await JsonBody.ReadAsync(http.Request, ct);
        if (problem is not null) return problem;
        return await accept.ExecuteAsync(body, http.User.CallerName(), idempotencyKey, ct) switch
        {
            Acceptance.Accepted accepted => await AcceptedAsync(http, accepted, prefer, waiting, calls, reader, ct),
            Acceptance.Invalid invalid => Problems.Invalid(invalid.Errors),
            Acceptance.UnknownAccount unknown => Problems.Unknown(body, ("social_account_id", "social account", [unknown.Id]), ("clip_id", "clip", unknown.Clips)),
            Acceptance.UnknownClip unknown => Problems.Unknown(body, ("clip_id", "clip", unknown.All)),
            _ => IdempotencyKey.Reused("request"),
        };
    }

    private static async Task<IResult> AcceptedAsync(
        HttpContext http, Acceptance.Accepted accepted, string? prefer, AwaitOrchestration waiting, LongCalls calls, OrchestrationReader reader, CancellationToken ct)
    {
        IdempotencyKey.Tell(http, accepted.Replayed);
        // A preference that cannot be met is ignored (RFC 7240): what was accepted is not refused for want of a place to wait in.
        if (PreferHeader.WaitSeconds(prefer) is { } seconds && calls.Waits.TryTake(http) is { } place)
        {
            using var waits = place;
            http.Response.Headers["Preference-Applied"] = $"wait={seconds}";
            if (await waiting.ExecuteAsync(accepted.RequestId, TimeSpan.FromSeconds(seconds), ct) is { } result) return Results.Ok(result);
        }

        var status = accepted.Replayed ? (await reader.FindAsync(accepted.RequestId, ct))!.Status : "queued";
        var url = UrlOf(accepted.RequestId);
        return Results.Accepted(url, new AcceptedResponse(accepted.RequestId, status, url));
    }

    private static async Task<IResult> GetAsync(Guid requestId, OrchestrationReader reader, CancellationToken ct) =>
        await reader.FindAsync(requestId, ct) is { } result ? Results.Ok(result) : Problems.NotFound("run", requestId);

    private static async Task<IResult> CopyAsync(Guid requestId, CopyRequest copy, [FromQuery(Name = "social_account_id")] string? accountId, CancellationToken ct)
    {
        var query = new QueryFields();
        var id = query.Id("social_account_id", accountId);
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        return await copy.ExecuteAsync(requestId, id, ct) switch
        {
            Copying.Copied copied => Results.Ok(copied.Copy),
            Copying.UnknownAccount unknown => Problems.NotFound("social account", unknown.Id),
            _ => Problems.NotFound("run", requestId),
        };
    }

    private static async Task<IResult> ListAsync(
        RunSummaries summaries, [OneOf(typeof(OrchestrationStatus))] string? status, [FromQuery(Name = "social_account_id")] string? accountId, [FromQuery(Name = "clip_id")] string? clipId, string? search, [FromQuery(Name = "requested_by")] string? requestedBy, [FromQuery(Name = "requested_key")] string? requestedKey, string? since, string? until,
        [FromQuery(Name = "changed_since")] string? changedSince, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new SummaryFilter(
            query.OneOf<OrchestrationStatus>("status", status), query.Id("social_account_id", accountId), query.Text("search", search), query.Id("clip_id", clipId), from, to, query.Moment("changed_since", changedSince), query.Text("requested_by", requestedBy), query.KeyOf(requestedBy, "requested_by", "requested_key", requestedKey));
        var before = query.Id("cursor", cursor);
        var count = query.Limit(limit);
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        var page = await summaries.ListAsync(filter, before, count, ct);
        return Results.Ok(new Page<OrchestrationSummary>(page.Items, page.Next?.ToString()));
    }

    private static async Task<IResult> CancelAsync(Guid requestId, CancelOrchestration cancel, OrchestrationReader reader, ClaimsPrincipal user, CancellationToken ct) =>
        await ChangedAsync(requestId, await cancel.ExecuteAsync(requestId, user.CallerName(), ct), reader, ct);

    private static async Task<IResult> RetryAsync(Guid requestId, RetryOrchestration retry, OrchestrationReader reader, ClaimsPrincipal user, CancellationToken ct) =>
        await ChangedAsync(requestId, await retry.ExecuteAsync(requestId, user.CallerName(), ct), reader, ct);

    private static async Task<IResult> ChangedAsync(Guid requestId, Change change, OrchestrationReader reader, CancellationToken ct) => change switch
    {
        Change.Done => Results.Accepted(UrlOf(requestId), await reader.FindAsync(requestId, ct)),
        Change.WrongState wrong => Problems.Conflict(wrong.Reason),
        _ => Problems.NotFound("run", requestId),
    };

    private static string UrlOf(Guid requestId) => $"/meta/orchestrate/runs/{requestId}";
}
