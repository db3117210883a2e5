using System.Text.Json.Serialization;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Events;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Events;

/// <summary>The body of POST.</summary>
internal sealed record WebhookBody(string Url, string? Format = null, IReadOnlyList<string>? EventTypes = null, IReadOnlyList<Guid>? AccountIds = null, string? Description = null);

/// <summary>The body of PATCH.</summary>
internal sealed record WebhookChanges(string? Url = null, IReadOnlyList<string>? EventTypes = null, IReadOnlyList<Guid>? AccountIds = null, string? Description = null, bool? Enabled = null);

internal sealed record RotateBody(int? KeepOldHours = null);

/// <param name="Secret">In the answer that makes it, and in no other.</param>
internal sealed record WebhookResponse(
    Guid Id, string Url, string Format, IReadOnlyList<string>? EventTypes, IReadOnlyList<Guid>? AccountIds, string? Description, bool Enabled, string? OffReason, DateTimeOffset? OffAt,
    DateTimeOffset? FailingSince, DateTimeOffset? OldSecretUntil, int Pending, int NotDelivered, string CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Secret = null)
{
    public static WebhookResponse From(Webhook webhook) => From(webhook, secret: null);

    public static WebhookResponse From(Webhook webhook, string? secret) => new(
        webhook.Id, webhook.ShownUrl, webhook.Format, webhook.EventTypes, webhook.AccountIds, webhook.Description, webhook.IsOn, webhook.OffReason, webhook.OffAt, webhook.FailingSince,
        webhook.FormerSecretUntil, webhook.Pending, webhook.NotDelivered, webhook.CreatedBy, webhook.CreatedAt, webhook.UpdatedAt, secret);
}

/// <summary>Who is told what happens here: receivers, their secrets. An address may be a key, so that viewers do not see them.</summary>
internal static class WebhookEndpoints
{
    public static void MapWebhooks(this IEndpointRouteBuilder meta)
    {
        var webhooks = meta.MapGroup("/webhooks").WithTags("Events").RequireAuthorization(Policies.Operate);
        webhooks.MapGet("/", ListAsync).WithSummary("Who is told of what, newest first").WithDescription("social_account_id: those that tell of the account, with others or with all. created_by: who made them. since and until: days in UTC on which they were made. changed_since: made, changed or switched off.")
            .Produces<Page<WebhookResponse>>().ProducesValidationProblem(422);
        webhooks.MapPost("/", CreateAsync).WithTag()
            .WithMetadata(new InDoubtAdvice("Look in GET /meta/webhooks first: sent again, it makes a second receiver, and the secret of the first nobody has seen. Rotate that, or delete it.")).WithSummary("Have events sent to an address")
            .WithDescription("""
                Each event is a POST, signed as Standard Webhooks has it (webhook-id, webhook-timestamp, webhook-signature), with a CloudEvent in JSON as its body, or, with format slack,
                the message {"text": …}; with format mail and an address such as mailto:ops@example.com it is a mail, handed to SMTP_HOST. event_types and account_ids choose; absent, all. The answer has the secret, whsec_ and base64: it is shown this once. Addresses inside the network are
                refused, at each connection anew, and redirects are not followed. Any answer 2xx within 15 s means received; otherwise it is sent again, 11 times within two days, always with the same
                webhook-id. After 5 days without success, or at once by 410, the webhook is switched off.
                """)
            .Accepts<WebhookBody>("application/json").Produces<WebhookResponse>(201).ProducesValidationProblem(422);
        webhooks.MapGet("/{id:guid}", GetAsync).WithTag().WithSummary("One of them").Produces<WebhookResponse>().ProducesProblem(404);
        webhooks.MapPatch("/{id:guid}", ChangeAsync).WithIfMatch().WithTag().WithMetadata(InDoubtAdvice.Undoes).WithSummary("Change one, or switch it on or off")
            .WithDescription("What is absent stays; null takes away a choice of types or accounts. enabled: false holds what happens; enabled: true sends what happens from now on, and what was held by a replay.")
            .Accepts<WebhookChanges>("application/json").Produces<WebhookResponse>().ProducesProblem(404).ProducesProblem(412).ProducesValidationProblem(422);
        webhooks.MapDelete("/{id:guid}", DeleteAsync).WithSummary("Tell it nothing more; its log goes, too").Produces(204).ProducesProblem(404);
        webhooks.MapPost("/{id:guid}/rotate", RotateAsync).WithTag().WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Give it another secret, shown this once")
            .WithDescription("The old one signs, too, for keep_old_hours (24, at most 168): take the new one over meanwhile. 0 ends the old one at once.")
            .Accepts<RotateBody>("application/json").Produces<WebhookResponse>().ProducesProblem(404).ProducesValidationProblem(422);
        webhooks.MapDeliveries();
    }

