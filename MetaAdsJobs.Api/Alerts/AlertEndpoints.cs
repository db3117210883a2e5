using System.Security.Claims;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Description;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Alerts.Reading;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Alerts;

/// <param name="Members">What fires first; at most 5,000.</param>
internal sealed record AlertDetail(Alert Alert, IReadOnlyList<AlertMember> Members);

/// <summary>What rules have found: from the first object that fires to when all have been well for the cooldown.</summary>
internal static class AlertEndpoints
{
    private const int MostMembers = 5000;

    public static void MapAlerts(this IEndpointRouteBuilder meta)
    {
        var alerts = meta.MapGroup("/alerts").WithTags("Alerts");
        alerts.MapGet("/", ListAsync).RequireAuthorization(Policies.Read).WithSummary("Alerts, those that are open first, each newest first; state: open or resolved").WithDescription("person: who has said that he is at it, or muted it. since and until: days in UTC on which they began. changed_since: those that are open, and those that have ended since.").Produces<Page<Alert>>().ProducesValidationProblem(422);
        alerts.MapGet("/{id:guid}", GetAsync).RequireAuthorization(Policies.Read).WithVersion().WithSummary("One, with all that are in it").Produces<AlertDetail>().ProducesProblem(404);
        alerts.MapPost("/{id:guid}/acknowledge", async (Guid id, ChangeAlert change, AlertReader reader, ClaimsPrincipal user, CancellationToken ct) =>
                await AnswerAsync(id, await change.AcknowledgeAsync(id, user.CallerName(), ct), reader, ct))
            .RequireAuthorization(Policies.Operate).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Say that you are at it").Produces<Alert>().ProducesProblem(404).ProducesProblem(409);
        alerts.MapPost("/{id:guid}/mute", async (Guid id, ChangeAlert change, AlertReader reader, ClaimsPrincipal user, CancellationToken ct) =>
                await AnswerAsync(id, await change.MuteAsync(id, user.CallerName(), ct), reader, ct))
            .RequireAuthorization(Policies.Operate).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Have nothing more told of it, its end included, nor of what joins it of the same accounts while it is open; the next one is told again").Produces<Alert>().ProducesProblem(404).ProducesProblem(409);
        alerts.MapRules();
    }

    private static async Task<IResult> ListAsync(
        AlertReader reader, [OneOf(typeof(AlertReader), nameof(AlertReader.States))] string? state, [FromQuery(Name = "rule_id")] string? ruleId, [FromQuery(Name = "social_account_id")] string? accountId, string? person,
        string? since, string? until, [FromQuery(Name = "changed_since")] string? changedSince, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new AlertFilter(state, query.Id("rule_id", ruleId), query.Id("social_account_id", accountId), query.Text("person", person), from, to, query.Moment("changed_since", changedSince));
        var count = query.Limit(limit);
        if (state is not null && !AlertReader.States.Contains(state)) query.Errors.Add("state", $"must be one of {string.Join(", ", AlertReader.States)}");
        if (cursor is not null && AlertCursor.TryRead(cursor) is null) query.Errors.Add("cursor", "must be a next_cursor of this list");
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        return Results.Ok(Page<Alert>.From(await reader.ListAsync(filter, cursor is null ? null : AlertCursor.TryRead(cursor), count + 1, ct), count, AlertCursor.Of));
    }

    private static async Task<IResult> GetAsync(Guid id, AlertReader reader, CancellationToken ct) =>
        await reader.FindAsync(id, ct) is { } alert ? Results.Ok(new AlertDetail(alert, await reader.MembersAsync(id, MostMembers, ct))) : Problems.NotFound("alert", id);

    private static async Task<IResult> AnswerAsync(Guid id, bool? wasOpen, AlertReader reader, CancellationToken ct) => wasOpen switch
    {
        true => Results.Ok(await reader.FindAsync(id, ct)),
        false => Problems.Conflict("It is over already"),
        _ => Problems.NotFound("alert", id),
    };
}
