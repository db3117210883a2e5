using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.Core.Meta.Stub.Objects;

namespace MetaAdsJobs.Core.Meta.Stub.Insights;

/// <summary>What a report is asked for: whose numbers, by which level, in which days, cut into which periods.</summary>
internal sealed record InsightQuery(InsightLevel Level, IReadOnlyList<string> Fields, DateOnly Since, DateOnly Until, int DaysPerRow)
{
    /// <summary>Meta keeps numbers for 37 months.</summary>
    private const int MonthsKept = 37;

    private static readonly string[] UsualFields = ["account_id", "impressions", "spend"];

    /// <param name="today">The account's: a period ends before it, since today is not over.</param>
    public static StubRefusal? Refuse(StubCall call, InsightLevel ownLevel, DateOnly today, out InsightQuery query)
    {
        var names = FieldSelection.Parse(call.Text("fields"));
        query = new InsightQuery(ownLevel, names.Count == 0 ? UsualFields : names, today.AddDays(-30), today.AddDays(-1), int.MaxValue);
        return names.FirstOrDefault(name => !InsightFieldNames.All.Contains(name)) is { } unknown
            ? FieldSelection.Unknown(unknown, "AdsInsights")
            : query.ReadLevel(call, out query) ?? query.ReadRange(call, today, out query) ?? query.ReadIncrement(call, out query);
    }

    /// <summary>The periods that have rows, each with its first and last day.</summary>
    public IReadOnlyList<(DateOnly Start, DateOnly Stop)> Periods(DateOnly today)
    {
        var last = Until < today ? Until : today.AddDays(-1);
        var periods = new List<(DateOnly, DateOnly)>();
        for (var start = Since; start <= last;)
        {
            var stop = DaysPerRow <= last.DayNumber - start.DayNumber ? start.AddDays(DaysPerRow - 1) : last;
            periods.Add((start, stop));
            start = stop.AddDays(1);
        }

        return periods;
    }

    private StubRefusal? ReadLevel(StubCall call, out InsightQuery query)
    {
        query = this;
        if (call.Text("level") is not { } text)
            return null;

        if (InsightLevel.Named(text) is not { } level || level.Depth < Level.Depth)
        {
            return StubRefusal.Parameter("level", $"Param level must be one of {{account, campaign, adset, ad}}, not above {Level.Name}");
        }

        query = this with { Level = level };
        return null;
    }

    private StubRefusal? ReadRange(StubCall call, DateOnly today, out InsightQuery query)
    {
        query = this;
        if (call.Text("time_range") is null)
            return null;

        var range = call.Json("time_range");
        if (Day(range, "since") is not { } since || Day(range, "until") is not { } until || since > until)
        {
            return StubRefusal.Parameter("time_range", "Param time_range must be {\"since\":\"YYYY-MM-DD\",\"until\":\"YYYY-MM-DD\"}");
        }

        query = this with { Since = since, Until = until };
        return since < today.AddMonths(-MonthsKept)
            ? StubRefusal.Parameter("time_range", $"The start date cannot be beyond {MonthsKept} months from the current date")
            : null;
    }

    private StubRefusal? ReadIncrement(StubCall call, out InsightQuery query)
    {
        query = this;
        if (call.Text("time_increment") is null or "all_days")
            return null;

        if (!int.TryParse(call.Text("time_increment"), NumberStyles.None, CultureInfo.InvariantCulture, out var days) || days is < 1 or > 90)
            return StubRefusal.Parameter("time_increment", "Param time_increment must be all_days or a number from 1 to 90");

        query = this with { DaysPerRow = days };
        return null;
    }

    private static DateOnly? Day(JsonElement range, string name) =>
        range.ValueKind == JsonValueKind.Object && range.TryGetProperty(name, out var value)
        && DateOnly.TryParseExact(value.ToString(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? day
            : null;
}
