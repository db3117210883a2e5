using MetaAdsJobs.Core.Meta.Insights;

namespace MetaAdsJobs.Core.Insights;

/// <summary>The seed's <c>insights_sync</c>: what was fetched for a new campaign right after it was built.</summary>
public sealed record InsightsSyncResult(int InsightsSynced, DateOnly DateRangeStart, DateOnly DateRangeEnd, bool Success, string? Error);

/// <summary>The first numbers of a new campaign, read but not yet written.</summary>
internal sealed record FirstInsights(IReadOnlyList<InsightRow> Rows, InsightsSyncResult Result);
