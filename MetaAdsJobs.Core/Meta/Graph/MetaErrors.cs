using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MetaAdsJobs.Core.Meta.Graph;

/// <summary>
/// Turns Meta's error envelope into a <see cref="MetaException"/>. Decides by code and subcode only: HTTP status is mostly 400
/// and the text is localised. Source: the error taxonomy of Meta's Graph API reference and its SDKs.
/// </summary>
internal static class MetaErrors
{
    private const int TooMuchAsked = 1487534;

    // Too long for an answer at once; a report that is too large. Source: Meta, Ads Insights API, error codes.
    private const int TimedOut = 1504018;
    private const int TimedOutToo = 1504038;
    private const int ReportTooLarge = 1504045;
    private const int InvalidBreakdowns = 1504041;
    private const int InvalidBreakdownsToo = 1504042;

    // Refusals with is_transient false that have passed by themselves, as people report: a creative refused without a reason (half of them were
    // accepted later), a video whose thumbnail Meta does not have yet, one that it says is not ready although it has told so, and an object
    // just made that another of Meta's servers does not know yet.
    private const int CreativeRefused = 1487390;
    private const int NoVideoThumbnail = 1443226;
    private const int VideoNotReady = 1885252;
    private const int NoSuchObject = 33;
    private const int NoInstagramAccount = 1772103;

    // Of an upload in parts: another part is wanted, which the error names; the part did not arrive whole, or in time, or something went wrong
    // with it, and it is to be sent again. Source: Meta, Video API, error codes.
    private const int OtherPartWanted = 1363037;
    private const int UploadProblem = 1363019;
    private const int UploadTimedOut = 1363030;
    private const int PartNotWhole = 1363033;

    /// <param name="code">Null when the error names none: then it may be anybody's, and proves nothing.</param>
    public static Proof Classify(int httpStatus, int? code, int? subcode, bool isTransient) => (code, subcode) switch
    {
        (null, _) => Proof.OutcomeUnknown,
        (4 or 17 or 32 or 341 or 613 or (>= 80000 and <= 80009) or 80014, _) => Proof.Throttled,
        (190 or 102, _) => Proof.TokenRejected,
        (368, _) => Proof.AccountBlocked,
        (100, TooMuchAsked) or (2, InvalidBreakdowns or InvalidBreakdownsToo) => Proof.Rejected,
        (1 or 2 or 99 or 104 or 960, _) or (_, UploadProblem or UploadTimedOut or PartNotWhole) => Proof.OutcomeUnknown,
        _ when isTransient || httpStatus >= 500 => Proof.OutcomeUnknown,
        _ => Proof.Rejected,
    };

    /// <param name="secrets">What must not be repeated even if Meta does: it quotes a malformed token in its message.</param>
    public static MetaException FromEnvelope(int httpStatus, JsonElement error, TimeSpan? retryAfter, params IReadOnlyList<string> secrets)
    {
        var (code, subcode) = (Int(error, "code"), Int(error, "error_subcode"));
        var proof = Classify(httpStatus, code, subcode, Bool(error, "is_transient"));
        var message = Text(error, "message");
        // Code 1 says it in words alone, and only in English.
        var isTooMuchAsked = (code, subcode) is (100, TooMuchAsked) or (100, TimedOut) or (2, TimedOutToo) or (-3, ReportTooLarge) || IsPageTooLarge(code, message);
        return new(proof, Hide(message, secrets) ?? "Meta gave no message")
        {
            HttpStatus = httpStatus,
            Code = code,
            Subcode = subcode,
            UserTitle = Hide(Text(error, "error_user_title"), secrets),
            UserMessage = Hide(Text(error, "error_user_msg"), secrets),
            TraceId = Text(error, "fbtrace_id"),
            BlamedFields = Blamed(error),
            WantedPart = subcode == OtherPartWanted && ErrorData(error) is { } data && Offset(data, "start_offset") is { } start && Offset(data, "end_offset") is { } end ? (start, end) : null,
            Advice = Advise(code, subcode),
            MayPass = proof == Proof.Rejected && (code, subcode) is (100, CreativeRefused or NoVideoThumbnail or VideoNotReady or NoSuchObject),
            IsTooMuchAsked = isTooMuchAsked,
            IsOutage = proof == Proof.OutcomeUnknown && !isTooMuchAsked,
            IsTooSlowAtOnce = (code, subcode) is (100, TimedOut) or (2, TimedOutToo),
            IsPageTooLarge = IsPageTooLarge(code, message),
            RetryAfter = proof == Proof.Throttled ? retryAfter : null,
        };
    }

