using System.Globalization;
using MetaAdsJobs.Console.Language;
using MetaAdsJobs.Core.Alerts.Reading;
using MetaAdsJobs.Core.Alerts.Rules;
using Microsoft.Extensions.Localization;

namespace MetaAdsJobs.Console.Alerts;

/// <summary>Rules, and why they acted or not, in the reader's words.</summary>
internal static class AlertWords
{
    /// <summary>By their names in rules.</summary>
    public static readonly IReadOnlyDictionary<string, string> Metrics = new Dictionary<string, string>
    {
        ["spend"] = "Spend", ["impressions"] = "Impressions", ["clicks"] = "Clicks", ["results"] = "Results", ["ctr"] = "CTR", ["cpm"] = "CPM", ["cpc"] = "CPC", ["cost_per_result"] = "Cost per result",
        ["spend_without_results"] = "Spend without results", ["failed_runs"] = "Failed runs", ["rejected_ads"] = "Rejected ads", ["token_days_left"] = "Days until the token expires",
        ["sync_age_hours"] = "Hours since the end of the last whole day", ["difference_percent"] = "Difference from Meta's own sum, in percent",
    };

    private static readonly Dictionary<string, string> BuiltIn = new()
    {
        ["run_failed"] = "Run failed", ["token_expiring"] = "Token expiring", ["ad_rejected"] = "Ad rejected", ["sync_late"] = "Sync late", ["reconcile_difference"] = "Reconcile difference",
        ["spend_without_results"] = "Spend without results",
    };

    public static string NameOf(string? builtIn, string name, IStringLocalizer<Words> texts) => builtIn is not null && BuiltIn.TryGetValue(builtIn, out var known) ? texts[known] : name;

    /// <summary>When it fires: a sign and a number, and what they are of.</summary>
    public static string Condition(AlertRule rule, IStringLocalizer<Words> texts)
    {
        var words = new List<string> { $"{texts[Metrics[rule.Metric]]} {(rule.Direction == AlertRule.Above ? '>' : '<')} {Number(rule.Threshold)}{(rule.Compare == AlertRule.Median ? $" {texts["% of its own median of {0} days", rule.MedianDays!]}" : "")}" };
        if (rule.WindowDays is { } days) words.Add(texts["last days: {0}", days]);
        if (rule.WindowHours is { } hours) words.Add(texts["last hours: {0}", hours]);
        if (rule.FloorMetric is { } floor) words.Add(texts["from {0} of: {1}", Number(rule.FloorLeast), texts[Metrics[floor]]]);
        if (rule.Evaluations > 1) words.Add(texts["times in a row: {0}", rule.Evaluations]);
        return string.Join(" · ", words);
    }

    /// <summary>Why an evaluation told something, or nothing.</summary>
    public static string Why(AlertEvaluation evaluation, IStringLocalizer<Words> texts) =>
        evaluation.Told.Length > 0 ? texts["Told: {0}", string.Join(", ", evaluation.Told)]
        : evaluation.HeldBy.Contains("muted") ? texts["Muted: nothing is told of this alert."]
        : evaluation.Fired > 0 ? texts["More fire: told together once the cooldown is over."]
        : evaluation is { Firing: 0 } && evaluation.HeldBy.Contains("cooldown") ? texts["All are well: over, and told, when they stay so for the cooldown."]
        : evaluation.Firing > 0 ? texts["It was told already; nothing new."]
        : evaluation.Waiting > 0 ? texts["Beyond the threshold, but not often enough in a row."]
        : evaluation.Objects == 0 ? texts["There is nothing to look at."]
        : evaluation.NoData == evaluation.Objects ? texts["Nothing is known of any of them now."]
        : evaluation.TooLittle + evaluation.NoData == evaluation.Objects ? texts["Too little spend, events or history to judge by."]
        : texts["Nothing is beyond the threshold."];

    public static string Number(decimal? value) => value?.ToString("#,0.####", CultureInfo.CurrentCulture) ?? "–";

    /// <summary>How an object stands, as people say it.</summary>
    public static string StateOf(string state) => state == "no_data" ? "no data" : state;

    /// <summary>How old numbers are.</summary>
    public static string Age(DateTimeOffset? at, DateTimeOffset now) => (now - at) switch
    {
        null => "–",
        { TotalHours: < 2 } age => string.Create(CultureInfo.CurrentCulture, $"{Math.Max(0, (int)age.TotalMinutes)} min"),
        { TotalDays: < 2 } age => string.Create(CultureInfo.CurrentCulture, $"{(int)age.TotalHours} h"),
        { } age => string.Create(CultureInfo.CurrentCulture, $"{(int)age.TotalDays} d"),
    };

    /// <summary>Where an object is shown; null: nowhere.</summary>
    public static string? LinkOf(string level, string id) => level switch
    {
        "run" => $"/console/runs/{id}",
        "account" => $"/console/accounts/{id}",
        "campaign" => $"/console/numbers?campaign={Uri.EscapeDataString(id)}",
        _ => null,
    };
}
