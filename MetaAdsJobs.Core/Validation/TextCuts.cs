namespace MetaAdsJobs.Core.Validation;

/// <summary>Texts that are longer than there is room for.</summary>
public static class TextCuts
{
    /// <summary>So many UTF-16 units at most, from the first on: one fewer where the last would be half a character, which neither PostgreSQL nor Meta can hold.</summary>
    public static string Cut(this string text, int most) => text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
}