    /// <summary>What the account's people have to do. They see it in the run's errors and at the account.</summary>
    internal static string? Advise(int? code, int? subcode) => (code, subcode) switch
    {
        (190, 458) => "the person behind the token has removed the app: let the person log in again and give the account the new token",
        (190, 459) => "Meta wants the person behind the token to pass a security check on facebook.com; afterwards give the account the same token again",
        (190, 460) => "the password was changed: let the person log in again and give the account the new token",
        (190, 463) => "the token has expired: give the account a new one",
        (190, 464) => "the person behind the token is not confirmed: confirm on facebook.com, then give the account the same token again",
        (190, 467) => "the token is no longer valid, by logging out or by being revoked: give the account a new one",
        (190 or 102, _) => "the token is not valid: give the account a new one",
        (368, _) => "Meta has blocked what this account does for its policies: settle it with Meta (Account Quality), then unblock the account here",
        (3 or 10 or 294 or (>= 200 and <= 299), _) => "the token's user or app lacks a permission for this: grant it at Meta, then retry",
        (100, TooMuchAsked) => "too much was asked for at once: ask for fewer days",
        (100, NoInstagramAccount) => "give the account an instagram_user_id, or name targeting.publisher_platforms without instagram",
        (2635, _) => "this version of the Graph API is over: set META_GRAPH_VERSION to a newer one",
        _ => null,
    };

    /// <summary>A report that failed in the background tells why in fields of its own (since v25.0).</summary>
    public static MetaException FromRun(JsonElement run)
    {
        var error = new JsonObject();
        foreach (var (field, name) in new[] { ("error_code", "code"), ("error_subcode", "error_subcode"), ("error_message", "message"), ("error_user_title", "error_user_title"), ("error_user_msg", "error_user_msg") })
            if (run.TryGetProperty(field, out var value)) error[name] = JsonNode.Parse(value.GetRawText());
        return FromEnvelope(200, JsonSerializer.SerializeToElement(error), retryAfter: null);
    }

    /// <summary>An answer that is not Graph's: a proxy's page, a cut body. It proves nothing about what was done.</summary>
    public static MetaException Unreadable(int httpStatus, string what) => httpStatus == 429
        ? new(Proof.Throttled, "Meta answered HTTP 429") { HttpStatus = httpStatus }
        : new(Proof.OutcomeUnknown, $"Meta answered HTTP {httpStatus} with {what}") { HttpStatus = httpStatus, IsOutage = true };

    // An object, or the same object as a JSON string.
    private static JsonElement? ErrorData(JsonElement error)
    {
        if (!error.TryGetProperty("error_data", out var data)) return null;
        try
        {
            if (data.ValueKind == JsonValueKind.String) data = JsonElement.Parse(Text(error, "error_data") ?? "null");
        }
        catch (JsonException)
        {
            return null; // Only a hint: an unreadable one is no second error.
        }

        return data.ValueKind == JsonValueKind.Object ? data : null;
    }

    private static long? Offset(JsonElement data, string name) => long.TryParse(GraphText.Of(data, name), NumberStyles.None, CultureInfo.InvariantCulture, out var offset) ? offset : null;

    // blame_field_specs is a list of paths.
    private static List<string> Blamed(JsonElement error)
    {
        if (ErrorData(error) is not { } data || !data.TryGetProperty("blame_field_specs", out var specs) || specs.ValueKind != JsonValueKind.Array) return [];
        return [.. specs.EnumerateArray().Select(path => path.ValueKind == JsonValueKind.Array
            ? string.Join('.', path.EnumerateArray().Select(GraphText.Of))
            : GraphText.Of(path) ?? "")];
    }

    private static bool IsPageTooLarge(int? code, string? message) => code == 1 && message?.Contains("reduce the amount of data", StringComparison.OrdinalIgnoreCase) == true;

    private static string? Hide(string? text, IReadOnlyList<string> secrets) =>
        text is null ? null : secrets.Where(secret => secret.Length > 0).Aggregate(text, (shown, secret) => shown.Replace(secret, "***", StringComparison.Ordinal));

    private static string? Text(JsonElement error, string name) =>
        error.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? GraphText.Of(error, name) : null;

    private static int? Int(JsonElement error, string name)
    {
        if (!error.TryGetProperty(name, out var value)) return null;
        if (value.ValueKind == JsonValueKind.Number) return value.TryGetInt32(out var number) ? number : null;
        return int.TryParse(Text(error, name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var written) ? written : null;
    }

    private static bool Bool(JsonElement error, string name) =>
        error.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
}
