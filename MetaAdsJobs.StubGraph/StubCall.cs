using System.Text.Json;

namespace MetaAdsJobs.StubGraph;

/// <summary>One call to the Graph: query and form fields merged, lists and maps still as the JSON text they came in.</summary>
public sealed record StubCall(string Method, string Path, IReadOnlyDictionary<string, string> Parameters, string? Token)
{
    public string Version { get; init; } = "v26.0";

    public IReadOnlyList<StubFile> Files { get; init; } = [];

    /// <summary>The value, or null when the parameter is missing or empty.</summary>
    internal string? Text(string name) => Parameters.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>The parsed value; <see cref="JsonValueKind.Undefined"/> when it is missing or no JSON.</summary>
    internal JsonElement Json(string name)
    {
        try
        {
            return Text(name) is { } text ? JsonElement.Parse(text) : default;
        }
        catch (JsonException)
        {
            return default;
        }
    }

    internal bool IsOnlyValidating =>
        Json("execution_options") is { ValueKind: JsonValueKind.Array } options
        && options.EnumerateArray().Any(option => option.ValueEquals("validate_only"));
}

/// <summary>A file part of a multipart upload.</summary>
public sealed record StubFile(string Name, string FileName, ReadOnlyMemory<byte> Content);