    private static async Task<IResult> ListAsync(
        WebhookStore store, TimeProvider time, [FromQuery(Name = "social_account_id")] string? accountId, [FromQuery(Name = "created_by")] string? createdBy, string? since, string? until, [FromQuery(Name = "changed_since")] string? changedSince, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new WebhookFilter(query.Id("social_account_id", accountId), query.Moment("changed_since", changedSince), query.Text("created_by", createdBy), from, to);
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        return Results.Ok(new Page<WebhookResponse>([.. (await store.ListAsync(filter, time.GetUtcNow(), ct)).Select(WebhookResponse.From)], null));
    }

    private static async Task<IResult> GetAsync(Guid id, HttpResponse response, WebhookStore store, TimeProvider time, CancellationToken ct) =>
        await store.FindAsync(id, time.GetUtcNow(), ct) is { } webhook ? ChangeVersion.Tagged(response, webhook.UpdatedAt, Results.Ok(WebhookResponse.From(webhook))) : NotFound(id);

    private static async Task<IResult> CreateAsync(HttpRequest request, SaveWebhook save, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        return await save.CreateAsync(body, request.HttpContext.User.CallerName(), ct) switch
        {
            WebhookSaved.Done done => ChangeVersion.Tagged(request.HttpContext.Response, done.Value.UpdatedAt, Results.Created($"/meta/webhooks/{done.Value.Id}", WebhookResponse.From(done.Value, done.Secret))),
            WebhookSaved.Invalid invalid => Problems.Invalid(invalid.Errors),
            _ => throw new InvalidOperationException("unreachable: the set is closed"),
        };
    }

    private static async Task<IResult> ChangeAsync(Guid id, HttpRequest request, SaveWebhook save, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        return problem ?? Answer(id, request.HttpContext.Response, await save.ChangeAsync(id, body, request.HttpContext.User.CallerName(), webhook => ChangeVersion.Matches(request, webhook.UpdatedAt), ct));
    }

    private static async Task<IResult> RotateAsync(Guid id, HttpRequest request, SaveWebhook save, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        return problem ?? Answer(id, request.HttpContext.Response, await save.RotateAsync(id, body, ct));
    }

    private static async Task<IResult> DeleteAsync(Guid id, WebhookStore store, TimeProvider time, CancellationToken ct) => await store.DeleteAsync(id, time.GetUtcNow(), ct) ? Results.NoContent() : NotFound(id);

    private static IResult Answer(Guid id, HttpResponse response, WebhookSaved saved) => saved switch
    {
        WebhookSaved.Done done => ChangeVersion.Tagged(response, done.Value.UpdatedAt, Results.Ok(WebhookResponse.From(done.Value, done.Secret))),
        WebhookSaved.Outdated => ChangeVersion.Outdated("webhook", id),
        WebhookSaved.Invalid invalid => Problems.Invalid(invalid.Errors),
        _ => NotFound(id),
    };

    internal static IResult NotFound(Guid id) => Problems.NotFound("webhook", id);
}
