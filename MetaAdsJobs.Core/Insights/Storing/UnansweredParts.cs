using MetaAdsJobs.Core.Insights.Reports;

namespace MetaAdsJobs.Core.Insights.Storing;

/// <summary>
/// What Meta would tell nothing at all of, however little was asked for: whether it is still there is not known. An ad or campaign
/// counts for all days of the sync; the next night knows more.
/// </summary>
/// <param name="DaysOfParts">On which Meta would tell nothing of one of them.</param>
/// <param name="AskedSince">Days before it Meta no longer keeps: they stay as they are.</param>
internal sealed record UnansweredParts(DateOnly[] Days, string[] Campaigns, string[] Ads, DateOnly[] DaysOfParts, DateOnly AskedSince)
{
    /// <summary>Of these days the account as a whole has not been seen: one campaign or ad that is missing is missing in all its sums.</summary>
    public DateOnly[] DaysOfAccount => [.. Days.Union(DaysOfParts)];

    /// <param name="range">Of the sync.</param>
    public static UnansweredParts In(IReadOnlyList<SyncReport> reports, DayRange range)
    {
        var asked = reports.Where(report => report.State != ReportState.Split && report.Scope != ReportScope.Deleted).ToLookup(report => report.DefinitionId);
        var since = asked.Count == 0 ? range.Since : asked.Max(one => one.Min(report => report.Since));
        var silent = reports.Where(report => report is { State: ReportState.Read, Error: not null, Rows: 0 }).ToLookup(report => report.Scope);
        return new(
            [.. silent[ReportScope.Account].Select(report => report.Since), .. asked.SelectMany(one => NotAsked(one, range)).Distinct()],
            [.. silent[ReportScope.Campaigns].SelectMany(report => report.ScopeIds)],
            [.. silent[ReportScope.Ads].SelectMany(report => report.ScopeIds)],
            [.. silent[ReportScope.Campaigns].Concat(silent[ReportScope.Ads]).SelectMany(report => Enumerable.Range(0, report.Until.DayNumber - report.Since.DayNumber + 1).Select(report.Since.AddDays)).Distinct()],
            since);
    }

    // A part that Meta keeps no longer may lie behind one that was read before.
    private static IEnumerable<DateOnly> NotAsked(IEnumerable<SyncReport> reports, DayRange range) =>
        Enumerable.Range(0, range.Days).Select(range.Since.AddDays).Except(reports.SelectMany(report => Enumerable.Range(0, report.Until.DayNumber - report.Since.DayNumber + 1).Select(report.Since.AddDays)));
}
