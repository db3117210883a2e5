namespace MetaAdsJobs.Core.Alerts.Rules;

/// <summary>What a window of a metric is made of.</summary>
public enum AlertWindow
{
    /// <summary>It is what stands now.</summary>
    None,
    Hours,
    Days,
}

/// <summary>Something that can be watched.</summary>
/// <param name="Name">As rules name it.</param>
/// <param name="Unit">What a value of it is.</param>
/// <param name="Levels">What it can be added up for; the first is usual.</param>
/// <param name="IsOfNumbers">From the numbers that are synced: it has a floor, and a median of its own.</param>
/// <param name="HasHistory">What it was before is known, so that a rule can be tried on it.</param>
public sealed record AlertMetric(string Name, string Unit, IReadOnlyList<string> Levels, AlertWindow Window, bool IsOfNumbers, bool HasHistory)
{
    private static readonly string[] OfNumbers = ["campaign", "account", "adset", "ad"];

    public static readonly IReadOnlyList<AlertMetric> All =
    [
        Number("spend", "whole units of the account's currency"),
        Number("impressions", "impressions"),
        Number("clicks", "clicks"),
        Number("results", "results"),
        Number("ctr", "percent"),
        Number("cpm", "whole units of the account's currency"),
        Number("cpc", "whole units of the account's currency"),
        Number("cost_per_result", "whole units of the account's currency"),
        Number("spend_without_results", "whole units of the account's currency"),
        new("failed_runs", "runs", ["run", "account"], AlertWindow.Hours, IsOfNumbers: false, HasHistory: true),
        new("rejected_ads", "ads", ["ad", "campaign", "account"], AlertWindow.None, IsOfNumbers: false, HasHistory: false),
        new("token_days_left", "days", ["account"], AlertWindow.None, IsOfNumbers: false, HasHistory: false),
        new("sync_age_hours", "hours", ["account"], AlertWindow.None, IsOfNumbers: false, HasHistory: true),
        new("difference_percent", "percent", ["account"], AlertWindow.Days, IsOfNumbers: false, HasHistory: true),
    ];

    public static readonly IReadOnlyList<string> Floors = ["spend", "impressions", "clicks", "results"];

    public static AlertMetric Of(string name) => All.Single(metric => metric.Name == name);

    /// <summary>It changes when numbers come in, and not from minute to minute.</summary>
    public bool IsOfDays => Window == AlertWindow.Days;

    private static AlertMetric Number(string name, string unit) => new(name, unit, OfNumbers, AlertWindow.Days, IsOfNumbers: true, HasHistory: true);
}
