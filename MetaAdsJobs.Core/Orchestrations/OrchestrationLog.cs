using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Orchestrations;

/// <summary>Events 2000-2099. The orchestration's id is in the log scope of every line.</summary>
internal static partial class OrchestrationLog
{
    [LoggerMessage(2000, LogLevel.Information, "Orchestration {OrchestrationId} accepted: {CampaignName}")]
    public static partial void Accepted(ILogger logger, Guid orchestrationId, string campaignName);

    [LoggerMessage(2001, LogLevel.Information, "Step {Step} confirmed as {MetaId}")]
    public static partial void StepConfirmed(ILogger logger, string step, string? metaId);

    [LoggerMessage(2002, LogLevel.Warning, "Step {Step} had been created without our hearing of it: adopted {MetaId}")]
    public static partial void StepAdopted(ILogger logger, string step, string metaId);

    [LoggerMessage(2003, LogLevel.Warning, "Step {Step} was looked for past the settle delay and does not exist: starting it again")]
    public static partial void StepAbsent(ILogger logger, string step);

    [LoggerMessage(2004, LogLevel.Information, "Step {Step} undone: {MetaId} deleted")]
    public static partial void StepUndone(ILogger logger, string step, string metaId);

    [LoggerMessage(2005, LogLevel.Error, "Step {Step} could not be undone: {MetaId} is left at Meta: {Reason}")]
    public static partial void StepLeft(ILogger logger, string step, string? metaId, string reason);

    [LoggerMessage(2019, LogLevel.Warning, "Step {Step} undone: {MetaId} is not its own and stays at Meta: {Reason}")]
    public static partial void StepKept(ILogger logger, string step, string metaId, string reason);

    [LoggerMessage(2006, LogLevel.Information, "Orchestration succeeded on attempt {Attempt}")]
    public static partial void Succeeded(ILogger logger, int attempt);

    [LoggerMessage(2007, LogLevel.Warning, "Orchestration {Ending}: {Reason}")]
    public static partial void Ended(ILogger logger, string ending, string reason);

    [LoggerMessage(2008, LogLevel.Information, "Orchestration waits until {Until}: {Reason}")]
    public static partial void Waits(ILogger logger, DateTimeOffset until, string reason);

    [LoggerMessage(2009, LogLevel.Warning, "Attempt {Attempt} failed, {Failures} so far")]
    public static partial void AttemptFailed(ILogger logger, Exception exception, int attempt, int failures);

    [LoggerMessage(2010, LogLevel.Warning, "Attempt {Attempt} was fenced off: {Reason}")]
    public static partial void Fenced(ILogger logger, int attempt, string reason);

    [LoggerMessage(2011, LogLevel.Error, "Meta refused the token of account {SocialAccountId}: {Reason}. Its jobs wait for a new one")]
    public static partial void TokenRejected(ILogger logger, Guid socialAccountId, string reason);

    [LoggerMessage(2012, LogLevel.Error, "The final transaction was rolled back and {Step} {MetaId} could not be confirmed: the next attempt looks for it")]
    public static partial void ConfirmAfterRollbackFailed(ILogger logger, Exception exception, string step, string? metaId);

    [LoggerMessage(2013, LogLevel.Error, "Several objects carry the marker of step {Step}: {MetaIds}. A person has to choose")]
    public static partial void SeveralFound(ILogger logger, string step, string metaIds);

    [LoggerMessage(2040, LogLevel.Warning, "The image of clip {ClipId} could not be fetched: {Reason}. Meta gets its URL instead and has to fetch it itself")]
    public static partial void ImageLeftToMeta(ILogger logger, Guid clipId, string reason);

    [LoggerMessage(2041, LogLevel.Information, "Validation ended: {Refused} of {Checked} checks refused")]
    public static partial void Validated(ILogger logger, int refused, int @checked);

    [LoggerMessage(2015, LogLevel.Error, "The {Object} {MetaId} of orchestration {OrchestrationId} is {Status} at Meta: {Issues}")]
    public static partial void ObjectRefused(ILogger logger, string @object, string metaId, Guid orchestrationId, string status, string issues);

    [LoggerMessage(2016, LogLevel.Information, "The objects of orchestration {OrchestrationId} are settled at Meta after {Looks} looks: {Statuses}")]
    public static partial void ObjectsSettled(ILogger logger, Guid orchestrationId, int looks, string statuses);

    [LoggerMessage(2017, LogLevel.Warning, "The objects of orchestration {OrchestrationId} could not be looked at: {Reason}")]
    public static partial void LookFailed(ILogger logger, Guid orchestrationId, string reason);

    [LoggerMessage(2018, LogLevel.Warning, "No look at new objects: the database is away")]
    public static partial void ReviewsPaused(ILogger logger, Exception exception);

    [LoggerMessage(2050, LogLevel.Error, "Step {Step} could not be paused before it is undone: {MetaId}: {Reason}")]
    public static partial void StepNotPaused(ILogger logger, string step, string metaId, string reason);

    [LoggerMessage(2051, LogLevel.Error, "A look at the objects of orchestration {OrchestrationId} failed")]
    public static partial void LookBroke(ILogger logger, Exception exception, Guid orchestrationId);

    [LoggerMessage(2052, LogLevel.Warning, "Another step of the same attempt failed, too")]
    public static partial void StepFailedToo(ILogger logger, Exception exception);

    [LoggerMessage(2014, LogLevel.Warning, "Account {SocialAccountId} is throttled by Meta until {Until}")]
    public static partial void Throttled(ILogger logger, Guid socialAccountId, DateTimeOffset until);
}
