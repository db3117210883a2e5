using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Description;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.People;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.People;

/// <param name="Name">By which runs and the audit name who asked: a user's mail, or a token's subject.</param>
/// <param name="AccountIds">Null: all.</param>
/// <param name="SpendAccountIds">Those of them in which something may be changed; null: all.</param>
internal sealed record MeResponse(string Name, string Role, Guid? UserId, string? KeyName, IReadOnlyCollection<Guid>? AccountIds, IReadOnlyCollection<Guid>? SpendAccountIds);

/// <summary>What is of the caller alone.</summary>
internal static class MyEndpoints
{
    public static void MapMine(this IEndpointRouteBuilder meta)
    {
        var me = meta.MapGroup("/me").WithTags("People").RequireAuthorization(Policies.Read);
        me.MapGet("/", (HttpContext http) => Results.Ok(Of(http) is var caller ? new MeResponse(caller.Name, caller.Role, caller.UserId, caller.KeyName, caller.Sees, caller.Spends) : null))
            .WithSummary("Who the caller is, and which accounts that may see").Produces<MeResponse>();
        me.MapGet("/keys", (HttpContext http, ApiKeyStore keys, [OneOf(typeof(KeyState))] string? state, string? since, string? until, [FromQuery(Name = "changed_since")] string? changedSince, string? limit, string? cursor, CancellationToken ct) =>
            UserEndpoints.ListKeysAsync(async (filter, before, count) => await keys.ListOfAsync(Of(http), filter, before, count, ct), null, state, new(since, until, changedSince), limit, cursor)).WithSummary("The caller's keys, newest first").WithDescription($"By a key: that one alone. {UserEndpoints.KeyStates}").Produces<Page<ApiKey>>().ProducesValidationProblem(422);
        me.MapDelete("/keys/{id:guid}", async (Guid id, HttpContext http, ApiKeyStore keys, CancellationToken ct) =>
            UserEndpoints.Revoked(id, await keys.RevokeOfAsync(Of(http), id, ct))).WithSummary("Revoke one of the caller's keys, at once").WithDescription("By a key: that one alone.").Produces<ApiKey>().ProducesProblem(404);
        me.MapGet("/sessions", async (HttpContext http, SessionStore sessions, string? limit, string? cursor, CancellationToken ct) => await UserEndpoints.ListSessionsAsync(async (after, count) => await sessions.ListAsync(Of(http), after, count, ct), limit, cursor))
            .WithSummary("The caller's sessions at browsers, the oldest first").WithDescription("By a key: none.").Produces<Page<Session>>().ProducesValidationProblem(422);
        me.MapDelete("/sessions/{id:guid}", async (Guid id, HttpContext http, SessionStore sessions, CancellationToken ct) =>
            await sessions.EndAsync(Of(http), id, "ended by its user", ct) ? Results.NoContent() : Problems.NotFound("session", id)).WithSummary("End one of them: it is out at its next click").Produces(204).ProducesProblem(404);
    }

    internal static Caller Of(HttpContext http) => Caller.Of(http.User) ?? throw new InvalidOperationException("Nobody passes without a role");
}
