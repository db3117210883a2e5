using System.Text.Json;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Events.Signing;
using MetaAdsJobs.Core.Publishers.Receiving;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Publishers;

/// <summary>What a publisher tells of a clip; exactly one of video_url, video_id and image_url.</summary>
internal sealed record ClipTold(
    string ClipId, string Title, string? Caption = null, string? Url = null, string? VideoUrl = null, string? VideoId = null, string? ImageUrl = null, string? ThumbnailUrl = null, string? Language = null,
    string? Country = null, DateTimeOffset? PublishedAt = null, DateTimeOffset? UpdatedAt = null, Guid? SocialAccountId = null, IReadOnlyList<Guid>? SocialAccountIds = null,
    IReadOnlyDictionary<string, string>? Fields = null);

/// <param name="Type">clip.published or clip.updated.</param>
internal sealed record ClipPublishedBody(string Type, ClipTold Data);

/// <summary>What a publisher is told: no reasons, they are for people.</summary>
internal sealed record TakenOutcome(Guid SocialAccountId, string State, Guid? RequestId);

/// <param name="Duplicate">The message had come before: this is what it became then.</param>
internal sealed record TakenResponse(Guid EventId, bool Duplicate, IReadOnlyList<TakenOutcome> Outcomes);

/// <summary>Where publishers tell of clips. A message's signature is the only credential here, and it is none anywhere else.</summary>
internal static class ClipEventEndpoints
{
    private const int MostBytes = 64 * 1024;

    public static void MapClipEvents(this IEndpointRouteBuilder meta) =>
        meta.MapPost("/events/clip-published", ReceiveAsync).WithName("tellClipPublished").AllowAnonymous().WithTags("Clips in")
            .WithSummary("A publisher tells of a clip")
            .WithDescription("""
                Signed as Standard Webhooks has it (webhook-id, webhook-timestamp, webhook-signature) with the publisher's secret; no bearer token. The publisher's name is in the query. 202: taken, and kept;
                outcomes tell what it became in each account. 200: a message with this webhook-id had been taken before. A clip becomes one run in an account, for ever. Anything but 2xx: nothing was written.
                """)
            .WithMetadata(new AnswerPlace(IsTold: false), new InDoubtAdvice("Send it again under the same webhook-id: it is taken once."))
            .Accepts<ClipPublishedBody>("application/json").Produces<TakenResponse>(202).Produces<TakenResponse>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(409).ProducesProblem(413).ProducesValidationProblem(422);

    private static async Task<IResult> ReceiveAsync(
        HttpContext http, CheckSignature check, ReceiveClipEvent receive, string? publisher, [FromHeader(Name = StandardWebhooks.IdHeader)] string? id,
        [FromHeader(Name = StandardWebhooks.TimestampHeader)] string? timestamp, [FromHeader(Name = StandardWebhooks.SignatureHeader)] string? signatures, CancellationToken ct)
    {
        var (bytes, tooLong) = await JsonBody.ReadRawAsync(http.Request, MostBytes, ct);
        if (tooLong is not null) return tooLong;
        var message = new SignedMessage(id, timestamp, signatures, bytes);
        switch (await check.ExecuteAsync(publisher, message, ct))
        {
            case SignatureCheck.Signed signed:
                var (body, problem) = JsonBody.Parse(http.Request, bytes);
                return problem ?? Answer(await receive.ExecuteAsync(signed, message, body, ct));
            case SignatureCheck.Off:
                return SwitchedOff();
            case var refused:
                http.Response.Headers.WWWAuthenticate = "StandardWebhooks";
                return Problems.Of(
                    ProblemKind.BadSignature, refused is SignatureCheck.Refused { IsLate: true } ? "The webhook-timestamp is more than five minutes from this service's clock." : "This is not signed by a publisher of that name.");
        }
    }

    private static IResult Answer(Reception received) => received switch
    {
        Reception.Taken taken => Results.Json(
            new TakenResponse(taken.Event.Id, taken.IsDuplicate, [.. taken.Event.Outcomes.Select(one => new TakenOutcome(one.SocialAccountId, one.State, one.RequestId))]),
            statusCode: taken.IsDuplicate ? StatusCodes.Status200OK : StatusCodes.Status202Accepted),
        Reception.Invalid invalid => Problems.Invalid(invalid.Errors),
        Reception.Reused => Problems.KeyReused(StandardWebhooks.IdHeader, "was used before for another body; use a new id for a new message"),
        Reception.Off => SwitchedOff(),
        _ => Problems.Of(ProblemKind.BadSignature, "This is not signed by a publisher of that name."),
    };

    private static IResult SwitchedOff() => Problems.Of(ProblemKind.PublisherOff, "This publisher is switched off: nothing of it is taken.");
}
