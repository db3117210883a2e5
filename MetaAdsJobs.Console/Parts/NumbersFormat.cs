using System.Globalization;
using MetaAdsJobs.Core.Meta.Ads;

namespace MetaAdsJobs.Console.Parts;

/// <summary>How numbers are written in the viewer's language; what there is none of is a dash.</summary>
internal static class NumbersFormat
{
    private const string None = "–";

    public static string Money(decimal? amount, string currency) => amount is { } value ? $"{value.ToString(decimal.IsInteger(value) && Currency.IsKnown(currency) && Currency.Offset(currency) == 1 ? "N0" : "N2", CultureInfo.CurrentCulture)} {currency}" : None;

    public static string Count(decimal? count) => count is { } value ? value.ToString(decimal.IsInteger(value) ? "N0" : "N2", CultureInfo.CurrentCulture) : None;

    public static string Bytes(long bytes) => bytes < 1024 * 1024 ? $"{Math.Ceiling(bytes / 1024m).ToString("N0", CultureInfo.CurrentCulture)} KiB" : $"{(bytes / 1024m / 1024).ToString("N1", CultureInfo.CurrentCulture)} MiB";

    /// <summary>Nothing is certain: what would be rounded to it is told as close to it.</summary>
    public static string Chance(double? chance) => chance switch
    {
        null => None,
        > 0.999 => $"> {OfHundred(0.999)}",
        < 0.001 => $"< {OfHundred(0.001)}",
        { } value => OfHundred(value),
    };

    public static string Percent(decimal? share) => share is { } value ? $"{(value * 100).ToString("0.00", CultureInfo.CurrentCulture)} %" : None;

    private static string OfHundred(double share) => $"{(share * 100).ToString("0.#", CultureInfo.CurrentCulture)} %";
}
