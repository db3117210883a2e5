using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.Core.Meta.Insights;
using MetaAdsJobs.StubGraph.Numbers;
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

/// <summary>What one row of a report is about.</summary>
internal sealed record InsightLevel(string Name, int Depth)
{
    public static readonly InsightLevel Account = new("account", 0);
    public static readonly InsightLevel Campaign = new("campaign", 1);
    public static readonly InsightLevel AdSet = new("adset", 2);
    public static readonly InsightLevel Ad = new("ad", 3);

    public static InsightLevel? Named(string name) => Array.Find([Account, Campaign, AdSet, Ad], level => level.Name == name);
}

/// <summary>The days of a report, both ends included: as told, or by a name, or the last thirty complete ones.</summary>
internal readonly record struct InsightRange(DateOnly Since, DateOnly Until)
{
    /// <summary>Meta keeps numbers for 37 months.</summary>
    private const int MonthsKept = 37;

    /// <param name="today">The account's own.</param>
    public static StubRefusal? Refuse(StubCall call, DateOnly today, out InsightRange range)
    {
        range = Last(30, today);
        if (call.Text("time_range") is null)
            return call.Text("date_preset") is { } preset ? RefusePreset(preset, today, out range) : null;

        var json = call.Json("time_range");
        if (Day(json, "since") is not { } since || Day(json, "until") is not { } until || since > until)
        {
            return StubRefusal.Parameter("time_range", "Param time_range must be {\"since\":\"YYYY-MM-DD\",\"until\":\"YYYY-MM-DD\"}");
        }

        range = new InsightRange(since, until);
        return since < today.AddMonths(-MonthsKept)
            ? new StubRefusal(3018, $"(#3018) The start date of the time range cannot be beyond {MonthsKept} months from the current date")
            : null;
    }

    private static StubRefusal? RefusePreset(string preset, DateOnly today, out InsightRange range)
    {
        var month = new DateOnly(today.Year, today.Month, 1);
        InsightRange? named = preset switch
        {
            "today" => new(today, today),
            "yesterday" => Last(1, today),
            "last_3d" => Last(3, today),
            "last_7d" => Last(7, today),
            "last_14d" => Last(14, today),
            "last_28d" => Last(28, today),
            "last_30d" => Last(30, today),
            "last_90d" => Last(90, today),
            "this_month" => new(month, today),
            "last_month" => new(month.AddMonths(-1), month.AddDays(-1)),
            "maximum" => new(today.AddMonths(-MonthsKept), today),
            _ => null,
        };
        range = named ?? default;
        return named is null ? StubRefusal.Parameter("date_preset", $"The stub Graph makes no reports for date_preset {preset}") : null;
    }

    private static InsightRange Last(int days, DateOnly today) => new(today.AddDays(-days), today.AddDays(-1));

    private static DateOnly? Day(JsonElement range, string name) =>
        range.ValueKind == JsonValueKind.Object && range.TryGetProperty(name, out var value)
        && DateOnly.TryParseExact(value.ToString(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? day
            : null;
}

/// <summary>The days of one row, with their texts: thousands of rows share them.</summary>
internal sealed record InsightPeriod(DateOnly Start, DateOnly Stop)
{
    public JsonEncodedText StartText { get; } = Text(Start);

    public JsonEncodedText StopText { get; } = Text(Stop);

    private static JsonEncodedText Text(DateOnly day) => JsonEncodedText.Encode(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
}

/// <summary>What a report's rows and actions are cut by: breakdowns, and the windows in which an action counts for an ad.</summary>
internal sealed record InsightCuts(IReadOnlyList<Breakdown> Breakdowns, IReadOnlyList<string> Windows)
{
    public static readonly InsightCuts None = new([], []);

    // Meta allows few combinations beyond this; and each row would be torn into hundreds.
    private const int MostBreakdowns = 4;

    // The last two are taken and tell nothing, at Meta since January 2026.
    private static readonly string[] LegalWindows =
        ["1d_click", "7d_click", "28d_click", "1d_ev", "1d_view", "dda", "default", "7d_view", "28d_view"];

    private static readonly string[] LegalReportTimes = ["impression", "conversion", "mixed", "lifetime"];

    public static StubRefusal? Refuse(StubCall call, out InsightCuts cuts)
    {
        var windows = Names(call, "action_attribution_windows");
        var asked = Names(call, "breakdowns");
        cuts = new InsightCuts([.. Breakdown.Served.Where(breakdown => asked.Contains(breakdown.Column.Value))], windows);
        if (windows.FirstOrDefault(name => !LegalWindows.Contains(name)) is { } window)
            return StubRefusal.Parameter("action_attribution_windows", $"Param action_attribution_windows must not hold {window}");

        if (call.Text("action_report_time") is { } reportTime && !LegalReportTimes.Contains(reportTime))
            return StubRefusal.Parameter("action_report_time", $"Param action_report_time must be one of {{{string.Join(", ", LegalReportTimes)}}}");

        if (Names(call, "action_breakdowns").FirstOrDefault(name => name != "action_type") is { } actionBreakdown)
            return StubRefusal.Parameter("action_breakdowns", $"The stub Graph makes no reports with the action breakdown {actionBreakdown}");

        return RefuseBreakdowns(asked);
    }

    private static StubRefusal? RefuseBreakdowns(IReadOnlyList<string> asked)
    {
        var notServed = asked.FirstOrDefault(name => !Array.Exists(Breakdown.Served, breakdown => breakdown.Column.Value == name));
        if (notServed is not null)
        {
            return StubRefusal.Parameter("breakdowns", Breakdown.NotServed.Contains(notServed)
                ? $"The stub Graph makes no reports with the breakdown {notServed}"
                : $"breakdowns must be names that Meta knows: {notServed} is none");
        }

        return asked.Count > MostBreakdowns
            ? StubRefusal.Parameter("breakdowns", $"Current combination of data breakdown columns ({string.Join(", ", asked)}) is invalid")
            : null;
    }

    // Meta takes lists as JSON and with commas.
    private static IReadOnlyList<string> Names(StubCall call, string parameter)
    {
        var json = call.Json(parameter);
        IEnumerable<string> names = json.ValueKind == JsonValueKind.Array
            ? json.EnumerateArray().Select(item => item.ToString())
            : (call.Text(parameter) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return [.. names.Distinct()];
    }
}
