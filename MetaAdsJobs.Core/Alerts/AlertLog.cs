using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Alerts;

/// <summary>Events 15000-15099.</summary>
internal static partial class AlertLog
{
    [LoggerMessage(15000, LogLevel.Warning, "{Message} {AlertId}: {Rule}, {Members} objects")]
    public static partial void Told(ILogger logger, string message, Guid alertId, string rule, int members);

    [LoggerMessage(15001, LogLevel.Error, "Alert rule {RuleId} could not be evaluated")]
    public static partial void NotEvaluated(ILogger logger, Exception exception, Guid ruleId);
}
