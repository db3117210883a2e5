using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using Microsoft.Net.Http.Headers;

namespace MetaAdsJobs.Api.Answers;

/// <summary>The call looks whether If-Match names what is there.</summary>
internal sealed record TakesIfMatch;

/// <summary>What is answered has an ETag of its own, made when it was changed last.</summary>
internal sealed record TaggedAnswer;

/// <summary>The call answers with CSV, too, where Accept asks for it.</summary>
internal sealed record AnswersCsv;

/// <summary>Whether the answer names a place to look at: what is made, or begun, does so, unless this says otherwise.</summary>
internal sealed record AnswerPlace(bool IsTold);

/// <summary>Conditions that a caller sets before anything is done: in which form the answer may be, and what it must have been made of.</summary>
internal static class Conditions
{
    private const string Csv = "text/csv";
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private static readonly MediaTypeHeaderValue Table = new(Csv);

    public static TBuilder WithCsv<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new AnswersCsv());

    public static TBuilder WithIfMatch<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new TakesIfMatch());

    public static TBuilder WithTag<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new TaggedAnswer());

    public static IApplicationBuilder UseConditions(this IApplicationBuilder app) => app.Use((http, next) =>
        http.GetEndpoint() is { } endpoint && AnswerHeaders.IsApi(http) && Refusal(http, endpoint) is { } refusal ? refusal.ExecuteAsync(http) : next(http));

    private static IResult? Refusal(HttpContext http, Endpoint endpoint)
    {
        var isCsv = endpoint.Metadata.GetMetadata<AnswersCsv>() is not null;
        if (isCsv) http.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        if (!IsAcceptable(http.Request, isCsv)) return Problems.Of(ProblemKind.NotAcceptable, $"This call answers with application/json{(isCsv ? $" or {Csv}" : "")}, and the Accept header allows neither that nor anything.");
        return HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) || endpoint.Metadata.GetMetadata<TakesIfMatch>() is not null || http.Request.Headers.IfMatch is [] or ["*"] ? null
            : Problems.Outdated("This call has no version that If-Match could name: nothing was done. Send it without.");
    }

    // What cannot be read is no wish.
    private static bool IsAcceptable(HttpRequest request, bool isCsv)
    {
        if (request.Headers.Accept is [] or ["*/*"] or ["application/json"]) return true;
        var wishes = request.GetTypedHeaders().Accept;
        return wishes.Count == 0 || Allows(wishes, Json) || (isCsv && Allows(wishes, Table)) || wishes.Any(wish => wish.MediaType == Problem.MediaType);
    }

    // The most exact of those that fit decides: */*, application/json;q=0 is not JSON.
    private static bool Allows(IEnumerable<MediaTypeHeaderValue> wishes, MediaTypeHeaderValue type) =>
        wishes.Where(wish => wish.MatchesAllTypes || (wish.MatchesAllSubTypes ? wish.Type == type.Type : wish.MediaType == type.MediaType))
            .OrderBy(wish => wish.MatchesAllTypes ? 2 : wish.MatchesAllSubTypes ? 1 : 0)
            .Select(wish => wish.Quality is null or > 0)
            .FirstOrDefault();
}
