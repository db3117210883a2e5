using System.Collections.Frozen;

namespace MetaAdsJobs.Core.Meta.Ads;

/// <summary>
/// Meta's own units of a currency, which are not those of ISO 4217: HUF, TWD, IDR, COP and CRC have no minor unit here, BHD and
/// JOD have two digits. Source: Meta, Marketing API, Currency Codes. An unknown currency is refused, never guessed.
/// </summary>
public static class Currency
{
    private static readonly FrozenSet<string> WithoutMinorUnit =
        FrozenSet.Create("CLP", "COP", "CRC", "HUF", "IDR", "ISK", "JPY", "KRW", "PYG", "TWD", "VND");

    private static readonly FrozenSet<string> WithHundredths = FrozenSet.Create(
        "AED", "ARS", "AUD", "BDT", "BGN", "BHD", "BOB", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "DZD", "EGP", "EUR", "GBP", "GTQ",
        "HKD", "HNL", "ILS", "INR", "JOD", "KES", "KWD", "LKR", "MAD", "MOP", "MXN", "MYR", "NGN", "NIO", "NOK", "NZD", "OMR", "PEN",
        "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "SAR", "SEK", "SGD", "THB", "TND", "TRY", "UAH", "USD", "UYU", "ZAR");

    /// <summary>Those of which a whole unit is Meta's.</summary>
    internal static string[] WithoutMinorUnits => [.. WithoutMinorUnit];

    public static bool IsKnown(string code) => WithoutMinorUnit.Contains(code) || WithHundredths.Contains(code);

    /// <summary>How many of Meta's units one whole unit of the currency has: 1 or 100.</summary>
    /// <exception cref="ArgumentException">The currency is not in Meta's table.</exception>
    public static int Offset(string code) =>
        WithHundredths.Contains(code) ? 100 : WithoutMinorUnit.Contains(code) ? 1 : throw new ArgumentException($"{code} is not in Meta's currency table");

    /// <summary>Converts hundredths of a whole unit (the API's *_cents) into Meta's units; null when it does not divide.</summary>
    public static long? FromHundredths(string code, long hundredths) =>
        Offset(code) == 100 ? hundredths : hundredths % 100 == 0 ? hundredths / 100 : null;

    /// <summary>The other way, for messages.</summary>
    public static long ToHundredths(string code, long metaUnits) => Offset(code) == 100 ? metaUnits : metaUnits * 100;
}
