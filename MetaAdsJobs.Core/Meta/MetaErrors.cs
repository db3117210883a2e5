using System.Globalization;
using System.Text.Json;

namespace MetaAdsJobs.Core.Meta;

/// <summary>
/// Turns Meta's error envelope into a <see cref="MetaException"/>. Decides by code and subcode only: HTTP status is mostly 400
/// and the text is localised. Source: the error taxonomy of Meta's Graph API reference and its SDKs.
/// </summary>
internal static class MetaErrors
{
    /// <param name="code">Null when the error names none: then it may be anybody's, and proves nothing.</param>
    public static Proof Classify(int httpStatus, int? code, bool isTransient) => code switch
    {
        null => Proof.OutcomeUnknown,
        4 or 17 or 32 or 341 or 613 or (>= 80000 and <= 80009) or 80014 => Proof.Throttled,
        190 or 102 => Proof.TokenRejected,
        1 or 2 or 99 or 104 or 960 => Proof.OutcomeUnknown,
        _ when isTransient || httpStatus >= 500 => Proof.OutcomeUnknown,
        _ => Proof.Rejected,
    };

    public static MetaException FromEnvelope(int httpStatus, JsonElement error, TimeSpan? retryAfter)
    {
        var code = Int(error, "code");
        var proof = Classify(httpStatus, code, Bool(error, "is_transient"));
        return new(proof, Text(error, "message") ?? "Meta gave no message")
        {
            HttpStatus = httpStatus,
            Code = code,
            Subcode = Int(error, "error_subcode"),
            UserTitle = Text(error, "error_user_title"),
            UserMessage = Text(error, "error_user_msg"),
            TraceId = Text(error, "fbtrace_id"),
            BlamedFields = Blamed(error),
            RetryAfter = proof == Proof.Throttled ? retryAfter : null,
        };
    }

    /// <summary>An answer that is not Graph's: a proxy's page, a cut body. It proves nothing about what was done.</summary>
    public static MetaException Unreadable(int httpStatus, string what) => httpStatus == 429
        ? new(Proof.Throttled, "Meta answered HTTP 429") { HttpStatus = httpStatus }
        : new(Proof.OutcomeUnknown, $"Meta answered HTTP {httpStatus} with {what}") { HttpStatus = httpStatus };

    // error_data is an object or the same object as a JSON string; blame_field_specs is a list of paths.
    private static List<string> Blamed(JsonElement error)
    {
        if (!error.TryGetProperty("error_data", out var data)) return [];
        try
        {
            if (data.ValueKind == JsonValueKind.String) data = JsonElement.Parse(Text(error, "error_data") ?? "null");
        }
        catch (JsonException)
        {
            return []; // Only a hint for people: an unreadable one is no second error.
        }

        if (data.ValueKind != JsonValueKind.Object || !data.TryGetProperty("blame_field_specs", out var specs)
            || specs.ValueKind != JsonValueKind.Array) return [];
        return [.. specs.EnumerateArray().Select(path => path.ValueKind == JsonValueKind.Array
            ? string.Join('.', path.EnumerateArray().Select(part => part.ToString()))
            : path.ToString())];
    }

    private static string? Text(JsonElement error, string name)
    {
        try
        {
            return error.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;
        }
        catch (InvalidOperationException)
        {
            return null; // Half a surrogate pair: a text that was cut to a length somewhere.
        }
    }

    private static int? Int(JsonElement error, string name)
    {
        if (!error.TryGetProperty(name, out var value)) return null;
        if (value.ValueKind == JsonValueKind.Number) return value.TryGetInt32(out var number) ? number : null;
        return int.TryParse(Text(error, name), NumberStyles.None, CultureInfo.InvariantCulture, out var written) ? written : null;
    }

    private static bool Bool(JsonElement error, string name) =>
        error.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
}
