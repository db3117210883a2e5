using System.Globalization;
using System.Security.Claims;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Description;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Validation;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Campaigns;

/// <summary>The body of an approval; it may be left out. With a content_hash nothing else is approved than what has it.</summary>
internal sealed record ApproveBody(string? ContentHash = null);

/// <summary>The body of a rejection; it may be left out.</summary>
internal sealed record RejectBody(string? Reason = null);

/// <summary>
/// A freeze, of one account or of all: from and until, with their offset, or of one account in its own time; or weekly instead.
/// </summary>
internal sealed record FreezeBody(Guid? SocialAccountId = null, string? From = null, string? Until = null, WeeklyFreeze? Weekly = null, string? Reason = null);

/// <summary>What activations and raises wait for: their time, approvals, the ends of freezes.</summary>
internal static class HoldEndpoints
{
    private static readonly TimeSpan Usual = TimeSpan.FromDays(31);

    public static void MapHolds(this IEndpointRouteBuilder meta)
    {
        var group = meta.MapGroup("").WithTags("Schedules and approvals");
        group.MapGet("/due", ListDueAsync).RequireAuthorization(Policies.Read).WithSummary("What is to be activated at a time, and what was, earliest first: of the next month, or between from and until").WithDescription("clip_id: of campaigns that show the clip, or were to. person: who has asked for it.")
            .Produces<Page<DueActivation>>().ProducesValidationProblem(422);
        group.MapGet("/approvals", ListApprovalsAsync).RequireAuthorization(Policies.Read).WithSummary("What waits for somebody's approval, with what it would activate and what has changed; newest first").WithDescription("Without status those that are asked for, or, with changed_since, those that are and all that were decided since. person: who has asked, or decided. clip_id: of campaigns that show the clip, or were to. since and until: days in UTC on which they were asked for.")
            .Produces<Page<ApprovalRequest>>().ProducesValidationProblem(422);
        group.MapGet("/approvals/{id:guid}", async (Guid id, ApprovalReader reader, CancellationToken ct) => await reader.FindAsync(id, ct) is { } approval ? Results.Ok(approval) : Problems.NotFound("approval", id))
            .RequireAuthorization(Policies.Read).WithVersion().WithSummary("One approval").Produces<ApprovalRequest>().ProducesProblem(404);
        group.MapPost("/approvals/{id:guid}/approve", ApproveAsync).RequireAuthorization(Policies.Operate).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Approve, as somebody else than who has asked")
            .Accepts<ApproveBody>("application/json").Produces<ApprovalRequest>().ProducesProblem(403).ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422);
        group.MapPost("/approvals/{id:guid}/reject", RejectAsync).RequireAuthorization(Policies.Operate).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Reject: what was asked for is not done")
            .Accepts<RejectBody>("application/json").Produces<ApprovalRequest>().ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422);
        group.MapGet("/freezes", ListFreezesAsync).RequireAuthorization(Policies.Read).WithSummary("Freezes that are not over, newest first").WithDescription("person: who has made one, or ended it. since and until: days in UTC on which they were made. changed_since: those that were made or ended since, over or not.").Produces<Page<Freeze>>().ProducesValidationProblem(422);
        group.MapGet("/freezes/{id:guid}", async (Guid id, Freezes freezes, CancellationToken ct) => await freezes.FindAsync(id, ct) is { } freeze ? Results.Ok(freeze) : Problems.NotFound("freeze", id))
            .RequireAuthorization(Policies.Read).WithSummary("One freeze, over or not").Produces<Freeze>().ProducesProblem(404);
        group.MapPost("/freezes", FreezeAsync).RequireAuthorization(Policies.Operate).WithMetadata(new InDoubtAdvice("Look in GET /meta/freezes first: sent again, it makes a second freeze, and each is ended by itself.")).WithSummary("Hold activations and raises of an account, or of all, for a time").WithDescription("At most 1,000 of one maker, and 5,000 in all, that are not over.")
            .Accepts<FreezeBody>("application/json").Produces<Freeze>(201).ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422);
        group.MapPost("/freezes/{id:guid}/end", EndAsync).RequireAuthorization(Policies.Operate).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("End a freeze before its time: what it held goes on")
            .Produces<Freeze>().ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> ListDueAsync(
        DueReader reader, TimeProvider time, [FromQuery(Name = "social_account_id")] string? accountId, [FromQuery(Name = "clip_id")] string? clipId, string? person, [Format("date-time")] string? from, [Format("date-time")] string? until,
        string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (account, since, to) = (query.Id("social_account_id", accountId), query.Moment("from", from), query.Moment("until", until));
        var (clip, by) = (query.Id("clip_id", clipId), query.Text("person", person));
        var (count, after) = (query.Limit(limit), string.IsNullOrEmpty(cursor) ? null : DuePlace.Read(cursor));
        if (after is null && !string.IsNullOrEmpty(cursor)) query.Errors.Add("cursor", "must be the next_cursor of a page");
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        var now = time.GetUtcNow();
        // What was to come when the first page was read is on the next ones, though its time may have come meanwhile.
        var first = since ?? (after?.DueAt < now ? after.DueAt : now);
        return Results.Ok(Page<DueActivation>.From(await reader.ListAsync(new(first, to ?? ((since ?? now) + Usual), account, clip, by), after, count + 1, ct), count, due => $"{DuePlace.Of(due)}"));
    }

    private static async Task<IResult> ListApprovalsAsync(
        ApprovalReader reader, [FromQuery(Name = "social_account_id")] string? accountId, [FromQuery(Name = "clip_id")] string? clipId, [OneOf(typeof(ApprovalStatus))] string? status, string? person, string? since, string? until,
        [FromQuery(Name = "changed_since")] string? changedSince, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (account, state, changed) = (query.Id("social_account_id", accountId), query.OneOf<ApprovalStatus>("status", status), query.Moment("changed_since", changedSince));
        var ((from, to), before, count) = (query.Days(since, until), query.Number("cursor", cursor), query.Limit(limit));
        var filter = new ApprovalFilter(state is null && changed is not null ? null : (state ?? ApprovalStatus.Asked).ToString().ToLowerInvariant(), account, query.Text("person", person), from, to, changed, query.Id("clip_id", clipId));
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        var (items, next) = await reader.ListAsync(filter, before, count, ct);
        return Results.Ok(new Page<ApprovalRequest>(items, next?.ToString(CultureInfo.InvariantCulture)));
    }

    private static async Task<IResult> ApproveAsync(Guid id, HttpRequest request, DecideApproval decide, ClaimsPrincipal user, CancellationToken ct)
    {
        var (text, problem) = await OnlyFieldAsync(request, "content_hash", ct);
        return problem ?? Answer(id, await decide.ApproveAsync(id, user.CallerName(), text, ct));
    }

    private static async Task<IResult> RejectAsync(Guid id, HttpRequest request, DecideApproval decide, ClaimsPrincipal user, CancellationToken ct)
    {
        var (text, problem) = await OnlyFieldAsync(request, "reason", ct);
        return problem ?? Answer(id, await decide.RejectAsync(id, user.CallerName(), text, ct));
    }

    private static IResult Answer(Guid id, Decided decided) => decided switch
    {
        Decided.Done done => Results.Ok(done.Approval),
        Decided.Own own => Problems.Of(ProblemKind.OwnRequest, own.Reason),
        Decided.Refused refused => Problems.Conflict(refused.Reason),
        _ => Problems.NotFound("approval", id),
    };

    private static async Task<(string? Text, IResult? Problem)> OnlyFieldAsync(HttpRequest request, string name, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadOptionalAsync(request, JsonBody.MaxBytes, ct);
        if (body is not { } sent) return (null, problem);
        var fields = new JsonFields(sent, new());
        var text = fields.Text(name, max: 500);
        fields.RefuseUnknown();
        return fields.Errors.Any ? (null, Problems.Invalid(fields.Errors)) : (text, null);
    }

    private static async Task<IResult> ListFreezesAsync(
        Freezes freezes, [FromQuery(Name = "social_account_id")] string? accountId, string? person, string? since, string? until, [FromQuery(Name = "changed_since")] string? changedSince, string? limit,
        string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var (count, before) = (query.Limit(limit), query.Id("cursor", cursor));
        var filter = new FreezeFilter(query.Id("social_account_id", accountId), query.Text("person", person), from, to, query.Moment("changed_since", changedSince));
        return query.Errors.Any ? Problems.Invalid(query.Errors) : Results.Ok(Page<Freeze>.From(await freezes.ListAsync(filter, before, count + 1, ct), count, freeze => $"{freeze.Id}"));
    }

    private static async Task<IResult> FreezeAsync(HttpRequest request, Freezes freezes, ClaimsPrincipal user, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        return await freezes.AddAsync(body, user.CallerName(), ct) switch
        {
            Saved<Freeze>.Done done => Results.Created($"/meta/freezes/{done.Value.Id}", done.Value),
            Saved<Freeze>.Invalid invalid => Problems.Invalid(invalid.Errors),
            Saved<Freeze>.Unknown unknown => Problems.Unknown(body, ("social_account_id", "social account", [unknown.Id])),
            _ => throw new InvalidOperationException("unreachable: there is no other answer"),
        };
    }

    private static async Task<IResult> EndAsync(Guid id, Freezes freezes, ClaimsPrincipal user, CancellationToken ct) => await freezes.EndAsync(id, user.CallerName(), ct) switch
    {
        true => Results.Ok(await freezes.FindAsync(id, ct)),
        false => Problems.Conflict("It is over already"),
        _ => Problems.NotFound("freeze", id),
    };

    private enum ApprovalStatus
    {
        Asked,
        Approved,
        Rejected,
        Voided,
        Expired,
        Withdrawn,
    }
}
