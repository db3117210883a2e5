using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Accounts.Choosing;
using MetaAdsJobs.Core.Targeting;

namespace MetaAdsJobs.Api.Accounts;

/// <summary>The body of POST. The token is asked with, and kept nowhere.</summary>
/// <param name="AdAccountId">Whose pixels and Instagram accounts; without it there are none.</param>
internal sealed record ChoicesBody(string AccessToken, string? AdAccountId = null);

/// <summary>What a token reaches, to choose from for an account. Asked while the caller waits: few of these questions are taken.</summary>
internal static class ChoiceEndpoints
{
    public static void MapChoices(this IEndpointRouteBuilder accounts)
    {
        accounts.MapPost("/choices", AskAsync).WithName("listChoices").WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Which ad accounts, pages, pixels and Instagram accounts a token reaches; it is kept nowhere").Asks().Accepts<ChoicesBody>("application/json");
        accounts.MapGet("/{id:guid}/choices", AskOwnAsync).WithName("listChoicesOfAccount").WithSummary("The same with the account's own token, and the pixels and Instagram accounts of its ad account")
            .WithDescription("Whoever does not see all accounts is told of the ad accounts and pages that accounts use which she sees: one token may be for many clients. Nor can she give an account a page, a pixel or an Instagram account that only others use.").Asks().ProducesProblem(404);
    }

    private static RouteHandlerBuilder Asks(this RouteHandlerBuilder endpoint) => endpoint.RequireAuthorization(Policies.Administer).RequireRateLimiting(RateLimits.Questions)
        .Produces<AccountChoices>().ProducesProblem(409).ProducesValidationProblem(422).ProducesProblem(503);

    private static async Task<IResult> AskAsync(HttpRequest request, ListChoices list, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        return problem ?? Answer(request.HttpContext, await list.ExecuteAsync(body, ct));
    }

    private static async Task<IResult> AskOwnAsync(Guid id, HttpContext http, ListChoices list, CancellationToken ct) => Answer(http, await list.ExecuteAsync(id, ct));

    private static IResult Answer(HttpContext http, Choices choices) => choices switch
    {
        Choices.Found found => Results.Ok(found.What),
        Choices.Invalid invalid => Problems.Invalid(invalid.Errors),
        Choices.NotNow notNow => Problems.NotNow(http, notNow.Why, notNow.RetryAfter, isThrottled: notNow.Reason == NotNowReason.Throttled),
        Choices.UnknownAccount unknown => Problems.NotFound("social account", unknown.Id),
        _ => throw new InvalidOperationException("unreachable: there is no other answer"),
    };
}
