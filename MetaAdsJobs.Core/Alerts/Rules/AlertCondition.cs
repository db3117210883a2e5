using System.Globalization;

namespace MetaAdsJobs.Core.Alerts.Rules;

/// <summary>A rule in words, for messages.</summary>
internal static class AlertCondition
{
    public static string Of(AlertRule rule)
    {
        var words = new List<string> { $"{rule.Metric.Replace('_', ' ')} {rule.Direction} {Number(rule.Threshold)}" };
        if (rule.Compare == AlertRule.Median) words.Add(string.Create(CultureInfo.InvariantCulture, $"% of its own median of {rule.MedianDays} days"));
        if (rule.WindowDays is { } days) words.Add(days == 1 ? "on the last day" : string.Create(CultureInfo.InvariantCulture, $"over {days} days"));
        if (rule.WindowHours is { } hours) words.Add(string.Create(CultureInfo.InvariantCulture, $"within {hours} hours"));
        if (rule.FloorMetric is { } floor) words.Add($"with {floor} of {Number(rule.FloorLeast!.Value)} or more");
        if (rule.Evaluations > 1) words.Add(string.Create(CultureInfo.InvariantCulture, $"{rule.Evaluations} times in a row"));
        return string.Join(' ', words);
    }

    /// <summary>Without zeros behind it.</summary>
    public static string Number(decimal value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
