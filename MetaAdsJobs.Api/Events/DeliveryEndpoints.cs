using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Description;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Events.Delivering;
using MetaAdsJobs.Core.Events.Listing;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Events;

internal sealed record ReplayBody(DateTimeOffset From, DateTimeOffset To, string? State = null);

/// <param name="Deliveries">How many are on their way.</param>
internal sealed record ReplayResponse(long Deliveries);

internal sealed record TestResponse(Guid DeliveryId, string StatusUrl);

internal sealed record DeliveryResponse(Delivery Delivery, JsonElement Data, IReadOnlyList<DeliveryAttempt> Log);

/// <summary>What was, is and will be sent to a webhook, and sending it again.</summary>
internal static class DeliveryEndpoints
{
    public static void MapDeliveries(this IEndpointRouteBuilder webhooks)
    {
        webhooks.MapPost("/{id:guid}/test", TestAsync).WithMetadata(new InDoubtAdvice("Look in the webhook's deliveries first: sent again, it is a second test.")).WithSummary("Send it a test, now").Produces<TestResponse>(202).ProducesProblem(404).ProducesProblem(409);
        webhooks.MapGet("/{id:guid}/deliveries", ListAsync).WithSummary("What was told to it, newest first; state: pending, delivered, failed, held").WithDescription("social_account_id: of events of this account. since and until: days in UTC on which the events happened. changed_since: those that wait still, and those that were tried since.")
            .Produces<Page<Delivery>>().ProducesProblem(404).ProducesValidationProblem(422);
        webhooks.MapGet("/{id:guid}/deliveries/{delivery:guid}", GetAsync).WithVersion().WithSummary("One, with what is told and each attempt").Produces<DeliveryResponse>().ProducesProblem(404);
        webhooks.MapPost("/{id:guid}/deliveries/{delivery:guid}/replay", ReplayOneAsync).WithMetadata(new AnswerPlace(IsTold: false)).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Send one again, under the same id; one that waits for its next try goes at once")
            .Produces<ReplayResponse>(202).ProducesProblem(404).ProducesProblem(409);
        webhooks.MapPost("/{id:guid}/replay", ReplayRangeAsync).WithMetadata(new AnswerPlace(IsTold: false)).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Send again what happened from one time to another, under the same ids; state: only delivered, failed or held ones")
            .Accepts<ReplayBody>("application/json").Produces<ReplayResponse>(202).ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422);
    }

    private static async Task<IResult> TestAsync(Guid id, HttpContext http, ReplayDeliveries replay, WebhookStore store, TimeProvider time, CancellationToken ct)
    {
        if (await replay.TestAsync(id, http.User.CallerName(), ct) is { } delivery)
        {
            var url = $"/meta/webhooks/{id}/deliveries/{delivery}";
            return Results.Accepted(url, new TestResponse(delivery, url));
        }

        return await store.FindAsync(id, time.GetUtcNow(), ct) is null ? WebhookEndpoints.NotFound(id) : Problems.Conflict("The webhook is switched off: switch it on first.");
    }

    private static async Task<IResult> ListAsync(
        Guid id, DeliveryReader reader, WebhookStore store, TimeProvider time, [OneOf(typeof(DeliveryReader), nameof(DeliveryReader.States))] string? state, [FromQuery(Name = "social_account_id")] string? accountId, string? since, string? until,
        [FromQuery(Name = "changed_since")] string? changedSince, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new DeliveryFilter(state, query.Id("social_account_id", accountId), from, to, query.Moment("changed_since", changedSince));
        var count = query.Limit(limit);
        if (state is not null && !DeliveryReader.States.Contains(state)) query.Errors.Add("state", $"must be one of {string.Join(", ", DeliveryReader.States)}");
        var after = After(cursor, query);
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        if (await store.FindAsync(id, time.GetUtcNow(), ct) is null) return WebhookEndpoints.NotFound(id);
        return Results.Ok(Page<Delivery>.From(await reader.ListAsync(id, filter, after, count + 1, ct), count, DeliveryCursor.Of));
    }

    private static async Task<IResult> GetAsync(Guid id, Guid delivery, DeliveryReader reader, CancellationToken ct) =>
        await reader.FindAsync(id, delivery, ct) is { } found ? Results.Ok(new DeliveryResponse(found.Delivery, JsonElement.Parse(found.Data), found.Log)) : NotFound(id, delivery);

    private static async Task<IResult> ReplayOneAsync(Guid id, Guid delivery, ReplayDeliveries replay, CancellationToken ct) =>
        Answer(await replay.OneAsync(id, delivery, ct), () => NotFound(id, delivery));

    private static async Task<IResult> ReplayRangeAsync(Guid id, HttpRequest request, ReplayDeliveries replay, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        return problem ?? Answer(await replay.RangeAsync(id, body, ct), () => WebhookEndpoints.NotFound(id));
    }

    private static IResult Answer(Replayed replayed, Func<IResult> notFound) => replayed switch
    {
        Replayed.Done done => Results.Json(new ReplayResponse(done.Count), statusCode: StatusCodes.Status202Accepted),
        Replayed.Invalid invalid => Problems.Invalid(invalid.Errors),
        Replayed.Refused refused => Problems.Conflict(refused.Reason),
        _ => notFound(),
    };

    private static (DateTimeOffset, Guid)? After(string? cursor, QueryFields query)
    {
        if (cursor is null) return null;
        if (DeliveryCursor.TryRead(cursor) is { } after) return after;
        query.Errors.Add("cursor", "must be a next_cursor of this list");
        return null;
    }

    private static IResult NotFound(Guid id, Guid delivery) => Problems.NotFound($"delivery to webhook {id} with the id", delivery.ToString("D", CultureInfo.InvariantCulture));
}
