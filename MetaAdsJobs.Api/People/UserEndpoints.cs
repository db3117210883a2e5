using System.ComponentModel;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Description;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.People;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.People;

/// <summary>The body of POST. accounts and groups are of ids, each with may_spend; or all_accounts.</summary>
internal sealed record UserBody(string Name, string Mail, string Role, bool? AllAccounts = null, IReadOnlyList<Grant>? Accounts = null, IReadOnlyList<Grant>? Groups = null);

/// <summary>The body of PATCH: what is absent stays.</summary>
internal sealed record UserChanges(string? Name = null, string? Role = null, bool? Disabled = null, bool? AllAccounts = null, IReadOnlyList<Grant>? Accounts = null, IReadOnlyList<Grant>? Groups = null);

/// <summary>The body of a key; without role and accounts it may do what its user may.</summary>
internal sealed record KeyBody(string Name, string? Role = null, bool? AllAccounts = null, IReadOnlyList<Grant>? Accounts = null, IReadOnlyList<Grant>? Groups = null, DateTimeOffset? ExpiresAt = null);

/// <param name="Secret">The key itself; shown this once.</param>
internal sealed record NewKeyResponse(ApiKey Key, string Secret);

/// <summary>What a list of keys is asked for by time, as it was sent.</summary>
internal sealed record KeyTimes(string? Since, string? Until, string? ChangedSince);

/// <param name="Url">Opens the console for the user, once.</param>
internal sealed record LinkResponse(string Url, DateTimeOffset ExpiresAt);

/// <summary>Who works here, for admins who see all accounts.</summary>
internal static class UserEndpoints
{
    // Of every list of keys.
    public const string KeyStates = "state: of the key itself; one that was revoked is that, and not expired. A disabled user's opens nothing, whatever its state. since and until: days in UTC on which they were made. changed_since: made or revoked since, or past their time since; that one was used is no change.";

