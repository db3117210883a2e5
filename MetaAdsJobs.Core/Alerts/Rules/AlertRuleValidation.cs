using System.Text.Json;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Alerts.Rules;

/// <summary>Reads a rule's body. In a change, what is absent stays, and null takes an optional field away; what it watches, and at which level, never changes.</summary>
internal static class AlertRuleValidation
{
    private const int MostAccounts = 500;
    private const int MostCampaigns = 500;
    private const decimal Largest = 1_000_000_000;
    private static readonly HashSet<string> Metrics = [.. AlertMetric.All.Select(metric => metric.Name)];
    private static readonly HashSet<string> Levels = ["account", "campaign", "adset", "ad", "run"];
    private static readonly HashSet<string> Compares = [AlertRule.Value, AlertRule.Median];
    private static readonly HashSet<string> Directions = [AlertRule.Above, AlertRule.Below];
    private static readonly HashSet<string> Severities = [.. AlertRule.Severities];
    private static readonly HashSet<string> Groups = [AlertRule.ByRule, AlertRule.ByAccount];
    private static readonly HashSet<string> Floors = [.. AlertMetric.Floors];

    /// <param name="current">Null: it is to be a new one.</param>
    /// <returns>Null when something is wrong; of a new one, without an id and without those who made it.</returns>
    public static AlertRule? Read(JsonFields fields, AlertRule? current, DateTimeOffset now)
    {
        var isNew = current is null;
        var name = fields.Text("name", required: isNew, max: 100);
        if (current?.BuiltIn is not null && name is not null && name != current.Name) fields.Refuse("name", $"cannot change: this rule is built in as {current.Name}");
        var metricName = Fixed(fields, "metric", Metrics, current?.Metric);
        if (isNew && fields.IsObject && !fields.Has("metric")) fields.Refuse("metric", $"is required: one of {string.Join(", ", Metrics)}");
        var metric = metricName is null ? null : AlertMetric.Of(metricName);
        var level = Fixed(fields, "level", Levels, current?.Level) ?? metric?.Levels[0];
        if (metric is not null && level is not null && !metric.Levels.Contains(level)) fields.Refuse("level", $"must be one of {string.Join(", ", metric.Levels)} for {metric.Name}");
        var accounts = fields.List("account_ids", MostAccounts, (item, path) => AccountOf(fields, item, path));
        if (accounts is []) fields.Refuse("account_ids", "must hold at least one; leave it out for all");
        var campaigns = fields.List("campaign_ids", MostCampaigns, (item, path) => fields.TextOf(item, path, 100));
        if (campaigns is []) fields.Refuse("campaign_ids", "must hold at least one; leave it out for all");
        if (campaigns is not null && metric is not null && (!metric.IsOfNumbers || level == "account")) fields.Refuse("campaign_ids", "is only for numbers of campaigns, ad sets and ads");
        var direction = fields.Word("when", Directions) ?? current?.Direction;
        if (isNew && fields.IsObject && !fields.Has("when")) fields.Refuse("when", "is required: above or below");
        var threshold = fields.Decimal("threshold", -Largest, Largest, 4) ?? current?.Threshold;
        if (isNew && fields.IsObject && !fields.Has("threshold")) fields.Refuse("threshold", "is required");
        var rule = new AlertRule
        {
            Id = current?.Id ?? Guid.Empty, BuiltIn = current?.BuiltIn, Name = name ?? current?.Name ?? "", Metric = metricName ?? "", Level = level ?? "",
            AccountIds = Kept(fields, "account_ids", accounts?.Select(Guid.Parse).Distinct().ToArray(), current?.AccountIds),
            CampaignIds = Kept(fields, "campaign_ids", campaigns?.Distinct().ToArray(), current?.CampaignIds),
            WindowDays = Kept(fields, "window_days", (int?)fields.Whole("window_days", 1, 28), current?.WindowDays),
            WindowHours = Kept(fields, "window_hours", (int?)fields.Whole("window_hours", 1, 168), current?.WindowHours),
            Compare = fields.Word("compare", Compares) ?? current?.Compare ?? AlertRule.Value,
            MedianDays = Kept(fields, "median_days", (int?)fields.Whole("median_days", 7, 28), current?.MedianDays),
            Direction = direction ?? "", Threshold = threshold ?? 0, ResolveAt = Kept(fields, "resolve_at", fields.Decimal("resolve_at", -Largest, Largest, 4), current?.ResolveAt),
            FloorMetric = Kept(fields, "floor_metric", fields.Word("floor_metric", Floors), current?.FloorMetric),
            FloorLeast = Kept(fields, "floor_least", fields.Decimal("floor_least", 0, Largest, 4), current?.FloorLeast),
            Evaluations = (int?)fields.Whole("evaluations", 1, 60) ?? current?.Evaluations ?? 1, CooldownMinutes = (int?)fields.Whole("cooldown_minutes", 5, 10080) ?? current?.CooldownMinutes ?? 60,
            Severity = fields.Word("severity", Severities) ?? current?.Severity ?? "warning", GroupBy = fields.Word("group_by", Groups) ?? current?.GroupBy ?? AlertRule.ByRule,
            // Tried first, and then switched on.
            Enabled = fields.Flag("enabled") ?? current?.Enabled ?? false,
            CreatedBy = current?.CreatedBy ?? "", CreatedAt = current?.CreatedAt ?? now, UpdatedAt = now, EvaluatedAt = current?.EvaluatedAt,
        };
        fields.RefuseUnknown();
        if (metric is not null) rule = CheckTogether(fields, rule, metric);
        return fields.Errors.Any ? null : rule;
    }

