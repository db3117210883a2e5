using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Insights;

namespace MetaAdsJobs.Core.Insights.Reports;

/// <summary>
/// Cuts a report that is too much for Meta: by days, a day by campaigns, a campaign by ads. Together the parts ask for exactly what
/// the whole asked for.
/// </summary>
internal sealed class ReportSplits(MetaInsights meta)
{
    /// <param name="nextNo">The first number no report of the sync has.</param>
    /// <returns>Null when only the fields can still be asked for one by one.</returns>
    public async Task<IReadOnlyList<SyncReport>?> FindAsync(GraphCredential credential, SyncReport report, ReportQuery query, int nextNo, CancellationToken ct)
    {
        var days = new DayRange(report.Since, report.Until);
        if (days.Days > 1)
        {
            var last = report.Since.AddDays((days.Days / 2) - 1);
            return [report.Part(nextNo, new(report.Since, last), report.Scope, report.ScopeIds), report.Part(nextNo + 1, new(last.AddDays(1), report.Until), report.Scope, report.ScopeIds)];
        }

        if (report.ScopeIds.Length > 1) return Halves(report, days, report.Scope, report.ScopeIds, nextNo);

        // A row of a higher level would come in pieces if it were asked for by what is below it.
        var next = (report.Scope, query.Level) switch
        {
            (ReportScope.Account, not "account") => ReportScope.Campaigns,
            (ReportScope.Campaigns, "ad") => ReportScope.Ads,
            _ => (ReportScope?)null,
        };
        if (next is null) return null;
        var ids = await meta.ListSubjectsAsync(credential, query, next == ReportScope.Campaigns ? "campaign" : "ad", ct);
        return ids.Count == 0 ? null : Halves(report, days, next.Value, [.. ids], nextNo);
    }

    private static SyncReport[] Halves(SyncReport report, DayRange days, ReportScope scope, string[] ids, int nextNo) => ids.Length == 1
        ? [report.Part(nextNo, days, scope, ids)]
        : [report.Part(nextNo, days, scope, ids[..(ids.Length / 2)]), report.Part(nextNo + 1, days, scope, ids[(ids.Length / 2)..])];
}
