using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Campaigns;

/// <summary>Events 10000-10099.</summary>
internal static partial class CampaignLog
{
    [LoggerMessage(10000, LogLevel.Information, "{Kind} of {MetaId} is done")]
    public static partial void Succeeded(ILogger logger, string kind, string metaId);

    [LoggerMessage(10001, LogLevel.Error, "The edit of {MetaId} failed: {Reason}")]
    public static partial void Failed(ILogger logger, string metaId, string reason);

    [LoggerMessage(10002, LogLevel.Information, "Waits until {Until:o}: {Reason}")]
    public static partial void Waits(ILogger logger, DateTimeOffset until, string reason);

    [LoggerMessage(10003, LogLevel.Warning, "Attempt {Attempt} failed, failure {Failures}")]
    public static partial void AttemptFailed(ILogger logger, Exception exception, int attempt, int failures);

    [LoggerMessage(10004, LogLevel.Warning, "This attempt writes nothing more: {Reason}")]
    public static partial void Fenced(ILogger logger, string reason);

    [LoggerMessage(10005, LogLevel.Warning, "Campaign {CampaignId} was changed in Ads Manager: {What}")]
    public static partial void ChangedOutside(ILogger logger, string campaignId, string what);

    [LoggerMessage(10006, LogLevel.Warning, "Campaign {CampaignId} could not be compared with Meta: {Reason}")]
    public static partial void NotCompared(ILogger logger, string campaignId, string reason);

    [LoggerMessage(10007, LogLevel.Error, "Comparing campaign {CampaignId} with Meta broke")]
    public static partial void CompareBroke(ILogger logger, Exception exception, string campaignId);

    [LoggerMessage(10008, LogLevel.Error, "What the void edit {EditId} has done could not be told")]
    public static partial void VoidNotTold(ILogger logger, Exception exception, Guid editId);

    [LoggerMessage(10009, LogLevel.Error, "The edit failed: {Reason}")]
    public static partial void Unreadable(ILogger logger, string reason);
}
