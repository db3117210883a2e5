using System.Text.Json;
using MetaAdsJobs.StubGraph.Numbers;

namespace MetaAdsJobs.StubGraph.Insights;

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