    public static void MapUsers(this IEndpointRouteBuilder meta)
    {
        var users = meta.MapGroup("/users").WithTags("People").RequireAuthorization(Policies.Administer);
        users.MapGet("/", ListAsync).WithSummary("Users, in the order in which they were added").WithDescription("social_account_id: those who see the account, by itself, by a group or with all; who is disabled sees none. changed_since: the user itself, what it is given included; not what is in its groups. since and until: days in UTC on which they were added.").Produces<Page<User>>().ProducesValidationProblem(422);
        users.MapPost("/", CreateAsync).WithTag().WithMetadata(new InDoubtAdvice("Send it again: 409 tells that the user was added.")).WithSummary("Add a user").WithDescription("Without all_accounts, accounts or groups the user sees nothing. may_spend lets a manager or an admin change what is in the account; without it, look only.")
            .Accepts<UserBody>("application/json").Produces<User>(201).ProducesProblem(409).ProducesValidationProblem(422);
        users.MapGet("/{id:guid}", async (Guid id, HttpResponse response, UserStore store, CancellationToken ct) => await store.FindAsync(id, ct) is { } user ? ChangeVersion.Tagged(response, user.UpdatedAt, Results.Ok(user)) : NotFound(id)).WithTag().WithSummary("One of them").Produces<User>().ProducesProblem(404);
        users.MapPatch("/{id:guid}", ChangeAsync).WithIfMatch().WithTag().WithMetadata(InDoubtAdvice.Undoes).WithSummary("Change a user, or disable one").WithDescription("What the user may do changes with this call, for keys too; the user's sessions end.")
            .Accepts<UserChanges>("application/json").Produces<User>().ProducesProblem(404).ProducesProblem(412).ProducesValidationProblem(422);
        users.MapPost("/{id:guid}/link", LinkAsync).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("A link that opens the console for the user, once, within a day").Produces<LinkResponse>().ProducesProblem(404).ProducesProblem(409);
        users.MapGet("/{id:guid}/keys", async (Guid id, ApiKeyStore keys, UserStore store, [OneOf(typeof(KeyState))] string? state, string? since, string? until, [FromQuery(Name = "changed_since")] string? changedSince, string? limit, string? cursor, CancellationToken ct) =>
            await ListKeysAsync(async (filter, before, count) => await store.FindAsync(id, ct) is null ? null : await keys.ListAsync(id, filter, before, count, ct), null, state, new(since, until, changedSince), limit, cursor, id)).WithSummary("A user's keys, newest first").WithDescription(KeyStates)
            .Produces<Page<ApiKey>>().ProducesProblem(404).ProducesValidationProblem(422);
        users.MapPost("/{id:guid}/keys", async (Guid id, HttpRequest request, ApiKeyStore keys, CancellationToken ct) => IsKeys(request) ? KeyMakesNone() : await MakeKeyAsync(id, request, keys, ct)).WithMetadata(new InDoubtAdvice("Look in GET /meta/users/{id}/keys first: a key that was made is good, and nobody has seen it. Revoke it by DELETE /meta/keys/{id}, and send this again.")).WithSummary("Make a key for a user; it is shown this once").WithMetadata(new AnswerPlace(IsTold: false))
            .Accepts<KeyBody>("application/json").Produces<NewKeyResponse>(201).ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422);
        users.MapGet("/{id:guid}/sessions", async (Guid id, UserStore store, SessionStore sessions, string? limit, string? cursor, CancellationToken ct) =>
                await ListSessionsAsync(async (after, count) => await store.FindAsync(id, ct) is null ? null : await sessions.ListOfAsync(id, after, count, ct), limit, cursor, id))
            .WithSummary("A user's sessions at browsers, the oldest first").Produces<Page<Session>>().ProducesProblem(404).ProducesValidationProblem(422);
        users.MapDelete("/{id:guid}/sessions/{session:guid}", async (Guid id, Guid session, HttpContext http, SessionStore sessions, CancellationToken ct) =>
            IsKeys(http.Request) ? Problems.Of(ProblemKind.Forbidden, "A key ends no session but its own: sign in at the console for that, or ask an admin.") : await sessions.EndOfAsync(id, session, MyEndpoints.Of(http), ct) ? Results.NoContent() : Problems.NotFound("session", session)).WithSummary("End one of them: it is out at its next click").WithDescription("Not by a key.").Produces(204).ProducesProblem(404);
        var all = meta.MapGroup("/keys").WithTags("People").RequireAuthorization(Policies.Administer);
        all.MapGet("/", (ApiKeyStore keys, [Description("Their user's mail")] string? person, [OneOf(typeof(KeyState))] string? state, string? since, string? until, [FromQuery(Name = "changed_since")] string? changedSince, string? limit, string? cursor, CancellationToken ct) =>
            ListKeysAsync(async (filter, before, count) => await keys.ListAsync(null, filter, before, count, ct), person, state, new(since, until, changedSince), limit, cursor)).WithSummary("All keys, newest first").WithDescription(KeyStates).Produces<Page<ApiKey>>().ProducesValidationProblem(422);
        all.MapDelete("/{id:guid}", async (Guid id, ApiKeyStore keys, HttpContext http, CancellationToken ct) => Revoked(id, await keys.RevokeAsync(id, null, http.User.CallerName(), ct)))
            .WithSummary("Revoke a key, at once").Produces<ApiKey>().ProducesProblem(404);
    }

    public static async Task<IResult> MakeKeyAsync(Guid userId, HttpRequest request, ApiKeyStore keys, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        return await keys.CreateAsync(userId, body, request.HttpContext.User.CallerName(), ct) switch
        {
            PeopleSaved<ApiKey>.Done done => Results.Json(new NewKeyResponse(done.Value, done.Secret!), statusCode: StatusCodes.Status201Created),
            PeopleSaved<ApiKey>.Invalid invalid => Problems.Invalid(invalid.Errors),
            PeopleSaved<ApiKey>.Refused refused => Problems.Conflict(refused.Reason),
            _ => NotFound(userId),
        };
    }

    /// <summary>Else one that was lost would be many, and revoking it would end none of them.</summary>
    public static IResult KeyMakesNone() => Problems.Of(ProblemKind.Forbidden, "A key makes neither keys nor links: sign in at the console for that, or ask an admin.");

    public static IResult Revoked(Guid id, PeopleSaved<ApiKey> revoked) => revoked is PeopleSaved<ApiKey>.Done done ? Results.Ok(done.Value) : Problems.NotFound("key", id);

    private static async Task<IResult> ListAsync(
        UserStore store, [Description("A part of the name or mail")] string? search, [OneOf(typeof(Roles), nameof(Roles.All))] string? role, [FromQuery(Name = "social_account_id")] string? accountId,
        string? since, string? until, [FromQuery(Name = "changed_since")] string? changedSince, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new UserFilter(query.Text("search", search), query.OneOf("role", role, Roles.All), query.Id("social_account_id", accountId), query.Moment("changed_since", changedSince), from, to);
        var (count, after) = (query.Limit(limit), query.Id("cursor", cursor));
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        return Results.Ok(Page<User>.From(await store.ListAsync(filter, after, count + 1, ct), count, user => user.Id.ToString()));
    }

    /// <param name="list">What comes before an id; null when there is no such user.</param>
    public static async Task<IResult> ListKeysAsync(Func<KeyFilter, Guid?, int, Task<IReadOnlyList<ApiKey>?>> list, string? person, string? state, KeyTimes times, string? limit, string? cursor, Guid userId = default)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(times.Since, times.Until);
        var filter = new KeyFilter(query.Text("person", person), query.OneOf<KeyState>("state", state), from, to, query.Moment("changed_since", times.ChangedSince));
        var (count, before) = (query.Limit(limit), query.Id("cursor", cursor));
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        return await list(filter, before, count + 1) is { } found ? Results.Ok(Page<ApiKey>.From(found, count, key => key.Id.ToString())) : NotFound(userId);
    }

    public static async Task<IResult> ListSessionsAsync(Func<Guid?, int, Task<IReadOnlyList<Session>?>> list, string? limit, string? cursor, Guid userId = default)
    {
        var query = new QueryFields();
        var (count, after) = (query.Limit(limit), query.Id("cursor", cursor));
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        return await list(after, count + 1) is { } found ? Results.Ok(Page<Session>.From(found, count, session => session.Id.ToString())) : NotFound(userId);
    }

    private static async Task<IResult> CreateAsync(HttpRequest request, SaveUser save, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        return await save.CreateAsync(body, request.HttpContext.User.CallerName(), ct) switch
        {
            PeopleSaved<User>.Done done => ChangeVersion.Tagged(request.HttpContext.Response, done.Value.UpdatedAt, Results.Created($"/meta/users/{done.Value.Id}", done.Value)),
            PeopleSaved<User>.Invalid invalid => Problems.Invalid(invalid.Errors),
            PeopleSaved<User>.Refused refused => Problems.Conflict(refused.Reason),
            _ => throw new InvalidOperationException("unreachable: a new user cannot be unknown"),
        };
    }

    private static async Task<IResult> ChangeAsync(Guid id, HttpRequest request, SaveUser save, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        return await save.ChangeAsync(id, body, user => ChangeVersion.Matches(request, user.UpdatedAt), ct) switch
        {
            PeopleSaved<User>.Done done => ChangeVersion.Tagged(request.HttpContext.Response, done.Value.UpdatedAt, Results.Ok(done.Value)),
            PeopleSaved<User>.Invalid invalid => Problems.Invalid(invalid.Errors),
            PeopleSaved<User>.Outdated => ChangeVersion.Outdated("user", id),
            _ => NotFound(id),
        };
    }

    private static async Task<IResult> LinkAsync(Guid id, SignInLinks links, HttpRequest request, TimeProvider time, CancellationToken ct) => IsKeys(request) ? KeyMakesNone() : await links.MakeAsync(id, ct) switch
    {
        PeopleSaved<User>.Done done => Results.Ok(new LinkResponse($"{request.Scheme}://{request.Host}{request.PathBase}{SignInEndpoints.LinkPath}?secret={done.Secret}", time.GetUtcNow() + SignInLinks.Lifetime)),
        PeopleSaved<User>.Refused refused => Problems.Conflict(refused.Reason),
        _ => NotFound(id),
    };

    private static bool IsKeys(HttpRequest request) => MyEndpoints.Of(request.HttpContext).KeyId is not null;

    private static IResult NotFound(Guid id) => Problems.NotFound("user", id);
}
