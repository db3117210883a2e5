using System.Text.RegularExpressions;
using Microsoft.Extensions.Localization;

namespace MetaAdsJobs.Console.Language;

/// <summary>Sentences that Core has told and kept, with ids and numbers in them, in the reader's words.</summary>
internal static partial class ToldTexts
{
    /// <param name="forms">What it may be made of, such as "changed since: {0}"; any other text is looked up as it is.</param>
    /// <param name="valueOf">What is shown of a value; null: itself.</param>
    public static string Told(this IStringLocalizer<Words> texts, string told, IEnumerable<string> forms, Func<string, string>? valueOf = null)
    {
        foreach (var form in forms)
            if (Regex.Match(told, $"^{Hole().Replace(Regex.Escape(form), "(.+)")}$") is { Success: true } made) return texts[form, [.. made.Groups.Values.Skip(1).Select(group => valueOf?.Invoke(group.Value) ?? group.Value)]];
        return texts[told];
    }

    /// <summary>What the audit says became of a call, as people say it.</summary>
    public static string Outcome(string word) => word switch { "outcome_unknown" => "outcome unknown", "not_sent" => "not sent", "token_rejected" => "token rejected", _ => word };

    [GeneratedRegex(@"\\\{\d}")]
    private static partial Regex Hole();
}
