using System.Globalization;
using System.Text;
using Microsoft.OpenApi;

namespace MetaAdsJobs.Api.Description;

/// <summary>
/// What a generated client calls a call: made of method and path, so that it changes only with them. GET of a plural lists, of anything else gets; POST to a plural creates, with another last word does
/// that word; what stands before a parameter is one. Where that reads badly the endpoint has a name (WithName).
/// </summary>
internal static class OperationIds
{
    // Says where the seed put it, not what it is.
    private const string Silent = "orchestrate";

    public static string Of(string method, string path)
    {
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries).SkipWhile(segment => segment == "meta").Where(segment => segment != Silent).ToList();
        List<string> words = [.. segments.Where(segment => !IsParameter(segment))];
        var isOne = segments.Count > 0 && IsParameter(segments[^1]);
        // What stands before a parameter, and what others hang on, is one of its kind.
        var nouns = words.Select((word, index) => index < words.Count - 1 || isOne ? Singular(word) : word).Select(Pascal).ToList();
        var last = words.Count == 0 ? "" : words[^1];
        return method.ToUpperInvariant() switch
        {
            "GET" => (!isOne && IsPlural(last) ? "list" : "get") + string.Concat(nouns),
            "POST" when isOne => Camel(last) + string.Concat(nouns.SkipLast(1)),
            "POST" when IsPlural(last) => "create" + string.Concat(nouns.SkipLast(1)) + Pascal(Singular(last)),
            "POST" => Camel(last) + string.Concat(Whose(segments).Select(Pascal)),
            "PATCH" => "update" + string.Concat(nouns),
            "PUT" => "put" + string.Concat(nouns),
            var other => Camel(other.ToLowerInvariant()) + string.Concat(nouns),
        };
    }

    public static Task AddAsync(OpenApiOperation operation, string? method, string? path)
    {
        if (method is not null && path is not null) operation.OperationId ??= Of(method, path);
        return Task.CompletedTask;
    }

    // What is done to all of a kind, or to one.
    private static IEnumerable<string> Whose(List<string> segments) => segments.SkipLast(1).Index()
        .Where(one => !IsParameter(one.Item)).Select(one => one.Index + 1 < segments.Count - 1 ? Singular(one.Item) : one.Item);

    private static bool IsParameter(string segment) => segment.StartsWith('{');

    private static bool IsPlural(string word) => word.EndsWith('s') && !word.EndsWith("ss", StringComparison.Ordinal);

    private static string Singular(string word) =>
        word.EndsWith("ies", StringComparison.Ordinal) ? word[..^3] + "y" : word.EndsWith("ches", StringComparison.Ordinal) ? word[..^2] : IsPlural(word) ? word[..^1] : word;

    private static string Camel(string word) => Pascal(word) is { Length: > 0 } pascal ? char.ToLowerInvariant(pascal[0]) + pascal[1..] : "";

    private static string Pascal(string word)
    {
        var text = new StringBuilder();
        foreach (var part in word.Split('-', '.', '_')) text.Append(CultureInfo.InvariantCulture, $"{char.ToUpperInvariant(part[0])}{part[1..]}");
        return text.ToString();
    }
}
