using System.Globalization;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Insights;

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
