using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace MetaAdsJobs.Core.Validation;

/// <summary>
/// JSON can write texts that neither PostgreSQL nor Meta can hold: half of a surrogate pair, and NUL. Reading, copying or keeping one throws, so they are refused before anything is made of a body.
/// </summary>
public static class JsonTexts
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 30 };

    /// <summary>Whether JSON can hold such a text at all: only as an escape, or as bytes that are no UTF-8. Most hold neither.</summary>
    public static bool CanBeBroken(ReadOnlySpan<byte> json) => json.Contains((byte)'\\') || !Utf8.IsValid(json);

    /// <summary>Tells each such text by its path, until so many are told that no more would be: each is found by an exception, and a body may hold half a million. Names are whole already.</summary>
    public static void Refuse(JsonElement element, FieldErrors errors, string path = "")
    {
        if (errors.IsFull || !IsBroken(element)) return;
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var field in element.EnumerateObject().TakeWhile(_ => !errors.IsFull)) Refuse(field.Value, errors, path.Length == 0 ? field.Name : $"{path}.{field.Name}");
        }
        else if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var (index, item) in element.EnumerateArray().TakeWhile(_ => !errors.IsFull).Index()) Refuse(item, errors, $"{path}[{index}]");
        }
        else
        {
            errors.Add(path.Length == 0 ? "$" : path, WrongWith(element)!);
        }
    }

    /// <summary>What a person has typed as JSON, with no field twice and only texts that can be kept.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static JsonNode? Parse(string json)
    {
        using var document = ParseStrictly(json);
        return JsonNode.Parse(json, documentOptions: Strict);
    }

    private static JsonDocument ParseStrictly(string json)
    {
        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(json, Strict);
            if (!IsBroken(document.RootElement)) return document;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // A name that is no text.
            document?.Dispose();
            throw new JsonException("holds a name that is no text", exception);
        }

        document.Dispose();
        throw new JsonException("holds a text that cannot be kept");
    }

    private static bool IsBroken(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().Any(field => field.Name.Length < 0 || IsBroken(field.Value)),
        JsonValueKind.Array => element.EnumerateArray().Any(IsBroken),
        JsonValueKind.String => CanBeBroken(JsonMarshal.GetRawUtf8Value(element)) && WrongWith(element) is not null,
        _ => false,
    };

    private static string? WrongWith(JsonElement text)
    {
        try
        {
            return text.GetString()!.Contains('\0', StringComparison.Ordinal) ? "must not hold control characters" : null;
        }
        catch (InvalidOperationException)
        {
            return "must be valid Unicode";
        }
    }
}
