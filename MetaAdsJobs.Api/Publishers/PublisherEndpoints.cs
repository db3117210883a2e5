using System.Text.Json.Serialization;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Events;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Publishers;

namespace MetaAdsJobs.Api.Publishers;

/// <summary>The body of POST.</summary>
internal sealed record PublisherBody(string Name, string? Description = null, int? RunsPerDay = null);

/// <summary>The body of PATCH.</summary>
internal sealed record PublisherChanges(string? Description = null, int? RunsPerDay = null, bool? Enabled = null);

/// <param name="Url">Where it posts to.</param>
/// <param name="AccountIds">The accounts that it has a template for.</param>
/// <param name="RunsToday">Begun by itself within the last 24 hours.</param>
/// <param name="Open">Events that a person has to look at, counted up to 1,001.</param>
/// <param name="Secret">In the answer that makes it, and in no other.</param>
internal sealed record PublisherResponse(
    Guid Id, string Name, string Url, string? Description, bool Enabled, int RunsPerDay, int RunsToday, int Open, IReadOnlyList<Guid> AccountIds, DateTimeOffset? OldSecretUntil, string CreatedBy,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Secret = null)
{
    public static PublisherResponse From(Publisher publisher) => From(publisher, secret: null);

    public static PublisherResponse From(Publisher publisher, string? secret) => new(
        publisher.Id, publisher.Name, publisher.Url, publisher.Description, publisher.IsOn, publisher.RunsPerDay, publisher.RunsToday, publisher.Open, publisher.AccountIds, publisher.FormerSecretUntil,
        publisher.CreatedBy, publisher.CreatedAt, publisher.UpdatedAt, secret);
}

/// <summary>Programs that tell of clips they have published: who they are, and their secrets.</summary>
internal static class PublisherEndpoints
{
    public static void MapPublishers(this IEndpointRouteBuilder meta)
    {
        var publishers = meta.MapGroup("/publishers").WithTags("Clips in").RequireAuthorization(Policies.Operate);
        publishers.MapGet("/", ListAsync).WithSummary("Programs that may tell of clips, by name").Produces<Page<PublisherResponse>>();
        publishers.MapPost("/", CreateAsync).WithTag().WithMetadata(new InDoubtAdvice("Look in GET /meta/publishers first: one that was made has a secret that nobody has seen. Rotate it, or delete it and send this again.")).WithSummary("Let a program tell of clips")
            .WithDescription("""
                The answer has the secret, whsec_ and base64, with which the program signs what it posts to url: it is shown this once. It is good for nothing else. Clips become runs by templates, one for each account;
                in an account without one nothing is made. runs_per_day (100; 0 to 10,000): runs that it may begin by itself within 24 hours; what comes beyond is kept, and a person can take it.
                """)
            .Accepts<PublisherBody>("application/json").Produces<PublisherResponse>(201).ProducesValidationProblem(422);
        publishers.MapGet("/{id:guid}", GetAsync).WithTag().WithSummary("One of them").Produces<PublisherResponse>().ProducesProblem(404);
        publishers.MapPatch("/{id:guid}", ChangeAsync).WithIfMatch().WithTag().WithMetadata(InDoubtAdvice.Undoes).WithSummary("Change one, or switch it on or off").WithDescription("What is absent stays. Of one that is switched off nothing is taken: it is answered 403.")
            .Accepts<PublisherChanges>("application/json").Produces<PublisherResponse>().ProducesProblem(404).ProducesProblem(412).ProducesValidationProblem(422);
        publishers.MapDelete("/{id:guid}", DeleteAsync).WithSummary("Take away one that has made nothing; one that has is switched off instead").Produces(204).ProducesProblem(404).ProducesProblem(409);
        publishers.MapPost("/{id:guid}/rotate", RotateAsync).WithTag().WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Give it another secret, shown this once")
            .WithDescription("What is signed with the old one is taken for keep_old_hours (24, at most 168), too. 0 ends the old one at once.")
            .Accepts<RotateBody>("application/json").Produces<PublisherResponse>().ProducesProblem(404).ProducesValidationProblem(422);
        publishers.MapTemplates();
        publishers.MapEventLog();
    }

    private static async Task<IResult> ListAsync(PublisherStore store, TimeProvider time, CancellationToken ct) =>
        Results.Ok(new Page<PublisherResponse>([.. (await store.ListAsync(time.GetUtcNow(), ct)).Select(PublisherResponse.From)], null));

    private static async Task<IResult> GetAsync(Guid id, HttpResponse response, PublisherStore store, TimeProvider time, CancellationToken ct) =>
        await store.FindAsync(id, time.GetUtcNow(), ct) is { } publisher ? ChangeVersion.Tagged(response, publisher.UpdatedAt, Results.Ok(PublisherResponse.From(publisher))) : NotFound(id);

    private static async Task<IResult> CreateAsync(HttpRequest request, SavePublisher save, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        return await save.CreateAsync(body, request.HttpContext.User.CallerName(), ct) switch
        {
            PublisherSaved.Done done => ChangeVersion.Tagged(request.HttpContext.Response, done.Value.UpdatedAt, Results.Created($"/meta/publishers/{done.Value.Id}", PublisherResponse.From(done.Value, done.Secret))),
            PublisherSaved.Invalid invalid => Problems.Invalid(invalid.Errors),
            _ => throw new InvalidOperationException("unreachable: the set is closed"),
        };
    }

    private static async Task<IResult> ChangeAsync(Guid id, HttpRequest request, SavePublisher save, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        return problem ?? Answer(id, request.HttpContext.Response, await save.ChangeAsync(id, body, publisher => ChangeVersion.Matches(request, publisher.UpdatedAt), ct));
    }

    private static async Task<IResult> RotateAsync(Guid id, HttpRequest request, SavePublisher save, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        return problem ?? Answer(id, request.HttpContext.Response, await save.RotateAsync(id, body, ct));
    }

    private static async Task<IResult> DeleteAsync(Guid id, PublisherStore store, TimeProvider time, CancellationToken ct) => await store.DeleteAsync(id, time.GetUtcNow(), ct) switch
    {
        PublisherRemoved.Done => Results.NoContent(),
        PublisherRemoved.HasRuns => Problems.Conflict("It has made runs, and what its clips became is kept: switch it off instead."),
        _ => NotFound(id),
    };

    private static IResult Answer(Guid id, HttpResponse response, PublisherSaved saved) => saved switch
    {
        PublisherSaved.Done done => ChangeVersion.Tagged(response, done.Value.UpdatedAt, Results.Ok(PublisherResponse.From(done.Value, done.Secret))),
        PublisherSaved.Outdated => ChangeVersion.Outdated("publisher", id),
        PublisherSaved.Invalid invalid => Problems.Invalid(invalid.Errors),
        _ => NotFound(id),
    };

    internal static IResult NotFound(Guid id) => Problems.NotFound("publisher", id);
}
