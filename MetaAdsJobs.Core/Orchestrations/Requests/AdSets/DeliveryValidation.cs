using System.Collections.Frozen;
using System.Text.Json;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.AdSets;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Orchestrations.Requests.AdSets;

/// <summary>For what ads are credited, how often and at which hours they are shown.</summary>
internal static class DeliveryValidation
{
    private const string Attribution = "attribution_spec";
    private const string Frequency = "frequency_control_specs";
    private const string Hours = "adset_schedule";
    private const int MostDays = 90;
    private const int MostHours = 100;
    private static readonly FrozenSet<string> Events = Delivery.Windows.Keys.ToFrozenSet(StringComparer.Ordinal);
    private static readonly FrozenSet<string> Shown = FrozenSet.Create(StringComparer.Ordinal, Delivery.Impressions);
    private static readonly FrozenSet<string> Clocks = FrozenSet.Create(StringComparer.Ordinal, "USER", "ADVERTISER");

    /// <param name="rule">Null when the goal itself is wrong.</param>
    public static OrchestrationRequest Read(JsonFields fields, OrchestrationRequest request, GoalRule? rule) => request with
    {
        AttributionSpec = ReadAttribution(fields, request, rule), FrequencyControlSpecs = ReadFrequency(fields, request), AdsetSchedule = ReadHours(fields),
    };

    private static IReadOnlyList<AttributionWindow>? ReadAttribution(JsonFields fields, OrchestrationRequest request, GoalRule? rule)
    {
        var events = new HashSet<string>();
        var windows = fields.List(Attribution, Events.Count, (item, path) =>
        {
            var one = new JsonFields(item, fields.Errors, path);
            var name = one.Word("event_type", Events);
            var days = one.Whole("window_days", 1, 7, required: true);
            if (one.IsObject && !one.Has("event_type")) one.Refuse("event_type", "is required");
            one.RefuseUnknown();
            if (name is null || days is null) return null;
            if (!events.Add(name)) one.Refuse("event_type", "stands there already");
            else if (!Delivery.Windows[name].Contains((int)days)) one.Refuse("window_days", $"must be {string.Join(" or ", Delivery.Windows[name])} for {name}");
            else if (rule is not null && !Delivery.MayAttributeMore(rule) && (name, days) != (Delivery.Clicks, 1))
                fields.Errors.Add(path, $"must be {Delivery.Clicks} with 1 day: {request.OptimizationGoal} takes no other");
            return new AttributionWindow(name, (int)days);
        });
        if (windows is { Count: > 0 } && !events.Contains(Delivery.Clicks)) fields.Refuse(Attribution, $"must have a window for {Delivery.Clicks}");
        return windows is { Count: > 0 } ? windows : null;
    }

    private static IReadOnlyList<FrequencyCap>? ReadFrequency(JsonFields fields, OrchestrationRequest request)
    {
        var caps = fields.List(Frequency, 1, (item, path) =>
        {
            var one = new JsonFields(item, fields.Errors, path);
            var (shown, days, most) = (one.Word("event", Shown), one.Whole("interval_days", 1, MostDays, required: true), one.Whole("max_frequency", 1, MostDays, required: true));
            if (one.IsObject && !one.Has("event")) one.Refuse("event", $"is required: {Delivery.Impressions}");
            one.RefuseUnknown();
            return shown is null || days is null || most is null ? null : new FrequencyCap(shown, (int)days, (int)most);
        });
        if (fields.Has(Frequency) && request.OptimizationGoal is { Length: > 0 } goal && !Delivery.MayCap(goal)) fields.Refuse(Frequency, $"is only for the goals REACH and THRUPLAY, not {goal}");
        return caps is { Count: > 0 } ? caps : null;
    }

    // Whole hours, and a budget that Meta may divide among them.
    private static IReadOnlyList<ScheduleHours>? ReadHours(JsonFields fields)
    {
        const string Start = "start_minute";
        const string End = "end_minute";
        var hours = fields.List(Hours, MostHours, (item, path) =>
        {
            var one = new JsonFields(item, fields.Errors, path);
            var (start, end) = (one.Whole(Start, 0, 1380, required: true), one.Whole(End, 60, 1440, required: true));
            foreach (var (name, minute) in (IEnumerable<(string, long?)>)[(Start, start), (End, end)])
                if (minute % 60 != 0 && minute is not null) one.Refuse(name, "must be a whole hour, in minutes: a multiple of 60");
            if (end <= start) one.Refuse(End, $"must be after {Start}");
            var days = Days(one);
            var clock = one.Word("timezone_type", Clocks);
            one.RefuseUnknown();
            return start is null || end is null || days is null ? null : new ScheduleHours((int)start, (int)end, days) { TimezoneType = clock };
        });
        if (hours is not { Count: > 0 }) return null;
        if (!fields.Has("lifetime_budget_cents")) fields.Refuse(Hours, "is only for a lifetime_budget_cents: Meta spreads no daily budget over hours of its own");
        return hours;
    }

    private static List<int>? Days(JsonFields one)
    {
        const string Name = "days";
        var read = one.List(Name, 7, (item, path) => one.Number(item, path, 0, 6, "must be a day from 0 (Sunday) to 6"));
        if (read is null)
        {
            if (one.IsObject && !one.Has(Name)) one.Refuse(Name, "is required");
            return null;
        }

        var days = read.Select(day => (int)day).ToList();
        if (days.Count == 0 || days.Distinct().Count() < days.Count) one.Refuse(Name, "must hold 1 to 7 days, each once");
        return days;
    }
}
