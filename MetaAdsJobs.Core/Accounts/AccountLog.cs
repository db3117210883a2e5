using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Accounts;

/// <summary>Events 6000-6099.</summary>
internal static partial class AccountLog
{
    [LoggerMessage(6000, LogLevel.Warning, "What Meta tells of its limits is not shared with other workers for now")]
    public static partial void PacingNotShared(ILogger logger, Exception exception);

    [LoggerMessage(6001, LogLevel.Error, "Meta blocks what account {SocialAccountId} does: {Reason}. Its orchestrations wait until a person unblocks it")]
    public static partial void Blocked(ILogger logger, Guid socialAccountId, string reason);

    [LoggerMessage(6002, LogLevel.Information, "Tokens are not checked: META_APP_ID and META_APP_SECRET are not both set")]
    public static partial void TokensUnchecked(ILogger logger);

    [LoggerMessage(6003, LogLevel.Information, "Tokens checked: {Checked}, {Failed} could not be")]
    public static partial void TokensChecked(ILogger logger, int @checked, int failed);

    [LoggerMessage(6004, LogLevel.Warning, "The token of account {SocialAccountId} could not be checked: {Reason}")]
    public static partial void TokenCheckFailed(ILogger logger, Guid socialAccountId, string reason);

    [LoggerMessage(6005, LogLevel.Error, "The token of account {SocialAccountId} is not valid: {Reason}. Its jobs wait for a new one")]
    public static partial void TokenInvalid(ILogger logger, Guid socialAccountId, string reason);

    [LoggerMessage(6006, LogLevel.Warning, "The token of account {SocialAccountId} expires at {ExpiresAt}: give the account a new one")]
    public static partial void TokenExpiresSoon(ILogger logger, Guid socialAccountId, DateTimeOffset expiresAt);

    [LoggerMessage(6007, LogLevel.Warning, "The token of account {SocialAccountId} lacks the scope {Scope}: nothing can be created with it")]
    public static partial void TokenLacksScope(ILogger logger, Guid socialAccountId, string scope);

    [LoggerMessage(6008, LogLevel.Information, "The token of account {SocialAccountId} is valid again: its jobs go on")]
    public static partial void TokenValidAgain(ILogger logger, Guid socialAccountId);

    [LoggerMessage(6020, LogLevel.Error, "Account {SocialAccountId} can advertise nothing: {Reason}")]
    public static partial void CurrencyDiffers(ILogger logger, Guid socialAccountId, string reason);

    [LoggerMessage(6021, LogLevel.Warning, "The currency of account {SocialAccountId} could not be read, its first orchestration asks again: {Reason}")]
    public static partial void CurrencyUnread(ILogger logger, Guid socialAccountId, string reason);

    [LoggerMessage(6022, LogLevel.Warning, "Account {SocialAccountId} was retired by {RetiredBy}; {Left} campaigns were left active at Meta, out of reach")]
    public static partial void Retired(ILogger logger, Guid socialAccountId, string retiredBy, long left);

    [LoggerMessage(6009, LogLevel.Error, "Meta refuses META_APP_ID and META_APP_SECRET, so that no token can be checked: {Reason}")]
    public static partial void AppRefused(ILogger logger, string reason);
}
