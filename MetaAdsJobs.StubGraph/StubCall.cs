using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

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

/// <summary>Makes a call of an HTTP request, whether it came over a socket or in process: form, multipart or JSON body.</summary>
internal static partial class StubCallReader
{
    private const string Bearer = "Bearer ";

    /// <param name="path">With or without the version in front, e.g. v26.0/act_1/campaigns.</param>
    public static async Task<StubCall> ReadAsync(
        string method, string path, string? query, string? contentType, Stream body, string? authorization, CancellationToken ct)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        var files = new List<StubFile>();
        Merge(parameters, query);
        if (contentType is not null && MediaTypeHeaderValue.TryParse(contentType, out var media))
            await ReadBodyAsync(media, body, parameters, files, ct);

        parameters.Remove("access_token", out var token);
        parameters.Remove("appsecret_proof");
        if (authorization?.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) == true)
            token = authorization[Bearer.Length..];

        var version = VersionInFront().Match(path.TrimStart('/'));
        return new StubCall(method.ToUpperInvariant(), path.TrimStart('/')[version.Length..].Trim('/'), parameters, token)
        {
            Version = version.Success ? version.Value.TrimEnd('/') : "v26.0",
            Files = files,
        };
    }

    private static async Task ReadBodyAsync(
        MediaTypeHeaderValue media, Stream body, Dictionary<string, string> parameters, List<StubFile> files, CancellationToken ct)
    {
        if (media.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
        {
            using var reader = new StreamReader(body);
            Merge(parameters, await reader.ReadToEndAsync(ct));
        }
        else if (media.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
        {
            using var document = await JsonDocument.ParseAsync(body, cancellationToken: ct);
            foreach (var property in document.RootElement.EnumerateObject())
            {
                parameters[property.Name] = property.Value.ValueKind == JsonValueKind.String
                    ? property.Value.GetString()!
                    : property.Value.GetRawText();
            }
        }
        else if (media.Boundary.HasValue)
        {
            var reader = new MultipartReader(HeaderUtilities.RemoveQuotes(media.Boundary).ToString(), body);
            while (await reader.ReadNextSectionAsync(ct) is { } section)
                await ReadPartAsync(section, parameters, files, ct);
        }
    }

    private static async Task ReadPartAsync(
        MultipartSection section, Dictionary<string, string> parameters, List<StubFile> files, CancellationToken ct)
    {
        if (section.GetContentDispositionHeader() is not { } disposition)
            return;

        using var content = new MemoryStream();
        await section.Body.CopyToAsync(content, ct);
        var name = HeaderUtilities.RemoveQuotes(disposition.Name).ToString();
        if (disposition.IsFileDisposition())
            files.Add(new StubFile(name, HeaderUtilities.RemoveQuotes(disposition.FileName).ToString(), content.ToArray()));
        else
            parameters[name] = System.Text.Encoding.UTF8.GetString(content.GetBuffer(), 0, (int)content.Length);
    }

    private static void Merge(Dictionary<string, string> parameters, string? urlEncoded)
    {
        foreach (var (name, value) in QueryHelpers.ParseQuery(urlEncoded))
            parameters[name] = value.ToString();
    }

    [GeneratedRegex(@"^v\d+\.\d+(/|$)")]
    private static partial Regex VersionInFront();
}
