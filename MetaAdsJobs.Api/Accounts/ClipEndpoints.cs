using System.ComponentModel.DataAnnotations;
using System.ComponentModel;
using System.Net.Http.Headers;
using System.Text.Json;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Clips.Files;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

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
            .WithMetadata(new InDoubtAdvice("Send it again with the same Idempotency-Key: it is added once. If it had none but an id, send it again: 409 tells that it was added. If it had neither, look in GET /meta/clips first."))
            .Accepts<ClipBody>("application/json").Produces<Clip>(201).ProducesProblem(409).ProducesValidationProblem(422);
        clips.MapPut("/{id:guid}/file", ReceiveAsync).RequireAuthorization(Policies.Operate).WithSummary("Add a clip by its file")
            .WithDescription("The body is the file's bytes, nothing around them. The id is yours to choose. The same sent again changes nothing and is answered 200; another file, or another title, is refused: give it a clip of its own.")
            .WithMetadata(new DisableRequestSizeLimitAttribute(), InDoubtAdvice.NoHarm).AddOpenApiOperationTransformer(DescribeFile).Produces<Clip>(201).Produces<Clip>().ProducesProblem(400).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415).ProducesValidationProblem(422).ProducesProblem(507);
        clips.MapGet("/{id:guid}", GetAsync).RequireAuthorization(Policies.Read).WithSummary("One clip").Produces<Clip>().ProducesProblem(404);
        clips.MapGet("/", ListAsync).RequireAuthorization(Policies.Read).WithSummary("Clips").WithDescription("social_account_id: those that were added for the account, or shown in it. created_by: who added them; of clips that were added before this was noted it is not known. since and until: days in UTC on which they were added. changed_since: added since; what a clip shows never changes.").Produces<Page<Clip>>().ProducesValidationProblem(422);
    }

    private static async Task<IResult> CreateAsync(HttpContext http, SaveClip save, [FromHeader(Name = IdempotencyKey.Header)] string? idempotencyKey, CancellationToken ct)
    {
        if (IdempotencyKey.IsWrong(idempotencyKey)) return IdempotencyKey.Refused();
        var (body, problem) = await JsonBody.ReadAsync(http.Request, ct);
        if (problem is not null) return problem;
        return await save.CreateAsync(body, IdempotencyKey.Of(http, idempotencyKey, body), ct) switch
        {
            Saved<Clip>.Done done => IdempotencyKey.Answer(http, done.Replayed, Results.Created($"/meta/clips/{done.Value.Id}", done.Value)),
            Saved<Clip>.Invalid invalid => Problems.Invalid(invalid.Errors),
            Saved<Clip>.KeyReused => IdempotencyKey.Reused("clip"),
            Saved<Clip>.Exists exists => Problems.Of(ProblemKind.ExistsAlready, Clip.Taken(exists.Id)),
            _ => throw new InvalidOperationException("unreachable: a new clip cannot be unknown"),
        };
    }

    private static async Task<IResult> ReceiveAsync(Guid id, [Description("The clip's title"), Required] string? title, [FromQuery(Name = "thumbnail_url")] string? thumbnailUrl, HttpRequest request, ReceiveClipFile receive, LongCalls calls, CancellationToken ct)
    {
        if (calls.Files.TryTake(request.HttpContext) is not { } place) return calls.Files.Refused();
        using var taken = place;
        if (MediaTypeOf(request) is not { } type || !ClipFileTypes.All.Contains(type))
            return Problems.Of(ProblemKind.UnsupportedMediaType, $"Send the file's bytes as Content-Type: {string.Join(", ", ClipFileTypes.All.SkipLast(1))} or {ClipFileTypes.All[^1]}.");
        // All there is: what is no field is refused by its name.
        var about = JsonSerializer.SerializeToElement(request.Query.ToDictionary(field => field.Key, field => field.Value.ToString()));
        return await receive.ExecuteAsync(id, about, type, request.ContentLength, request.Body, ct) switch
        {
            ReceivedFile.Done { IsNew: true } done => Results.Created($"/meta/clips/{id}", done.Clip),
            ReceivedFile.Done done => Results.Ok(done.Clip),
            ReceivedFile.Invalid invalid => Problems.Invalid(invalid.Errors),
            ReceivedFile.TooLong tooLong => Problems.Of(ProblemKind.BodyTooLong, tooLong.Reason),
            ReceivedFile.NoRoom noRoom => Problems.Of(ProblemKind.NoRoom, noRoom.Reason),
            ReceivedFile.Refused refused => Problems.Conflict(refused.Reason),
            _ => throw new InvalidOperationException("unreachable: the set is closed"),
        };
    }

    // Not by Accepts: what is refused for its type is told the right ones.
    private static Task DescribeFile(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken ct)
    {
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = ClipFileTypes.All.ToDictionary(type => type, _ => new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } }),
        };
        return Task.CompletedTask;
    }

    private static string? MediaTypeOf(HttpRequest request) => MediaTypeHeaderValue.TryParse(request.ContentType, out var type) ? type.MediaType?.ToLowerInvariant() : null;

    private static async Task<IResult> GetAsync(Guid id, ClipStore store, CancellationToken ct) =>
        await store.FindAsync(id, ct) is { } clip ? Results.Ok(clip) : Problems.NotFound("clip", id);

    private static async Task<IResult> ListAsync(ClipStore store, [FromQuery(Name = "social_account_id")] string? accountId, [Description("Words of its title, each its beginning at least")] string? search,
        [FromQuery(Name = "created_by")] string? createdBy, string? since, string? until, [FromQuery(Name = "changed_since")] string? changedSince, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new ClipFilter(query.Id("social_account_id", accountId), from, to, query.Text("search", search), query.Moment("changed_since", changedSince), query.Text("created_by", createdBy));
        var (count, after) = (query.Limit(limit), query.Id("cursor", cursor) ?? Guid.Empty);
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        return Results.Ok(Page<Clip>.From(await store.ListAsync(filter, after, count + 1, ct), count, clip => clip.Id.ToString()));
    }
}
