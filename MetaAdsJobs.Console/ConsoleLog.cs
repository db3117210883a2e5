namespace MetaAdsJobs.Console;

internal static partial class ConsoleLog
{
    [LoggerMessage(9000, LogLevel.Debug, "What is under way could not be read")]
    public static partial void NotRead(ILogger logger, Exception exception);

    [LoggerMessage(9001, LogLevel.Error, "What is under way could not be read, and not because of the database")]
    public static partial void LookFailed(ILogger logger, Exception exception);

    [LoggerMessage(9010, LogLevel.Error, "{Method} {Path} of the console failed, told to the person as {FailureId}")]
    public static partial void PageFailed(ILogger logger, Exception exception, string method, string path, string failureId);
}