    private static AlertRule CheckTogether(JsonFields fields, AlertRule rule, AlertMetric metric)
    {
        if (metric.Window != AlertWindow.Days && rule.WindowDays is not null) fields.Refuse("window_days", $"is not for {metric.Name}");
        if (metric.Window != AlertWindow.Hours && rule.WindowHours is not null) fields.Refuse("window_hours", $"is not for {metric.Name}");
        if (metric.Window == AlertWindow.Days) rule = rule with { WindowDays = rule.WindowDays ?? 1 };
        if (metric.Window == AlertWindow.Hours) rule = rule with { WindowHours = rule.WindowHours ?? 24 };
        if (rule.Compare == AlertRule.Median && !metric.IsOfNumbers) fields.Refuse("compare", $"must be value for {metric.Name}");
        if (rule.MedianDays is not (null or 7 or 28)) fields.Refuse("median_days", "must be 7 or 28");
        if (rule.Compare == AlertRule.Value && rule.MedianDays is not null) fields.Refuse("median_days", "is only for compare: median");
        if (rule.Compare == AlertRule.Median) rule = rule with { MedianDays = rule.MedianDays ?? 7 };
        if (rule.Compare == AlertRule.Median && rule.Threshold < 0) fields.Refuse("threshold", "must be a percentage of the median, such as 50 or 200");
        if (rule.ResolveAt is { } resolve && rule.Direction == AlertRule.Above && resolve > rule.Threshold) fields.Refuse("resolve_at", "must not be above the threshold: where it is well again lies on the good side");
        if (rule.ResolveAt is { } other && rule.Direction == AlertRule.Below && other < rule.Threshold) fields.Refuse("resolve_at", "must not be below the threshold: where it is well again lies on the good side");
        if (rule.FloorMetric is null != rule.FloorLeast is null) fields.Refuse(rule.FloorMetric is null ? "floor_metric" : "floor_least", "is required: a floor is floor_metric and floor_least");
        if (rule.FloorMetric is not null && !metric.IsOfNumbers) fields.Refuse("floor_metric", $"is not for {metric.Name}");
        return rule;
    }

    private static string? Fixed(JsonFields fields, string name, HashSet<string> words, string? current)
    {
        var word = fields.Word(name, words);
        if (current is not null && word is not null && word != current) fields.Refuse(name, $"cannot change from {current}; make another rule instead");
        return current ?? word;
    }

    private static T? Kept<T>(JsonFields fields, string name, T? given, T? current) => given is not null ? given : fields.IsNull(name) ? default : current;

    private static string? AccountOf(JsonFields fields, JsonElement item, string path)
    {
        if (fields.TextOf(item, path, 100) is not { } text) return null;
        if (Guid.TryParseExact(text, "D", out _)) return text;
        fields.Errors.Add(path, "must be a UUID such as 0196b1d2-7f3a-7c55-9d6e-2f1b8a4c3e10");
        return null;
    }
}
