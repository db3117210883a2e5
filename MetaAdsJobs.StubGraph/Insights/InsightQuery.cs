using System.Globalization;
using MetaAdsJobs.Core.Meta.Insights;
using MetaAdsJobs.StubGraph.Objects;

namespace MetaAdsJobs.StubGraph.Insights;

/// <summary>What a report is asked for: whose numbers, by which level, in which days, cut into which periods and how else.</summary>
internal sealed record InsightQuery(
    InsightLevel Level, IReadOnlyList<string> Fields, InsightRange Range, int DaysPerRow, InsightFilter Filter, InsightCuts Cuts)
{
    private static readonly string[] UsualFields = ["account_id", "impressions", "spend"];

    // A wrong answer would be worse than none: what would change the rows and is not served is refused.
    private static readonly string[] NotServed = ["sort", "time_ranges"];

    /// <param name="today">The account's: without a range a report ends before it, since today is not over.</param>
    public static StubRefusal? Refuse(StubCall call, InsightLevel ownLevel, DateOnly today, out InsightQuery query)
    {
        var names = FieldSelection.Parse(call.Text("fields"));
        var badField = names.FirstOrDefault(name => !ReportNames.Fields.Contains(name));
        var notServed = Array.Find(NotServed, name => call.Text(name) is not null);
        var badLevel = RefuseLevel(call, ownLevel, out var level);
        var badRange = InsightRange.Refuse(call, today, out var range);
        var badIncrement = RefuseIncrement(call, out var daysPerRow);
        var badFilter = InsightFilter.Refuse(call, out var filter);
        var badCuts = InsightCuts.Refuse(call, out var cuts);
        query = new InsightQuery(level, names.Count == 0 ? UsualFields : names, range, daysPerRow, filter, cuts);
        return (badField is null ? null : FieldSelection.Unknown(badField, "AdsInsights"))
            ?? (notServed is null ? null : StubRefusal.Parameter(notServed, $"The stub Graph makes no reports with {notServed}"))
            ?? badLevel ?? badRange ?? badIncrement ?? badFilter ?? badCuts;
    }

    /// <summary>The periods that have rows, today's included.</summary>
    public IReadOnlyList<InsightPeriod> Periods(DateOnly today)
    {
        var last = Range.Until < today ? Range.Until : today;
        var periods = new List<InsightPeriod>();
        for (var start = Range.Since; start <= last;)
        {
            var stop = DaysPerRow <= last.DayNumber - start.DayNumber ? start.AddDays(DaysPerRow - 1) : last;
            periods.Add(new InsightPeriod(start, stop));
            start = stop.AddDays(1);
        }

        return periods;
    }

    private static StubRefusal? RefuseLevel(StubCall call, InsightLevel ownLevel, out InsightLevel level)
    {
        level = ownLevel;
        if (call.Text("level") is not { } text)
            return null;

        if (InsightLevel.Named(text) is not { } named || named.Depth < ownLevel.Depth)
        {
            return StubRefusal.Parameter("level", $"Param level must be one of {{account, campaign, adset, ad}}, not above {ownLevel.Name}");
        }

        level = named;
        return null;
    }

    private static StubRefusal? RefuseIncrement(StubCall call, out int daysPerRow)
    {
        daysPerRow = int.MaxValue;
        if (call.Text("time_increment") is null or "all_days")
            return null;

        return int.TryParse(call.Text("time_increment"), NumberStyles.None, CultureInfo.InvariantCulture, out daysPerRow) && daysPerRow is >= 1 and <= 90
            ? null
            : StubRefusal.Parameter("time_increment", "Param time_increment must be all_days or a number from 1 to 90");
    }
}
