using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Publishers;

/// <summary>Events 16000-16099.</summary>
internal static partial class PublisherLog
{
    [LoggerMessage(16000, LogLevel.Warning, "What came in the name of publisher {Publisher} was not taken: {Reason}")]
    public static partial void NotSigned(ILogger logger, string publisher, string reason);

    [LoggerMessage(16001, LogLevel.Error, "The secret of publisher {Publisher} cannot be opened here: rotate it")]
    public static partial void Unreadable(ILogger logger, string publisher);

    [LoggerMessage(16002, LogLevel.Information, "Clip {Clip} of publisher {Publisher} became run {RequestId}")]
    public static partial void Became(ILogger logger, string publisher, string clip, Guid requestId);

    [LoggerMessage(16003, LogLevel.Warning, "Clip {Clip} of publisher {Publisher} is {State} in account {AccountId}: {Reason}. It is kept, event {EventId}")]
    public static partial void Kept(ILogger logger, string publisher, string clip, string state, Guid accountId, string reason, Guid eventId);
}
