using System.ComponentModel;
using System.Globalization;
using System.Security.Claims;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Retiring;
using MetaAdsJobs.Core.Validation;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Accounts;

/// <summary>The body of POST. The token is never given out again.</summary>
internal sealed record AccountBody(
    string Name, string AdAccountId, string PageId, string Currency, string TimezoneName, string AccessToken,
    string? InstagramUserId = null, string? PixelId = null, IReadOnlyList<string>? DefaultCountries = null, Guid? Id = null,
    string? DsaBeneficiary = null, string? DsaPayor = null, long? CampaignCapCents = null, long? DailyCapCents = null, bool? CapsOff = null,
    string? ApprovalRequired = null, long? ApprovalAboveCents = null);

/// <summary>The body of a retirement; it may be left out.</summary>
/// <param name="LeaveActive">What is active at Meta, or under way, is left as it is, out of reach: only where Meta refuses the account's token.</param>
internal sealed record RetireBody(bool? LeaveActive = null);

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
        accounts.MapPatch("/{id:guid}", ChangeAsync).RequireAuthorization(Policies.Administer).WithIfMatch().WithTag().WithMetadata(InDoubtAdvice.Undoes).WithSummary("Change an account, give it a new token, or unblock it")
            .Accepts<AccountChanges>("application/json").Produces<SocialAccount>().ProducesProblem(404).ProducesProblem(409).ProducesProblem(412).ProducesValidationProblem(422);
        accounts.MapPost("/{id:guid}/retire", RetireAsync).RequireAuthorization(Policies.Administer).WithIfMatch().WithTag().WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Retire an account: its token is deleted, nothing is done in it any more, its history stays")
            .WithDescription("409 account_busy while something of it is active at Meta or has not ended: stop the account first, and cancel what is open. Sent again it does no harm.")
            .Accepts<RetireBody>("application/json").Produces<SocialAccount>().ProducesProblem(404).ProducesProblem(409).ProducesProblem(412).ProducesValidationProblem(422);
        accounts.MapChoices();
        accounts.MapGet("/{id:guid}", GetAsync).RequireAuthorization(Policies.Read).WithTag().WithSummary("One account").Produces<SocialAccount>().ProducesProblem(404);
        accounts.MapGet("/", ListAsync).RequireAuthorization(Policies.Read).WithSummary("Social accounts").WithDescription("since and until: days in UTC on which they were added.").Produces<Page<SocialAccount>>().ProducesValidationProblem(422);
    }

    private static async Task<IResult> CreateAsync(HttpContext http, SaveAccount save, [FromHeader(Name = IdempotencyKey.Header)] string? idempotencyKey, CancellationToken ct)
    {
        if (IdempotencyKey.IsWrong(idempotencyKey)) return IdempotencyKey.Refused();
        var (body, problem) = await JsonBody.ReadAsync(http.Request, ct);
        if (problem is not null) return problem;
        return await save.CreateAsync(body, IdempotencyKey.Of(http, idempotencyKey, body), ct) switch
        {
            Saved<SocialAccount>.Done done => ChangeVersion.Tagged(IdempotencyKey.Tell(http, done.Replayed), done.Value.UpdatedAt, Results.Created($"/meta/accounts/{done.Value.Id}", done.Value)),
            Saved<SocialAccount>.Invalid invalid => Problems.Invalid(invalid.Errors),
            Saved<SocialAccount>.KeyReused => IdempotencyKey.Reused("account"),
            Saved<SocialAccount>.Taken taken => Taken(taken),
            Saved<SocialAccount>.Exists exists => Problems.Of(ProblemKind.ExistsAlready, $"There is an account {exists.Id} already; PATCH changes it."),
            _ => throw new InvalidOperationException("unreachable: a new account cannot be unknown"),
        };
    }

    private static async Task<IResult> ChangeAsync(Guid id, HttpRequest request, SaveAccount save, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        return await save.ChangeAsync(id, body, account => ChangeVersion.Matches(request, account.UpdatedAt), ct) switch
        {
            Saved<SocialAccount>.Done done => ChangeVersion.Tagged(request.HttpContext.Response, done.Value.UpdatedAt, Results.Ok(done.Value)),
            Saved<SocialAccount>.Invalid invalid => Problems.Invalid(invalid.Errors),
            Saved<SocialAccount>.Outdated => ChangeVersion.Outdated("account", id),
            Saved<SocialAccount>.Retired => Problems.Of(ProblemKind.AccountRetired, $"The account {id} is retired: it stays as it is. Add another for its ad account, if need be."),
            _ => Problems.NotFound("social account", id),
        };
    }

    private static Problem Taken(Saved<SocialAccount>.Taken taken) => new(ProblemKind.AdAccountTaken, errors: new Dictionary<string, string[]> { ["ad_account_id"] = [AccountPairs.Tell(taken.AdAccountId, taken.Holder)] })
    {
        More = taken.Holder is { Id: { } id } ? new Dictionary<string, object?> { ["social_account_id"] = id } : new(),
    };

    private static async Task<IResult> RetireAsync(Guid id, HttpRequest request, RetireAccount retire, ClaimsPrincipal user, CancellationToken ct)
    {
        var leaveActive = false;
        var (body, problem) = await JsonBody.ReadOptionalAsync(request, JsonBody.MaxBytes, ct);
        if (problem is not null) return problem;
        if (body is { } sent)
        {
            var fields = new JsonFields(sent, new());
            leaveActive = fields.Flag("leave_active") == true;
            fields.RefuseUnknown();
            if (fields.Errors.Any) return Problems.Invalid(fields.Errors);
        }

        return await retire.ExecuteAsync(id, account => ChangeVersion.Matches(request, account.UpdatedAt), leaveActive, user.CallerName(), ct) switch
        {
            Retirement.Done done => ChangeVersion.Tagged(request.HttpContext.Response, done.Account.UpdatedAt, Results.Ok(done.Account)),
            Retirement.Outdated => Problems.Outdated($"The account {id} has been changed since: it no longer has the ETag that If-Match names. GET it again; it was not retired."),
            Retirement.Busy busy => new Problem(ProblemKind.AccountBusy, Tell(busy)) { More = new Dictionary<string, object?> { ["open"] = busy.Open } },
            _ => Problems.NotFound("social account", id),
        };
    }

    private static string Tell(Retirement.Busy busy) => string.Create(CultureInfo.InvariantCulture, $"""
        {busy.Open.ActiveCampaigns} campaigns are active, {busy.Open.CallsUnderWay} have calls under way, {busy.Open.OpenRuns} runs and {busy.Open.OpenEdits} edits have not ended: without the account's token nobody here could pause or end them.
        """) + (busy.MayBeLeft
            ? " Meta refuses the token as it is: give the account a good one, or leave them as they are, out of reach, with leave_active."
            : " Stop the account and wait until nothing is active; cancel, or wait for, what is open.");

    private static async Task<IResult> GetAsync(Guid id, HttpResponse response, AccountStore store, CancellationToken ct) =>
        await store.FindAsync(id, ct) is { } account ? ChangeVersion.Tagged(response, account.UpdatedAt, Results.Ok(account)) : Problems.NotFound("social account", id);

    private static async Task<IResult> ListAsync(AccountStore store, string? since, string? until, [FromQuery(Name = "changed_since")] string? changedSince, string? retired,
        [Description("A part of its name, or of its ad account's id")] string? search, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (changed, isRetired) = (query.Moment("changed_since", changedSince), retired is null ? (bool?)null : query.Flag("retired", retired));
        var (from, to) = query.Days(since, until);
        var (text, count, after) = (query.Text("search", search), query.Limit(limit), query.Id("cursor", cursor) ?? Guid.Empty);
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        return Results.Ok(Page<SocialAccount>.From(await store.ListAsync(changed, from, to, isRetired, text, after, count + 1, ct), count, account => account.Id.ToString()));
    }
}
