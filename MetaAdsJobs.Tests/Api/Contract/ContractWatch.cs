using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace MetaAdsJobs.Tests.Api.Contract;

/// <summary>Holds every answer that any test gets to the description: its status, its kind, its fields. What nobody has described is told when the service ends.</summary>
public sealed class ContractWatch
{
    // Told where they are: not each answer of its kind has them.
    private static readonly string[] Now = ["RateLimit", "RateLimit-Policy", "Vary", "Content-Disposition", "WWW-Authenticate", "Idempotency-Replayed", "Preference-Applied"];

    private static readonly Lazy<IReadOnlyList<(Regex Path, Call Call)>> Calls = new(() =>
    [
        // The more exact of two that fit comes first.
        .. Call.All.Where(call => call.IsOurs).OrderBy(call => call.Path.Count(c => c == '{'))
            .Select(call => (new Regex($"^{Regex.Replace(Regex.Escape(call.Path.TrimEnd('/')), @"\\\{[^}]+}", "[^/]+")}/?$"), call)),
    ]);

    private readonly ConcurrentDictionary<string, string> _wrong = new();

    public void Saw(HttpRequestMessage request, HttpResponseMessage answer, string text)
    {
        if (request.RequestUri is not { } url || !url.AbsolutePath.StartsWith("/meta/", StringComparison.Ordinal) || (int)answer.StatusCode == 405) return;
        var method = request.Method == HttpMethod.Head ? "GET" : request.Method.Method;
        // What is at no address is told so by none.
        if (Calls.Value.FirstOrDefault(one => one.Call.Method == method && one.Path.IsMatch(url.AbsolutePath)).Call is not { } call) return;
        var code = (int)answer.StatusCode;
        void Tell(string what) => _wrong.TryAdd($"{call} {code} {Regex.Replace(what, @"\[\d+\]", "[]")}", $"{request.Method} {url.PathAndQuery}");
        if (call.Answers.FirstOrDefault(one => one.Code == code).Answer is not { } told)
        {
            Tell("is not described");
            return;
        }

        foreach (var (name, isThere) in ((string, bool)[])[("Location", answer.Headers.Location is not null), ("Retry-After", answer.Headers.RetryAfter is not null), ("ETag", answer.Headers.ETag is not null)])
            if (isThere != told["headers"]?[name] is not null) Tell(isThere ? $"has {name}" : $"has no {name}");
        foreach (var name in Now.Intersect(answer.Headers.Concat(answer.Content.Headers).Select(header => header.Key), StringComparer.OrdinalIgnoreCase))
            if (told["headers"]?[name] is null) Tell($"has {name}");
        var type = answer.Content.Headers.ContentType?.MediaType;
        if (text.Length == 0 || type is null || answer.Content.Headers.ContentEncoding.Count > 0) return;
        if (told["content"]?[type] is not { } content) Tell($"has a body of {type}");
        else if (type.EndsWith("json", StringComparison.Ordinal) && content["schema"] is { } schema) foreach (var wrong in Differences(JsonNode.Parse(text), schema, "$")) Tell(wrong);
    }

    public void AssertAllWasDescribed() => Assert.That(_wrong.Select(one => $"{one.Key} (such as {one.Value})").Order(), Is.Empty);

    private static IEnumerable<string> Differences(JsonNode? value, JsonNode schema, string path)
    {
        if ((string?)schema["$ref"] is { } reference) return Differences(value, Document.Json["components"]!["schemas"]![reference.Split('/')[^1]]!, path);
        if ((schema["oneOf"] ?? schema["anyOf"])?.AsArray() is { } several) return several.Any(one => !Differences(value, one!, path).Any()) ? [] : [$"{path} is none of what it may be"];
        var types = schema["type"] switch { null => [], JsonArray many => many.Select(one => (string)one!).ToArray(), var one => [(string)one!] };
        if (types.Length > 0 && !types.Any(type => Fits(value, type))) return [$"{path} is {value?.GetValueKind().ToString() ?? "null"}, not {string.Join(" or ", types)}"];
        if (schema["enum"]?.AsArray() is { } words && !words.Any(word => JsonNode.DeepEquals(word, value))) return [$"{path} is {value?.ToJsonString()}, and is no word of it"];
        return value switch
        {
            JsonObject fields => OfObject(fields, schema, path),
            JsonArray items when schema["items"] is { } item => items.SelectMany((one, index) => Differences(one, item, $"{path}[{index.ToString(CultureInfo.InvariantCulture)}]")),
            JsonValue text when (string?)schema["format"] is { } format && text.GetValueKind() == System.Text.Json.JsonValueKind.String && !Fits((string)text!, format) => [$"{path} is no {format}: {text}"],
            _ => [],
        };
    }

    private static IEnumerable<string> OfObject(JsonObject fields, JsonNode schema, string path)
    {
        foreach (var name in schema["required"]?.AsArray() ?? [])
            if (!fields.ContainsKey((string)name!)) yield return $"{path}.{name} is missing";
        var known = schema["properties"]?.AsObject();
        var others = schema["additionalProperties"];
        foreach (var (name, value) in fields)
        {
            if (known?[name] is { } field) foreach (var wrong in Differences(value, field, $"{path}.{name}")) yield return wrong;
            else if (others is JsonObject) foreach (var wrong in Differences(value, others, $"{path}.*")) yield return wrong;
            else if (known is not null) yield return $"{path}.{name} is not described";
        }
    }

    private static bool Fits(JsonNode? value, string type) => type switch
    {
        "null" => value is null,
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "string" => value?.GetValueKind() == System.Text.Json.JsonValueKind.String,
        "boolean" => value?.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False,
        "integer" => value?.GetValueKind() == System.Text.Json.JsonValueKind.Number && decimal.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number == decimal.Truncate(number),
        _ => value?.GetValueKind() == System.Text.Json.JsonValueKind.Number,
    };

    private static bool Fits(string text, string format) => format switch
    {
        "uuid" => Guid.TryParseExact(text, "D", out _),
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "date-time" => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _) && text.EndsWith('Z'),
        _ => true,
    };
}
