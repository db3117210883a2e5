using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Spending;

/// <summary>Events 8000-8099.</summary>
internal static partial class SpendingLog
{
    [LoggerMessage(8000, LogLevel.Warning, "{Count} campaigns of account {SocialAccountId} paused: stopped by {StoppedBy}")]
    public static partial void Paused(ILogger logger, int count, Guid? socialAccountId, string stoppedBy);

    [LoggerMessage(8001, LogLevel.Error, "The campaign of orchestration {OrchestrationId} in account {SocialAccountId} could not be paused, trying again: {Reason}")]
    public static partial void CouldNotPause(ILogger logger, Guid orchestrationId, Guid socialAccountId, string reason);

    [LoggerMessage(8002, LogLevel.Information, "{Count} campaigns of account {SocialAccountId} activated again: started by {StartedBy}")]
    public static partial void Reactivated(ILogger logger, int count, Guid? socialAccountId, string startedBy);

    [LoggerMessage(8003, LogLevel.Warning, "The campaign of orchestration {OrchestrationId} in account {SocialAccountId} is not active again: {Reason}")]
    public static partial void LeftPaused(ILogger logger, Guid orchestrationId, Guid socialAccountId, string reason);
}
