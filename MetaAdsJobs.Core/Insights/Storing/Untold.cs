using MetaAdsJobs.Core.Insights.Reports;

namespace MetaAdsJobs.Core.Insights.Storing;

/// <summary>
/// What Meta would tell nothing at all of, however little was asked for: whether it is still there is not known. An ad or campaign
/// counts for all days of the sync; the next night knows more.
/// </summary>
internal sealed record Untold(DateOnly[] Days, string[] Campaigns, string[] Ads)
{
    public static readonly Untold Nothing = new([], [], []);

    /// <summary>Of these days the account as a whole has not been seen: one campaign or ad that is missing is missing in all its sums.</summary>
    public DateOnly[] DaysOfAccount(DayRange range) => Campaigns.Length + Ads.Length == 0 ? Days : [.. Enumerable.Range(0, range.Days).Select(range.Since.AddDays)];

    public static Untold In(IReadOnlyList<Report> reports)
    {
        var silent = reports.Where(report => report is { State: ReportState.Read, Error: not null, Rows: 0 }).ToLookup(report => report.Scope);
        return new(
            [.. silent[ReportScope.Account].Select(report => report.Since)],
            [.. silent[ReportScope.Campaigns].SelectMany(report => report.ScopeIds)],
            [.. silent[ReportScope.Ads].SelectMany(report => report.ScopeIds)]);
    }
}
