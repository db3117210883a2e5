using System.Security.Claims;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Api.Spending;

/// <summary>The body of a stop; it may be left out.</summary>
internal sealed record StopBody(string? Reason = null);

/// <summary>The body of a start; it may be left out. Without reactivate, what the stop paused stays paused.</summary>
internal sealed record StartBody(bool? Reactivate = null);

internal static class SpendingEndpoints
{
    // A stop has no rate limit, and connections of its own, so that it is never held up: each must be a small one. A start may wait, and has neither.
    private const long LongestBody = 64 * 1024;

    private static readonly InDoubtAdvice AnotherStop = new("Look in GET …/spending first: sent again, it lifts also what somebody has stopped since.");

    public static void MapSpending(this IEndpointRouteBuilder meta)
    {
        var all = meta.MapGroup("").WithTags("Stop switch");
        all.MapPost("/stop", (HttpRequest request, [FromKeyedServices(Connections.OfStops)] StopSwitch stop, ClaimsPrincipal user, CancellationToken ct) => StopAsync(null, request, stop, user, ct))
            .RequireAuthorization(Policies.Operate).DisableRateLimiting().WithName("stopAll").WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Pause everything this service made, and hold what is new")
            .Accepts<StopBody>("application/json").Produces<SpendingState>(202).ProducesValidationProblem(422);
        all.MapPost("/start", (HttpRequest request, StopSwitch stop, ClaimsPrincipal user, CancellationToken ct) => StartAsync(null, request, stop, user, ct))
            .RequireAuthorization(Policies.Operate).WithName("startAll").WithMetadata(AnotherStop).WithSummary("Lift the stop of all accounts")
            .Accepts<StartBody>("application/json").Produces<SpendingState>(202).ProducesValidationProblem(422);
        all.MapGet("/spending", (StopSwitch stop, CancellationToken ct) => ReadAsync(null, stop, ct))
            .RequireAuthorization(Policies.Read).WithVersion().WithSummary("Whether all is stopped, and how much is active").Produces<SpendingState>();
        all.MapPost("/accounts/{id:guid}/stop", (Guid id, HttpRequest request, [FromKeyedServices(Connections.OfStops)] StopSwitch stop, ClaimsPrincipal user, CancellationToken ct) => StopAsync(id, request, stop, user, ct))
            .RequireAuthorization(Policies.Operate).DisableRateLimiting().WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Pause everything this service made in the account, and hold what is new")
            .Accepts<StopBody>("application/json").Produces<SpendingState>(202).ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422);
        all.MapPost("/accounts/{id:guid}/start", (Guid id, HttpRequest request, StopSwitch stop, ClaimsPrincipal user, CancellationToken ct) => StartAsync(id, request, stop, user, ct))
            .RequireAuthorization(Policies.Operate).WithMetadata(AnotherStop).WithSummary("Lift the account's stop")
            .Accepts<StartBody>("application/json").Produces<SpendingState>(202).ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422);
        all.MapGet("/accounts/{id:guid}/spending", (Guid id, StopSwitch stop, CancellationToken ct) => ReadAsync(id, stop, ct))
            .RequireAuthorization(Policies.Read).WithVersion().WithSummary("Whether the account is stopped, and how much is active").Produces<SpendingState>().ProducesProblem(404);
    }

    private static async Task<IResult> StopAsync(Guid? id, HttpRequest request, StopSwitch stop, ClaimsPrincipal user, CancellationToken ct)
    {
        var (fields, problem) = await FieldsAsync(request, ct);
        if (problem is not null) return problem;
        var reason = fields?.Text("reason", max: 500);
        fields?.RefuseUnknown();
        if (fields?.Errors.Any == true) return Problems.Invalid(fields.Errors);
        return Answer(id, await stop.StopAsync(id, user.CallerName(), reason, ct));
    }

    private static async Task<IResult> StartAsync(Guid? id, HttpRequest request, StopSwitch stop, ClaimsPrincipal user, CancellationToken ct)
    {
        var (fields, problem) = await FieldsAsync(request, ct);
        if (problem is not null) return problem;
        var reactivate = fields?.Flag("reactivate") ?? true;
        fields?.RefuseUnknown();
        if (fields?.Errors.Any == true) return Problems.Invalid(fields.Errors);
        return Answer(id, await stop.StartAsync(id, user.CallerName(), reactivate, ct));
    }

    private static async Task<IResult> ReadAsync(Guid? id, StopSwitch stop, CancellationToken ct) =>
        await stop.ReadAsync(id, ct) is { } state ? Results.Ok(state) : Problems.NotFound("social account", id!.Value);

    // An emergency needs no body.
    private static async Task<(JsonFields? Fields, IResult? Problem)> FieldsAsync(HttpRequest request, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadOptionalAsync(request, LongestBody, ct);
        return (body is { } sent ? new JsonFields(sent, new()) : null, problem);
    }

    private static IResult Answer(Guid? id, Switched switched) => switched switch
    {
        Switched.Done done => Results.Accepted(id is null ? "/meta/spending" : $"/meta/accounts/{id}/spending", done.State),
        Switched.Refused refused => Problems.Conflict(refused.Reason),
        _ => Problems.NotFound("social account", id!.Value),
    };
}
