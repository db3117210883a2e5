using System.Text.RegularExpressions;

namespace MetaAdsJobs.Core.Validation;

/// <summary>Texts with names between braces that something is put in for. Which names there are is the caller's closed list.</summary>
internal static partial class Placeholders
{
    /// <param name="text">With or without braces.</param>
    /// <param name="valueOf">What stands for a name: told the name and where in the text it stands. Told nothing of it, it complains itself.</param>
    /// <param name="errors">Told of a brace without its other.</param>
    /// <param name="known">The names that there are, for people.</param>
    /// <param name="keepsDouble">What stands between two braces is somebody else's, as Meta's macros are, and stays.</param>
    public static string Fill(string text, Func<string, int, string> valueOf, Action<string> errors, string known, bool keepsDouble = false)
    {
        if (!text.AsSpan().ContainsAny('{', '}')) return text;
        var pattern = keepsDouble ? OneOrDouble() : One();
        if (pattern.Replace(text, "").AsSpan().ContainsAny('{', '}')) errors($"has a brace without its other; placeholders: {known}");
        return pattern.Replace(text, found => found.Groups[1].Success ? valueOf(found.Groups[1].Value, found.Index) : found.Value);
    }

    /// <summary>Whether anything but placeholders stands before this place.</summary>
    public static bool IsBehindText(string text, int at) => Instead(text[..at], "").Length > 0;

    /// <summary>The text with this in place of each.</summary>
    public static string Instead(string text, string value) => One().Replace(text, value);

    [GeneratedRegex(@"\{([^{}]*)\}")]
    private static partial Regex One();

    [GeneratedRegex(@"\{\{[^{}]*\}\}|\{([^{}]*)\}")]
    private static partial Regex OneOrDouble();
}
