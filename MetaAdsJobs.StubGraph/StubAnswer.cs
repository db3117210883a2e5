using System.Buffers;
using System.Collections.ObjectModel;
using System.Security.Cryptography;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph;

/// <summary>What the Graph answers: an HTTP status, a JSON body, and the headers that tell how much of the quota is used.</summary>
public sealed record StubAnswer(int Status, ReadOnlyMemory<byte> Body)
{
    public string ContentType { get; init; } = "application/json; charset=UTF-8";

    public IReadOnlyDictionary<string, string> Headers { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    internal static StubAnswer Success { get; } = Ok(json =>
    {
        json.WriteStartObject();
        json.WriteBoolean("success", true);
        json.WriteEndObject();
    });

    internal static StubAnswer Ok(Action<Utf8JsonWriter> write, int likelyBytes = 512) => Write(200, write, likelyBytes);

    internal static StubAnswer Id(string id) => Ok(json =>
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteEndObject();
    });

    internal static StubAnswer Write(int status, Action<Utf8JsonWriter> write, int likelyBytes = 512)
    {
        var buffer = new ArrayBufferWriter<byte>(likelyBytes);
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        return new StubAnswer(status, buffer.WrittenMemory);
    }
}

/// <summary>Why the Graph says no, in the terms of Meta's error envelope.</summary>
internal sealed record StubRefusal(int Code, string Message)
{
    public int Status { get; init; } = 400;

    public string Type { get; init; } = "OAuthException";

    public int? Subcode { get; init; }

    public string? UserTitle { get; init; }

    public string? UserMessage { get; init; }

    /// <summary>The parameter to blame, if it is one.</summary>
    public string? Field { get; init; }

    public bool IsTransient { get; init; }

    /// <summary>The part of a file that is wanted instead.</summary>
    public (long Start, long End)? Wanted { get; init; }

    public static StubRefusal Parameter(string field, string why) =>
        new(100, $"(#100) {why}") { Field = field, UserTitle = "Invalid parameter", UserMessage = why };

    public static StubRefusal Parameter(string field, int subcode, string title, string why) =>
        new(100, "Invalid parameter") { Field = field, Subcode = subcode, UserTitle = title, UserMessage = why };

    public static StubRefusal Missing(string field) => Parameter(field, $"The parameter {field} is required");

    public static StubRefusal NoSuchObject(string id, string? field = null) =>
        new(100, $"Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, "
            + "or does not support this operation")
        {
            Subcode = 33,
            Type = "GraphMethodException",
            Field = field,
        };

    public static StubRefusal NoSuchEdge(string edge) => new(2500, $"Unknown path components: /{edge}");

    /// <summary>Something broke here, as things break at Meta: what the call did is not known to the caller.</summary>
    public static StubRefusal Unexpected(string detail) =>
        new(2, $"An unexpected error has occurred. Please retry your request later. ({detail})")
        {
            Status = 500,
            IsTransient = true,
        };

    public StubAnswer ToAnswer() => StubAnswer.Write(Status, json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("message", Message);
        json.WriteString("type", Type);
        json.WriteNumber("code", Code);
        if (Subcode is { } subcode)
            json.WriteNumber("error_subcode", subcode);

        json.WriteBoolean("is_transient", IsTransient);
        if (UserTitle is not null)
        {
            json.WriteString("error_user_title", UserTitle);
            json.WriteString("error_user_msg", UserMessage);
        }

        if (Field is not null)
            WriteBlame(json, Field);

        if (Wanted is var (start, end))
        {
            json.WriteStartObject("error_data");
            json.WriteNumber("start_offset", start);
            json.WriteNumber("end_offset", end);
            json.WriteEndObject();
        }

        json.WriteString("fbtrace_id", RandomNumberGenerator.GetHexString(22));
        json.WriteEndObject();
        json.WriteEndObject();
    });

    private static void WriteBlame(Utf8JsonWriter json, string field)
    {
        json.WriteStartObject("error_data");
        json.WriteStartArray("blame_field_specs");
        json.WriteStartArray();
        json.WriteStringValue(field);
        json.WriteEndArray();
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
