using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Insights;

/// <summary>Events 3000-3099.</summary>
internal static partial class InsightLog
{
    [LoggerMessage(3000, LogLevel.Warning, "The new campaign's first insights could not be read: {Reason}")]
    public static partial void FirstInsightsFailed(ILogger logger, string reason);

    [LoggerMessage(3001, LogLevel.Information, "Insights sync of {SocialAccountId} succeeded: {Rows} rows, {Pages} pages, {Since} to {Until}")]
    public static partial void Synced(ILogger logger, Guid socialAccountId, long rows, int pages, DateOnly since, DateOnly until);

    [LoggerMessage(3002, LogLevel.Information, "Insights sync waits until {Until}: {Reason}")]
    public static partial void Waits(ILogger logger, DateTimeOffset until, string reason);

    [LoggerMessage(3003, LogLevel.Warning, "Insights sync attempt {Attempt} failed, {Failures} so far")]
    public static partial void AttemptFailed(ILogger logger, Exception exception, int attempt, int failures);

    [LoggerMessage(3004, LogLevel.Error, "Insights sync failed: {Reason}")]
    public static partial void Failed(ILogger logger, string reason);

    [LoggerMessage(3005, LogLevel.Information, "Night of {Timezone}: {Queued} of {Accounts} accounts queued")]
    public static partial void FannedOut(ILogger logger, string timezone, int queued, int accounts);

    [LoggerMessage(3006, LogLevel.Warning, "Insights sync was fenced off: {Reason}")]
    public static partial void Fenced(ILogger logger, string reason);
}
