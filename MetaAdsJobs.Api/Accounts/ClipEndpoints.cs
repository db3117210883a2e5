using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Clips;

namespace MetaAdsJobs.Api.Accounts;

/// <summary>The body of POST: exactly one of a video to upload, a video already at Meta, or an image.</summary>
internal sealed record ClipBody(
    string Title, string? VideoUrl = null, string? VideoId = null, string? ImageUrl = null, string? ThumbnailUrl = null, Guid? Id = null);

internal static class ClipEndpoints
{
    public static void MapClips(this IEndpointRouteBuilder meta)
    {
        var clips = meta.MapGroup("/clips").WithTags("Clips");
        clips.MapPost("/", CreateAsync).RequireAuthorization(Policies.Operate).WithSummary("Add a clip")
            .WithMetadata(new InDoubtAdvice("If it had an id, send it again: 409 tells that the clip was added. If it had none, look in GET /meta/clips first."))
            .Accepts<ClipBody>("application/json").Produces<Clip>(201).ProducesProblem(409).ProducesValidationProblem(422);
        clips.MapGet("/{id:guid}", GetAsync).RequireAuthorization(Policies.Read).Produces<Clip>().ProducesProblem(404);
        clips.MapGet("/", ListAsync).RequireAuthorization(Policies.Read).Produces<Page<Clip>>().ProducesValidationProblem(422);
    }

    private static async Task<IResult> CreateAsync(HttpRequest request, SaveClip save, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, ct);
        if (problem is not null) return problem;
        return await save.CreateAsync(body, ct) switch
        {
            Saved<Clip>.Done done => Results.Created($"/meta/clips/{done.Value.Id}", done.Value),
            Saved<Clip>.Invalid invalid => Problems.Invalid(invalid.Errors),
            Saved<Clip>.Exists exists => Problems.Conflict($"There is a clip {exists.Id} already; clips do not change."),
            _ => throw new InvalidOperationException("unreachable: a new clip cannot be unknown"),
        };
    }

    private static async Task<IResult> GetAsync(Guid id, ClipStore store, CancellationToken ct) =>
        await store.FindAsync(id, ct) is { } clip ? Results.Ok(clip) : Problems.NotFound("clip", id);

    private static async Task<IResult> ListAsync(ClipStore store, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (count, after) = (query.Limit(limit), query.Id("cursor", cursor) ?? Guid.Empty);
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        return Results.Ok(Page<Clip>.From(await store.ListAsync(after, count + 1, ct), count, clip => clip.Id.ToString()));
    }
}
