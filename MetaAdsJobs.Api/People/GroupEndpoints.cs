using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.People;

namespace MetaAdsJobs.Api.People;

/// <summary>The body of POST and of PATCH, in which what is absent stays.</summary>
internal sealed record GroupBody(string? Name = null, IReadOnlyList<Guid>? AccountIds = null);

/// <summary>Accounts that are given together.</summary>
internal static class GroupEndpoints
{
    public static void MapPeople(this IEndpointRouteBuilder meta)
    {
        meta.MapUsers();
        meta.MapMine();
        var groups = meta.MapGroup("/account-groups").WithTags("People").RequireAuthorization(Policies.Administer);
        groups.MapGet("/", async (AccountGroups store, CancellationToken ct) => Results.Ok(new Page<AccountGroup>(await store.ListAsync(ct), null))).WithSummary("Groups of accounts, by name").Produces<Page<AccountGroup>>();
        groups.MapPost("/", async (HttpRequest request, AccountGroups store, CancellationToken ct) => await SaveAsync(null, request, store, ct)).WithTag().WithMetadata(new InDoubtAdvice("Send it again: 409 tells that the group was made.")).WithSummary("Make a group")
            .Accepts<GroupBody>("application/json").Produces<AccountGroup>(201).ProducesProblem(409).ProducesValidationProblem(422);
        groups.MapGet("/{id:guid}", async (Guid id, HttpResponse response, AccountGroups store, CancellationToken ct) => await store.FindAsync(id, ct) is { } group ? ChangeVersion.Tagged(response, VersionOf(group), Results.Ok(group)) : NotFound(id)).WithTag().WithSummary("One of them").Produces<AccountGroup>().ProducesProblem(404);
        groups.MapPatch("/{id:guid}", async (Guid id, HttpRequest request, AccountGroups store, CancellationToken ct) => await SaveAsync(id, request, store, ct)).WithIfMatch().WithTag().WithMetadata(InDoubtAdvice.Undoes).WithSummary("Change a group: who has it has what is in it then")
            .Accepts<GroupBody>("application/json").Produces<AccountGroup>().ProducesProblem(404).ProducesProblem(409).ProducesProblem(412).ProducesValidationProblem(422);
        groups.MapDelete("/{id:guid}", async (Guid id, AccountGroups store, CancellationToken ct) => await store.DeleteAsync(id, ct) ? Results.NoContent() : NotFound(id)).WithSummary("Take a group away from all who have it; its accounts stay")
            .Produces(204).ProducesProblem(404);
    }

    private static async Task<IResult> SaveAsync(Guid? id, HttpRequest request, AccountGroups store, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        return await store.SaveAsync(id, body, group => ChangeVersion.Matches(request, VersionOf(group)), ct) switch
        {
            PeopleSaved<AccountGroup>.Done done => ChangeVersion.Tagged(request.HttpContext.Response, VersionOf(done.Value), id is null ? Results.Created($"/meta/account-groups/{done.Value.Id}", done.Value) : Results.Ok(done.Value)),
            PeopleSaved<AccountGroup>.Outdated => ChangeVersion.Outdated("account group", id!.Value),
            PeopleSaved<AccountGroup>.Invalid invalid => Problems.Invalid(invalid.Errors),
            PeopleSaved<AccountGroup>.Refused refused => Problems.Conflict(refused.Reason),
            _ => NotFound(id!.Value),
        };
    }

    private static string VersionOf(AccountGroup group) => $"\"{group.Version()}\"";

    private static IResult NotFound(Guid id) => Problems.NotFound("account group", id);
}
