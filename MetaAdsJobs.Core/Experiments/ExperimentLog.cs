using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Experiments;

/// <summary>Events 18000-18099.</summary>
internal static partial class ExperimentLog
{
    [LoggerMessage(18000, LogLevel.Information, "Experiment {ExperimentId} is decided: {Ending} after {Days} days")]
    public static partial void Decided(ILogger logger, Guid experimentId, string ending, int days);

    [LoggerMessage(18001, LogLevel.Warning, "Experiment {ExperimentId} goes on: the numbers that decided it were restated")]
    public static partial void Reopened(ILogger logger, Guid experimentId);

    [LoggerMessage(18002, LogLevel.Error, "Experiments of account {AccountId} could not be judged")]
    public static partial void NotJudged(ILogger logger, Exception exception, Guid accountId);

    [LoggerMessage(18003, LogLevel.Warning, "What was accepted of experiment {ExperimentId} is not all asked for yet: a job goes on with it")]
    public static partial void NotCarriedOut(ILogger logger, Exception exception, Guid experimentId);
}
