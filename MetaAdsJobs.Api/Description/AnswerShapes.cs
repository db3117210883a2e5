using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.OpenApi;

namespace MetaAdsJobs.Api.Description;

/// <summary>
/// All that a call under /meta can answer: what the endpoint says, and what follows from what it takes. Every refusal is the one Problem; which codes it may have stands with it.
/// </summary>
internal static class AnswerShapes
{
    private const string OfProblem = "Problem";

    private static readonly Dictionary<int, string> Reasons = new()
    {
        [400] = "The body cannot be read", [401] = "No token, or not a valid one", [403] = "The token's role does not allow it", [404] = "There is nothing with this id", [406] = "Not in such a form",
        [409] = "Not as things stand", [412] = "Not what If-Match names", [413] = "The body is too long", [415] = "Not a body that is taken", [422] = "Some fields are wrong: all of them, by their JSON path",
        [429] = "Too many calls; see Retry-After", [500] = "Something went wrong here", [503] = "The database, or Meta, cannot be reached; see Retry-After", [507] = "There is no room for it",
    };

    public static void Add(OpenApiOperation operation, ApiDescription description, OpenApiDocument document)
    {
        var endpoint = description.ActionDescriptor.EndpointMetadata;
        bool Has<T>() => endpoint.OfType<T>().Any();
        var responses = operation.Responses ??= [];
        var isRead = description.HttpMethod is "GET" or "HEAD";
        var isLimited = !Has<DisableRateLimitingAttribute>();
        var isVersioned = Has<VersionedAnswer>();
        var place = endpoint.OfType<AnswerPlace>().FirstOrDefault()?.IsTold;
        foreach (var code in Refusals()) responses[$"{code}"] = new OpenApiResponseReference(NameOf(code), document);
        if (isVersioned) responses.TryAdd("304", new OpenApiResponse { Description = "It is as If-None-Match says" });
        if (isVersioned) (operation.Parameters ??= []).Add(Header("If-None-Match", "ETag of the answer before: 304 while nothing has changed"));
        if (Has<TakesIfMatch>()) (operation.Parameters ??= []).Add(Header("If-Match", "ETag of what is to be changed: 412 when somebody else has changed it"));
        var hasKey = operation.Parameters?.Any(parameter => parameter.Name == IdempotencyKey.Header) == true;
        var prefers = operation.Parameters?.Any(parameter => parameter.Name == "Prefer") == true;
        foreach (var (code, response) in responses.Select(one => (int.Parse(one.Key, null), one.Value as OpenApiResponse)).ToList())
        {
            if (code >= 400) responses[$"{code}"] = new OpenApiResponseReference(NameOf(code), document);
            if (code >= 400 || response is null) continue;
            response.Headers = Headers(code).ToDictionary(name => name, name => (IOpenApiHeader)new OpenApiHeaderReference(name, document));
            if (code == 200 && Has<AnswersCsv>() && isRead) (response.Content ??= new Dictionary<string, OpenApiMediaType>())["text/csv"] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
        }

        // Who takes no token is counted before the signature is looked at.
        if (Has<IAllowAnonymous>()) responses["401"] = Refusal(401, document, isCounted: true);
        // What is wrong with a file is told as a file, too.
        if (Has<AnswersCsv>() && !isRead)
        {
            var refused = Refusal(422, document);
            refused.Headers!["Content-Disposition"] = new OpenApiHeaderReference("Content-Disposition", document);
            refused.Content!["text/csv"] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
            responses["422"] = refused;
        }

        IEnumerable<int> Refusals()
        {
            IEnumerable<int> anywhere = [401, 403, 406, 500, 503];
            if (isLimited) anywhere = anywhere.Append(429);
            if (!isRead) anywhere = anywhere.Append(412);
            if (description.RelativePath!.Contains('{', StringComparison.Ordinal)) anywhere = anywhere.Append(404);
            if (operation.RequestBody is not null) anywhere = anywhere.Concat([400, 413, 415, 422]);
            if (operation.Parameters?.Any(parameter => parameter.In is not ParameterLocation.Path) == true) anywhere = anywhere.Append(422);
            return anywhere;
        }

        IEnumerable<string> Headers(int code)
        {
            yield return AnswerHeaders.RequestId;
            if (isLimited) yield return AnswerHeaders.Left;
            if (isLimited) yield return AnswerHeaders.Policy;
            if (code is 202 && place != false) yield return "Retry-After";
            if (place switch { null => code is 201 or 202, true => code is 200, false => false }) yield return "Location";
            if ((isVersioned && code is 200 or 304) || (Has<TaggedAnswer>() && code is 200 or 201)) yield return "ETag";
            if (hasKey && code is 200 or 201 or 202) yield return IdempotencyKey.Replayed;
            if (prefers && code is 200 or 202) yield return "Preference-Applied";
            if (Has<AnswersCsv>() || (isRead && code is 200 && !Has<TaggedAnswer>())) yield return "Vary";
            if (Has<AnswersCsv>() && isRead && code is 200) yield return "Content-Disposition";
        }
    }

