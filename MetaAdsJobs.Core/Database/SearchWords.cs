using System.Text.RegularExpressions;

namespace MetaAdsJobs.Core.Database;

/// <summary>What people type into a search, as words for PostgreSQL: all of them, each its beginning at least.</summary>
internal static partial class SearchWords
{
    /// <summary>What begins with fewer characters is too much: the index makes the list of all of it first.</summary>
    private const int ShortestBeginning = 3;

    /// <returns>For to_tsquery, by the words' beginnings, very short ones as whole words; empty when the search holds no word, which finds nothing.</returns>
    public static string ToQuery(string search) => string.Join(" & ", Words().Matches(search).Select(word => $"'{word.Value}'{(word.Length < ShortestBeginning ? "" : ":*")}"));

    /// <returns>The same, of whole words but the last: that is the one people are still typing.</returns>
    public static string ToLastBeginning(string search)
    {
        var words = Words().Matches(search).Select(word => word.Value).ToList();
        return string.Join(" & ", words.Select((word, i) => $"'{word}'{(i < words.Count - 1 || word.Length < ShortestBeginning ? "" : ":*")}"));
    }

    /// <returns>The same for words that are whole.</returns>
    public static string ToWholeQuery(string search) => string.Join(" & ", Words().Matches(search).Select(word => $"'{word.Value}'"));

    /// <returns>The same as regular expressions, all of which a text has to match.</returns>
    public static string[] ToPatterns(string search) => [.. Words().Matches(search).Select(word => $"(^|[^[:alnum:]]){word.Value}")];

    [GeneratedRegex(@"[\p{L}\p{N}]+")]
    private static partial Regex Words();
}
