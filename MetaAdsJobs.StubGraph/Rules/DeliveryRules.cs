using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Rules;

/// <summary>Windows in which conversions count, how often one person sees ads, and at which hours ads run.</summary>
internal static class DeliveryRules
{
    private const string Attribution = "attribution_spec";
    private const string Frequency = "frequency_control_specs";
    private const string Schedule = "adset_schedule";

    private static readonly Dictionary<string, string[]> Windows = new()
    {
        ["CLICK_THROUGH"] = ["1", "7"], ["VIEW_THROUGH"] = ["1"], ["ENGAGED_VIDEO_VIEW"] = ["1"],
    };

    public static readonly StubRefusal NoHours =
        StubRefusal.Parameter(Schedule, "adset_schedule needs a lifetime budget whose pacing_type is day_parting");

    public static bool HasHours(StubCall call) => call.Text(Schedule) is not null;

    public static StubRefusal? Refuse(StubCall call) => Attributed(call) ?? Capped(call) ?? Scheduled(call);

    private static StubRefusal? Attributed(StubCall call)
    {
        if (call.Text(Attribution) is null)
            return null;

        var isLegal = call.Json(Attribution) is { ValueKind: JsonValueKind.Array } windows
            && windows.EnumerateArray().All(one => Windows.GetValueOrDefault(Value(one, "event_type"))?.Contains(Value(one, "window_days")) == true);
        if (!isLegal)
            return StubRefusal.Parameter(Attribution, "attribution_spec takes CLICK_THROUGH for 1 or 7 days, VIEW_THROUGH and ENGAGED_VIDEO_VIEW for 1");

        var isMore = call.Json(Attribution).EnumerateArray().Any(one => (Value(one, "event_type"), Value(one, "window_days")) != ("CLICK_THROUGH", "1"));
        return isMore && call.Text("optimization_goal") is not ("OFFSITE_CONVERSIONS" or "VALUE" or "APP_INSTALLS" or "LEAD_GENERATION" or "QUALITY_LEAD")
            ? StubRefusal.Parameter(Attribution, $"The goal {call.Text("optimization_goal")} takes no attribution window but a click's 1 day")
            : null;
    }

    private static StubRefusal? Capped(StubCall call)
    {
        if (call.Text(Frequency) is null)
            return null;

        var isLegal = call.Json(Frequency) is { ValueKind: JsonValueKind.Array } caps && caps.GetArrayLength() == 1
            && caps.EnumerateArray().All(cap => Value(cap, "event") == "IMPRESSIONS" && Number(cap, "interval_days") is >= 1 and <= 90 && Number(cap, "max_frequency") is >= 1 and <= 90);
        return isLegal && call.Text("optimization_goal") is "REACH" or "THRUPLAY"
            ? null
            : StubRefusal.Parameter(Frequency, "frequency_control_specs takes one cap of IMPRESSIONS, for 1 to 90 days, with the goals REACH and THRUPLAY");
    }

    private static StubRefusal? Scheduled(StubCall call)
    {
        if (!HasHours(call))
            return null;

        var isLegal = call.Json(Schedule) is { ValueKind: JsonValueKind.Array } hours && hours.GetArrayLength() > 0 && hours.EnumerateArray().All(IsHours);
        if (!isLegal)
            return StubRefusal.Parameter(Schedule, "adset_schedule takes whole hours in minutes of the day, at least one, on days from 0 to 6");

        var isByHours = call.Json("pacing_type") is { ValueKind: JsonValueKind.Array } pacing && pacing.EnumerateArray().Any(one => one.ValueEquals("day_parting"));
        return call.Text("daily_budget") is not null || (call.Text("lifetime_budget") is not null && !isByHours) ? NoHours : null;
    }

    private static bool IsHours(JsonElement one) =>
        Number(one, "start_minute") is >= 0 and var start && Number(one, "end_minute") is <= 1440 and var end
        && start % 60 == 0 && end % 60 == 0 && start < end
        && one.TryGetProperty("days", out var days) && days.ValueKind == JsonValueKind.Array && days.GetArrayLength() > 0
        && days.EnumerateArray().All(day => day.ValueKind == JsonValueKind.Number && day.GetInt32() is >= 0 and <= 6)
        && (!one.TryGetProperty("timezone_type", out var clock) || clock.ToString() is "USER" or "ADVERTISER");

    private static string Value(JsonElement map, string name) =>
        map.ValueKind == JsonValueKind.Object && map.TryGetProperty(name, out var value) ? value.ToString() : "";

    private static int? Number(JsonElement map, string name) => int.TryParse(Value(map, name), out var number) ? number : null;
}
