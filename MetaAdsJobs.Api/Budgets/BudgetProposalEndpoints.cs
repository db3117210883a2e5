using System.Security.Claims;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Description;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Budgets.CarryingOut;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Budgets.Reading;

namespace MetaAdsJobs.Api.Budgets;

/// <param name="Moves">All members, those included that are left as they are, and why.</param>
internal sealed record BudgetProposalDetail(BudgetProposal Proposal, IReadOnlyList<BudgetMove> Moves);

/// <summary>What pools have proposed, night by night, and people's answers.</summary>
internal static class BudgetProposalEndpoints
{
    public static void MapProposals(this IEndpointRouteBuilder pools)
    {
        var proposals = pools.MapGroup("/{id:guid}/proposals");
        proposals.MapGet("/", ListAsync).RequireAuthorization(Policies.Read).WithSummary("Its nights, newest first: what was proposed or why nothing, what was done, what was expected and what came").WithDescription("since and until: days of the account's calendar, on which they would be carried out.")
            .Produces<Page<BudgetProposal>>().ProducesProblem(404).ProducesValidationProblem(422);
        proposals.MapGet("/{proposalId:guid}", GetAsync).RequireAuthorization(Policies.Read).WithSummary("One night, with all members").Produces<BudgetProposalDetail>().ProducesProblem(404);
        proposals.MapPost("/{proposalId:guid}/accept", async (Guid id, Guid proposalId, AnswerProposal answer, BudgetReader reader, ClaimsPrincipal user, CancellationToken ct) =>
                await AnswerAsync(id, proposalId, await answer.AcceptAsync(id, proposalId, user.CallerName(), ct), reader, ct))
            .RequireAuthorization(Policies.Operate).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Have what a pool asks carried out, in your name; on its day only").Produces<BudgetProposal>().ProducesProblem(404).ProducesProblem(409);
        proposals.MapPost("/{proposalId:guid}/decline", async (Guid id, Guid proposalId, AnswerProposal answer, BudgetReader reader, ClaimsPrincipal user, CancellationToken ct) =>
                await AnswerAsync(id, proposalId, await answer.DeclineAsync(id, proposalId, user.CallerName(), ct), reader, ct))
            .RequireAuthorization(Policies.Operate).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Decline what a pool asks").Produces<BudgetProposal>().ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> ListAsync(
        Guid id, BudgetPoolStore store, BudgetReader reader, [OneOf(typeof(BudgetProposal), nameof(BudgetProposal.States))] string? state, string? since, string? until, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new ProposalFilter(query.OneOf("state", state, BudgetProposal.States), from, to);
        var (count, before) = (query.Limit(limit), query.Id("cursor", cursor));
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        if (await store.FindAsync(id, ct) is null) return Problems.NotFound("budget pool", id);
        return Results.Ok(Page<BudgetProposal>.From(await reader.ListAsync(id, filter, before, count + 1, ct), count, proposal => proposal.Id.ToString()));
    }

    private static async Task<IResult> GetAsync(Guid id, Guid proposalId, BudgetReader reader, CancellationToken ct) =>
        await reader.FindAsync(id, proposalId, ct) is { } proposal ? Results.Ok(new BudgetProposalDetail(proposal, await reader.MovesAsync(proposalId, ct))) : Problems.NotFound("proposal", proposalId);

    private static async Task<IResult> AnswerAsync(Guid id, Guid proposalId, ProposalAnswered answered, BudgetReader reader, CancellationToken ct) => answered switch
    {
        ProposalAnswered.Done => Results.Ok(await reader.FindAsync(id, proposalId, ct)),
        ProposalAnswered.Refused refused => Problems.Conflict(refused.Reason),
        _ => Problems.NotFound("proposal", proposalId),
    };
}
