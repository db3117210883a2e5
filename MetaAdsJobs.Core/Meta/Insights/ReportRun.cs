using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Insights;

internal enum ReportRunState
{
    Preparing,
    Completed,

    /// <summary>Failed, skipped or expired: it will never be completed.</summary>
    Ended,
}

/// <summary>How far Meta has got with a report it prepares in the background.</summary>
/// <param name="Percent">0 to 100, as Meta says; 100 while it still prepares does occur.</param>
/// <param name="Reason">Why it ended without rows.</param>
/// <param name="Refusal">It ended because Meta will not make it as it was asked for.</param>
/// <param name="IsTooMuchAsked">It ended because too much was asked for at once.</param>
internal sealed record ReportRun(ReportRunState State, int Percent, string? Reason = null, bool IsTooMuchAsked = false, MetaException? Refusal = null);
