using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Accounts;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Accounts;

/// <summary>The body of POST. The token is never given out again.</summary>
internal sealed record AccountBody(
    string Name, string AdAccountId, string PageId, string Currency, string TimezoneName, string AccessToken,
    string? InstagramUserId = null, string? PixelId = null, IReadOnlyList<string>? DefaultCountries = null, Guid? Id = null,
    string? DsaBeneficiary = null, string? DsaPayor = null, long? CampaignCapCents = null, long? DailyCapCents = null, bool? CapsOff = null,
    string? ApprovalRequired = null, long? ApprovalAboveCents = null);

/// <summary>The body of PATCH: what is absent stays, and null takes an optional field away; unblock lifts Meta's block.</summary>
internal sealed record AccountChanges(
    string? Name = null, string? AdAccountId = null, string? PageId = null, string? InstagramUserId = null, string? PixelId = null, string? Currency = null,
    string? TimezoneName = null, IReadOnlyList<string>? DefaultCountries = null, string? DsaBeneficiary = null, string? DsaPayor = null,
    string? AccessToken = null, long? CampaignCapCents = null, long? DailyCapCents = null, bool? CapsOff = null, bool? Unblock = null,
    string? ApprovalRequired = null, long? ApprovalAboveCents = null);

internal static class AccountEndpoints
{
    public static void MapAccounts(this IEndpointRouteBuilder meta)
    {
        var accounts = meta.MapGroup("/accounts").WithTags("Accounts");
        accounts.MapPost("/", CreateAsync).RequireAuthorization(Policies.Administer).WithTag().WithSummary("Add a social account")
            .WithMetadata(new InDoubtAdvice("Send it again with the same Idempotency-Key: it is added once. If it had none but an id, send it again: 409 tells that it was added. If it had neither, look in GET /meta/accounts first."))
            .Accepts<AccountBody>("application/json").Produces<SocialAccount>(201).ProducesProblem(409).ProducesValidationProblem(422);
        accounts.MapPatch("/{id:guid}", ChangeAsync).RequireAuthorization(Policies.Administer).WithIfMatch().WithTag().WithSummary("Change an account, give it a new token, or unblock it")
            .Accepts<AccountChanges>("application/json").Produces<SocialAccount>().ProducesProblem(404).ProducesProblem(412).ProducesValidationProblem(422);
        accounts.MapGet("/{id:guid}", GetAsync).RequireAuthorization(Policies.Read).WithTag().WithSummary("One account").Produces<SocialAccount>().ProducesProblem(404);
        accounts.MapGet("/", ListAsync).RequireAuthorization(Policies.Read).WithSummary("Social accounts").Produces<Page<SocialAccount>>().ProducesValidationProblem(422);
    }

    private static async Task<IResult> CreateAsync(HttpContext http, SaveAccount save, [FromHeader(Name = IdempotencyKey.Header)] string? idempotencyKey, CancellationToken ct)
    {
        if (IdempotencyKey.IsWrong(idempotencyKey)) return IdempotencyKey.Refused();
        var (body, problem) = await JsonBody.ReadAsync(http.Request, ct);
        if (problem is not null) return problem;
        return await save.CreateAsync(body, IdempotencyKey.Of(http, idempotencyKey, body), ct) switch
        {
            Saved<SocialAccount>.Done done => AccountVersion.Tagged(IdempotencyKey.Tell(http, done.Replayed), done.Value, Results.Created($"/meta/accounts/{done.Value.Id}", done.Value)),
            Saved<SocialAccount>.Invalid invalid => Problems.Invalid(invalid.Errors),
            Saved<SocialAccount>.KeyReused => IdempotencyKey.Reused("account"),
            Saved<SocialAccount>.Exists exists => Problems.Of(ProblemKind.ExistsAlready, $"There is an account {exists.Id} already; PATCH changes it."),
            _ => throw new InvalidOperationException("unreachable: a new account cannot be unknown"),
        };
    }

    private static async Task<IResult> ChangeAsync(Guid id, HttpRequest request, SaveAccount save, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        return await save.ChangeAsync(id, body, account => AccountVersion.Matches(request, account), ct) switch
        {
            Saved<SocialAccount>.Done done => AccountVersion.Tagged(request.HttpContext.Response, done.Value, Results.Ok(done.Value)),
            Saved<SocialAccount>.Invalid invalid => Problems.Invalid(invalid.Errors),
            Saved<SocialAccount>.Outdated => Problems.Outdated($"The account {id} has been changed since: it no longer has the ETag that If-Match names. GET it again and send the change for what it is now; nothing was changed."),
            _ => Problems.NotFound("social account", id),
        };
    }

    private static async Task<IResult> GetAsync(Guid id, HttpResponse response, AccountStore store, CancellationToken ct) =>
        await store.FindAsync(id, ct) is { } account ? AccountVersion.Tagged(response, account, Results.Ok(account)) : Problems.NotFound("social account", id);

    private static async Task<IResult> ListAsync(AccountStore store, [FromQuery(Name = "changed_since")] string? changedSince, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var changed = query.Moment("changed_since", changedSince);
        var (count, after) = (query.Limit(limit), query.Id("cursor", cursor) ?? Guid.Empty);
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        return Results.Ok(Page<SocialAccount>.From(await store.ListAsync(changed, after, count + 1, ct), count, account => account.Id.ToString()));
    }
}
