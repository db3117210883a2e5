using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using MetaAdsJobs.Console.Language;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;

namespace MetaAdsJobs.Console.Parts;

/// <summary>What a chart shows, day by day.</summary>
/// <param name="Unit">count, percent (a share: 0.05 is 5 %), seconds, or a currency such as EUR.</param>
/// <param name="Days">In order, without gaps.</param>
/// <param name="Partial">Days that were not over when they were read, or not told whole.</param>
/// <param name="Missing">Days that were never read.</param>
public sealed record ChartOf(string Title, string Unit, IReadOnlyList<DateOnly> Days, IReadOnlyList<ChartLine> Lines, IReadOnlyList<DateOnly> Partial, IReadOnlyList<DateOnly> Missing)
{
    /// <summary>Fills the space between the first two lines.</summary>
    public bool HasBand { get; init; }

    /// <summary>Values may lie below zero.</summary>
    public bool IsSigned { get; init; }
}

/// <param name="Style">line, dashed or bars; bars stand upon each other.</param>
/// <param name="Colour">1 to 4, or 0 for a quiet one.</param>
/// <param name="Values">One per day; null where there is none.</param>
public sealed record ChartLine(string Label, string Style, int Colour, IReadOnlyList<decimal?> Values);

/// <summary>The rows of a chart's table, written at once: made of elements, a year of days would cost more than all else on the page.</summary>
internal static class ChartTable
{
    public static MarkupString Rows(ChartOf of, IStringLocalizer<Words> texts)
    {
        var (partial, missing) = (of.Partial.ToHashSet(), of.Missing.ToHashSet());
        var dayName = Encode(texts["Day"]);
        var names = of.Lines.Select(line => Encode(line.Label)).ToArray();
        var html = new StringBuilder(of.Days.Count * (90 + (70 * names.Length)));
        for (var i = 0; i < of.Days.Count; i++)
        {
            var day = of.Days[i];
            html.Append("<tr><td data-name=\"").Append(dayName).Append("\">").Append(Encode(day.ToString("d", CultureInfo.CurrentCulture))).Append("</td>");
            for (var line = 0; line < names.Length; line++)
                html.Append("<td data-name=\"").Append(names[line]).Append("\" class=\"number\">").Append(of.Lines[line].Values[i] is { } value ? Encode(Show(value, of.Unit)) : "–").Append("</td>");
            html.Append("<td>").Append(partial.Contains(day) ? Encode(texts["not whole yet"]) : missing.Contains(day) ? Encode(texts["not synced"]) : "").Append("</td></tr>");
        }

        return new(html.ToString());
    }

    private static string Show(decimal value, string unit) => unit switch
    {
        "percent" => (value * 100).ToString("0.00", CultureInfo.CurrentCulture) + " %",
        "count" => value.ToString("N0", CultureInfo.CurrentCulture),
        "seconds" => value.ToString("N1", CultureInfo.CurrentCulture) + " s",
        _ => NumbersFormat.Money(value, unit),
    };

    private static string Encode(string text) => HtmlEncoder.Default.Encode(text);
}
