using Dapper;
using MetaAdsJobs.Core.Insights.Reports;
using MetaAdsJobs.Core.Meta.Ads;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Storing;

/// <summary>What the ads' reports told of a day, added up before it is stored.</summary>
internal sealed record StagedDay(DateOnly Day, long Rows, long Ads, decimal? AdsSpend);

/// <summary>
/// Finds the days whose ads do not add up to what Meta says of the account, and has their deleted and archived ads reported, which Meta leaves out
/// unless they are named: once in a sync, and of those days only.
/// </summary>
internal sealed class MissingAds(NpgsqlDataSource dataSource, ReportJournal journal, InsightsOptions options)
{
    // More than so many stretches of days are asked for as one.
    private const int MostReports = 20;

    public async Task<IReadOnlyList<StagedDay>> ReadDaysAsync(SyncClaim claim, CancellationToken ct)
    {
        const string DaysSql = """
            SELECT date_start AS day, count(*) AS rows, count(*) FILTER (WHERE definition_id = 0) AS ads, sum(spend) FILTER (WHERE definition_id = 0) AS ads_spend
            FROM insight_staging WHERE sync_id = @SyncId GROUP BY 1
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<StagedDay>(new(DaysSql, new { claim.SyncId }, commandTimeout: 600, cancellationToken: ct))).AsList();
    }

    /// <param name="told">The account's spend by Meta; null when it did not tell.</param>
    /// <returns>The reports to be read as well before anything is stored; none when all agrees, or has been asked for.</returns>
    public async Task<IReadOnlyList<SyncReport>> AskAsync(
        SyncClaim claim, IReadOnlyList<SyncReport> reports, IReadOnlyList<StagedDay> staged, IReadOnlyDictionary<DateOnly, decimal>? told, CancellationToken ct)
    {
        if (told is null || claim.StoredUntil is not null || reports.Any(report => report.Scope == ReportScope.Deleted)) return [];
        var differing = await FindAsync(claim, reports, staged, told, ct);
        if (differing.Count == 0) return [];
        var ranges = Stretches(differing);
        if (ranges.Count > MostReports) ranges = [new(differing[0], differing[^1])];
        var next = reports.Max(report => report.No) + 1;
        string[] refused = [.. reports.Where(report => report.DefinitionId == SyncReport.OfAds).SelectMany(report => report.RefusedFields).Distinct()];
        List<SyncReport> asked = [.. ranges.Select((days, at) =>
            SyncReport.Plan(next + at, SyncReport.OfAds, days, days.Days <= options.DirectDays ? ReportMode.Direct : ReportMode.Async) with { Scope = ReportScope.Deleted, RefusedFields = refused })];
        await journal.AddAsync(claim, asked, ct);
        return asked;
    }

    private async Task<List<DateOnly>> FindAsync(
        SyncClaim claim, IReadOnlyList<SyncReport> reports, IReadOnlyList<StagedDay> staged, IReadOnlyDictionary<DateOnly, decimal> told, CancellationToken ct)
    {
        var today = AccountDays.Today(claim.TimezoneName, claim.StartedAt);
        var untold = UnansweredParts.In([.. reports.Where(report => report.DefinitionId == SyncReport.OfAds)], claim.Range).DaysOfAccount;
        var byDay = staged.ToDictionary(day => day.Day);
        var differing = Enumerable.Range(0, claim.Range.Days).Select(claim.Range.Since.AddDays).Where(day => day < today && !untold.Contains(day) && Differs(day, 0, 0)).ToList();
        if (differing.Count == 0) return differing;

        // What is known of ads that Meta has stopped to tell of is kept, and may be all the difference.
        const string KnownSql = """
            SELECT t.date_start, count(*), COALESCE(sum(t.spend), 0)
            FROM meta_ad_insights t
            WHERE t.social_account_id = @AccountId AND t.date_start = ANY(@Days)
                AND NOT EXISTS (SELECT 1 FROM insight_staging s WHERE s.sync_id = @SyncId AND s.date_start = t.date_start AND s.object_id = t.ad_meta_id AND s.definition_id = 0)
            GROUP BY 1
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var known = await connection.QueryAsync<(DateOnly Day, long Rows, decimal Spend)>(new(KnownSql, new { claim.AccountId, claim.SyncId, Days = differing }, commandTimeout: 600, cancellationToken: ct));
        foreach (var (day, rows, spend) in known)
            if (!Differs(day, rows, spend)) differing.Remove(day);
        return differing;

        bool Differs(DateOnly day, long moreRows, decimal moreSpend)
        {
            var ads = byDay.GetValueOrDefault(day);
            var rounding = Reconciliation.Rounding(claim.Currency, (ads?.Ads ?? 0) + moreRows);
            return Math.Abs(told.GetValueOrDefault(day) - (ads?.AdsSpend ?? 0) - moreSpend) > rounding;
        }
    }

    private static List<DayRange> Stretches(List<DateOnly> days)
    {
        var stretches = new List<DayRange>();
        foreach (var day in days)
        {
            if (stretches.Count > 0 && stretches[^1].Until.AddDays(1) == day) stretches[^1] = new(stretches[^1].Since, day);
            else stretches.Add(new(day, day));
        }

        return stretches;
    }
}
