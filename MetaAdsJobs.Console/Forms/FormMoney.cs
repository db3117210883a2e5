using System.Globalization;
using System.Text.RegularExpressions;

namespace MetaAdsJobs.Console.Forms;

/// <summary>Amounts as people type them, in whole units of a currency, and the API's hundredths. Exact, and never guessed.</summary>
internal static partial class FormMoney
{
    /// <summary>What to tell when an amount is none.</summary>
    public const string Wrong = "must be an amount such as 1500 or 1500.50, without a separator for thousands";

    /// <returns>Null when it is no amount: more than two decimals could as well be a separator for thousands.</returns>
    public static long? ToCents(string text) => Amount().Match(text.Trim()) is { Success: true } amount
        ? long.Parse(amount.Groups["whole"].Value + amount.Groups["part"].Value.PadRight(2, '0'), CultureInfo.InvariantCulture) : null;

    /// <summary>For the value of a field.</summary>
    public static string? Show(long? cents) => cents is { } value
        ? (value / 100m).ToString(value % 100 == 0 ? "0" : "0.00", CultureInfo.InvariantCulture) : null;

    [GeneratedRegex("^(?<whole>[0-9]{1,15})([.,](?<part>[0-9]{1,2}))?$")]
    private static partial Regex Amount();
}
