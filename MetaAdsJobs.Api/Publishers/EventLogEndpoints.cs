using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using MetaAdsJobs.Api.Description;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Publishers;
using MetaAdsJobs.Core.Publishers.Receiving;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Publishers;

internal sealed record EventOutcomeResponse(
    Guid SocialAccountId, string? AccountName, string State, Guid? RequestId, string? StatusUrl, string? RunStatus, IReadOnlyDictionary<string, string[]>? Errors, DateTimeOffset DecidedAt, string? DecidedBy)
{
    public static EventOutcomeResponse From(ClipOutcome one) => new(one.SocialAccountId, one.AccountName, one.State, one.RequestId,
        one.RequestId is { } run ? $"/meta/orchestrate/runs/{run}" : null, one.RunStatus, one.Errors, one.DecidedAt, one.DecidedBy);
}

/// <param name="MessageId">Its webhook-id.</param>
/// <param name="ClipId">The publisher's own id of the clip.</param>
/// <param name="Data">What it tells of the clip; of one event alone.</param>
internal sealed record EventResponse(
    Guid Id, string MessageId, string Type, string ClipId, string Title, DateTimeOffset ChangedAt, DateTimeOffset ReceivedAt, IReadOnlyList<EventOutcomeResponse> Outcomes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Data = null)
{
    public static EventResponse From(ClipEvent one) => From(one, data: null);

    public static EventResponse From(ClipEvent one, JsonElement? data) =>
        new(one.Id, one.MessageId, one.Type, one.ClipId, one.Title, one.ChangedAt, one.ReceivedAt, [.. one.Outcomes.Select(EventOutcomeResponse.From)], data);
}

/// <summary>The body of a call that takes many: refused, held or over_limit.</summary>
internal sealed record TakeManyBody(string State);

/// <param name="Events">How many were looked at again, the oldest first.</param>
/// <param name="Accepted">In so many accounts of them something was made.</param>
/// <param name="More">There are more: call again.</param>
internal sealed record TakenManyResponse(int Events, int Accepted, bool More);

/// <summary>What a publisher has sent, what it became, and taking it again.</summary>
internal static class EventLogEndpoints
{
    public static void MapEventLog(this IEndpointRouteBuilder publishers)
    {
        publishers.MapGet("/{id:guid}/events", ListAsync).WithSummary("What it has sent and what that became, newest first; state: accepted, existing, outdated, refused, held, over_limit").WithDescription("social_account_id: those that came to the account. since and until: days in UTC on which they were received. clip_key: their clip_id, the publisher's own. changed_since: those that were received, or decided in an account, since; not how the runs go on.")
            .Produces<Page<EventResponse>>().ProducesProblem(404).ProducesValidationProblem(422);
        publishers.MapGet("/{id:guid}/events/{event:guid}", GetAsync).WithSummary("One, with what it tells of the clip").Produces<EventResponse>().ProducesProblem(404);
        publishers.MapPost("/{id:guid}/events/{event:guid}/take", TakeAsync).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Take one that was refused, held or over a limit: by the templates as they are now, and beyond the limits")
            .Produces<EventResponse>().ProducesProblem(404).ProducesProblem(409);
        publishers.MapPost("/{id:guid}/events/take", TakeManyAsync).WithMetadata(new InDoubtAdvice("Look in the publisher's events first: sent again, it takes the next 50.")).WithSummary("The same for the 50 oldest of a state")
            .Accepts<TakeManyBody>("application/json").Produces<TakenManyResponse>().ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422);
    }

    private static async Task<IResult> ListAsync(Guid id, ClipEventReader reader, PublisherStore publishers, TimeProvider time, [OneOf(typeof(ClipOutcome), nameof(ClipOutcome.States))] string? state,
        [FromQuery(Name = "social_account_id")] string? accountId, [FromQuery(Name = "clip_key"), Description("The publisher's own id of a clip")] string? clipKey,
        string? since, string? until, [FromQuery(Name = "changed_since")] string? changedSince, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new ClipEventFilter(query.OneOf("state", state, ClipOutcome.States), query.Id("social_account_id", accountId), from, to, query.Text("clip_key", clipKey), query.Moment("changed_since", changedSince));
        var (count, before) = (query.Limit(limit), query.Id("cursor", cursor));
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        if (await publishers.FindAsync(id, time.GetUtcNow(), ct) is null) return PublisherEndpoints.NotFound(id);
        var page = Page<ClipEvent>.From(await reader.ListAsync(id, filter, before, count + 1, ct), count, last => last.Id.ToString());
        return Results.Ok(new Page<EventResponse>([.. page.Items.Select(EventResponse.From)], page.NextCursor));
    }

    private static async Task<IResult> GetAsync(Guid id, Guid @event, ClipEventReader reader, CancellationToken ct) =>
        await reader.FindAsync(id, @event, ct) is { } found ? Results.Ok(EventResponse.From(found.Event, JsonElement.Parse(found.Data))) : NotFound(id, @event);

    private static async Task<IResult> TakeAsync(Guid id, Guid @event, HttpContext http, RetakeClipEvent retake, CancellationToken ct) =>
        await retake.ExecuteAsync(id, @event, http.User.CallerName(), ct) is { } taken ? Results.Ok(EventResponse.From(taken)) : NotFound(id, @event);

    private static async Task<IResult> TakeManyAsync(Guid id, HttpRequest request, RetakeClipEvent retake, PublisherStore publishers, TimeProvider time, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        return await retake.OfStateAsync(id, body, request.HttpContext.User.CallerName(), ct) switch
        {
            TakenMany.Done done when done.Events > 0 || await publishers.FindAsync(id, time.GetUtcNow(), ct) is not null => Results.Ok(new TakenManyResponse(done.Events, done.Accepted, done.More)),
            TakenMany.Invalid invalid => Problems.Invalid(invalid.Errors),
            _ => PublisherEndpoints.NotFound(id),
        };
    }

    private static IResult NotFound(Guid id, Guid eventId) => Problems.NotFound($"event of publisher {id} with the id", eventId);
}
