using System.Collections.Frozen;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.AdSets;

/// <summary>Within how many days of an event a conversion counts as the ad's.</summary>
public sealed record AttributionWindow(string EventType, int WindowDays);

/// <summary>How often one person is shown the ads at most.</summary>
public sealed record FrequencyCap(string Event, int IntervalDays, int MaxFrequency);

/// <summary>From when to when ads run, in minutes of the day, on which days of the week.</summary>
/// <param name="Days">0 is Sunday.</param>
public sealed record ScheduleHours(int StartMinute, int EndMinute, IReadOnlyList<int> Days)
{
    /// <summary>Whose clock it is: USER (Meta's default), of whoever sees the ad; ADVERTISER, the ad account's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TimezoneType { get; init; }
}

/// <summary>How an ad set is delivered, where that is not left to Meta.</summary>
internal sealed record Delivery(IReadOnlyList<AttributionWindow>? Attribution, IReadOnlyList<FrequencyCap>? Frequency, IReadOnlyList<ScheduleHours>? Hours)
{
    public const string Clicks = "CLICK_THROUGH";
    public const string Impressions = "IMPRESSIONS";

    /// <summary>
    /// After which events, and how many days. Source: Meta, Ad campaign (a copy of September 2026, whose windows of 7 and 28 days for views are gone), and its
    /// table of what each goal takes.
    /// </summary>
    public static FrozenDictionary<string, int[]> Windows { get; } =
        new Dictionary<string, int[]> { [Clicks] = [1, 7], ["VIEW_THROUGH"] = [1], ["ENGAGED_VIDEO_VIEW"] = [1] }.ToFrozenDictionary();

    /// <summary>Others than these take a click's day alone. Of a form's leads it is only reported that Meta accepts them, not said.</summary>
    public static bool MayAttributeMore(GoalRule rule) => rule.Promotes is PromotedObject.Pixel or PromotedObject.App || rule.OpensForm;

    /// <summary>Meta knows caps for ad sets of these goals alone. Source: Meta, Frequency control (a copy of September 2026).</summary>
    public static bool MayCap(string goal) => goal is "REACH" or "THRUPLAY";

    /// <summary>Said where the budget is, which is divided by it: without it Meta takes no hours, and takes them for a lifetime budget only.</summary>
    public static JsonArray PacingByHours => ["day_parting"];

    public GraphFields AddTo(GraphFields fields, bool hasBudget) => fields
        .Add("attribution_spec", List(Attribution, window => new() { ["event_type"] = window.EventType, ["window_days"] = window.WindowDays }))
        .Add("frequency_control_specs", List(Frequency, cap => new() { ["event"] = cap.Event, ["interval_days"] = cap.IntervalDays, ["max_frequency"] = cap.MaxFrequency }))
        .Add("adset_schedule", List(Hours, ToJson))
        .Add("pacing_type", Hours is not null && hasBudget ? PacingByHours : null);

    private static JsonArray? List<T>(IReadOnlyList<T>? items, Func<T, JsonObject> toJson) => items is null ? null : new([.. items.Select(toJson)]);

    private static JsonObject ToJson(ScheduleHours hours)
    {
        var json = new JsonObject { ["start_minute"] = hours.StartMinute, ["end_minute"] = hours.EndMinute, ["days"] = new JsonArray([.. hours.Days.Select(day => (JsonNode)day)]) };
        if (hours.TimezoneType is not null) json["timezone_type"] = hours.TimezoneType;
        return json;
    }
}
