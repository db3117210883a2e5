using MetaAdsJobs.Console.Language;
using MetaAdsJobs.Console.Parts;
using MetaAdsJobs.Core.Insights.Reading;
using Microsoft.Extensions.Localization;

namespace MetaAdsJobs.Console.Numbers;

/// <summary>What the page draws: each measure day by day, with what it was when it was first seen where later reports restate it.</summary>
internal sealed class NumbersCharts(NumbersView view, IStringLocalizer<Words> texts)
{
    public IReadOnlyList<ChartOf> All =>
    [
        Banded("Spend", view.Currency, day => day.Spend, day => day.FirstSpend),
        Banded("Impressions", "count", day => day.Impressions, day => day.FirstImpressions),
        Banded("Clicks", "count", day => day.Clicks, day => day.FirstClicks),
        Plain("CTR", "percent", day => day.Ctr),
        Plain("CPC", view.Currency, day => day.Cpc),
        Banded("Results", "count", day => day.Results, day => day.FirstResults),
        Plain("Cost per result", view.Currency, day => day.CostPerResult),
    ];

    private ChartOf Banded(string title, string unit, Func<NumberDay, decimal?> now, Func<NumberDay, decimal?> first) =>
        Of(title, unit, [new(texts["As first seen"], "dashed", 2, Values(first)), new(texts["Now"], "line", 1, Values(now))], now) with { HasBand = true };

    private ChartOf Plain(string title, string unit, Func<NumberDay, decimal?> now) => Of(title, unit, [new(texts["Now"], "line", 1, Values(now))], now);

    private ChartOf Of(string title, string unit, IEnumerable<ChartLine> lines, Func<NumberDay, decimal?> now)
    {
        if (view.Query.Compares)
            lines = lines.Append(new(texts["Period before"], "dashed", 0, [.. view.Days.Select(day => view.BeforeOf(day) is { } before ? now(before) : null)]));
        return new(texts[title], unit, view.Days, [.. lines], view.Partial, view.Missing);
    }

    private IReadOnlyList<decimal?> Values(Func<NumberDay, decimal?> value) => [.. view.Days.Select(day => view.On(day) is { } read ? value(read) : null)];
}
