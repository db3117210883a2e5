using System.Diagnostics;

namespace MetaAdsJobs.Console.Http;

/// <summary>A kind of refusal: what programs tell it from others by, for ever. docs/api.md lists them.</summary>
/// <param name="Code">The last part of its type, too.</param>
public sealed record ProblemKind(int Status, string Code, string Title)
{
    public static readonly ProblemKind MalformedJson = new(400, "malformed_json", "The body is not valid JSON.");
    public static readonly ProblemKind UnreadableBody = new(400, "unreadable_body", "The request cannot be read.");
    public static readonly ProblemKind Unauthenticated = new(401, "unauthenticated", "A valid token is needed.");
    public static readonly ProblemKind BadSignature = new(401, "bad_signature", "The message is not signed as it must be.");
    public static readonly ProblemKind Forbidden = new(403, "forbidden", "The caller may not do this.");
    public static readonly ProblemKind OwnRequest = new(403, "own_request", "Somebody else has to decide this.");
    public static readonly ProblemKind PublisherOff = new(403, "publisher_off", "The publisher is switched off.");
    public static readonly ProblemKind NoSuchAddress = new(404, "no_such_address", "There is nothing at this address.");
    public static readonly ProblemKind UnknownId = new(404, "unknown_id", "There is nothing with this id.");
    public static readonly ProblemKind MethodNotAllowed = new(405, "method_not_allowed", "The address does not take this method.");
    public static readonly ProblemKind NotAcceptable = new(406, "not_acceptable", "The answer cannot be had in such a form.");
    public static readonly ProblemKind WrongState = new(409, "wrong_state", "This cannot be done as things stand.");
    public static readonly ProblemKind ExistsAlready = new(409, "exists_already", "There is one already.");
    public static readonly ProblemKind AdAccountTaken = new(409, "ad_account_taken", "There is an account of this ad account already.");
    public static readonly ProblemKind AccountBusy = new(409, "account_busy", "The account has something under way, or active.");
    public static readonly ProblemKind AccountRetired = new(409, "account_retired", "The account is retired.");
    public static readonly ProblemKind MetaRefuses = new(409, "meta_refuses", "Meta will not answer before a person has seen to it.");
    public static readonly ProblemKind Outdated = new(412, "outdated", "It is no longer as If-Match says.");
    public static readonly ProblemKind BodyTooLong = new(413, "body_too_long", "The body is too long.");
    public static readonly ProblemKind UnsupportedMediaType = new(415, "unsupported_media_type", "The body is of a kind that is not taken.");
    public static readonly ProblemKind InvalidFields = new(422, "invalid_fields", "Some fields are wrong.");
    public static readonly ProblemKind KeyReused = new(422, "idempotency_key_reused", "The idempotency key belongs to another request.");
    public static readonly ProblemKind TooManyCalls = new(429, "too_many_calls", "Too many calls.");
    public static readonly ProblemKind TooManyOpen = new(429, "too_many_open", "Too many calls are open at once.");
    public static readonly ProblemKind MetaThrottled = new(429, "meta_throttled", "The ad account has used up its limit at Meta.");
    public static readonly ProblemKind Failed = new(500, "failed", "Something went wrong here.");
    public static readonly ProblemKind DatabaseAway = new(503, "database_away", "The database cannot be reached.");
    public static readonly ProblemKind MetaAway = new(503, "meta_away", "Meta does not answer.");
    public static readonly ProblemKind IssuerAway = new(503, "issuer_away", "The issuer of access tokens cannot be reached.");
    public static readonly ProblemKind NoRoom = new(507, "no_room", "There is no room for it.");

    private static readonly string[] Unforeseen = ["no_such_address", "forbidden", "unauthenticated", "unreadable_body", "failed", "too_many_calls", "invalid_fields"];

    public static IReadOnlyList<ProblemKind> All { get; } =
    [
        MalformedJson, UnreadableBody, Unauthenticated, BadSignature, Forbidden, OwnRequest, PublisherOff, NoSuchAddress, UnknownId, MethodNotAllowed, NotAcceptable, WrongState, ExistsAlready, AdAccountTaken, AccountBusy, AccountRetired, MetaRefuses,
        Outdated, BodyTooLong, UnsupportedMediaType, InvalidFields, KeyReused, TooManyCalls, TooManyOpen, MetaThrottled, Failed, DatabaseAway, MetaAway, IssuerAway, NoRoom,
    ];

    /// <summary>RFC 9457's type: a name, not an address.</summary>
    public string Type => $"urn:metaadsjobs:problem:{Code}";

    /// <summary>Of a refusal that nobody has worded.</summary>
    public static ProblemKind Of(int status)
    {
        var same = All.Where(kind => kind.Status == status).ToList();
        return same.Count == 1 ? same[0] : same.Find(kind => Unforeseen.Contains(kind.Code)) ?? (status < 500 ? UnreadableBody : Failed) with { Status = status };
    }
}

/// <summary>A refusal as RFC 9457 problem details.</summary>
/// <param name="detail">For people; null: the title says it all.</param>
/// <param name="errors">By JSON path, what is wrong.</param>
public sealed class Problem(ProblemKind kind, string? detail = null, IDictionary<string, string[]>? errors = null) : IResult, IStatusCodeHttpResult
{
    public const string MediaType = "application/problem+json";

    public ProblemKind Kind => kind;

    public int? StatusCode => kind.Status;

    /// <summary>Members of this kind alone, as they are.</summary>
    public IReadOnlyDictionary<string, object?> More { get; init; } = new Dictionary<string, object?>();

    /// <summary>By which whoever operates the service finds a call in its logs and traces.</summary>
    public static string TraceOf(HttpContext http) => Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var body = new Dictionary<string, object?> { ["type"] = kind.Type, ["title"] = kind.Title, ["status"] = kind.Status, ["code"] = kind.Code };
        if (detail is not null) body["detail"] = detail;
        if (errors is not null) body["errors"] = errors;
        foreach (var (name, value) in More) body[name] = value;
        body["trace_id"] = TraceOf(httpContext);
        httpContext.Response.StatusCode = kind.Status;
        return httpContext.Response.WriteAsJsonAsync(body, options: null, MediaType, httpContext.RequestAborted);
    }
}

/// <summary>What the framework itself refuses is told in the same way.</summary>
public sealed class ProblemWriter : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => true;

    public ValueTask WriteAsync(ProblemDetailsContext context) => new(new Problem(
        ProblemKind.Of(context.ProblemDetails.Status ?? context.HttpContext.Response.StatusCode), context.ProblemDetails.Detail).ExecuteAsync(context.HttpContext));
}
