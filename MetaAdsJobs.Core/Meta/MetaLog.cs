using MetaAdsJobs.Core.Meta.Graph;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Meta;

/// <summary>Events 7000-7099. Meta's own facts as properties; never a payload, a query or a token.</summary>
internal static partial class MetaLog
{
    public static void CallFailed(ILogger logger, string method, string path, string adAccountId, MetaException exception)
    {
        if (!logger.IsEnabled(LogLevel.Warning)) return;
        CallFailed(logger, method, path, adAccountId, exception.Proof, exception.Message, exception.HttpStatus, exception.Code, exception.Subcode,
            exception.UserTitle, exception.UserMessage, string.Join(", ", exception.BlamedFields), exception.TraceId, exception.RetryAfter?.TotalSeconds);
    }

    [LoggerMessage(7000, LogLevel.Warning,
        "{Method} {Path} for {AdAccountId} ended as {Proof}: {Reason} (HTTP {HttpStatus}, code {Code}, subcode {Subcode}, {UserTitle}, {UserMessage}, fields {BlamedFields}, trace {TraceId}, wait {WaitSeconds} s)")]
    private static partial void CallFailed(ILogger logger, string method, string path, string adAccountId, Proof proof, string reason, int? httpStatus, int? code,
        int? subcode, string? userTitle, string? userMessage, string blamedFields, string? traceId, double? waitSeconds);
}
