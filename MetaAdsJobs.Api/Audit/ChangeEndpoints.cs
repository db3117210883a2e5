using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Description;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Audit;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Audit;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Audit;

internal static class ChangeEndpoints
{
    public static void MapChanges(this IEndpointRouteBuilder meta) =>
        meta.MapGet("/changes", ListAsync).WithCsv().WithTags("Audit").RequireAuthorization(Policies.Read)
            .WithSummary("Who did what: every change at Meta, and of accounts, caps, tokens, users, keys and rules here; newest first. Accept: text/csv streams them all")
            .WithDescription("person: a user's mail, or a token's subject; key: the name of one of that user's keys. object: an id at Meta, or of a thing here. source: meta or here. since and until: UTC days, inclusive. Of a token it is told that it was given, and nothing of it.")
            .Produces<Page<RecordedChange>>().ProducesValidationProblem(422);

    private static async Task<IResult> ListAsync(
        HttpRequest request, ChangeReader reader, [FromQuery(Name = "request_id")] string? requestId, [FromQuery(Name = "social_account_id")] string? accountId, string? person, string? key, [FromQuery(Name = "object")] string? thing, [OneOf(typeof(ChangeReader), nameof(ChangeReader.Sources))] string? source,
        string? since, string? until, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new ChangeFilter(query.Id("request_id", requestId), query.Id("social_account_id", accountId), query.Text("person", person), query.Text("object", thing), source, Midnight(from), to == DateOnly.MaxValue ? null : Midnight(to?.AddDays(1)), query.KeyOf(person, "person", "key", key));
        if (source is not null && !ChangeReader.Sources.Contains(source)) query.Errors.Add("source", $"must be one of {string.Join(", ", ChangeReader.Sources)}");
        var count = query.Limit(limit);
        if (cursor is not null && ChangeCursor.TryRead(cursor) is null) query.Errors.Add("cursor", "must be a next_cursor of this list");
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        if (request.WantsCsv()) return ChangeCsv.Of(reader.StreamAsync(filter, ct));
        var (items, next) = await reader.ListAsync(filter, cursor is null ? null : ChangeCursor.TryRead(cursor), count, ct);
        return Results.Ok(new Page<RecordedChange>(items, next?.ToString()));
    }

    private static DateTimeOffset? Midnight(DateOnly? day) => day is { } known ? new(known.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero) : null;
}
