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

    [LoggerMessage(3007, LogLevel.Warning, "Report {Report} of {Since} to {Until} is asked for again: {Reason}")]
    public static partial void AsksAgain(ILogger logger, string report, DateOnly since, DateOnly until, string reason);

    [LoggerMessage(3008, LogLevel.Information, "Report {Report} of {Since} to {Until} is cut into {Parts} (0: by fields): {Reason}")]
    public static partial void Splits(ILogger logger, string report, DateOnly since, DateOnly until, int parts, string reason);

    [LoggerMessage(3009, LogLevel.Warning, "Meta refuses report {Report}: {Reason}")]
    public static partial void ReportRefused(ILogger logger, string report, string reason);

    [LoggerMessage(3010, LogLevel.Warning, "Account {SocialAccountId} on {Day}: Meta says {AccountSpend}, its ads add up to {AdsSpend} {Currency}")]
    public static partial void Differs(ILogger logger, Guid socialAccountId, DateOnly day, decimal accountSpend, decimal adsSpend, string currency);

    [LoggerMessage(3011, LogLevel.Warning, "The spend of {SocialAccountId} could not be reconciled: {Reason}")]
    public static partial void NotReconciled(ILogger logger, Guid socialAccountId, string reason);

    [LoggerMessage(3012, LogLevel.Warning, "PostgreSQL has lost what was staged of {SocialAccountId}: the reports are read again")]
    public static partial void StagingLost(ILogger logger, Guid socialAccountId);

    [LoggerMessage(3013, LogLevel.Warning, "Left out of the numbers of {SocialAccountId}: {What}")]
    public static partial void LeftOut(ILogger logger, Guid socialAccountId, string what);

    [LoggerMessage(3014, LogLevel.Warning, "Account {SocialAccountId} was said to be in {Ours}, Meta says {Meta}: taken over")]
    public static partial void ZoneDiffers(ILogger logger, Guid socialAccountId, string ours, string meta);

    [LoggerMessage(3015, LogLevel.Warning, "Meta does not tell the minimum budgets of {SocialAccountId} by goal")]
    public static partial void MinimumsNotTold(ILogger logger, Exception exception, Guid socialAccountId);
}
