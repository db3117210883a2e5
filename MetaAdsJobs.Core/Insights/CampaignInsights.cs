using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Meta.Insights;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Insights;

/// <summary>
/// Reads a new campaign's last seven days. They are written by the commit that ends the orchestration; failing to read them
/// undoes nothing: it is told, and the nightly sync catches up.
/// </summary>
internal sealed class CampaignInsights(MetaInsights meta, TimeProvider time, ILogger<CampaignInsights> logger)
{
    private const int Days = 7;

    public async Task<FirstInsights> ReadAsync(Attempt attempt, CancellationToken ct)
    {
        var range = AccountDays.LastComplete(attempt.Account.TimezoneName, time.GetUtcNow(), Days);
        try
        {
            var query = new ReportQuery { Node = attempt.MetaId(StepName.Campaign), Since = range.Since, Until = range.Until };
            var events = attempt.Request.ConversionEvent is { } name ? new Dictionary<string, string> { [attempt.MetaId(StepName.AdSet)] = name } : [];
            var reader = new InsightRows(query, events);
            List<InsightRow> rows = [.. (await meta.ReadAllAsync(attempt.Credential, query, ct)).Select(row => reader.Read(row))];
            return new(rows, new(rows.Count, range.Since, range.Until, true, null));
        }
        catch (MetaException exception)
        {
            InsightLog.FirstInsightsFailed(logger, exception.ForUser);
            return new([], new(0, range.Since, range.Until, false, exception.ForUser));
        }
    }
}
