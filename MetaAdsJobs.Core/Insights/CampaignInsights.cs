using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Insights;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Insights;

/// <summary>The seed's <c>insights_sync</c>: what Meta has told of a new campaign right after it was built.</summary>
/// <param name="InsightsSynced">Rows; a sync of the account stores them, within minutes.</param>
public sealed record InsightsSyncResult(int InsightsSynced, DateOnly DateRangeStart, DateOnly DateRangeEnd, bool Success, string? Error);

/// <summary>
/// Reads a new campaign's last seven days. An ad that is seconds old, and mostly paused, has none at Meta; should there be any, the commit
/// that ends the orchestration asks for a sync, which stores them as it stores all numbers. Failing to read undoes nothing: it is told, and the nightly sync catches up.
/// </summary>
internal sealed class CampaignInsights(MetaInsights meta, TimeProvider time, ILogger<CampaignInsights> logger)
{
    private const int Days = 7;

    public async Task<InsightsSyncResult> ReadAsync(Attempt attempt, CancellationToken ct)
    {
        var range = AccountDays.LastComplete(attempt.Account.TimezoneName, time.GetUtcNow(), Days);
        try
        {
            var rows = await meta.ReadAllAsync(attempt.Credential, new() { Node = attempt.MetaId(StepName.Campaign), Since = range.Since, Until = range.Until }, ct);
            return new(rows.Count, range.Since, range.Until, true, null);
        }
        catch (MetaException exception)
        {
            InsightLog.FirstInsightsFailed(logger, exception.ForUser);
            return new(0, range.Since, range.Until, false, exception.ForUser);
        }
    }
}