    /// <summary>What they refer to.</summary>
    public static void AddComponents(OpenApiDocument document)
    {
        var components = document.Components ??= new();
        components.Headers = new Dictionary<string, IOpenApiHeader>();
        void Header(string name, string description, JsonSchemaType type = JsonSchemaType.String) =>
            components.Headers[name] = new OpenApiHeader { Description = description, Schema = new OpenApiSchema { Type = type } };
        Header(AnswerHeaders.RequestId, "By which whoever operates the service finds the call in its logs and traces");
        Header(AnswerHeaders.Left, "Of a call that was counted: how many are left (r), and in how many seconds all are there again (t)");
        Header(AnswerHeaders.Policy, "Of a call that was counted: how many may be made at once (q), and in how many seconds as many are there again (w)");
        Header("Retry-After", "In how many seconds to ask again", JsonSchemaType.Integer);
        Header("Location", "Where to look for it");
        Header("WWW-Authenticate", "How to show who is calling");
        Header("ETag", "The version of what is answered");
        Header("Vary", "Accept: the answer may be had in another form; Accept-Encoding, where that was sent: compressed or not");
        Header("Content-Disposition", "Of CSV: the name of a file for it");
        Header(IdempotencyKey.Replayed, "true: it had been asked for before, and this is what came of it");
        Header("Preference-Applied", "The wait that was granted");
        components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        foreach (var unused in (string[])["ProblemDetails", "HttpValidationProblemDetails"]) components.Schemas.Remove(unused);
        components.Schemas[OfProblem] = ProblemShape.Schema;
        components.Responses = Reasons.Keys.ToDictionary(NameOf, code => (IOpenApiResponse)Refusal(code, document));
    }

    private static string NameOf(int code) => $"Refused{code}";

    /// <param name="isCounted">Also where who calls is not known: else such a call is refused before it is counted.</param>
    private static OpenApiResponse Refusal(int code, OpenApiDocument document, bool isCounted = false)
    {
        List<string> headers = [AnswerHeaders.RequestId, "Vary"];
        if (isCounted || code is not 401) headers.AddRange([AnswerHeaders.Left, AnswerHeaders.Policy]);
        if (code is 429 or 503) headers.Add("Retry-After");
        if (code is 401) headers.Add("WWW-Authenticate");
        return new()
        {
            Description = $"{Reasons[code]}. Codes: {string.Join(", ", ProblemKind.All.Where(kind => kind.Status == code).Select(kind => kind.Code))}",
            Content = new Dictionary<string, OpenApiMediaType> { [Problem.MediaType] = new() { Schema = new OpenApiSchemaReference(OfProblem, document) } },
            Headers = headers.ToDictionary(name => name, name => (IOpenApiHeader)new OpenApiHeaderReference(name, document)),
        };
    }

    private static OpenApiParameter Header(string name, string description) =>
        new() { Name = name, In = ParameterLocation.Header, Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = 1000 } };
}
